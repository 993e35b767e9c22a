// Channels whose elements are not one row: parts of a channel (a run of it, or a strip of up to 64 rows of
// which it is a column) are folded by themselves and then normalized or combined, each part in cache for the
// second pass over it. The limit is the bandwidth of memory.

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
static void normalize_rows(const T* x, int64_t rows, int64_t n, const T* mean, const T* scale, const T* shift,
                           T* out) {
  for (int64_t r = 0; r < rows; ++r, x += n, out += n) {
    const Vec<T> m = Vec<T>::broadcast(mean[r]), a = Vec<T>::broadcast(scale[r]);
    const Vec<T> b = Vec<T>::broadcast(shift[r]);
    for_vectors<T>(n, [&](int64_t i, auto lanes) {
      store_lanes(fma(load_lanes(x + i, lanes) - m, a, b), out + i, lanes);
    });
  }
}

template <class T>
static void normalize_columns(const T* x, int64_t rows, int64_t cols, int64_t stride, const T* mean,
                              const T* scale, const T* shift, T* out) {
  for (int64_t r = 0; r < rows; ++r, x += stride, out += stride) {
    for_vectors<T>(cols, [&](int64_t i, auto lanes) {
      const Vec<T> centered = load_lanes(x + i, lanes) - load_lanes(mean + i, lanes);
      store_lanes(fma(centered, load_lanes(scale + i, lanes), load_lanes(shift + i, lanes)), out + i, lanes);
    });
  }
}

template <class T>
static void row_grad_sums(const T* grad, const T* x, int64_t rows, int64_t n, const T* mean, T* sum, T* dot) {
  constexpr int w = Vec<T>::kWidth;
  for (int64_t r = 0; r < rows; ++r, grad += n, x += n) {
    const Vec<T> m = Vec<T>::broadcast(mean[r]);
    Vec<T> sums[2] = {Vec<T>::zero(), Vec<T>::zero()}, dots[2] = {Vec<T>::zero(), Vec<T>::zero()};
    int64_t i = 0;
    for (; i + 2 * w <= n; i += 2 * w) {
      for (int v = 0; v < 2; ++v) {
        const Vec<T> g = Vec<T>::load(grad + i + v * w);
        sums[v] += g;
        dots[v] = fma(g, Vec<T>::load(x + i + v * w) - m, dots[v]);
      }
    }
    for (; i < n; i += w) {  // lanes past the end: the gradient there is zero
      const int64_t lanes = n - i < w ? n - i : w;
      const Vec<T> g = Vec<T>::load_n(grad + i, lanes);
      sums[0] += g;
      dots[0] = fma(g, Vec<T>::load_n(x + i, lanes) - m, dots[0]);
    }
    sum[r] = reduce_add(sums[0] + sums[1]);
    dot[r] = reduce_add(dots[0] + dots[1]);
  }
}

template <class T>
static void column_grad_sums(const T* grad, const T* x, int64_t rows, int64_t cols, int64_t stride,
                             const T* mean, T* sum, T* dot) {
  for_vectors<T>(cols, [&](int64_t i, auto lanes) {
    const Vec<T> m = load_lanes(mean + i, lanes);
    Vec<T> s = Vec<T>::zero(), d = s;
    for (int64_t r = 0; r < rows; ++r) {
      const Vec<T> g = load_lanes(grad + r * stride + i, lanes);
      s += g;
      d = fma(g, load_lanes(x + r * stride + i, lanes) - m, d);
    }
    store_lanes(s, sum + i, lanes);
    store_lanes(d, dot + i, lanes);
  });
}

template <class T>
static void combine_rows(const T* grad, const T* x, int64_t rows, int64_t n, const T* mean, const T* a,
                         const T* b, const T* c, T* dx) {
  for (int64_t r = 0; r < rows; ++r, grad += n, x += n, dx += n) {
    const Vec<T> m = Vec<T>::broadcast(mean[r]), av = Vec<T>::broadcast(a[r]);
    const Vec<T> bv = Vec<T>::broadcast(b[r]), cv = Vec<T>::broadcast(c[r]);
    for_vectors<T>(n, [&](int64_t i, auto lanes) {
      const Vec<T> rest = fma(bv, load_lanes(x + i, lanes) - m, cv);
      store_lanes(fma(av, load_lanes(grad + i, lanes), rest), dx + i, lanes);
    });
  }
}

template <class T>
static void combine_columns(const T* grad, const T* x, int64_t rows, int64_t cols, int64_t stride,
                            const T* mean, const T* a, const T* b, const T* c, T* dx) {
  for (int64_t r = 0; r < rows; ++r, grad += stride, x += stride, dx += stride) {
    for_vectors<T>(cols, [&](int64_t i, auto lanes) {
      const Vec<T> centered = load_lanes(x + i, lanes) - load_lanes(mean + i, lanes);
      const Vec<T> rest = fma(load_lanes(b + i, lanes), centered, load_lanes(c + i, lanes));
      store_lanes(fma(load_lanes(a + i, lanes), load_lanes(grad + i, lanes), rest), dx + i, lanes);
    });
  }
}

template <class T>
inline constexpr NormKernels<T> kNormKernels = {
    norm_rows<T>,         norm_rows_backward<T>, row_moments<T>,
    column_moments<T>,    normalize_rows<T>,     normalize_columns<T>,
    row_grad_sums<T>,     column_grad_sums<T>,   combine_rows<T>,
    combine_columns<T>};

extern const NormTable kNormTable;
const NormTable kNormTable = {.f32 = kNormKernels<float>, .f64 = kNormKernels<double>};
