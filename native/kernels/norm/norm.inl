// Means and variances take two passes over data that is in cache after the first (a row, or a strip of 64
// rows), which keeps them accurate where the mean is large; memory is read once. Four accumulators hide the
// latency of an add.

template <class T>
static LANEGRAD_INLINE T row_sum(const T* x, int64_t n) {
  constexpr int w = Vec<T>::kWidth;
  Vec<T> a = Vec<T>::zero(), b = a, c = a, d = a;
  int64_t i = 0;
  for (; i + 4 * w <= n; i += 4 * w) {
    a += Vec<T>::load(x + i);
    b += Vec<T>::load(x + i + w);
    c += Vec<T>::load(x + i + 2 * w);
    d += Vec<T>::load(x + i + 3 * w);
  }
  for (; i + w <= n; i += w) a += Vec<T>::load(x + i);
  if (i < n) b += Vec<T>::load_n(x + i, n - i);
  return reduce_add((a + b) + (c + d));
}

template <class T>
static LANEGRAD_INLINE T row_squares(const T* x, int64_t n, T mean) {
  constexpr int w = Vec<T>::kWidth;
  const Vec<T> m = Vec<T>::broadcast(mean);
  Vec<T> acc[4] = {Vec<T>::zero(), Vec<T>::zero(), Vec<T>::zero(), Vec<T>::zero()};
  int64_t i = 0;
  for (; i + 4 * w <= n; i += 4 * w) {
    for (int v = 0; v < 4; ++v) {
      const Vec<T> d = Vec<T>::load(x + i + v * w) - m;
      acc[v] = fma(d, d, acc[v]);
    }
  }
  for (; i + w <= n; i += w) {
    const Vec<T> d = Vec<T>::load(x + i) - m;
    acc[0] = fma(d, d, acc[0]);
  }
  if (i < n) {
    const Vec<T> d = pad_lanes<T>(Vec<T>::load_n(x + i, n - i), n - i, m) - m;
    acc[1] = fma(d, d, acc[1]);
  }
  return reduce_add((acc[0] + acc[1]) + (acc[2] + acc[3]));
}

template <class T>
static void layer_norm_rows(const T* x, int64_t rows, int64_t n, const T* weight, const T* bias, T eps,
                            T* out, T* mean, T* rstd) {
  constexpr int w = Vec<T>::kWidth;
  for (int64_t r = 0; r < rows; ++r, x += n, out += n) {
    const T m = row_sum<T>(x, n) / static_cast<T>(n);
    const T s = T(1) / std::sqrt(row_squares<T>(x, n, m) / static_cast<T>(n) + eps);
    mean[r] = m;
    rstd[r] = s;
    const Vec<T> mv = Vec<T>::broadcast(m), sv = Vec<T>::broadcast(s);
    for (int64_t i = 0; i < n; i += w) {
      const int64_t lanes = n - i < w ? n - i : w;
      Vec<T> y = (Vec<T>::load_n(x + i, lanes) - mv) * sv;
      if (weight && bias)
        y = fma(y, Vec<T>::load_n(weight + i, lanes), Vec<T>::load_n(bias + i, lanes));
      else if (weight)
        y = y * Vec<T>::load_n(weight + i, lanes);
      else if (bias)
        y = y + Vec<T>::load_n(bias + i, lanes);
      y.store_n(out + i, lanes);
    }
  }
}

// dx = rstd (gw - mean(gw) - xhat mean(gw xhat)), gw = grad * weight.
template <class T>
static void layer_norm_rows_backward(const T* grad, const T* x, const T* mean, const T* rstd, const T* weight,
                                     int64_t rows, int64_t n, T* dx, T* weight_grad, T* bias_grad) {
  constexpr int w = Vec<T>::kWidth;
  const Vec<T> one = Vec<T>::broadcast(T(1));
  for (int64_t r = 0; r < rows; ++r, grad += n, x += n, dx += n) {
    const Vec<T> m = Vec<T>::broadcast(mean[r]), s = Vec<T>::broadcast(rstd[r]);
    Vec<T> sum0 = Vec<T>::zero(), sum1 = sum0, dot0 = sum0, dot1 = sum0;
    int64_t i = 0;
    for (; i + 2 * w <= n; i += 2 * w) {
      const Vec<T> w0 = weight ? Vec<T>::load(weight + i) : one,
                   w1 = weight ? Vec<T>::load(weight + i + w) : one;
      const Vec<T> g0 = Vec<T>::load(grad + i) * w0, g1 = Vec<T>::load(grad + i + w) * w1;
      sum0 += g0;
      sum1 += g1;
      dot0 = fma(g0, (Vec<T>::load(x + i) - m) * s, dot0);
      dot1 = fma(g1, (Vec<T>::load(x + i + w) - m) * s, dot1);
    }
    for (; i < n; i += w) {  // lanes past the end: the gradient there is zero
      const int64_t lanes = n - i < w ? n - i : w;
      const Vec<T> g = Vec<T>::load_n(grad + i, lanes) * (weight ? Vec<T>::load_n(weight + i, lanes) : one);
      sum0 += g;
      dot0 = fma(g, (Vec<T>::load_n(x + i, lanes) - m) * s, dot0);
    }
    const Vec<T> a = Vec<T>::broadcast(reduce_add(sum0 + sum1) / static_cast<T>(n));
    const Vec<T> b = Vec<T>::broadcast(reduce_add(dot0 + dot1) / static_cast<T>(n));
    for (i = 0; i < n; i += w) {
      const int64_t lanes = n - i < w ? n - i : w;
      const Vec<T> g = Vec<T>::load_n(grad + i, lanes), xhat = (Vec<T>::load_n(x + i, lanes) - m) * s;
      const Vec<T> gw = weight ? g * Vec<T>::load_n(weight + i, lanes) : g;
      (s * neg_fma(xhat, b, gw - a)).store_n(dx + i, lanes);
      if (r == 0) {
        (g * xhat).store_n(weight_grad + i, lanes);
        g.store_n(bias_grad + i, lanes);
      } else {
        fma(g, xhat, Vec<T>::load_n(weight_grad + i, lanes)).store_n(weight_grad + i, lanes);
        (g + Vec<T>::load_n(bias_grad + i, lanes)).store_n(bias_grad + i, lanes);
      }
    }
  }
}

template <class T>
static void row_moments(const T* x, int64_t n, T* mean, T* m2) {
  *mean = row_sum<T>(x, n) / static_cast<T>(n);
  *m2 = row_squares<T>(x, n, *mean);
}

template <class T>
static void column_moments(const T* x, int64_t rows, int64_t cols, int64_t stride, T* mean, T* m2) {
  constexpr int w = Vec<T>::kWidth;
  const Vec<T> count = Vec<T>::broadcast(static_cast<T>(rows));
  for (int64_t c = 0; c < cols; c += w) {
    const int64_t lanes = cols - c < w ? cols - c : w;
    const T* p = x + c;
    Vec<T> even = Vec<T>::zero(), odd = even;
    int64_t r = 0;
    for (; r + 2 <= rows; r += 2) {
      even += Vec<T>::load_n(p + r * stride, lanes);
      odd += Vec<T>::load_n(p + (r + 1) * stride, lanes);
    }
    if (r < rows) even += Vec<T>::load_n(p + r * stride, lanes);
    const Vec<T> m = (even + odd) / count;
    even = odd = Vec<T>::zero();
    for (r = 0; r + 2 <= rows; r += 2) {
      const Vec<T> d = Vec<T>::load_n(p + r * stride, lanes) - m,
                   e = Vec<T>::load_n(p + (r + 1) * stride, lanes) - m;
      even = fma(d, d, even);
      odd = fma(e, e, odd);
    }
    if (r < rows) {
      const Vec<T> d = Vec<T>::load_n(p + r * stride, lanes) - m;
      even = fma(d, d, even);
    }
    m.store_n(mean + c, lanes);
    (even + odd).store_n(m2 + c, lanes);
  }
}

template <class T>
static void normalize_row(const T* x, int64_t n, T mean, T scale, T shift, T* out) {
  constexpr int w = Vec<T>::kWidth;
  const Vec<T> m = Vec<T>::broadcast(mean), a = Vec<T>::broadcast(scale), b = Vec<T>::broadcast(shift);
  int64_t i = 0;
  for (; i + w <= n; i += w) fma(Vec<T>::load(x + i) - m, a, b).store(out + i);
  if (i < n) fma(Vec<T>::load_n(x + i, n - i) - m, a, b).store_n(out + i, n - i);
}

template <class T>
static void normalize_columns(const T* x, int64_t rows, int64_t cols, int64_t stride, const T* mean,
                              const T* scale, const T* shift, T* out) {
  constexpr int w = Vec<T>::kWidth;
  for (int64_t r = 0; r < rows; ++r) {
    const T* p = x + r * stride;
    T* q = out + r * stride;
    for (int64_t c = 0; c < cols; c += w) {
      const int64_t lanes = cols - c < w ? cols - c : w;
      fma(Vec<T>::load_n(p + c, lanes) - Vec<T>::load_n(mean + c, lanes), Vec<T>::load_n(scale + c, lanes),
          Vec<T>::load_n(shift + c, lanes))
          .store_n(q + c, lanes);
    }
  }
}

template <class T>
static void row_grad_sums(const T* grad, const T* x, int64_t n, T mean, T* sum, T* dot) {
  constexpr int w = Vec<T>::kWidth;
  const Vec<T> m = Vec<T>::broadcast(mean);
  Vec<T> sums[2] = {Vec<T>::zero(), Vec<T>::zero()}, dots[2] = {Vec<T>::zero(), Vec<T>::zero()};
  int64_t i = 0;
  for (; i + 2 * w <= n; i += 2 * w) {
    for (int v = 0; v < 2; ++v) {
      const Vec<T> g = Vec<T>::load(grad + i + v * w);
      sums[v] += g;
      dots[v] = fma(g, Vec<T>::load(x + i + v * w) - m, dots[v]);
    }
  }
  for (; i < n; i += w) {
    const int64_t lanes = n - i < w ? n - i : w;
    const Vec<T> g = Vec<T>::load_n(grad + i, lanes);
    sums[0] += g;
    dots[0] = fma(g, Vec<T>::load_n(x + i, lanes) - m, dots[0]);
  }
  *sum = reduce_add(sums[0] + sums[1]);
  *dot = reduce_add(dots[0] + dots[1]);
}

template <class T>
static void column_grad_sums(const T* grad, const T* x, int64_t rows, int64_t cols, int64_t stride,
                             const T* mean, T* sum, T* dot) {
  constexpr int w = Vec<T>::kWidth;
  for (int64_t c = 0; c < cols; c += w) {
    const int64_t lanes = cols - c < w ? cols - c : w;
    const Vec<T> m = Vec<T>::load_n(mean + c, lanes);
    Vec<T> s = Vec<T>::zero(), d = s;
    for (int64_t r = 0; r < rows; ++r) {
      const Vec<T> g = Vec<T>::load_n(grad + r * stride + c, lanes);
      s += g;
      d = fma(g, Vec<T>::load_n(x + r * stride + c, lanes) - m, d);
    }
    s.store_n(sum + c, lanes);
    d.store_n(dot + c, lanes);
  }
}

template <class T>
static void combine_row(const T* grad, const T* x, int64_t n, T mean, T a, T b, T c, T* dx) {
  constexpr int w = Vec<T>::kWidth;
  const Vec<T> m = Vec<T>::broadcast(mean), av = Vec<T>::broadcast(a), bv = Vec<T>::broadcast(b);
  const Vec<T> cv = Vec<T>::broadcast(c);
  for (int64_t i = 0; i < n; i += w) {
    const int64_t lanes = n - i < w ? n - i : w;
    fma(av, Vec<T>::load_n(grad + i, lanes), fma(bv, Vec<T>::load_n(x + i, lanes) - m, cv))
        .store_n(dx + i, lanes);
  }
}

template <class T>
static void combine_columns(const T* grad, const T* x, int64_t rows, int64_t cols, int64_t stride,
                            const T* mean, const T* a, const T* b, const T* c, T* dx) {
  constexpr int w = Vec<T>::kWidth;
  for (int64_t r = 0; r < rows; ++r) {
    for (int64_t j = 0; j < cols; j += w) {
      const int64_t lanes = cols - j < w ? cols - j : w, at = r * stride + j;
      const Vec<T> centered = Vec<T>::load_n(x + at, lanes) - Vec<T>::load_n(mean + j, lanes);
      fma(Vec<T>::load_n(a + j, lanes), Vec<T>::load_n(grad + at, lanes),
          fma(Vec<T>::load_n(b + j, lanes), centered, Vec<T>::load_n(c + j, lanes)))
          .store_n(dx + at, lanes);
    }
  }
}

template <class T>
inline constexpr NormKernels<T> kNormKernels = {
    layer_norm_rows<T>, layer_norm_rows_backward<T>, row_moments<T>,   column_moments<T>,
    normalize_row<T>,   normalize_columns<T>,        row_grad_sums<T>, column_grad_sums<T>,
    combine_row<T>,     combine_columns<T>};

extern const NormTable kNormTable;
const NormTable kNormTable = {.f32 = kNormKernels<float>, .f64 = kNormKernels<double>};
