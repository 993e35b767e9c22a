#if defined(__x86_64__) || defined(_M_X64)
#include "kernels/elementwise/elementwise.h"
#include "kernels/elementwise/saturating_cast.h"

#include "simd/begin_avx512.h"

#include "simd/vec_bytes.inl"

#include "simd/half.inl"

#include "simd/math.inl"

#include "kernels/elementwise/elementwise.inl"

#include "simd/end_avx512.h"
#endif
