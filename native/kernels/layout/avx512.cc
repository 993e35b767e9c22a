#if defined(__x86_64__) || defined(_M_X64)
#include "kernels/layout/layout.h"

#include <algorithm>

#include "simd/begin_avx512.h"

#include "kernels/layout/layout.inl"

#include "simd/end_avx512.h"
#endif
