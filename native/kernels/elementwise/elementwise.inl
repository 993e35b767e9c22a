// All of the elementwise family but the functions, which functions.inl has: the rows of elementwise.def,
// casts, where, fill and arange.

#include "kernels/elementwise/formulas.inl"

#define LANEGRAD_ROWS "kernels/elementwise/elementwise.def"
#include "kernels/elementwise/loops.inl"
#undef LANEGRAD_ROWS

void add_function_kernels(ElementwiseTable& t);

namespace {

// ---- casts: C conversions, but for floats into integers, which saturate (NaN gives 0), and anything into
// bool

template <class From, class To>
void cast_row(void* out, const void* in, int64_t n) {
  const From* __restrict source = static_cast<const From*>(in);
  To* __restrict target = static_cast<To*>(out);
  for (int64_t i = 0; i < n; ++i) target[i] = saturating_cast<To>(source[i]);
}

template <class From>
void fill_casts(CastKernel* to) {
  to[0] = cast_row<From, bool>;
  to[1] = cast_row<From, uint8_t>;
  to[2] = cast_row<From, int32_t>;
  to[3] = cast_row<From, int64_t>;
  to[4] = cast_row<From, float>;
  to[5] = cast_row<From, double>;
}

// ---- where, fill, arange

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
  const Vec<T> v = Vec<T>::broadcast(one);
  int64_t i = 0;
  for (; i + Vec<T>::kWidth <= n; i += Vec<T>::kWidth) v.store(o + i);
  for (; i < n; ++i) o[i] = one;
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
  fill_casts<bool>(t.casts[0]);
  fill_casts<uint8_t>(t.casts[1]);
  fill_casts<int32_t>(t.casts[2]);
  fill_casts<int64_t>(t.casts[3]);
  fill_casts<float>(t.casts[4]);
  fill_casts<double>(t.casts[5]);
  t.where[0] = where_row<uint8_t>;
  t.where[2] = where_row<int32_t>;
  t.where[3] = where_row<int64_t>;
  t.fill[0] = fill_row<uint8_t>;
  t.fill[2] = fill_row<int32_t>;
  t.fill[3] = fill_row<int64_t>;
  t.arange[0] = arange_row<bool>;
  t.arange[1] = arange_row<uint8_t>;
  t.arange[2] = arange_row<int32_t>;
  t.arange[3] = arange_row<int64_t>;
  t.arange[4] = arange_row<float>;
  t.arange[5] = arange_row<double>;
  return t;
}

}  // namespace

const ElementwiseTable& make_elementwise_table() {
  static const ElementwiseTable instance = make_table();
  return instance;
}
