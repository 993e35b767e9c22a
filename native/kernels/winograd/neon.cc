#if defined(__aarch64__) || defined(_M_ARM64)
#include "kernels/winograd/winograd.h"

#include "simd/begin_neon.h"

#include "kernels/winograd/winograd.inl"

#include "simd/end_neon.h"
#endif
