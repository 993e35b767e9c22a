// What clipping gradients needs: one pass that reads for the norm, one that writes. The first is bound by
// memory as long as four chains of additions hide each other's latency.

// Sums of |x|, of x^2, or the largest |x| of n elements; four accumulators by position, so that the bits
// depend on n alone.
template <class T>
static double norm_part(const T* x, int64_t n, NormKind kind) {
  constexpr int w = Vec<T>::kWidth, kChains = 4;
  Vec<T> sums[kChains] = {Vec<T>::zero(), Vec<T>::zero(), Vec<T>::zero(), Vec<T>::zero()};
  const auto take = [&](Vec<T>& sum, Vec<T> v) {
    if (kind == NormKind::kTwo)
      sum = fma(v, v, sum);
    else if (kind == NormKind::kOne)
      sum = sum + abs(v);
    else
      sum = max(sum, abs(v));
  };
  int64_t i = 0;
  for (; i + kChains * w <= n; i += kChains * w)
    for (int c = 0; c < kChains; ++c) take(sums[c], Vec<T>::load(x + i + c * w));
  for (; i < n; i += w) take(sums[0], Vec<T>::load_n(x + i, n - i < w ? n - i : w));
  if (kind == NormKind::kMax)
    return static_cast<double>(reduce_max(max(max(sums[0], sums[1]), max(sums[2], sums[3]))));
  return static_cast<double>(reduce_add((sums[0] + sums[1]) + (sums[2] + sums[3])));
}

template <class T>
static void scale_run(T* x, int64_t n, T factor) {
  constexpr int w = Vec<T>::kWidth;
  const Vec<T> f = Vec<T>::broadcast(factor);
  for (int64_t i = 0; i < n; i += w) {
    const int64_t lanes = n - i < w ? n - i : w;
    (Vec<T>::load_n(x + i, lanes) * f).store_n(x + i, lanes);
  }
}

template <class T>
static void combine_runs(T* x, const T* y, int64_t n, T a, T b) {
  constexpr int w = Vec<T>::kWidth;
  const Vec<T> of_x = Vec<T>::broadcast(a), of_y = Vec<T>::broadcast(b);
  for (int64_t i = 0; i < n; i += w) {
    const int64_t lanes = n - i < w ? n - i : w;
    fma(of_x, Vec<T>::load_n(x + i, lanes), of_y * Vec<T>::load_n(y + i, lanes)).store_n(x + i, lanes);
  }
}

// NaN stays.
template <class T>
static void clamp_run(T* x, int64_t n, T most) {
  constexpr int w = Vec<T>::kWidth;
  const Vec<T> high = Vec<T>::broadcast(most), low = -high;
  for (int64_t i = 0; i < n; i += w) {
    const int64_t lanes = n - i < w ? n - i : w;
    max(min(Vec<T>::load_n(x + i, lanes), high), low).store_n(x + i, lanes);
  }
}
