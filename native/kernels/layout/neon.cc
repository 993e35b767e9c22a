#if defined(__aarch64__) || defined(_M_ARM64)
#include "kernels/layout/layout.h"

#include <algorithm>

#include "simd/begin_neon.h"

#include "kernels/layout/layout.inl"

#include "simd/end_neon.h"
#endif
