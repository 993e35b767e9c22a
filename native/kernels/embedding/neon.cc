#if defined(__aarch64__) || defined(_M_ARM64)

#include <cmath>
#include <cstdint>
#include <limits>

#include "kernels/embedding/embedding.h"
#include "simd/begin_neon.h"

#include "simd/math.inl"
#include "simd/tail.inl"
#include "kernels/embedding/embedding.inl"

#include "simd/end_neon.h"

#endif
