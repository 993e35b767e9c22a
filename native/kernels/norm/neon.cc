#if defined(__aarch64__) || defined(_M_ARM64)

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <type_traits>

#include "kernels/norm/norm.h"
#include "simd/begin_neon.h"

#include "simd/tail.inl"
#include "simd/stream.inl"
#include "kernels/norm/rows.inl"
#include "kernels/norm/channels.inl"

#include "simd/end_neon.h"

#endif
