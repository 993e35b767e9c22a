// Norms of dense rows: a row is read from memory once, and is in cache for the passes after the first. A mean
// before the squares keeps the variance accurate where the mean is large. Four accumulators hide the latency
// of an add. Weight gradients are summed row after row in the memory of the result, which a row of n is small
// enough for. The limit is the bandwidth of memory.

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
static void norm_rows(const T* x, int64_t rows, int64_t n, int64_t groups, const T* weight, const T* bias,
                      T eps, bool past, T* out, T* mean, T* rstd) {
  for (int64_t r = 0; r < rows; ++r, x += n, out += n) {
    const T m = mean ? row_sum<T>(x, n) / static_cast<T>(n) : T(0);
    const T s = T(1) / std::sqrt(row_squares<T>(x, n, m) / static_cast<T>(n) + eps);
    if (mean) mean[r] = m;
    rstd[r] = s;
    const Vec<T> mv = Vec<T>::broadcast(m), sv = Vec<T>::broadcast(s);
    const int64_t at = groups == 1 ? 0 : r % groups * n;
    store_vectors<T>(out, n, past, [&](int64_t i, auto lanes) {
      Vec<T> y = (load_lanes(x + i, lanes) - mv) * sv;
      if (weight && bias)
        y = fma(y, load_lanes(weight + at + i, lanes), load_lanes(bias + at + i, lanes));
      else if (weight)
        y = y * load_lanes(weight + at + i, lanes);
      else if (bias)
        y = y + load_lanes(bias + at + i, lanes);
      return y;
    });
  }
}

// sum(gw) and sum(gw xhat) of a row, gw = grad * weight.
template <class T>
static LANEGRAD_INLINE void row_dots(const T* grad, const T* x, const T* weight, int64_t n, Vec<T> mean,
                                     Vec<T> rstd, T* sum, T* dot) {
  constexpr int w = Vec<T>::kWidth;
  const Vec<T> one = Vec<T>::broadcast(T(1));
  Vec<T> sums[2] = {Vec<T>::zero(), Vec<T>::zero()}, dots[2] = {Vec<T>::zero(), Vec<T>::zero()};
  int64_t i = 0;
  for (; i + 2 * w <= n; i += 2 * w) {
    for (int v = 0; v < 2; ++v) {
      const int64_t at = i + v * w;
      const Vec<T> g = Vec<T>::load(grad + at) * (weight ? Vec<T>::load(weight + at) : one);
      sums[v] += g;
      dots[v] = fma(g, (Vec<T>::load(x + at) - mean) * rstd, dots[v]);
    }
  }
  for (; i < n; i += w) {  // lanes past the end: the gradient there is zero
    const int64_t lanes = n - i < w ? n - i : w;
    const Vec<T> g = Vec<T>::load_n(grad + i, lanes) * (weight ? Vec<T>::load_n(weight + i, lanes) : one);
    sums[0] += g;
    dots[0] = fma(g, (Vec<T>::load_n(x + i, lanes) - mean) * rstd, dots[0]);
  }
  *sum = reduce_add(sums[0] + sums[1]);
  *dot = reduce_add(dots[0] + dots[1]);
}

// dx = rstd (gw - mean(gw) - xhat mean(gw xhat)); without a mean of x there is none of gw.
template <class T>
static void norm_rows_backward(const T* grad, const T* x, const T* mean, const T* rstd, const T* weight,
                               int64_t rows, int64_t n, int64_t groups, bool past, T* dx, T* weight_grad,
                               T* bias_grad) {
  std::fill_n(weight_grad, groups * n, T(0));
  if (bias_grad) std::fill_n(bias_grad, groups * n, T(0));
  for (int64_t r = 0; r < rows; ++r, grad += n, x += n, dx += n) {
    const int64_t at = groups == 1 ? 0 : r % groups * n;
    const Vec<T> m = Vec<T>::broadcast(mean ? mean[r] : T(0)), s = Vec<T>::broadcast(rstd[r]);
    T sum, dot;
    row_dots<T>(grad, x, weight ? weight + at : nullptr, n, m, s, &sum, &dot);
    const Vec<T> a = Vec<T>::broadcast(mean ? sum / static_cast<T>(n) : T(0));
    const Vec<T> b = Vec<T>::broadcast(dot / static_cast<T>(n));
    store_vectors<T>(dx, n, past, [&](int64_t i, auto lanes) {
      const Vec<T> g = load_lanes(grad + i, lanes), xhat = (load_lanes(x + i, lanes) - m) * s;
      const Vec<T> gw = weight ? g * load_lanes(weight + at + i, lanes) : g;
      T* const sums = weight_grad + at + i;
      store_lanes(fma(g, xhat, load_lanes<T>(sums, lanes)), sums, lanes);
      if (bias_grad) {
        T* const shifts = bias_grad + at + i;
        store_lanes(g + load_lanes<T>(shifts, lanes), shifts, lanes);
      }
      return s * neg_fma(xhat, b, gw - a);
    });
  }
}
