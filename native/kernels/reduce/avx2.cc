#if defined(__x86_64__) || defined(_M_X64)

#include <cmath>
#include <cstdint>
#include <limits>

#include "kernels/reduce/reduce.h"
#include "simd/begin_avx2.h"

#include "simd/half.inl"
#include "simd/math.inl"

#include "kernels/reduce/reduce.inl"

#include "simd/end_avx2.h"

#endif
