// All of the elementwise family but the functions, which functions.inl has: the rows of elementwise.def,
// casts, where, fill and arange.

#include "kernels/elementwise/formulas.inl"

#define LANEGRAD_ROWS "kernels/elementwise/elementwise.def"
#include "kernels/elementwise/loops.inl"
#undef LANEGRAD_ROWS

void add_function_kernels(ElementwiseTable& t);

namespace {

template <class...>
struct Types {};
using AllTypes = Types<bool, uint8_t, int8_t, int16_t, int32_t, int64_t, Float16, BFloat16, float, double>;

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
void where_loop(T* out, const uint8_t* condition, const T* pa, const T* pb, int64_t n, bool past) {
  using V = Vec<T>;
  const V a = V::broadcast(kScalarA ? *pa : T(0)), b = V::broadcast(kScalarB ? *pb : T(0));
  int64_t i = 0;
  for (; i + V::kWidth <= n; i += V::kWidth) {
    const V x =
        select(V::Mask::load(condition + i), operand<kScalarA>(pa, a, i), operand<kScalarB>(pb, b, i));
    store_or_stream(x, out + i, past);
  }
  for (; i < n; ++i) out[i] = condition[i] ? pa[kScalarA ? 0 : i] : pb[kScalarB ? 0 : i];
}

template <class T>
void where_row(void* out, const void* condition, const void* a, const void* b, int64_t n, unsigned scalars) {
  T* const o = static_cast<T*>(out);
  const uint8_t* const m = static_cast<const uint8_t*>(condition);
  const T* const pa = static_cast<const T*>(a);
  const T* const pb = static_cast<const T*>(b);
  const bool past = (scalars & kPastCaches) != 0;
  switch (scalars >> 1 & 3) {
    case 0:
      return where_loop<T, false, false>(o, m, pa, pb, n, past);
    case 1:
      return where_loop<T, true, false>(o, m, pa, pb, n, past);
    case 2:
      return where_loop<T, false, true>(o, m, pa, pb, n, past);
    default:
      return where_loop<T, true, true>(o, m, pa, pb, n, past);
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
  add_kernels(t);
  add_function_kernels(t);
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
