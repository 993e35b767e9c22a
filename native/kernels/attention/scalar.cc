#include <cmath>
#include <cstdint>
#include <limits>

#include "kernels/attention/attention.h"
#include "simd/begin_scalar.h"

#include "simd/math.inl"
#include "simd/tail.inl"
#include "kernels/attention/attention.inl"

#include "simd/end_scalar.h"
