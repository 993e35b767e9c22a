#if defined(__aarch64__) || defined(_M_ARM64)
#include "kernels/channels/channels.h"

#include "simd/begin_neon.h"

#include "kernels/channels/channels.inl"

#include "simd/end_neon.h"
#endif
