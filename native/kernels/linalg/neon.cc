#if defined(__aarch64__) || defined(_M_ARM64)

#include <cmath>
#include <cstdint>
#include <limits>
#include <type_traits>

#include "kernels/linalg/linalg.h"
#include "simd/begin_neon.h"

#include "simd/tail.inl"
#include "kernels/linalg/linalg.inl"

#include "simd/end_neon.h"

#endif
