#if defined(__aarch64__) || defined(_M_ARM64)
#include "kernels/depthwise/depthwise.h"

#include "simd/begin_neon.h"

#include "kernels/depthwise/depthwise.inl"

#include "simd/end_neon.h"
#endif
