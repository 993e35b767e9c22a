#include <cmath>
#include <cstdint>

#include "kernels/recurrent/recurrent.h"
#include "simd/begin_scalar.h"

#include "simd/math.inl"
#include "simd/tail.inl"
#include "kernels/recurrent/recurrent.inl"

#include "simd/end_scalar.h"
