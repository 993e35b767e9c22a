// One text for all levels. A strided row is copied block by block into a buffer and reduced by the same code
// as a contiguous one, so that the bits of a result do not depend on strides within a kernel.

// Folds: `identity` pads the last vector of a row, `step` takes an element in, `join` merges two partial
// results.
template <class T>
struct SumFold {
  T pad() const { return T(0); }
  static LANEGRAD_INLINE Vec<T> start() { return Vec<T>::zero(); }
  LANEGRAD_INLINE Vec<T> step(Vec<T> acc, Vec<T> x) const { return acc + x; }
  LANEGRAD_INLINE T step(T acc, T x) const { return acc + x; }
  static LANEGRAD_INLINE Vec<T> join(Vec<T> a, Vec<T> b) { return a + b; }
  static LANEGRAD_INLINE T join(T a, T b) { return a + b; }
  static LANEGRAD_INLINE T lanes(Vec<T> a) { return reduce_add(a); }
};

template <class T>
struct ProductFold {
  T pad() const { return T(1); }
  static LANEGRAD_INLINE Vec<T> start() { return Vec<T>::broadcast(T(1)); }
  LANEGRAD_INLINE Vec<T> step(Vec<T> acc, Vec<T> x) const { return acc * x; }
  LANEGRAD_INLINE T step(T acc, T x) const { return acc * x; }
  static LANEGRAD_INLINE Vec<T> join(Vec<T> a, Vec<T> b) { return a * b; }
  static LANEGRAD_INLINE T join(T a, T b) { return a * b; }
  static LANEGRAD_INLINE T lanes(Vec<T> a) {
    alignas(64) T lane[Vec<T>::kWidth];
    a.store(lane);
    for (int half = Vec<T>::kWidth / 2; half > 0; half /= 2)
      for (int l = 0; l < half; ++l) lane[l] *= lane[l + half];
    return lane[0];
  }
};

template <class T, bool kMax>
struct ExtremeFold {
  static constexpr T kIdentity = [] {
    if constexpr (std::numeric_limits<T>::has_infinity) {
      return kMax ? -std::numeric_limits<T>::infinity() : std::numeric_limits<T>::infinity();
    } else {
      return kMax ? std::numeric_limits<T>::min() : std::numeric_limits<T>::max();
    }
  }();
  T pad() const { return kIdentity; }
  static LANEGRAD_INLINE Vec<T> start() { return Vec<T>::broadcast(kIdentity); }
  static LANEGRAD_INLINE Vec<T> join(Vec<T> a, Vec<T> b) {
    if constexpr (kMax)
      return max(a, b);
    else
      return min(a, b);
  }
  static LANEGRAD_INLINE T join(T a, T b) {
    if (a != a) return a;
    if (b != b) return b;
    if constexpr (kMax)
      return a > b ? a : b;
    else
      return a < b ? a : b;
  }
  LANEGRAD_INLINE Vec<T> step(Vec<T> acc, Vec<T> x) const { return join(acc, x); }
  LANEGRAD_INLINE T step(T acc, T x) const { return join(acc, x); }
  static LANEGRAD_INLINE T lanes(Vec<T> a) {
    if constexpr (kMax)
      return reduce_max(a);
    else
      return reduce_min(a);
  }
};

// A block is 16 steps of 4 accumulators: long enough to hide the latency of an add, short enough that the
// rounding error of a sum grows with 16 and the logarithm of the number of blocks.
template <class T>
inline constexpr int64_t kBlock = int64_t{64} * Vec<T>::kWidth;

template <class T, class Fold>
static LANEGRAD_INLINE Vec<T> fold_block(const Fold& fold, const T* x, int64_t n) {
  constexpr int w = Vec<T>::kWidth;
  Vec<T> a0 = Fold::start(), a1 = a0, a2 = a0, a3 = a0;
  int64_t i = 0;
  for (; i + 4 * w <= n; i += 4 * w) {
    a0 = fold.step(a0, Vec<T>::load(x + i));
    a1 = fold.step(a1, Vec<T>::load(x + i + w));
    a2 = fold.step(a2, Vec<T>::load(x + i + 2 * w));
    a3 = fold.step(a3, Vec<T>::load(x + i + 3 * w));
  }
  for (; i + w <= n; i += w) a0 = fold.step(a0, Vec<T>::load(x + i));
  if (i < n) {
    T tail[w];
    for (int l = 0; l < w; ++l) tail[l] = l < n - i ? x[i + l] : fold.pad();
    a1 = fold.step(a1, Vec<T>::load(tail));
  }
  return Fold::join(Fold::join(a0, a1), Fold::join(a2, a3));
}

// Elements as they are folded: a half is widened on the way from memory, so that nothing wide is written to
// it.
template <class T>
static LANEGRAD_INLINE Vec<T> fetch(const T* x) {
  return Vec<T>::load(x);
}
template <class T>
static LANEGRAD_INLINE Vec<T> fetch_n(const T* x, int64_t n) {
  return Vec<T>::load_n(x, n);
}
template <class Half>
  requires kIsHalf<Half>
static LANEGRAD_INLINE Vec<float> fetch(const Half* x) {
  alignas(64) float wide[Vec<float>::kWidth];
  widen_halves(wide, x, Vec<float>::kWidth);
  return Vec<float>::load(wide);
}
template <class Half>
  requires kIsHalf<Half>
static LANEGRAD_INLINE Vec<float> fetch_n(const Half* x, int64_t n) {
  alignas(64) float wide[Vec<float>::kWidth] = {};
  for (int64_t l = 0; l < n; ++l) wide[l] = x[l];
  return Vec<float>::load(wide);
}

// n elements that lie `stride` apart as contiguous ones of type T: in place, or in the buffer.
template <class T, class In>
static LANEGRAD_INLINE const T* contiguous(const In* x, int64_t n, int64_t stride, T* buffer) {
  if constexpr (std::is_same_v<T, In>) {
    if (stride == 1) return x;
  } else if constexpr (kIsHalf<In>) {
    if (stride == 1) {
      widen_halves(buffer, x, n);
      return buffer;
    }
  }
  if (stride == 2) {  // a constant, which the compiler turns into shuffles
    for (int64_t j = 0; j < n; ++j) buffer[j] = static_cast<T>(x[2 * j]);
  } else {
    for (int64_t j = 0; j < n; ++j) buffer[j] = static_cast<T>(x[j * stride]);
  }
  return buffer;
}

template <class T, class Fold, class In>
static LANEGRAD_INLINE T fold_row(const Fold& fold, const In* x, int64_t n, int64_t stride) {
  constexpr int64_t block = kBlock<T>;
  alignas(64) T buffer[block];
  // A binary counter: stack[k] holds the fold of a power of two of blocks, so equals meet equals (pairwise
  // summation).
  Vec<T> stack[24];
  int depth = 0;
  int64_t count = 0;
  for (int64_t i = 0; i < n; i += block) {
    const int64_t length = n - i < block ? n - i : block;
    Vec<T> part = fold_block<T>(fold, contiguous<T>(x + i * stride, length, stride, buffer), length);
    for (int64_t k = ++count; (k & 1) == 0; k >>= 1) part = Fold::join(stack[--depth], part);
    stack[depth++] = part;
  }
  Vec<T> total = stack[--depth];
  while (depth > 0) total = Fold::join(stack[--depth], total);
  return Fold::lanes(total);
}

// What an accumulator is after its first element.
template <class Fold, class V>
static LANEGRAD_INLINE V first_of(const Fold& fold, V x) {
  if constexpr (requires { Fold::kMapped; })
    return fold.step(V{}, x);
  else
    return x;
}

template <class T, class Fold, class In = T>
static void fold_rows(const In* x, int64_t count, int64_t x_outer, int64_t n, int64_t x_stride, T* out,
                      int64_t out_stride) {
  const Fold fold{};
  if (n == 1) {
    for (int64_t i = 0; i < count; ++i) out[i * out_stride] = first_of(fold, static_cast<T>(x[i * x_outer]));
    return;
  }
  for (int64_t i = 0; i < count; ++i) out[i * out_stride] = fold_row<T>(fold, x + i * x_outer, n, x_stride);
}

// Two accumulators for each column, even rows and odd rows; four vectors of columns at a time keep eight adds
// in flight.
template <class T, class Fold, class In = T>
static void fold_columns(const In* x, int64_t rows, int64_t row_stride, int64_t cols, int64_t col_stride,
                         T* out, int64_t out_stride) {
  const Fold fold{};
  constexpr int w = Vec<T>::kWidth;
  if (col_stride != 1) {
    for (int64_t c = 0; c < cols; ++c) {
      const In* p = x + c * col_stride;
      T even = first_of(fold, static_cast<T>(p[0]));
      if (rows > 1) {
        T odd = first_of(fold, static_cast<T>(p[row_stride]));
        int64_t r = 2;
        for (; r + 2 <= rows; r += 2) {
          even = fold.step(even, static_cast<T>(p[r * row_stride]));
          odd = fold.step(odd, static_cast<T>(p[(r + 1) * row_stride]));
        }
        if (r < rows) even = fold.step(even, static_cast<T>(p[r * row_stride]));
        even = Fold::join(even, odd);
      }
      out[c * out_stride] = even;
    }
    return;
  }
  alignas(64) T line[kColumnTile];
  T* target = out_stride == 1 ? out : line;
  int64_t c = 0;
  for (; rows > 1 && c + 4 * w <= cols; c += 4 * w) {
    Vec<T> even[4], odd[4];
    for (int v = 0; v < 4; ++v) {
      even[v] = first_of(fold, fetch(x + c + v * w));
      odd[v] = first_of(fold, fetch(x + row_stride + c + v * w));
    }
    int64_t r = 2;
    for (; r + 2 <= rows; r += 2) {
      const In* p = x + r * row_stride + c;
      for (int v = 0; v < 4; ++v) {
        even[v] = fold.step(even[v], fetch(p + v * w));
        odd[v] = fold.step(odd[v], fetch(p + row_stride + v * w));
      }
    }
    if (r < rows)
      for (int v = 0; v < 4; ++v) even[v] = fold.step(even[v], fetch(x + r * row_stride + c + v * w));
    for (int v = 0; v < 4; ++v) Fold::join(even[v], odd[v]).store(target + c + v * w);
  }
  for (; c < cols; c += w) {
    const int64_t lanes = cols - c < w ? cols - c : w;
    Vec<T> even = first_of(fold, fetch_n(x + c, lanes));
    if (rows > 1) {
      Vec<T> odd = first_of(fold, fetch_n(x + row_stride + c, lanes));
      int64_t r = 2;
      for (; r + 2 <= rows; r += 2) {
        even = fold.step(even, fetch_n(x + r * row_stride + c, lanes));
        odd = fold.step(odd, fetch_n(x + (r + 1) * row_stride + c, lanes));
      }
      if (r < rows) even = fold.step(even, fetch_n(x + r * row_stride + c, lanes));
      even = Fold::join(even, odd);
    }
    even.store_n(target + c, lanes);
  }
  if (out_stride != 1)
    for (int64_t i = 0; i < cols; ++i) out[i * out_stride] = line[i];
}

#include "kernels/reduce/mapped.inl"
#include "kernels/reduce/centered.inl"
#include "kernels/reduce/integers.inl"
#include "kernels/reduce/places.inl"

template <class T>
using Sum = SumFold<T>;
template <class T>
using Product = ProductFold<T>;
template <class T>
using Max = ExtremeFold<T, true>;
template <class T>
using Min = ExtremeFold<T, false>;

template <class In>
inline constexpr FloatReductions<In, Partial<In>> kFloatReductions = {
    .centered = {centered_rows<SquaredDifference, In, Partial<In>>,
                 centered_columns<SquaredDifference, In, Partial<In>>},
    .exponentials = {centered_rows<ExponentialDifference, In, Partial<In>>,
                     centered_columns<ExponentialDifference, In, Partial<In>>},
    .nansum = {fold_rows<Partial<In>, MappedSum<Partial<In>, NumberOrZero>, In>,
               fold_columns<Partial<In>, MappedSum<Partial<In>, NumberOrZero>, In>},
    .squares = {fold_rows<Partial<In>, MappedSum<Partial<In>, Squared>, In>,
                fold_columns<Partial<In>, MappedSum<Partial<In>, Squared>, In>},
    .magnitudes = {fold_rows<Partial<In>, MappedSum<Partial<In>, Magnitude>, In>,
                   fold_columns<Partial<In>, MappedSum<Partial<In>, Magnitude>, In>},
    .numbers = {count_rows<In, IsNumber>, count_columns<In, IsNumber>},
};

extern const ReduceTable kReduceTable;
const ReduceTable kReduceTable = {
    .sum_u8 = {int_rows<uint8_t, WrappingSum>, int_columns<uint8_t, WrappingSum>},
    .sum_i8 = {int_rows<int8_t, WrappingSum>, int_columns<int8_t, WrappingSum>},
    .sum_i16 = {int_rows<int16_t, WrappingSum>, int_columns<int16_t, WrappingSum>},
    .sum_i32 = {int_rows<int32_t, WrappingSum>, int_columns<int32_t, WrappingSum>},
    .sum_i64 = {int_rows<int64_t, WrappingSum>, int_columns<int64_t, WrappingSum>},
    .sum_f16 = {fold_rows<float, Sum<float>, Float16>, fold_columns<float, Sum<float>, Float16>},
    .sum_bf16 = {fold_rows<float, Sum<float>, BFloat16>, fold_columns<float, Sum<float>, BFloat16>},
    .sum_f32 = {fold_rows<float, Sum<float>>, fold_columns<float, Sum<float>>},
    .sum_f64 = {fold_rows<double, Sum<double>>, fold_columns<double, Sum<double>>},
    .prod_u8 = {int_rows<uint8_t, WrappingProduct>, int_columns<uint8_t, WrappingProduct>},
    .prod_i8 = {int_rows<int8_t, WrappingProduct>, int_columns<int8_t, WrappingProduct>},
    .prod_i16 = {int_rows<int16_t, WrappingProduct>, int_columns<int16_t, WrappingProduct>},
    .prod_i32 = {int_rows<int32_t, WrappingProduct>, int_columns<int32_t, WrappingProduct>},
    .prod_i64 = {int_rows<int64_t, WrappingProduct>, int_columns<int64_t, WrappingProduct>},
    .prod_f16 = {fold_rows<float, Product<float>, Float16>, fold_columns<float, Product<float>, Float16>},
    .prod_bf16 = {fold_rows<float, Product<float>, BFloat16>, fold_columns<float, Product<float>, BFloat16>},
    .prod_f32 = {fold_rows<float, Product<float>>, fold_columns<float, Product<float>>},
    .prod_f64 = {fold_rows<double, Product<double>>, fold_columns<double, Product<double>>},
    .max_u8 = {small_rows<uint8_t, true>, small_columns<uint8_t, true>},
    .min_u8 = {small_rows<uint8_t, false>, small_columns<uint8_t, false>},
    .max_i8 = {small_rows<int8_t, true>, small_columns<int8_t, true>},
    .min_i8 = {small_rows<int8_t, false>, small_columns<int8_t, false>},
    .max_i16 = {small_rows<int16_t, true>, small_columns<int16_t, true>},
    .min_i16 = {small_rows<int16_t, false>, small_columns<int16_t, false>},
    .max_i32 = {fold_rows<int32_t, Max<int32_t>>, fold_columns<int32_t, Max<int32_t>>},
    .min_i32 = {fold_rows<int32_t, Min<int32_t>>, fold_columns<int32_t, Min<int32_t>>},
    .max_i64 = {fold_rows<int64_t, Max<int64_t>>, fold_columns<int64_t, Max<int64_t>>},
    .min_i64 = {fold_rows<int64_t, Min<int64_t>>, fold_columns<int64_t, Min<int64_t>>},
    .max_f32 = {fold_rows<float, Max<float>>, fold_columns<float, Max<float>>},
    .min_f32 = {fold_rows<float, Min<float>>, fold_columns<float, Min<float>>},
    .max_f64 = {fold_rows<double, Max<double>>, fold_columns<double, Max<double>>},
    .min_f64 = {fold_rows<double, Min<double>>, fold_columns<double, Min<double>>},
    .max_f16 = {fold_rows<float, Max<float>, Float16>, fold_columns<float, Max<float>, Float16>},
    .min_f16 = {fold_rows<float, Min<float>, Float16>, fold_columns<float, Min<float>, Float16>},
    .max_bf16 = {fold_rows<float, Max<float>, BFloat16>, fold_columns<float, Max<float>, BFloat16>},
    .min_bf16 = {fold_rows<float, Min<float>, BFloat16>, fold_columns<float, Min<float>, BFloat16>},
    .floats_f16 = kFloatReductions<Float16>,
    .floats_bf16 = kFloatReductions<BFloat16>,
    .floats_f32 = kFloatReductions<float>,
    .floats_f64 = kFloatReductions<double>,
    .count_u8 = {count_rows<uint8_t, IsNonzero>, count_columns<uint8_t, IsNonzero>},
    .count_i8 = {count_rows<int8_t, IsNonzero>, count_columns<int8_t, IsNonzero>},
    .count_i16 = {count_rows<int16_t, IsNonzero>, count_columns<int16_t, IsNonzero>},
    .count_i32 = {count_rows<int32_t, IsNonzero>, count_columns<int32_t, IsNonzero>},
    .count_i64 = {count_rows<int64_t, IsNonzero>, count_columns<int64_t, IsNonzero>},
    .count_f16 = {count_rows<Float16, IsNonzero>, count_columns<Float16, IsNonzero>},
    .count_bf16 = {count_rows<BFloat16, IsNonzero>, count_columns<BFloat16, IsNonzero>},
    .count_f32 = {count_rows<float, IsNonzero>, count_columns<float, IsNonzero>},
    .count_f64 = {count_rows<double, IsNonzero>, count_columns<double, IsNonzero>},
    .argmax_u8 = {extreme_rows<uint8_t, true>, extreme_columns<uint8_t, true>},
    .argmin_u8 = {extreme_rows<uint8_t, false>, extreme_columns<uint8_t, false>},
    .argmax_i8 = {extreme_rows<int8_t, true>, extreme_columns<int8_t, true>},
    .argmin_i8 = {extreme_rows<int8_t, false>, extreme_columns<int8_t, false>},
    .argmax_i16 = {extreme_rows<int16_t, true>, extreme_columns<int16_t, true>},
    .argmin_i16 = {extreme_rows<int16_t, false>, extreme_columns<int16_t, false>},
    .argmax_i32 = {extreme_rows<int32_t, true>, extreme_columns<int32_t, true>},
    .argmin_i32 = {extreme_rows<int32_t, false>, extreme_columns<int32_t, false>},
    .argmax_i64 = {extreme_rows<int64_t, true>, extreme_columns<int64_t, true>},
    .argmin_i64 = {extreme_rows<int64_t, false>, extreme_columns<int64_t, false>},
    .argmax_f16 = {extreme_rows<Float16, true>, extreme_columns<Float16, true>},
    .argmin_f16 = {extreme_rows<Float16, false>, extreme_columns<Float16, false>},
    .argmax_bf16 = {extreme_rows<BFloat16, true>, extreme_columns<BFloat16, true>},
    .argmin_bf16 = {extreme_rows<BFloat16, false>, extreme_columns<BFloat16, false>},
    .argmax_f32 = {extreme_rows<float, true>, extreme_columns<float, true>},
    .argmin_f32 = {extreme_rows<float, false>, extreme_columns<float, false>},
    .argmax_f64 = {extreme_rows<double, true>, extreme_columns<double, true>},
    .argmin_f64 = {extreme_rows<double, false>, extreme_columns<double, false>},
};
