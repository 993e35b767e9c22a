// Loops run along rows, so that vectors load neighbours; a tail of fewer lanes than a vector is loaded in
// part. Sums keep two vector accumulators. Small blocks stay in the L1 cache, panels in the L2: the limit is
// their bandwidth.

template <class T>
static T dot(int64_t n, const T* x, const T* y) {
  constexpr int w = Vec<T>::kWidth;
  Vec<T> a = Vec<T>::zero(), b = Vec<T>::zero();
  int64_t i = 0;
  for (; i + 2 * w <= n; i += 2 * w) {
    a = fma(Vec<T>::load(x + i), Vec<T>::load(y + i), a);
    b = fma(Vec<T>::load(x + i + w), Vec<T>::load(y + i + w), b);
  }
  for (; i + w <= n; i += w) a = fma(Vec<T>::load(x + i), Vec<T>::load(y + i), a);
  if (i < n) b = fma(Vec<T>::load_n(x + i, n - i), Vec<T>::load_n(y + i, n - i), b);
  return reduce_add(a + b);
}

template <class T>
static void axpy(int64_t n, T a, const T* x, T* y) {
  const Vec<T> va = Vec<T>::broadcast(a);
  for_vectors<T>(n, [&](int64_t i, auto lanes) {
    store_lanes(fma(va, load_lanes(x + i, lanes), load_lanes(y + i, lanes)), y + i, lanes);
  });
}

template <class T>
static void axpy2(int64_t n, T a, const T* x, T b, const T* y, T* z) {
  const Vec<T> va = Vec<T>::broadcast(a), vb = Vec<T>::broadcast(b);
  for_vectors<T>(n, [&](int64_t i, auto lanes) {
    const Vec<T> once = fma(va, load_lanes(x + i, lanes), load_lanes(z + i, lanes));
    store_lanes(fma(vb, load_lanes(y + i, lanes), once), z + i, lanes);
  });
}

template <class T>
static void combine_rows(int64_t rows, int64_t width, const T* a, int64_t ld, const T* v, T* out) {
  constexpr int w = Vec<T>::kWidth;
  int64_t j = 0;
  for (; j + 4 * w <= width; j += 4 * w) {
    Vec<T> s0 = Vec<T>::zero(), s1 = s0, s2 = s0, s3 = s0;
    for (int64_t i = 0; i < rows; ++i) {
      const Vec<T> x = Vec<T>::broadcast(v[i]);
      const T* row = a + i * ld + j;
      s0 = fma(x, Vec<T>::load(row), s0);
      s1 = fma(x, Vec<T>::load(row + w), s1);
      s2 = fma(x, Vec<T>::load(row + 2 * w), s2);
      s3 = fma(x, Vec<T>::load(row + 3 * w), s3);
    }
    s0.store(out + j);
    s1.store(out + j + w);
    s2.store(out + j + 2 * w);
    s3.store(out + j + 3 * w);
  }
  for_vectors<T>(width - j, [&](int64_t k, auto lanes) {
    Vec<T> sum = Vec<T>::zero();
    for (int64_t i = 0; i < rows; ++i)
      sum = fma(Vec<T>::broadcast(v[i]), load_lanes(a + i * ld + j + k, lanes), sum);
    store_lanes(sum, out + j + k, lanes);
  });
}

template <class T>
static void solve_triangle(int64_t n, int64_t k, const T* t, int64_t row, int64_t col, bool upper, bool unit,
                           T* x, int64_t ld) {
  // Backward substitution is forward substitution that counts down.
  const int64_t first = upper ? n - 1 : 0, step = upper ? -1 : 1;
  for_vectors<T>(k, [&](int64_t j, auto lanes) {
    for (int64_t q = 0; q < n; ++q) {
      const int64_t i = first + q * step;
      T* const place = x + i * ld + j;
      Vec<T> value = load_lanes(place, lanes);
      for (int64_t r = 0; r < q; ++r) {
        const int64_t p = first + r * step;
        value = neg_fma(Vec<T>::broadcast(t[i * row + p * col]), load_lanes(x + p * ld + j, lanes), value);
      }
      if (!unit) value = value / Vec<T>::broadcast(t[i * (row + col)]);
      store_lanes(value, place, lanes);
    }
  });
}

template <class T>
static int64_t cholesky(int64_t n, T* a, int64_t ld) {
  for (int64_t j = 0; j < n; ++j) {
    T* const row = a + j * ld;
    if (!(row[j] > 0) || row[j] > std::numeric_limits<T>::max()) return j + 1;
    const T root = std::sqrt(row[j]);
    for (int64_t p = j; p < n; ++p) row[p] /= root;
    for (int64_t i = j + 1; i < n; ++i) axpy(n - i, -row[i], row + i, a + i * ld + i);
  }
  return 0;
}

template <class T>
static int64_t lu(int64_t m, int64_t n, T* a, int64_t ld, int32_t* pivots, bool pivot) {
  int64_t missing = 0;
  for (int64_t j = 0; j < n; ++j) {
    int64_t best = j;
    for (int64_t i = j + 1; pivot && i < m; ++i) {
      if (std::fabs(a[i * ld + j]) > std::fabs(a[best * ld + j])) best = i;
    }
    pivots[j] = static_cast<int32_t>(best);
    T* const row = a + j * ld;
    if (best != j) {
      T* const other = a + best * ld;
      for (int64_t p = 0; p < n; ++p) {
        const T kept = row[p];
        row[p] = other[p];
        other[p] = kept;
      }
    }
    if (row[j] == 0) {
      if (missing == 0) missing = j + 1;
      continue;
    }
    for (int64_t i = j + 1; i < m; ++i) {
      T* const below = a + i * ld;
      below[j] /= row[j];
      axpy(n - j - 1, -below[j], row + j + 1, below + j + 1);
    }
  }
  return missing;
}

template <class T>
static void qr(int64_t m, int64_t n, T* a, int64_t ld, T* tau) {
  for (int64_t j = 0; j < n; ++j) {
    tau[j] = 0;
    T* const column = a + j * ld + j;
    const int64_t rows = m - j;
    T largest = 0;
    for (int64_t i = 1; i < rows; ++i) largest = std::fmax(largest, std::fabs(column[i * ld]));
    if (rows < 1 || largest == 0) continue;
    largest = std::fmax(largest, std::fabs(column[0]));
    double sum = 0;  // of squares that neither overflow nor vanish
    for (int64_t i = 0; i < rows; ++i) {
      const double x = static_cast<double>(column[i * ld]) / static_cast<double>(largest);
      sum += x * x;
    }
    const T norm = static_cast<T>(static_cast<double>(largest) * std::sqrt(sum));
    const T head = column[0], beta = head > 0 ? -norm : norm;
    const T divisor = head - beta;
    tau[j] = -divisor / beta;
    for (int64_t i = 1; i < rows; ++i) column[i * ld] /= divisor;
    column[0] = beta;
    const Vec<T> scale = Vec<T>::broadcast(tau[j]);
    T* const rest = column + 1;
    for_vectors<T>(n - j - 1, [&](int64_t p, auto lanes) {
      Vec<T> w = load_lanes(rest + p, lanes);
      for (int64_t i = 1; i < rows; ++i)
        w = fma(Vec<T>::broadcast(column[i * ld]), load_lanes(rest + i * ld + p, lanes), w);
      w = w * scale;
      store_lanes(load_lanes(rest + p, lanes) - w, rest + p, lanes);
      for (int64_t i = 1; i < rows; ++i) {
        T* const place = rest + i * ld + p;
        store_lanes(neg_fma(Vec<T>::broadcast(column[i * ld]), w, load_lanes(place, lanes)), place, lanes);
      }
    });
  }
}

// The row that two rotations share stays in registers: a load and a store per rotation and vector.
template <class T>
static void rotate_chain(int64_t count, const T* c, const T* s, T* row, int64_t step, int64_t width) {
  constexpr int w = Vec<T>::kWidth;
  int64_t j = 0;
  for (; j + 4 * w <= width; j += 4 * w) {
    T* at = row + j;
    Vec<T> x0 = Vec<T>::load(at), x1 = Vec<T>::load(at + w);
    Vec<T> x2 = Vec<T>::load(at + 2 * w), x3 = Vec<T>::load(at + 3 * w);
    for (int64_t k = 0; k < count; ++k) {
      const Vec<T> cosine = Vec<T>::broadcast(c[k]), sine = Vec<T>::broadcast(s[k]);
      const T* next = at + step;
      const Vec<T> y0 = Vec<T>::load(next), y1 = Vec<T>::load(next + w);
      const Vec<T> y2 = Vec<T>::load(next + 2 * w), y3 = Vec<T>::load(next + 3 * w);
      fma(cosine, x0, sine * y0).store(at);
      fma(cosine, x1, sine * y1).store(at + w);
      fma(cosine, x2, sine * y2).store(at + 2 * w);
      fma(cosine, x3, sine * y3).store(at + 3 * w);
      x0 = neg_fma(sine, x0, cosine * y0);
      x1 = neg_fma(sine, x1, cosine * y1);
      x2 = neg_fma(sine, x2, cosine * y2);
      x3 = neg_fma(sine, x3, cosine * y3);
      at += step;
    }
    x0.store(at);
    x1.store(at + w);
    x2.store(at + 2 * w);
    x3.store(at + 3 * w);
  }
  for_vectors<T>(width - j, [&](int64_t p, auto lanes) {
    T* at = row + j + p;
    Vec<T> x = load_lanes(at, lanes);
    for (int64_t k = 0; k < count; ++k) {
      const Vec<T> cosine = Vec<T>::broadcast(c[k]), sine = Vec<T>::broadcast(s[k]);
      const Vec<T> y = load_lanes(at + step, lanes);
      store_lanes(fma(cosine, x, sine * y), at, lanes);
      x = neg_fma(sine, x, cosine * y);
      at += step;
    }
    store_lanes(x, at, lanes);
  });
}

template <class T>
inline constexpr LinalgKernels<T> kLinalgKernels = {
    dot<T>, axpy<T>, axpy2<T>, combine_rows<T>, solve_triangle<T>, cholesky<T>, lu<T>, qr<T>, rotate_chain<T>,
};

extern const LinalgTable kLinalgTable;
const LinalgTable kLinalgTable = {.f32 = kLinalgKernels<float>, .f64 = kLinalgKernels<double>};
