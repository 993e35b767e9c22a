#include "kernels/elementwise/elementwise.h"
#include "kernels/elementwise/saturating_cast.h"

#include "simd/begin_scalar.h"

#include "simd/vec_bytes.inl"

#include "simd/half.inl"

#include "simd/math.inl"

#include "kernels/elementwise/elementwise.inl"

#include "simd/end_scalar.h"
