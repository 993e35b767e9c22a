#if defined(__aarch64__) || defined(_M_ARM64)

#include <cmath>
#include <cstdint>
#include <limits>

#include "kernels/reduce/reduce.h"
#include "simd/begin_neon.h"

#include "simd/half.inl"
#include "simd/math.inl"

#include "kernels/reduce/reduce.inl"

#include "simd/end_neon.h"

#endif
