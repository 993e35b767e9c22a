#include <cmath>
#include <cstdint>
#include <limits>

#include "kernels/norm/norm.h"
#include "simd/begin_scalar.h"

#include "simd/tail.inl"
#include "kernels/norm/norm.inl"

#include "simd/end_scalar.h"
