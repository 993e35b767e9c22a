#if defined(__x86_64__) || defined(_M_X64)
#include "kernels/window/window.h"

#include "simd/begin_avx512.h"

#include "kernels/window/window.inl"

#include "simd/end_avx512.h"
#endif
