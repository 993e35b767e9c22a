#if defined(__x86_64__) || defined(_M_X64)

#include <cmath>
#include <cstdint>
#include <limits>
#include <type_traits>

#include "kernels/linalg/linalg.h"
#include "simd/begin_avx2.h"

#include "simd/tail.inl"
#include "kernels/linalg/linalg.inl"

#include "simd/end_avx2.h"

#endif
