#if defined(__aarch64__) || defined(_M_ARM64)

#include <cmath>
#include <cstdint>
#include <limits>

#include "kernels/softmax/softmax.h"
#include "simd/begin_neon.h"

#include "simd/math.inl"
#include "simd/tail.inl"
#include "simd/stream.inl"
#include "kernels/softmax/softmax.inl"

#include "simd/end_neon.h"

#endif
