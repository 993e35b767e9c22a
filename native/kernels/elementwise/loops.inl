// The loops of the elementwise kernels, once for all levels: a row of LANEGRAD_ROWS (a .def file) becomes a
// type, and the loops are templates of it. One pass, no accumulator; the expected limit is the memory, but
// for the rows marked Costly.

#include "simd/stream.inl"

namespace {

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
LANEGRAD_INLINE void put(void* out, int64_t i, Vec<T> value, bool past_caches) {
  store_or_stream(value, static_cast<T*>(out) + i, past_caches);
}
template <class T>
LANEGRAD_INLINE void put_n(void* out, int64_t i, Vec<T> value, int64_t n) {
  value.store_n(static_cast<T*>(out) + i, n);
}
template <class Mask>
LANEGRAD_INLINE void put(void* out, int64_t i, Mask mask, bool) {
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
void loop(void* out, const void* const* in, int64_t n, bool past) {
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
      put(out, i, v0, past);
      put(out, i + kWidth, v1, past);
      put(out, i + 2 * kWidth, v2, past);
      put(out, i + 3 * kWidth, v3, past);
    }
  }
  for (; i + kWidth <= n; i += kWidth) {
    put(out, i,
        Row::value(operand<kScalarA>(pa, a, i), operand<kScalarB>(pb, b, i), operand<kScalarC>(pc, c, i), k,
                   l),
        past);
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
  const bool past = (scalars & kPastCaches) != 0;
  if constexpr (Row::kOperands == 2) {
    if (scalars & 1) return loop<Row, T, 1>(out, in, n, past);
    if (scalars & 2) return loop<Row, T, 2>(out, in, n, past);
  } else if constexpr (Row::kOperands == 3) {
    if (scalars & 4) return loop<Row, T, 4>(out, in, n, past);
  }
  loop<Row, T, 0>(out, in, n, past);
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
    enum { Cheap, Plain, Costly };                                                                          \
    static constexpr bool kCheap = cost == Cheap;                                                           \
    template <class T>                                                                                      \
    static LANEGRAD_INLINE auto value([[maybe_unused]] Vec<T> a, [[maybe_unused]] Vec<T> b,                 \
                                      [[maybe_unused]] Vec<T> c, [[maybe_unused]] Vec<T> k,                 \
                                      [[maybe_unused]] Vec<T> l) {                                          \
      return expression;                                                                                    \
    }                                                                                                       \
  };
#include LANEGRAD_ROWS
#undef LANEGRAD_ELEMENTWISE

template <class Row, class T>
constexpr ElementwiseKernel kernel_of() {
  if constexpr ((Row::kDTypes >> static_cast<int>(dtype_of<T>::value)) & 1)
    return &kernel<Row, T>;
  else
    return nullptr;
}

// Enters the kernels of the rows of this file into the table.
void add_kernels(ElementwiseTable& t) {
  const auto at = []<class T>(T) { return static_cast<int>(dtype_of<T>::value); };
#define LANEGRAD_ELEMENTWISE(name, ...)                                      \
  t.kernels[kCode_##name][at(bool{})] = kernel_of<Row_##name, bool>();       \
  t.kernels[kCode_##name][at(uint8_t{})] = kernel_of<Row_##name, uint8_t>(); \
  t.kernels[kCode_##name][at(int32_t{})] = kernel_of<Row_##name, int32_t>(); \
  t.kernels[kCode_##name][at(int64_t{})] = kernel_of<Row_##name, int64_t>(); \
  t.kernels[kCode_##name][at(float{})] = kernel_of<Row_##name, float>();     \
  t.kernels[kCode_##name][at(double{})] = kernel_of<Row_##name, double>();
#include LANEGRAD_ROWS
#undef LANEGRAD_ELEMENTWISE
}

}  // namespace
