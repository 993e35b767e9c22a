// Integer sums and products go to 64 bits and wrap, so their order is free: plain loops, which the compiler
// vectorises. Unsigned: wrapping without undefined behaviour.

struct WrappingSum {
  static constexpr uint64_t kStart = 0;
  static LANEGRAD_INLINE uint64_t step(uint64_t a, uint64_t b) { return a + b; }
};
struct WrappingProduct {
  static constexpr uint64_t kStart = 1;
  static LANEGRAD_INLINE uint64_t step(uint64_t a, uint64_t b) { return a * b; }
};

// What a chunk of a row, and of a column, of small integers sums up to fits into fewer bits than 64: four to
// eight times the elements in a vector.
template <class T>
inline constexpr bool kSmall = sizeof(T) < 4;
static_assert(kRowChunk * 32768 <= INT32_MAX / 2 && kColumnChunk * 255 <= INT16_MAX);

template <class T>
using ColumnSum = std::conditional_t<sizeof(T) == 1, int16_t, int32_t>;

template <class T, class Fold>
static LANEGRAD_INLINE uint64_t int_row(const T* p, int64_t n) {
  if constexpr (kSmall<T> && std::is_same_v<Fold, WrappingSum>) {
    int32_t total = 0;
    for (int64_t j = 0; j < n; ++j) total += p[j];
    return static_cast<uint64_t>(int64_t{total});
  } else {
    uint64_t total = Fold::kStart;
    for (int64_t j = 0; j < n; ++j) total = Fold::step(total, static_cast<uint64_t>(p[j]));
    return total;
  }
}

template <class T, class Fold>
static void int_rows(const T* x, int64_t count, int64_t x_outer, int64_t n, int64_t x_stride, int64_t* out,
                     int64_t out_stride) {
  for (int64_t i = 0; i < count; ++i) {
    const T* p = x + i * x_outer;
    uint64_t total = Fold::kStart;
    if (x_stride == 1) {
      total = int_row<T, Fold>(p, n);
    } else {
      for (int64_t j = 0; j < n; ++j) total = Fold::step(total, static_cast<uint64_t>(p[j * x_stride]));
    }
    out[i * out_stride] = static_cast<int64_t>(total);
  }
}

// Columns that lie side by side.
template <class T, class Sum, class Fold>
static LANEGRAD_INLINE void int_columns_dense(const T* x, int64_t rows, int64_t row_stride, int64_t cols,
                                              int64_t* out, int64_t out_stride) {
  alignas(64) Sum line[kColumnTile];
  for (int64_t c = 0; c < cols; ++c) line[c] = static_cast<Sum>(Fold::kStart);
  for (int64_t r = 0; r < rows; ++r) {
    const T* p = x + r * row_stride;
    if constexpr (sizeof(Sum) == 8) {
      for (int64_t c = 0; c < cols; ++c) line[c] = Fold::step(line[c], static_cast<uint64_t>(p[c]));
    } else {
      for (int64_t c = 0; c < cols; ++c) line[c] = static_cast<Sum>(line[c] + p[c]);
    }
  }
  for (int64_t c = 0; c < cols; ++c) out[c * out_stride] = static_cast<int64_t>(line[c]);
}

template <class T, class Fold>
static void int_columns(const T* x, int64_t rows, int64_t row_stride, int64_t cols, int64_t col_stride,
                        int64_t* out, int64_t out_stride) {
  if (col_stride == 1) {
    using Narrow = std::conditional_t<kSmall<T> && std::is_same_v<Fold, WrappingSum>, ColumnSum<T>, uint64_t>;
    return int_columns_dense<T, Narrow, Fold>(x, rows, row_stride, cols, out, out_stride);
  }
  for (int64_t c = 0; c < cols; ++c)
    int_rows<T, Fold>(x + c * col_stride, 1, 0, rows, row_stride, out + c * out_stride, 1);
}

// Extrema of the integers that have no vector type: plain loops again.
template <class T, bool kMax>
static LANEGRAD_INLINE T small_extremum(const T* p, int64_t n) {
  T best = p[0];
  for (int64_t j = 0; j < n; ++j) best = (kMax ? p[j] > best : p[j] < best) ? p[j] : best;
  return best;
}

template <class T, bool kMax>
static void small_rows(const T* x, int64_t count, int64_t x_outer, int64_t n, int64_t x_stride, T* out,
                       int64_t out_stride) {
  for (int64_t i = 0; i < count; ++i) {
    const T* p = x + i * x_outer;
    if (x_stride == 1) {
      out[i * out_stride] = small_extremum<T, kMax>(p, n);
      continue;
    }
    T best = p[0];
    for (int64_t j = 0; j < n; ++j) {
      const T v = p[j * x_stride];
      best = (kMax ? v > best : v < best) ? v : best;
    }
    out[i * out_stride] = best;
  }
}

template <class T, bool kMax>
static void small_columns(const T* x, int64_t rows, int64_t row_stride, int64_t cols, int64_t col_stride,
                          T* out, int64_t out_stride) {
  if (col_stride != 1) {
    for (int64_t c = 0; c < cols; ++c)
      small_rows<T, kMax>(x + c * col_stride, 1, 0, rows, row_stride, out + c * out_stride, 1);
    return;
  }
  alignas(64) T best[kColumnTile];
  for (int64_t c = 0; c < cols; ++c) best[c] = x[c];
  for (int64_t r = 1; r < rows; ++r) {
    const T* p = x + r * row_stride;
    for (int64_t c = 0; c < cols; ++c) best[c] = (kMax ? p[c] > best[c] : p[c] < best[c]) ? p[c] : best[c];
  }
  for (int64_t c = 0; c < cols; ++c) out[c * out_stride] = best[c];
}

// ---- how many elements are what a test wants

struct IsNonzero {
  template <class T>
  static LANEGRAD_INLINE bool of(T v) {
    if constexpr (kIsHalf<T>)
      return (v.bits & 0x7FFF) != 0;
    else
      return v != T(0);
  }
};
struct IsNumber {
  template <class T>
  static LANEGRAD_INLINE bool of(T v) {
    const auto wide = static_cast<std::conditional_t<kIsHalf<T>, float, T>>(v);
    return wide == wide;
  }
};

template <class T, class Test>
static void count_rows(const T* x, int64_t count, int64_t x_outer, int64_t n, int64_t x_stride, int64_t* out,
                       int64_t out_stride) {
  for (int64_t i = 0; i < count; ++i) {
    const T* p = x + i * x_outer;
    int32_t hits = 0;
    if (x_stride == 1) {
      for (int64_t j = 0; j < n; ++j) hits += Test::of(p[j]);
    } else {
      for (int64_t j = 0; j < n; ++j) hits += Test::of(p[j * x_stride]);
    }
    out[i * out_stride] = hits;
  }
}

template <class T, class Test>
static void count_columns(const T* x, int64_t rows, int64_t row_stride, int64_t cols, int64_t col_stride,
                          int64_t* out, int64_t out_stride) {
  if (col_stride != 1) {
    for (int64_t c = 0; c < cols; ++c)
      count_rows<T, Test>(x + c * col_stride, 1, 0, rows, row_stride, out + c * out_stride, 1);
    return;
  }
  using Count = std::conditional_t<sizeof(T) <= 2, int16_t, int32_t>;
  alignas(64) Count line[kColumnTile] = {};
  for (int64_t r = 0; r < rows; ++r) {
    const T* p = x + r * row_stride;
    for (int64_t c = 0; c < cols; ++c) line[c] = static_cast<Count>(line[c] + Test::of(p[c]));
  }
  for (int64_t c = 0; c < cols; ++c) out[c * out_stride] = line[c];
}
