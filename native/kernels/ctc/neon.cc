#if defined(__aarch64__) || defined(_M_ARM64)

#include <cmath>
#include <cstdint>
#include <limits>

#include "kernels/ctc/ctc.h"
#include "simd/begin_neon.h"

#include "simd/math.inl"
#include "simd/tail.inl"
#include "kernels/ctc/ctc.inl"

#include "simd/end_neon.h"

#endif
