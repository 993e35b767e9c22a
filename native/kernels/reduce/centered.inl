// Sums of a function of the difference from a centre, which each result has of its own.

// (x - center)^2; padding with the centre adds zeros.
template <class T>
struct SquaredDifference {
  Vec<T> center;
  static LANEGRAD_INLINE T pad(T center) { return center; }
  LANEGRAD_INLINE Vec<T> step(Vec<T> acc, Vec<T> x) const {
    const Vec<T> d = x - center;
    return fma(d, d, acc);
  }
};

// e^(x - center); padding with -Infinity adds zeros.
template <class T>
struct ExponentialDifference {
  Vec<T> center;
  static LANEGRAD_INLINE T pad(T) { return -std::numeric_limits<T>::infinity(); }
  LANEGRAD_INLINE Vec<T> step(Vec<T> acc, Vec<T> x) const { return acc + exp(x - center); }
};

// As a fold over a row.
template <class T, template <class> class Term>
struct CenteredFold {
  Term<T> term;
  T padding;
  T pad() const { return padding; }
  static LANEGRAD_INLINE Vec<T> start() { return Vec<T>::zero(); }
  LANEGRAD_INLINE Vec<T> step(Vec<T> acc, Vec<T> x) const { return term.step(acc, x); }
  static LANEGRAD_INLINE Vec<T> join(Vec<T> a, Vec<T> b) { return a + b; }
  static LANEGRAD_INLINE T lanes(Vec<T> a) { return reduce_add(a); }
};

template <template <class> class Term, class In, class T>
static void centered_rows(const In* x, int64_t count, int64_t x_outer, int64_t n, int64_t x_stride,
                          const T* center, int64_t center_stride, T* out, int64_t out_stride) {
  for (int64_t i = 0; i < count; ++i) {
    const T middle = center[i * center_stride];
    const CenteredFold<T, Term> fold{{Vec<T>::broadcast(middle)}, Term<T>::pad(middle)};
    out[i * out_stride] = fold_row<T>(fold, x + i * x_outer, n, x_stride);
  }
}

// kVectors vectors of columns, the last one of `lanes` columns, down the rows; even rows and odd rows apart.
template <template <class> class Term, int kVectors, class In, class T>
static LANEGRAD_INLINE void centered_strip(const In* x, int64_t rows, int64_t row_stride, int64_t lanes,
                                           const T* center, int64_t center_stride, T* out,
                                           int64_t out_stride) {
  constexpr int w = Vec<T>::kWidth;
  const int64_t cols = (kVectors - 1) * w + lanes;
  alignas(64) T buffer[kVectors * w] = {};
  for (int64_t l = 0; l < cols; ++l) buffer[l] = center[l * center_stride];
  Term<T> term[kVectors];
  Vec<T> even[kVectors], odd[kVectors];
  for (int v = 0; v < kVectors; ++v) {
    term[v] = {Vec<T>::load(buffer + v * w)};
    even[v] = odd[v] = Vec<T>::zero();
  }
  const auto at = [&](int64_t r, int v) {
    const In* p = x + r * row_stride + v * w;
    return v + 1 < kVectors || lanes == w ? fetch(p) : fetch_n(p, lanes);
  };
  int64_t r = 0;
  for (; r + 2 <= rows; r += 2) {
    for (int v = 0; v < kVectors; ++v) {
      even[v] = term[v].step(even[v], at(r, v));
      odd[v] = term[v].step(odd[v], at(r + 1, v));
    }
  }
  if (r < rows)
    for (int v = 0; v < kVectors; ++v) even[v] = term[v].step(even[v], at(r, v));
  for (int v = 0; v < kVectors; ++v) (even[v] + odd[v]).store(buffer + v * w);
  for (int64_t l = 0; l < cols; ++l) out[l * out_stride] = buffer[l];
}

template <template <class> class Term, class In, class T>
static void centered_columns(const In* x, int64_t rows, int64_t row_stride, int64_t cols, int64_t col_stride,
                             const T* center, int64_t center_stride, T* out, int64_t out_stride) {
  constexpr int w = Vec<T>::kWidth;
  if (col_stride != 1) {
    for (int64_t c = 0; c < cols; ++c) {
      centered_rows<Term>(x + c * col_stride, 1, 0, rows, row_stride, center + c * center_stride, 0,
                          out + c * out_stride, 1);
    }
    return;
  }
  int64_t c = 0;
  for (; c + 4 * w <= cols; c += 4 * w) {
    centered_strip<Term, 4>(x + c, rows, row_stride, w, center + c * center_stride, center_stride,
                            out + c * out_stride, out_stride);
  }
  for (; c < cols; c += w) {
    centered_strip<Term, 1>(x + c, rows, row_stride, cols - c < w ? cols - c : w, center + c * center_stride,
                            center_stride, out + c * out_stride, out_stride);
  }
}
