// The elementwise kernels, once for all levels: a row of elementwise.def becomes a type, and the loops are
// templates of it. One pass, no accumulator; the expected limit is the memory, but for the rows marked
// Costly.

#include "kernels/elementwise/formulas.inl"

namespace {

template <class...>
struct Types {};
using AllTypes = Types<bool, uint8_t, int8_t, int16_t, int32_t, int64_t, Float16, BFloat16, float, double>;

template <bool kScalar, class T>
LANEGRAD_INLINE Vec<T> operand(const T* p, Vec<T> fixed, int64_t i) {
  if constexpr (kScalar)
    return fixed;
  else
    return Vec<T>::load(p + i);
}
template <bool kScalar, class T>
LANEGRAD_INLINE Vec<T> operand_n(const T* p, Vec<T> fixed, int64_t i, int64_t n) {
  if constexpr (kScalar)
    return fixed;
  else
    return Vec<T>::load_n(p + i, n);
}

template <class T>
LANEGRAD_INLINE void put(void* out, int64_t i, Vec<T> value) {
  value.store(static_cast<T*>(out) + i);
}
template <class T>
LANEGRAD_INLINE void put_n(void* out, int64_t i, Vec<T> value, int64_t n) {
  value.store_n(static_cast<T*>(out) + i, n);
}
template <class Mask>
LANEGRAD_INLINE void put(void* out, int64_t i, Mask mask) {
  mask.store(static_cast<uint8_t*>(out) + i);
}
template <class Mask>
LANEGRAD_INLINE void put_n(void* out, int64_t i, Mask mask, int64_t n) {
  uint8_t bytes[64];
  mask.store(bytes);
  for (int64_t j = 0; j < n; ++j) static_cast<uint8_t*>(out)[i + j] = bytes[j];
}

// Bits of kScalars: operands that are one element. Operands that the row does not have count as such.
template <class Row, class T, unsigned kScalars>
void loop(void* out, const void* const* in, int64_t n) {
  using V = Vec<T>;
  constexpr int kWidth = V::kWidth;
  constexpr bool kScalarA = (kScalars & 1) != 0;
  constexpr bool kScalarB = (kScalars & 2) != 0 || Row::kOperands < 2;
  constexpr bool kScalarC = (kScalars & 4) != 0 || Row::kOperands < 3;
  const T* const pa = static_cast<const T*>(in[0]);
  const T* const pb = static_cast<const T*>(Row::kOperands > 1 ? in[1] : in[0]);
  const T* const pc = static_cast<const T*>(Row::kOperands > 2 ? in[2] : in[0]);
  const V a = V::broadcast(kScalarA ? *pa : T(0));
  const V b = V::broadcast(Row::kOperands > 1 && kScalarB ? *pb : T(0));
  const V c = V::broadcast(Row::kOperands > 2 && kScalarC ? *pc : T(0));
  const V k = V::broadcast(Row::kConstants > 0 ? *static_cast<const T*>(in[Row::kOperands]) : T(0));
  const V l = V::broadcast(Row::kConstants > 1 ? *static_cast<const T*>(in[Row::kOperands + 1]) : T(0));
  int64_t i = 0;
  if constexpr (Row::kCheap && kWidth > 1) {
    // Four vectors at a time, so that the loop's own instructions do not count against the loads and stores.
    for (; i + 4 * kWidth <= n; i += 4 * kWidth) {
      const auto v0 = Row::value(operand<kScalarA>(pa, a, i), operand<kScalarB>(pb, b, i),
                                 operand<kScalarC>(pc, c, i), k, l);
      const auto v1 = Row::value(operand<kScalarA>(pa, a, i + kWidth), operand<kScalarB>(pb, b, i + kWidth),
                                 operand<kScalarC>(pc, c, i + kWidth), k, l);
      const auto v2 =
          Row::value(operand<kScalarA>(pa, a, i + 2 * kWidth), operand<kScalarB>(pb, b, i + 2 * kWidth),
                     operand<kScalarC>(pc, c, i + 2 * kWidth), k, l);
      const auto v3 =
          Row::value(operand<kScalarA>(pa, a, i + 3 * kWidth), operand<kScalarB>(pb, b, i + 3 * kWidth),
                     operand<kScalarC>(pc, c, i + 3 * kWidth), k, l);
      put(out, i, v0);
      put(out, i + kWidth, v1);
      put(out, i + 2 * kWidth, v2);
      put(out, i + 3 * kWidth, v3);
    }
  }
  for (; i + kWidth <= n; i += kWidth) {
    put(out, i,
        Row::value(operand<kScalarA>(pa, a, i), operand<kScalarB>(pb, b, i), operand<kScalarC>(pc, c, i), k,
                   l));
  }
  if constexpr (kWidth > 1) {
    if (i < n) {
      const int64_t rest = n - i;
      put_n(out, i,
            Row::value(operand_n<kScalarA>(pa, a, i, rest), operand_n<kScalarB>(pb, b, i, rest),
                       operand_n<kScalarC>(pc, c, i, rest), k, l),
            rest);
    }
  }
}

template <class Row, class T>
void kernel(void* out, const void* const* in, int64_t n, unsigned scalars) {
  if constexpr (Row::kOperands == 2) {
    if (scalars == 1) return loop<Row, T, 1>(out, in, n);
    if (scalars == 2) return loop<Row, T, 2>(out, in, n);
  } else if constexpr (Row::kOperands == 3) {
    if (scalars == 4) return loop<Row, T, 4>(out, in, n);
  }
  loop<Row, T, 0>(out, in, n);
}

constexpr int count_names(const char* names) {
  int n = names[0] != 0;
  for (; *names; ++names) n += *names == ',';
  return n;
}

#define LANEGRAD_ELEMENTWISE(name, operands, constants, output, dtypes, promotion, flags, cost, expression) \
  struct Row_##name {                                                                                       \
    static constexpr int kOperands = count_names(operands);                                                 \
    static constexpr int kConstants = count_names(constants);                                               \
    static constexpr unsigned kDTypes = dtypes;                                                             \
    enum { Cheap, Costly };                                                                                 \
    static constexpr bool kCheap = cost == Cheap;                                                           \
    template <class T>                                                                                      \
    static LANEGRAD_INLINE auto value([[maybe_unused]] Vec<T> a, [[maybe_unused]] Vec<T> b,                 \
                                      [[maybe_unused]] Vec<T> c, [[maybe_unused]] Vec<T> k,                 \
                                      [[maybe_unused]] Vec<T> l) {                                          \
      return expression;                                                                                    \
    }                                                                                                       \
  };
#include "kernels/elementwise/elementwise.def"
#undef LANEGRAD_ELEMENTWISE

template <class Row, class T>
constexpr ElementwiseKernel kernel_of() {
  if constexpr ((Row::kDTypes >> static_cast<int>(dtype_of<T>::value)) & 1)
    return &kernel<Row, T>;
  else
    return nullptr;
}

// ---- casts

// The halves go through a float of full width; the tile stays in L1.
constexpr int64_t kCastTile = 512;

template <class From, class To>
void cast_row(void* out, const void* in, int64_t n) {
  const From* __restrict source = static_cast<const From*>(in);
  To* __restrict target = static_cast<To*>(out);
  if constexpr (std::is_same_v<From, To>) {
    std::memcpy(out, in, static_cast<size_t>(n) * sizeof(From));
  } else if constexpr (kIsHalf<From> && std::is_same_v<To, float>) {
    widen_halves(target, source, n);
  } else if constexpr (std::is_same_v<From, float> && kIsHalf<To>) {
    round_halves(target, source, n);
  } else if constexpr (kIsHalf<From> || kIsHalf<To>) {
    float tile[kCastTile];
    for (int64_t i = 0; i < n; i += kCastTile) {
      const int64_t count = n - i < kCastTile ? n - i : kCastTile;
      cast_row<From, float>(tile, source + i, count);
      cast_row<float, To>(target + i, tile, count);
    }
  } else {
    for (int64_t i = 0; i < n; ++i) target[i] = saturating_cast<To>(source[i]);
  }
}

template <class From>
void fill_casts(CastKernel (&casts)[kDTypeCount][kDTypeCount]) {
  const auto to = casts[static_cast<int>(dtype_of<From>::value)];
  [to]<class... To>(Types<To...>) {
    ((to[static_cast<int>(dtype_of<To>::value)] = cast_row<From, To>), ...);
  }(AllTypes{});
}

// ---- where, fill, arange

// Two bytes: left to the compiler, which vectorizes it for the level of the region.
void where_pairs(void* out, const void* condition, const void* a, const void* b, int64_t n,
                 unsigned scalars) {
  uint16_t* const o = static_cast<uint16_t*>(out);
  const uint8_t* const m = static_cast<const uint8_t*>(condition);
  const uint16_t* const pa = static_cast<const uint16_t*>(a);
  const uint16_t* const pb = static_cast<const uint16_t*>(b);
  const int64_t sa = scalars & 2 ? 0 : 1, sb = scalars & 4 ? 0 : 1;
  for (int64_t i = 0; i < n; ++i) o[i] = m[i] ? pa[i * sa] : pb[i * sb];
}

template <class T, bool kScalarA, bool kScalarB>
void where_loop(T* out, const uint8_t* condition, const T* pa, const T* pb, int64_t n) {
  using V = Vec<T>;
  const V a = V::broadcast(kScalarA ? *pa : T(0)), b = V::broadcast(kScalarB ? *pb : T(0));
  int64_t i = 0;
  for (; i + V::kWidth <= n; i += V::kWidth) {
    select(V::Mask::load(condition + i), operand<kScalarA>(pa, a, i), operand<kScalarB>(pb, b, i))
        .store(out + i);
  }
  for (; i < n; ++i) out[i] = condition[i] ? pa[kScalarA ? 0 : i] : pb[kScalarB ? 0 : i];
}

template <class T>
void where_row(void* out, const void* condition, const void* a, const void* b, int64_t n, unsigned scalars) {
  T* const o = static_cast<T*>(out);
  const uint8_t* const m = static_cast<const uint8_t*>(condition);
  const T* const pa = static_cast<const T*>(a);
  const T* const pb = static_cast<const T*>(b);
  switch (scalars >> 1 & 3) {
    case 0:
      return where_loop<T, false, false>(o, m, pa, pb, n);
    case 1:
      return where_loop<T, true, false>(o, m, pa, pb, n);
    case 2:
      return where_loop<T, false, true>(o, m, pa, pb, n);
    default:
      return where_loop<T, true, true>(o, m, pa, pb, n);
  }
}

template <class T>
void fill_row(void* out, const void* value, int64_t n) {
  T* const o = static_cast<T*>(out);
  const T one = *static_cast<const T*>(value);
  for (int64_t i = 0; i < n; ++i) o[i] = one;
}

template <class T>
void arange_row(void* out, double start, double step, int64_t first, int64_t n) {
  T* const o = static_cast<T*>(out);
  for (int64_t i = 0; i < n; ++i) {
    o[i] = saturating_cast<T>(start + static_cast<double>(first + i) * step);
  }
}

ElementwiseTable make_table() {
  ElementwiseTable t{};
  const auto at = []<class T>(T) { return static_cast<int>(dtype_of<T>::value); };
#define LANEGRAD_ELEMENTWISE(name, ...)                                      \
  t.kernels[kCode_##name][at(bool{})] = kernel_of<Row_##name, bool>();       \
  t.kernels[kCode_##name][at(uint8_t{})] = kernel_of<Row_##name, uint8_t>(); \
  t.kernels[kCode_##name][at(int32_t{})] = kernel_of<Row_##name, int32_t>(); \
  t.kernels[kCode_##name][at(int64_t{})] = kernel_of<Row_##name, int64_t>(); \
  t.kernels[kCode_##name][at(float{})] = kernel_of<Row_##name, float>();     \
  t.kernels[kCode_##name][at(double{})] = kernel_of<Row_##name, double>();
#include "kernels/elementwise/elementwise.def"
#undef LANEGRAD_ELEMENTWISE
  [&]<class... T>(Types<T...>) {
    (fill_casts<T>(t.casts), ...);
    ((t.arange[static_cast<int>(dtype_of<T>::value)] = arange_row<T>), ...);
  }(AllTypes{});
  t.where[0] = where_row<uint8_t>;
  t.where[1] = where_pairs;
  t.where[2] = where_row<int32_t>;
  t.where[3] = where_row<int64_t>;
  t.fill[0] = fill_row<uint8_t>;
  t.fill[1] = fill_row<uint16_t>;
  t.fill[2] = fill_row<uint32_t>;
  t.fill[3] = fill_row<uint64_t>;
  return t;
}

}  // namespace

const ElementwiseTable& make_elementwise_table() {
  static const ElementwiseTable instance = make_table();
  return instance;
}
