#if defined(__x86_64__) || defined(_M_X64)
#include "kernels/channels/channels.h"

#include "simd/begin_avx512.h"

#include "kernels/channels/channels.inl"

#include "simd/end_avx512.h"
#endif
