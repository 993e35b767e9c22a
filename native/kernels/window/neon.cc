#if defined(__aarch64__) || defined(_M_ARM64)
#include "kernels/window/window.h"

#include "simd/begin_neon.h"

#include "kernels/window/window.inl"

#include "simd/end_neon.h"
#endif
