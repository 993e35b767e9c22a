// What Adafactor does to rows of a matrix, whose second moments are row[i] * scale * column[j], at least
// `floor`. Row by row, so that all memory is read in order; the sums of columns, or their moments, stay in
// the L1 cache. The first pass is bound by memory, the others by a division (and a root) of each element.

// column_sums[j] += grad[i, j]^2, and row[i] moves by `weight` towards the mean of grad[i, :]^2.
template <class T>
static void square_means(const FactoredRows<T>& x, T weight, T* column_sums) {
  constexpr int w = Vec<T>::kWidth;
  const int64_t n = x.columns;
  for (int64_t i = 0; i < x.rows; ++i) {
    const T* grad = x.grad + i * n;
    Vec<T> sum = Vec<T>::zero();
    int64_t j = 0;
    for (; j + w <= n; j += w) {
      const Vec<T> g = Vec<T>::load(grad + j);
      fma(g, g, Vec<T>::load(column_sums + j)).store(column_sums + j);
      sum = fma(g, g, sum);
    }
    if (j < n) {
      const Vec<T> g = Vec<T>::load_n(grad + j, n - j);
      fma(g, g, Vec<T>::load_n(column_sums + j, n - j)).store_n(column_sums + j, n - j);
      sum = fma(g, g, sum);
    }
    x.row[i] += weight * (reduce_add(sum) / static_cast<T>(n) - x.row[i]);
  }
}

// The second moments at `column`, in front of `left` more columns.
template <class T>
static LANEGRAD_INLINE Vec<T> second_moment(const T* column, int64_t left, Vec<T> row, Vec<T> floor) {
  // Lanes beyond the last column are `floor`, or a NaN of 0 / 0 that is not stored.
  const Vec<T> c = left < Vec<T>::kWidth ? Vec<T>::load_n(column, left) : Vec<T>::load(column);
  return max(row * c, floor);
}

template <class T>
static LANEGRAD_INLINE Vec<T> row_factor(const FactoredRows<T>& x, int64_t i) {
  return Vec<T>::broadcast(x.row ? x.row[i] * x.scale : T(1));
}

// The sum of grad^2 over second moments: the squares of the update.
template <class T>
static double scaled_squares(const FactoredRows<T>& x, T floor) {
  constexpr int w = Vec<T>::kWidth;
  const int64_t n = x.columns;
  const Vec<T> least = Vec<T>::broadcast(floor);
  double total = 0;
  for (int64_t i = 0; i < x.rows; ++i) {
    const T* grad = x.grad + i * n;
    const Vec<T> row = row_factor(x, i);
    Vec<T> sum = Vec<T>::zero();
    int64_t j = 0;
    for (; j + w <= n; j += w) {
      const Vec<T> g = Vec<T>::load(grad + j);
      sum = sum + g * g / second_moment(x.column + j, w, row, least);
    }
    if (j < n) {
      const Vec<T> g = Vec<T>::load_n(grad + j, n - j);
      T squares[w];
      (g * g / second_moment(x.column + j, n - j, row, least)).store(squares);
      sum = sum + Vec<T>::load_n(squares, n - j);
    }
    total += static_cast<double>(reduce_add(sum));
  }
  return total;
}

// param = shrink param - length grad / sqrt(second moment)
template <class T>
static void scaled_update(const FactoredRows<T>& x, T floor, T shrink, T length) {
  constexpr int w = Vec<T>::kWidth;
  const int64_t n = x.columns;
  const Vec<T> least = Vec<T>::broadcast(floor), keep = Vec<T>::broadcast(shrink),
               along = Vec<T>::broadcast(length);
  for (int64_t i = 0; i < x.rows; ++i) {
    T* param = x.param + i * n;
    const T* grad = x.grad + i * n;
    const Vec<T> row = row_factor(x, i);
    const auto updated = [&](Vec<T> p, Vec<T> g, Vec<T> moment) {
      return neg_fma(along, g / sqrt(moment), p * keep);
    };
    int64_t j = 0;
    for (; j + w <= n; j += w) {
      updated(Vec<T>::load(param + j), Vec<T>::load(grad + j), second_moment(x.column + j, w, row, least))
          .store(param + j);
    }
    if (j < n) {
      updated(Vec<T>::load_n(param + j, n - j), Vec<T>::load_n(grad + j, n - j),
              second_moment(x.column + j, n - j, row, least))
          .store_n(param + j, n - j);
    }
  }
}

// mean[i] moves by `weight` towards grad[i]^2.
template <class T>
static void toward_squares(T* mean, const T* grad, int64_t n, T weight) {
  constexpr int w = Vec<T>::kWidth;
  const Vec<T> by = Vec<T>::broadcast(weight);
  for (int64_t i = 0; i < n; i += w) {
    const int64_t lanes = n - i < w ? n - i : w;
    const Vec<T> g = Vec<T>::load_n(grad + i, lanes), m = Vec<T>::load_n(mean + i, lanes);
    fma(by, g * g - m, m).store_n(mean + i, lanes);
  }
}
