#if defined(__x86_64__) || defined(_M_X64)

#include <cmath>
#include <cstdint>
#include <limits>

#include "kernels/embedding/embedding.h"
#include "simd/begin_avx512.h"

#include "simd/math.inl"
#include "simd/tail.inl"
#include "kernels/embedding/embedding.inl"

#include "simd/end_avx512.h"

#endif
