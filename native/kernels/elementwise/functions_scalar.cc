#include "kernels/elementwise/elementwise.h"
#include "kernels/elementwise/special.h"
#include "kernels/elementwise/special_tables.gen.h"

#include "simd/begin_scalar.h"

#include "simd/vec_bytes.inl"

#include "simd/math.inl"
#include "simd/math_float.inl"
#include "simd/math_wide.inl"
#include "simd/math_double_functions.inl"

#include "kernels/elementwise/functions.inl"

#include "simd/end_scalar.h"
