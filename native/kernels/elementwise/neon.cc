#if defined(__aarch64__) || defined(_M_ARM64)
#include "kernels/elementwise/elementwise.h"
#include "kernels/elementwise/saturating_cast.h"

#include "simd/begin_neon.h"

#include "simd/vec_bytes.inl"

#include "simd/half.inl"

#include "simd/math.inl"

#include "kernels/elementwise/elementwise.inl"

#include "simd/end_neon.h"
#endif
