#if defined(__aarch64__) || defined(_M_ARM64)

#include <cmath>
#include <cstdint>
#include <limits>

#include "kernels/norm/norm.h"
#include "simd/begin_neon.h"

#include "simd/tail.inl"
#include "kernels/norm/norm.inl"

#include "simd/end_neon.h"

#endif
