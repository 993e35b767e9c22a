// Channels whose elements are not one row: parts of a channel (a run of it, or a strip of up to 64 rows of
// which it is a column) are folded by themselves and then normalized or combined, each part in cache for the
// second pass over it. The limit is the bandwidth of memory.

template <class T>
static void row_moments(const T* x, int64_t n, T* mean, T* m2) {
  *mean = row_sum<T>(x, n) / static_cast<T>(n);
  *m2 = row_squares<T>(x, n, *mean);
}

// fn(first column, vectors, lanes) for columns in blocks of four vectors: neighbours in memory, and sums that
// do not wait for each other. What is left takes single ones.
template <class T, class F>
static LANEGRAD_INLINE void for_column_blocks(int64_t cols, F fn) {
  constexpr int w = Vec<T>::kWidth;
  int64_t c = 0;
  for (; c + 4 * w <= cols; c += 4 * w)
    fn(c, std::integral_constant<int, 4>{}, std::integral_constant<int, w>{});
  for_vectors<T>(cols - c,
                 [&](int64_t i, auto lanes) { fn(c + i, std::integral_constant<int, 1>{}, lanes); });
}

template <class T>
static void column_moments(const T* x, int64_t rows, int64_t cols, int64_t stride, T* mean, T* m2) {
  const Vec<T> count = Vec<T>::broadcast(static_cast<T>(rows));
  for_column_blocks<T>(cols, [&](int64_t first, auto vectors, auto lanes) {
    constexpr int n = decltype(vectors)::value, w = Vec<T>::kWidth;
    const T* const p = x + first;
    Vec<T> sum[n], center[n], squares[n];
    for (int v = 0; v < n; ++v) sum[v] = squares[v] = Vec<T>::zero();
    for (int64_t r = 0; r < rows; ++r)
      for (int v = 0; v < n; ++v) sum[v] += load_lanes(p + r * stride + v * w, lanes);
    for (int v = 0; v < n; ++v) center[v] = sum[v] / count;
    for (int64_t r = 0; r < rows; ++r) {
      for (int v = 0; v < n; ++v) {
        const Vec<T> d = load_lanes(p + r * stride + v * w, lanes) - center[v];
        squares[v] = fma(d, d, squares[v]);
      }
    }
    for (int v = 0; v < n; ++v) {
      store_lanes(center[v], mean + first + v * w, lanes);
      store_lanes(squares[v], m2 + first + v * w, lanes);
    }
  });
}

template <class T>
static void normalize_rows(const T* x, int64_t rows, int64_t n, const T* mean, const T* scale, const T* shift,
                           bool past, T* out) {
  for (int64_t r = 0; r < rows; ++r, x += n, out += n) {
    const Vec<T> m = Vec<T>::broadcast(mean[r]), a = Vec<T>::broadcast(scale[r]);
    const Vec<T> b = Vec<T>::broadcast(shift[r]);
    store_vectors<T>(out, n, past,
                     [&](int64_t i, auto lanes) { return fma(load_lanes(x + i, lanes) - m, a, b); });
  }
}

template <class T>
static void normalize_columns(const T* x, int64_t rows, int64_t cols, int64_t stride, const T* mean,
                              const T* scale, const T* shift, bool past, T* out) {
  for (int64_t r = 0; r < rows; ++r, x += stride, out += stride) {
    store_vectors<T>(out, cols, past, [&](int64_t i, auto lanes) {
      const Vec<T> centered = load_lanes(x + i, lanes) - load_lanes(mean + i, lanes);
      return fma(centered, load_lanes(scale + i, lanes), load_lanes(shift + i, lanes));
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
  for_column_blocks<T>(cols, [&](int64_t first, auto vectors, auto lanes) {
    constexpr int n = decltype(vectors)::value, w = Vec<T>::kWidth;
    Vec<T> center[n], sums[n], dots[n];
    for (int v = 0; v < n; ++v) {
      center[v] = load_lanes(mean + first + v * w, lanes);
      sums[v] = dots[v] = Vec<T>::zero();
    }
    for (int64_t r = 0; r < rows; ++r) {
      for (int v = 0; v < n; ++v) {
        const int64_t at = r * stride + first + v * w;
        const Vec<T> g = load_lanes(grad + at, lanes);
        sums[v] += g;
        dots[v] = fma(g, load_lanes(x + at, lanes) - center[v], dots[v]);
      }
    }
    for (int v = 0; v < n; ++v) {
      store_lanes(sums[v], sum + first + v * w, lanes);
      store_lanes(dots[v], dot + first + v * w, lanes);
    }
  });
}

template <class T>
static void combine_rows(const T* grad, const T* x, int64_t rows, int64_t n, const T* mean, const T* a,
                         const T* b, const T* c, bool past, T* dx) {
  for (int64_t r = 0; r < rows; ++r, grad += n, x += n, dx += n) {
    const Vec<T> m = Vec<T>::broadcast(mean[r]), av = Vec<T>::broadcast(a[r]);
    const Vec<T> bv = Vec<T>::broadcast(b[r]), cv = Vec<T>::broadcast(c[r]);
    store_vectors<T>(dx, n, past, [&](int64_t i, auto lanes) {
      const Vec<T> rest = fma(bv, load_lanes(x + i, lanes) - m, cv);
      return fma(av, load_lanes(grad + i, lanes), rest);
    });
  }
}

template <class T>
static void combine_columns(const T* grad, const T* x, int64_t rows, int64_t cols, int64_t stride,
                            const T* mean, const T* a, const T* b, const T* c, bool past, T* dx) {
  for (int64_t r = 0; r < rows; ++r, grad += stride, x += stride, dx += stride) {
    store_vectors<T>(dx, cols, past, [&](int64_t i, auto lanes) {
      const Vec<T> centered = load_lanes(x + i, lanes) - load_lanes(mean + i, lanes);
      const Vec<T> rest = fma(load_lanes(b + i, lanes), centered, load_lanes(c + i, lanes));
      return fma(load_lanes(a + i, lanes), load_lanes(grad + i, lanes), rest);
    });
  }
}

template <class T>
inline constexpr NormKernels<T> kNormKernels = {
    norm_rows<T>,         norm_rows_backward<T>, row_moments<T>,      column_moments<T>, normalize_rows<T>,
    normalize_columns<T>, row_grad_sums<T>,      column_grad_sums<T>, combine_rows<T>,   combine_columns<T>};

extern const NormTable kNormTable;
const NormTable kNormTable = {.f32 = kNormKernels<float>, .f64 = kNormKernels<double>};
