#if defined(__x86_64__) || defined(_M_X64)
#include "kernels/winograd/winograd.h"

#include "simd/begin_avx2.h"

#include "kernels/winograd/winograd.inl"

#include "simd/end_avx2.h"
#endif
