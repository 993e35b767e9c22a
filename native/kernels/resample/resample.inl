// The one text of resampling. Rows are added by vectors; along a row elements are picked one by one, two taps
// (the linear case) with both sums in registers. Limit: the gather, about one load a tap.

namespace {

template <class T, bool Add>
LANEGRAD_INLINE void weigh_row(const T* from, int64_t step, T weight, int64_t n, T* to) {
  constexpr int kLanes = Vec<T>::kWidth;
  const Vec<T> w = Vec<T>::broadcast(weight);
  int64_t i = 0;
  if (step == 1) {
    for (; i + kLanes <= n; i += kLanes) {
      const Vec<T> x = Vec<T>::load(from + i);
      (Add ? fma(w, x, Vec<T>::load(to + i)) : w * x).store(to + i);
    }
    if (i < n) {
      const Vec<T> x = Vec<T>::load_n(from + i, n - i);
      (Add ? fma(w, x, Vec<T>::load_n(to + i, n - i)) : w * x).store_n(to + i, n - i);
    }
    return;
  }
  for (; i < n; ++i) to[i] = Add ? to[i] + weight * from[i * step] : weight * from[i * step];
}

template <class T>
void scale_row(const T* from, int64_t step, T weight, int64_t n, T* to) {
  weigh_row<T, false>(from, step, weight, n, to);
}
template <class T>
void add_row(const T* from, int64_t step, T weight, int64_t n, T* to) {
  weigh_row<T, true>(from, step, weight, n, to);
}

template <class T>
void combine_row(const T* row, int64_t step, const ResampleTaps<T>& t, T* out) {
  if (t.taps == 2) {
    for (int64_t j = 0; j < t.count; ++j) {
      const T* const w = t.weights + 2 * j;
      const int64_t* const at = t.index + 2 * j;
      out[j] = w[0] * row[at[0] * step] + w[1] * row[at[1] * step];
    }
    return;
  }
  for (int64_t j = 0; j < t.count; ++j) {
    T sum = 0;
    for (int64_t k = 0; k < t.taps; ++k)
      sum += t.weights[j * t.taps + k] * row[t.index[j * t.taps + k] * step];
    out[j] = sum;
  }
}

template <class T>
void spread_row(const T* grad, int64_t step, const ResampleTaps<T>& t, T* to) {
  for (int64_t j = 0; j < t.count; ++j) {
    const T g = grad[j * step];
    for (int64_t k = 0; k < t.taps; ++k) to[t.index[j * t.taps + k]] += t.weights[j * t.taps + k] * g;
  }
}

template <class T>
constexpr ResampleTable<T> make_resample_table() {
  return {scale_row<T>, add_row<T>, combine_row<T>, spread_row<T>};
}

}  // namespace

const ResampleTables& resample_tables() {
  static constexpr ResampleTables tables{make_resample_table<float>(), make_resample_table<double>()};
  return tables;
}
