#if defined(__aarch64__) || defined(_M_ARM64)
#include "kernels/pool/pool.h"

#include "simd/begin_neon.h"

#include "kernels/pool/pool.inl"

#include "simd/end_neon.h"
#endif
