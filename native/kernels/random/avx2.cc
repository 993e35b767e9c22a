#if defined(__x86_64__) || defined(_M_X64)
#include "kernels/random/random.h"

#include "simd/begin_avx2.h"

#include "simd/math.inl"

#include "kernels/random/random.inl"

#include "simd/end_avx2.h"
#endif
