#if defined(__aarch64__) || defined(_M_ARM64)
#include "kernels/resample/resample.h"

#include "simd/begin_neon.h"

#include "kernels/resample/resample.inl"

#include "simd/end_neon.h"
#endif
