#include <cmath>
#include <cstdint>
#include <limits>

#include "kernels/reduce/reduce.h"
#include "simd/begin_scalar.h"

#include "simd/half.inl"
#include "simd/math.inl"

#include "kernels/reduce/reduce.inl"

#include "simd/end_scalar.h"
