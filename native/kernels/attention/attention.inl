// Between the products of attention. A block of scores is written by one product and read by the next while
// it stays in the L1 or L2 cache; each of its rows is read twice here. Limit: exp. The sums run along the
// row, two accumulators that hide the latency, from the first key on, so that they do not depend on how many
// rows are taken together.

template <class T>
static LANEGRAD_INLINE int64_t seen_keys(const ScoreBlock<T>& b, int64_t r) {
  const int64_t n = b.seen + r * b.seen_step;
  return n < 0 ? 0 : n < b.keys ? n : b.keys;
}

template <class T>
static LANEGRAD_INLINE void clear_from(T* x, int64_t from, int64_t n) {
  constexpr int w = Vec<T>::kWidth;
  for (int64_t i = from; i < n; i += w) Vec<T>::zero().store_n(x + i, n - i < w ? n - i : w);
}

// The larger of each pair; a NaN in x is passed over. It comes back as NaN in the sum of the exponentials.
LANEGRAD_INLINE Vec<float> larger(Vec<float> x, Vec<float> most) { return max_number(x, most); }
LANEGRAD_INLINE Vec<double> larger(Vec<double> x, Vec<double> most) { return max(x, most); }

// The largest of n scores; with a bias it is added to them first.
template <class T>
static LANEGRAD_INLINE T biased_max(T* x, const T* bias, int64_t n) {
  constexpr int w = Vec<T>::kWidth;
  const Vec<T> least = Vec<T>::broadcast(-std::numeric_limits<T>::infinity());
  const auto at = [&](int64_t i) {
    const Vec<T> s = Vec<T>::load(x + i);
    if (!bias) return s;
    const Vec<T> sum = s + Vec<T>::load(bias + i);
    sum.store(x + i);
    return sum;
  };
  Vec<T> a = least, b = least;
  int64_t i = 0;
  for (; i + 2 * w <= n; i += 2 * w) {
    a = larger(at(i), a);
    b = larger(at(i + w), b);
  }
  for (; i + w <= n; i += w) a = larger(at(i), a);
  if (i < n) {
    Vec<T> s = Vec<T>::load_n(x + i, n - i);
    if (bias) {
      s = s + Vec<T>::load_n(bias + i, n - i);
      s.store_n(x + i, n - i);
    }
    b = larger(pad_lanes<T>(s, n - i, least), b);
  }
  return reduce_max(max(a, b));
}

// x = exp(x - shift) * keep; gives the sum without keep.
template <bool kKeep, class T>
static LANEGRAD_INLINE T exp_sum(T* x, const T* keep, T shift, int64_t n) {
  constexpr int w = Vec<T>::kWidth;
  const Vec<T> least = Vec<T>::broadcast(-std::numeric_limits<T>::infinity());
  const Vec<T> m = Vec<T>::broadcast(shift);
  Vec<T> a = Vec<T>::zero(), b = a;
  int64_t i = 0;
  for (; i + 2 * w <= n; i += 2 * w) {
    const Vec<T> p = exp_down(Vec<T>::load(x + i) - m), q = exp_down(Vec<T>::load(x + i + w) - m);
    a += p;
    b += q;
    (kKeep ? p * Vec<T>::load(keep + i) : p).store(x + i);
    (kKeep ? q * Vec<T>::load(keep + i + w) : q).store(x + i + w);
  }
  for (; i < n; i += w) {
    const int64_t lanes = n - i < w ? n - i : w;
    const Vec<T> p = exp_down(pad_lanes<T>(Vec<T>::load_n(x + i, lanes), lanes, least) - m);
    a += p;
    (kKeep ? p * Vec<T>::load_n(keep + i, lanes) : p).store_n(x + i, lanes);
  }
  return reduce_add(a + b);
}

template <class T>
static LANEGRAD_INLINE void scale_row(const T* from, int64_t n, T factor, T* to) {
  constexpr int w = Vec<T>::kWidth;
  const Vec<T> f = Vec<T>::broadcast(factor);
  int64_t i = 0;
  for (; i + w <= n; i += w) (Vec<T>::load(from + i) * f).store(to + i);
  if (i < n) (Vec<T>::load_n(from + i, n - i) * f).store_n(to + i, n - i);
}

template <class T>
static void attention_fold(const ScoreBlock<T>& b, T* top, T* total, T* out, int64_t out_row, int64_t width) {
  constexpr T kLeast = -std::numeric_limits<T>::infinity();
  for (int64_t r = 0; r < b.rows; ++r) {
    T* const x = b.scores + r * b.row;
    const int64_t n = seen_keys(b, r);
    const T largest = biased_max<T>(x, b.bias ? b.bias + r * b.bias_row : nullptr, n);
    const T before = top[r];
    const T after = before > largest ? before : largest;
    const T shift = after == kLeast ? T(0) : after;
    const T sum =
        b.keep ? exp_sum<true, T>(x, b.keep + r * b.row, shift, n) : exp_sum<false, T>(x, nullptr, shift, n);
    clear_from<T>(x, n, b.keys);
    if (before == after || before == kLeast) {
      total[r] += sum;
    } else {
      const T shrink = std::exp(before - after);
      total[r] = total[r] * shrink + sum;
      scale_row<T>(out + r * out_row, width, shrink, out + r * out_row);
    }
    top[r] = after;
  }
}

template <class T>
static void attention_finish(const T* top, const T* total, int64_t rows, int64_t width, T* out,
                             int64_t out_row, T* log_sum) {
  for (int64_t r = 0; r < rows; ++r) {
    T* const row = out + r * out_row;
    if (total[r] == 0) {
      clear_from<T>(row, 0, width);
      log_sum[r] = -std::numeric_limits<T>::infinity();
    } else {
      scale_row<T>(row, width, T(1) / total[r], row);
      log_sum[r] = top[r] + std::log(total[r]);
    }
  }
}

template <class T>
static void attention_merge(const T* top, const T* total, T* partial, int64_t parts, int64_t rows,
                            int64_t width, T* out, int64_t out_row, T* log_sum) {
  constexpr int w = Vec<T>::kWidth;
  constexpr T kLeast = -std::numeric_limits<T>::infinity();
  for (int64_t r = 0; r < rows; ++r) {
    T highest = kLeast, sum = 0;
    for (int64_t p = 0; p < parts; ++p) {
      const T t = top[p * rows + r];
      highest = highest > t ? highest : t;
    }
    for (int64_t p = 0; p < parts; ++p) {
      if (total[p * rows + r] == 0) continue;  // saw nothing
      const T shrink = std::exp(top[p * rows + r] - highest);
      sum += total[p * rows + r] * shrink;
      T* const from = partial + (p * rows + r) * width;
      scale_row<T>(from, width, shrink, from);
    }
    for (int64_t i = 0; i < width; i += w) {
      const int64_t lanes = width - i < w ? width - i : w;
      Vec<T> value = Vec<T>::zero();
      for (int64_t p = 0; p < parts; ++p) {
        if (total[p * rows + r] == 0) continue;
        value += Vec<T>::load_n(partial + (p * rows + r) * width + i, lanes);
      }
      value.store_n(out + r * out_row + i, lanes);
    }
    attention_finish<T>(&highest, &sum, 1, width, out + r * out_row, out_row, log_sum + r);
  }
}

template <bool kKeep, class T>
static LANEGRAD_INLINE void gradient_row(T* x, T* g, const T* bias, const T* keep, int64_t n, T shift,
                                         T delta, T scale) {
  constexpr int w = Vec<T>::kWidth;
  const Vec<T> m = Vec<T>::broadcast(shift), d = Vec<T>::broadcast(delta), f = Vec<T>::broadcast(scale);
  const auto step = [&]<bool kWhole>(std::bool_constant<kWhole>, int64_t i, int64_t lanes) {
    const auto load = [&](const T* p) { return kWhole ? Vec<T>::load(p + i) : Vec<T>::load_n(p + i, lanes); };
    Vec<T> s = load(x), grad = load(g);
    if (bias) s = s + load(bias);
    const Vec<T> weight = exp_down(s - m);
    Vec<T> kept = weight;
    if constexpr (kKeep) {
      const Vec<T> k = load(keep);
      kept = weight * k;
      grad = grad * k;
    }
    const Vec<T> slope = weight * (grad - d) * f;
    if constexpr (kWhole) {
      kept.store(x + i);
      slope.store(g + i);
    } else {
      kept.store_n(x + i, lanes);
      slope.store_n(g + i, lanes);
    }
  };
  int64_t i = 0;
  for (; i + w <= n; i += w) step(std::true_type{}, i, w);
  if (i < n) step(std::false_type{}, i, n - i);
}

template <class T>
static void attention_gradient(const ScoreBlock<T>& b, T* grads, const T* log_sum, const T* delta, T scale) {
  constexpr T kInfinity = std::numeric_limits<T>::infinity();
  for (int64_t r = 0; r < b.rows; ++r) {
    T *const x = b.scores + r * b.row, *const g = grads + r * b.row;
    const int64_t n = seen_keys(b, r);
    const T* const bias = b.bias ? b.bias + r * b.bias_row : nullptr;
    // A row that sees nothing: weights of 0.
    const T shift = log_sum[r] == -kInfinity ? kInfinity : log_sum[r];
    if (b.keep)
      gradient_row<true, T>(x, g, bias, b.keep + r * b.row, n, shift, delta[r], scale);
    else
      gradient_row<false, T>(x, g, bias, nullptr, n, shift, delta[r], scale);
    clear_from<T>(x, n, b.keys);
    clear_from<T>(g, n, b.keys);
  }
}

// kVectors vectors of R rows at a time, along all keys: one load of a value serves all rows. Bound by the
// values' bandwidth.
template <int R, int kVectors, bool kPartial, class T>
static LANEGRAD_INLINE void weigh_tile(const T* weights, int64_t weights_row, int64_t keys, const T* values,
                                       int64_t values_row, int64_t lanes, T* out, int64_t out_row) {
  constexpr int w = Vec<T>::kWidth;
  Vec<T> acc[R][kVectors];
  for (int r = 0; r < R; ++r)
    for (int v = 0; v < kVectors; ++v)
      acc[r][v] =
          kPartial ? Vec<T>::load_n(out + r * out_row, lanes) : Vec<T>::load(out + r * out_row + v * w);
  for (int64_t k = 0; k < keys; ++k, values += values_row) {
    for (int v = 0; v < kVectors; ++v) {
      const Vec<T> value = kPartial ? Vec<T>::load_n(values, lanes) : Vec<T>::load(values + v * w);
      for (int r = 0; r < R; ++r)
        acc[r][v] = fma(Vec<T>::broadcast(weights[r * weights_row + k]), value, acc[r][v]);
    }
  }
  for (int r = 0; r < R; ++r) {
    for (int v = 0; v < kVectors; ++v) {
      if (kPartial)
        acc[r][v].store_n(out + r * out_row, lanes);
      else
        acc[r][v].store(out + r * out_row + v * w);
    }
  }
}

template <int R, class T>
static void weigh_rows(const T* weights, int64_t weights_row, int64_t keys, const T* values,
                       int64_t values_row, int64_t width, T* out, int64_t out_row) {
  constexpr int w = Vec<T>::kWidth;
  int64_t i = 0;
  for (; i + 4 * w <= width; i += 4 * w)
    weigh_tile<R, 4, false, T>(weights, weights_row, keys, values + i, values_row, w, out + i, out_row);
  for (; i + w <= width; i += w)
    weigh_tile<R, 1, false, T>(weights, weights_row, keys, values + i, values_row, w, out + i, out_row);
  if (i < width)
    weigh_tile<R, 1, true, T>(weights, weights_row, keys, values + i, values_row, width - i, out + i,
                              out_row);
}

template <class T>
static void attention_weigh(const T* weights, int64_t weights_row, int64_t rows, int64_t keys,
                            const T* values, int64_t values_row, int64_t width, T* out, int64_t out_row) {
  switch (rows) {
    case 1:
      return weigh_rows<1, T>(weights, weights_row, keys, values, values_row, width, out, out_row);
    case 2:
      return weigh_rows<2, T>(weights, weights_row, keys, values, values_row, width, out, out_row);
    case 3:
      return weigh_rows<3, T>(weights, weights_row, keys, values, values_row, width, out, out_row);
    default:
      return weigh_rows<4, T>(weights, weights_row, keys, values, values_row, width, out, out_row);
  }
}

template <class T>
static void attention_row_dots(const T* a, int64_t a_row, const T* b, int64_t b_row, int64_t rows,
                               int64_t width, T* out) {
  constexpr int w = Vec<T>::kWidth;
  for (int64_t r = 0; r < rows; ++r, a += a_row, b += b_row) {
    Vec<T> sum = Vec<T>::zero();
    int64_t i = 0;
    for (; i + w <= width; i += w) sum = fma(Vec<T>::load(a + i), Vec<T>::load(b + i), sum);
    if (i < width) sum = fma(Vec<T>::load_n(a + i, width - i), Vec<T>::load_n(b + i, width - i), sum);
    out[r] = reduce_add(sum);
  }
}

template <class T>
static void attention_scale(const T* from, int64_t n, T factor, T* to) {
  scale_row<T>(from, n, factor, to);
}

template <class T>
static void attention_bias_of(const uint8_t* seen, int64_t n, T* out) {
  using Mask = typename Vec<T>::Mask;
  constexpr int w = Vec<T>::kWidth;
  const Vec<T> least = Vec<T>::broadcast(-std::numeric_limits<T>::infinity());
  int64_t i = 0;
  for (; i + w <= n; i += w) select(Mask::load(seen + i), Vec<T>::zero(), least).store(out + i);
  for (; i < n; ++i) out[i] = seen[i] ? T(0) : -std::numeric_limits<T>::infinity();
}

template <class T>
inline constexpr AttentionKernels<T> kAttentionKernels = {
    attention_fold<T>,  attention_finish<T>,   attention_merge<T>, attention_gradient<T>,
    attention_weigh<T>, attention_row_dots<T>, attention_scale<T>, attention_bias_of<T>};

extern const AttentionTable kAttentionTable;
const AttentionTable kAttentionTable = {.f32 = kAttentionKernels<float>, .f64 = kAttentionKernels<double>};
