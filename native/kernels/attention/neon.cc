#if defined(__aarch64__) || defined(_M_ARM64)

#include <cmath>
#include <cstdint>
#include <limits>

#include "kernels/attention/attention.h"
#include "simd/begin_neon.h"

#include "simd/math.inl"
#include "simd/tail.inl"
#include "kernels/attention/attention.inl"

#include "simd/end_neon.h"

#endif
