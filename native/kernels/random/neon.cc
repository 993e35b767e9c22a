#if defined(__aarch64__) || defined(_M_ARM64)
#include "kernels/random/random.h"

#include "simd/begin_neon.h"

#include "simd/math.inl"

#include "kernels/random/random.inl"

#include "simd/end_neon.h"
#endif
