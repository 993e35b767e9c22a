// A row is read three times (extremum, exponentials and their sum, scaling) but comes from memory once: it
// stays in the L1 or L2 cache between the passes, and the next one is asked for while its exponentials are
// computed. Two accumulators hide the latency of the sums; the limit is exp.

// The largest that is a number. NaN need not be carried: its exponential makes the sum NaN.
template <class T>
static LANEGRAD_INLINE Vec<T> larger(Vec<T> x, Vec<T> best) {
  if constexpr (std::is_same_v<T, float>)
    return max_number(x, best);
  else
    return select(gt(x, best), x, best);
}

template <class T>
static LANEGRAD_INLINE T row_max(const T* x, int64_t n) {
  constexpr int w = Vec<T>::kWidth;
  const Vec<T> least = Vec<T>::broadcast(-std::numeric_limits<T>::infinity());
  Vec<T> a = least, b = least, c = least, d = least;
  int64_t i = 0;
  for (; i + 4 * w <= n; i += 4 * w) {
    a = larger(Vec<T>::load(x + i), a);
    b = larger(Vec<T>::load(x + i + w), b);
    c = larger(Vec<T>::load(x + i + 2 * w), c);
    d = larger(Vec<T>::load(x + i + 3 * w), d);
  }
  for (; i + w <= n; i += w) a = larger(Vec<T>::load(x + i), a);
  if (i < n) b = larger(pad_lanes<T>(Vec<T>::load_n(x + i, n - i), n - i, least), b);
  return reduce_max(larger(larger(a, b), larger(c, d)));
}

// Rows up to here are asked for ahead: two of them and the exponentials fit the L2 cache.
constexpr int64_t kAheadBytes = 65536;

// exp(x) where x is not above 0, or is no number.
template <bool kDown, class T>
static LANEGRAD_INLINE Vec<T> exp_of(Vec<T> x) {
  if constexpr (kDown)
    return exp_down(x);
  else
    return exp(x);
}

// Stores exp(x - shift) where kStore, and returns the sum. kDown: shift is the largest x.
template <bool kStore, bool kDown, class T>
static LANEGRAD_INLINE T row_exp_sum(const T* x, int64_t n, T shift, T* out) {
  constexpr int w = Vec<T>::kWidth;
  const Vec<T> least = Vec<T>::broadcast(-std::numeric_limits<T>::infinity());
  const Vec<T> m = Vec<T>::broadcast(shift);
  Vec<T> a = Vec<T>::zero(), b = a;
  const bool ahead = n * int64_t{sizeof(T)} <= kAheadBytes;
  int64_t i = 0;
  for (; i + 2 * w <= n; i += 2 * w) {
    if (ahead) {
      for (int k = 0; k < 2 * w; k += 64 / int64_t{sizeof(T)}) __builtin_prefetch(x + n + i + k, 0, 2);
    }
    const Vec<T> p = exp_of<kDown>(Vec<T>::load(x + i) - m), q = exp_of<kDown>(Vec<T>::load(x + i + w) - m);
    a += p;
    b += q;
    if constexpr (kStore) {
      p.store(out + i);
      q.store(out + i + w);
    }
  }
  for (; i + w <= n; i += w) {
    const Vec<T> p = exp_of<kDown>(Vec<T>::load(x + i) - m);
    a += p;
    if constexpr (kStore) p.store(out + i);
  }
  if (i < n) {
    const Vec<T> p = exp_of<kDown>(pad_lanes<T>(Vec<T>::load_n(x + i, n - i), n - i, least) - m);
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
      const T total = row_exp_sum<false, true, T>(x, n, top, out);
      const Vec<T> m = Vec<T>::broadcast(top), l = Vec<T>::broadcast(std::log(total));
      store_vectors<T>(out, n, past,
                       [&](int64_t i, auto lanes) { return (load_lanes(x + i, lanes) - m) - l; });
    } else {
      T* const e = past ? buffer : out;
      const T total = row_exp_sum<true, true, T>(x, n, top, e);
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

// kBlock vectors of columns, down the rows: neighbours in memory, and sums that do not wait for each other.
template <int kBlock, class T>
static LANEGRAD_INLINE void logsumexp_block(const T* x, int64_t n, int64_t lanes, int64_t stride, T* out) {
  constexpr int w = Vec<T>::kWidth;
  const auto load = [&](int64_t k, int v) {
    return kBlock > 1 ? Vec<T>::load(x + k * stride + v * w) : Vec<T>::load_n(x + k * stride, lanes);
  };
  Vec<T> top[kBlock], total[kBlock];
  for (int v = 0; v < kBlock; ++v) top[v] = load(0, v);
  for (int64_t k = 1; k < n; ++k)
    for (int v = 0; v < kBlock; ++v) top[v] = max(top[v], load(k, v));
  const Vec<T> infinity = Vec<T>::broadcast(std::numeric_limits<T>::infinity());
  for (int v = 0; v < kBlock; ++v) {
    top[v] = select(eq(abs(top[v]), infinity), Vec<T>::zero(), top[v]);
    total[v] = Vec<T>::zero();
  }
  for (int64_t k = 0; k < n; ++k)
    for (int v = 0; v < kBlock; ++v) total[v] += exp(load(k, v) - top[v]);
  for (int v = 0; v < kBlock; ++v) {
    const Vec<T> result = log(total[v]) + top[v];
    if (kBlock > 1)
      result.store(out + v * w);
    else
      result.store_n(out, lanes);
  }
}

template <class T>
static void logsumexp_columns(const T* x, int64_t n, int64_t cols, int64_t stride, T* out) {
  constexpr int w = Vec<T>::kWidth;
  int64_t c = 0;
  for (; c + 4 * w <= cols; c += 4 * w) logsumexp_block<4, T>(x + c, n, w, stride, out + c);
  for (; c < cols; c += w) logsumexp_block<1, T>(x + c, n, cols - c < w ? cols - c : w, stride, out + c);
}

template <class T>
static void logsumexp_rows(const T* x, int64_t rows, int64_t n, T* out) {
  for (int64_t r = 0; r < rows; ++r, x += n) {
    const T top = row_max<T>(x, n), shift = std::isinf(top) ? T(0) : top;
    out[r] = std::log(row_exp_sum<false, false, T>(x, n, shift, nullptr)) + shift;
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
inline constexpr SoftmaxKernels<T> kSoftmaxKernels = {softmax_rows<T>,          softmax_columns<T>,
                                                      softmax_rows_backward<T>, softmax_columns_backward<T>,
                                                      logsumexp_rows<T>,        logsumexp_columns<T>};

extern const SoftmaxTable kSoftmaxTable;
const SoftmaxTable kSoftmaxTable = {.f32 = kSoftmaxKernels<float>, .f64 = kSoftmaxKernels<double>};
