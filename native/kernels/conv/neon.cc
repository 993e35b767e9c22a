#if defined(__aarch64__) || defined(_M_ARM64)
#include "kernels/conv/conv.h"

#include "simd/begin_neon.h"

constexpr int kTileRows = 6, kTileVectors = 4;
constexpr int64_t kConvDepth = 320;

#include "kernels/conv/conv.inl"

#include "simd/end_neon.h"
#endif
