#if defined(__x86_64__) || defined(_M_X64)
#include "kernels/conv/conv.h"

#include "simd/begin_avx512.h"

constexpr int kTileRows = 14, kTileVectors = 2;
constexpr int64_t kConvDepth = 320;

#include "kernels/conv/conv.inl"

#include "simd/end_avx512.h"
#endif
