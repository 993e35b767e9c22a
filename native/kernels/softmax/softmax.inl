// A row is read three times (extremum, exponentials and their sum, scaling) but comes from memory once: it
// stays in the L1 or L2 cache between the passes. Two accumulators hide the latency of the sums; the limit is
// exp.

template <class T>
static LANEGRAD_INLINE T row_max(const T* x, int64_t n) {
  constexpr int w = Vec<T>::kWidth;
  const Vec<T> least = Vec<T>::broadcast(-std::numeric_limits<T>::infinity());
  Vec<T> a = least, b = least;
  int64_t i = 0;
  for (; i + 2 * w <= n; i += 2 * w) {
    a = max(a, Vec<T>::load(x + i));
    b = max(b, Vec<T>::load(x + i + w));
  }
  for (; i + w <= n; i += w) a = max(a, Vec<T>::load(x + i));
  if (i < n) b = max(b, pad_lanes<T>(Vec<T>::load_n(x + i, n - i), n - i, least));
  return reduce_max(max(a, b));
}

// Stores exp(x - shift) where kStore, and returns the sum.
template <bool kStore, class T>
static LANEGRAD_INLINE T row_exp_sum(const T* x, int64_t n, T shift, T* out) {
  constexpr int w = Vec<T>::kWidth;
  const Vec<T> least = Vec<T>::broadcast(-std::numeric_limits<T>::infinity());
  const Vec<T> m = Vec<T>::broadcast(shift);
  Vec<T> a = Vec<T>::zero(), b = a;
  int64_t i = 0;
  for (; i + 2 * w <= n; i += 2 * w) {
    const Vec<T> p = exp(Vec<T>::load(x + i) - m), q = exp(Vec<T>::load(x + i + w) - m);
    a += p;
    b += q;
    if constexpr (kStore) {
      p.store(out + i);
      q.store(out + i + w);
    }
  }
  for (; i + w <= n; i += w) {
    const Vec<T> p = exp(Vec<T>::load(x + i) - m);
    a += p;
    if constexpr (kStore) p.store(out + i);
  }
  if (i < n) {
    const Vec<T> p = exp(pad_lanes<T>(Vec<T>::load_n(x + i, n - i), n - i, least) - m);
    b += p;
    if constexpr (kStore) p.store_n(out + i, n - i);
  }
  return reduce_add(a + b);
}

template <class T>
static void softmax_rows(const T* x, int64_t rows, int64_t n, bool logarithm, bool past, T* out) {
  // Exponentials that are not to pass through the caches on their way to `out` wait here.
  constexpr int64_t kBuffer = 32768 / int64_t{sizeof(T)};
  alignas(64) T buffer[kBuffer];
  if (n > kBuffer) past = past && logarithm;
  for (int64_t r = 0; r < rows; ++r, x += n, out += n) {
    const T top = row_max<T>(x, n);
    if (logarithm) {
      const T total = row_exp_sum<false, T>(x, n, top, out);
      const Vec<T> m = Vec<T>::broadcast(top), l = Vec<T>::broadcast(std::log(total));
      store_vectors<T>(out, n, past, [&](int64_t i, auto lanes) { return (load_lanes(x + i, lanes) - m) - l; });
    } else {
      T* const e = past ? buffer : out;
      const T total = row_exp_sum<true, T>(x, n, top, e);
      const Vec<T> scale = Vec<T>::broadcast(T(1) / total);
      store_vectors<T>(out, n, past,
                       [&](int64_t i, auto lanes) { return load_lanes<T>(e + i, lanes) * scale; });
    }
  }
}

// One vector of columns at a time, down the rows.
template <class T>
static void softmax_columns(const T* x, int64_t n, int64_t cols, int64_t stride, bool logarithm, T* out) {
  constexpr int w = Vec<T>::kWidth;
  for (int64_t c = 0; c < cols; c += w) {
    const int64_t lanes = cols - c < w ? cols - c : w;
    const T* p = x + c;
    T* q = out + c;
    Vec<T> top = Vec<T>::load_n(p, lanes);
    for (int64_t k = 1; k < n; ++k) top = max(top, Vec<T>::load_n(p + k * stride, lanes));
    Vec<T> total = Vec<T>::zero();
    for (int64_t k = 0; k < n; ++k) {
      const Vec<T> e = exp(Vec<T>::load_n(p + k * stride, lanes) - top);
      total += e;
      if (!logarithm) e.store_n(q + k * stride, lanes);
    }
    if (logarithm) {
      const Vec<T> l = log(total);
      for (int64_t k = 0; k < n; ++k) {
        ((Vec<T>::load_n(p + k * stride, lanes) - top) - l).store_n(q + k * stride, lanes);
      }
    } else {
      const Vec<T> scale = Vec<T>::broadcast(T(1)) / total;
      for (int64_t k = 0; k < n; ++k)
        (Vec<T>::load_n(q + k * stride, lanes) * scale).store_n(q + k * stride, lanes);
    }
  }
}

// softmax: dx = y (g - sum(g y)); logSoftmax: dx = g - exp(y) sum(g).
template <class T>
static void softmax_rows_backward(const T* grad, const T* y, int64_t rows, int64_t n, bool logarithm,
                                  bool past, T* dx) {
  constexpr int w = Vec<T>::kWidth;
  const Vec<T> zero = Vec<T>::zero();
  for (int64_t r = 0; r < rows; ++r, grad += n, y += n, dx += n) {
    Vec<T> a = zero, b = zero;
    int64_t i = 0;
    if (logarithm) {
      for (; i + 2 * w <= n; i += 2 * w) {
        a += Vec<T>::load(grad + i);
        b += Vec<T>::load(grad + i + w);
      }
      for (; i < n; i += w) a += Vec<T>::load_n(grad + i, n - i < w ? n - i : w);
    } else {
      for (; i + 2 * w <= n; i += 2 * w) {
        a = fma(Vec<T>::load(grad + i), Vec<T>::load(y + i), a);
        b = fma(Vec<T>::load(grad + i + w), Vec<T>::load(y + i + w), b);
      }
      for (; i < n; i += w) {
        const int64_t lanes = n - i < w ? n - i : w;
        a = fma(Vec<T>::load_n(grad + i, lanes), Vec<T>::load_n(y + i, lanes), a);
      }
    }
    const Vec<T> total = Vec<T>::broadcast(reduce_add(a + b));
    store_vectors<T>(dx, n, past, [&](int64_t at, auto lanes) {
      const Vec<T> g = load_lanes(grad + at, lanes), v = load_lanes(y + at, lanes);
      return logarithm ? neg_fma(exp(v), total, g) : v * (g - total);
    });
  }
}

template <class T>
static void softmax_columns_backward(const T* grad, const T* y, int64_t n, int64_t cols, int64_t stride,
                                     bool logarithm, T* dx) {
  constexpr int w = Vec<T>::kWidth;
  for (int64_t c = 0; c < cols; c += w) {
    const int64_t lanes = cols - c < w ? cols - c : w;
    Vec<T> total = Vec<T>::zero();
    for (int64_t k = 0; k < n; ++k) {
      const Vec<T> g = Vec<T>::load_n(grad + k * stride + c, lanes);
      total = logarithm ? total + g : fma(g, Vec<T>::load_n(y + k * stride + c, lanes), total);
    }
    for (int64_t k = 0; k < n; ++k) {
      const Vec<T> g = Vec<T>::load_n(grad + k * stride + c, lanes),
                   v = Vec<T>::load_n(y + k * stride + c, lanes);
      (logarithm ? neg_fma(exp(v), total, g) : v * (g - total)).store_n(dx + k * stride + c, lanes);
    }
  }
}

template <class T>
inline constexpr SoftmaxKernels<T> kSoftmaxKernels = {softmax_rows<T>, softmax_columns<T>,
                                                      softmax_rows_backward<T>, softmax_columns_backward<T>};

extern const SoftmaxTable kSoftmaxTable;
const SoftmaxTable kSoftmaxTable = {.f32 = kSoftmaxKernels<float>, .f64 = kSoftmaxKernels<double>};
