#if defined(__aarch64__) || defined(_M_ARM64)
#include "kernels/elementwise/elementwise.h"
#include "kernels/elementwise/special.h"
#include "kernels/elementwise/special_tables.gen.h"

#include "simd/begin_neon.h"

#include "simd/vec_bytes.inl"

#include "simd/math.inl"
#include "simd/math_float.inl"
#include "simd/math_wide.inl"
#include "simd/math_double_functions.inl"

#include "kernels/elementwise/functions.inl"

#include "simd/end_neon.h"
#endif
