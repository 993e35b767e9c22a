#include "kernels/random/random.h"

#include "simd/begin_scalar.h"

#include "simd/math.inl"

#include "kernels/random/random.inl"

#include "simd/end_scalar.h"
