#if defined(__aarch64__) || defined(_M_ARM64)
#include "kernels/conv/conv.h"

#include "simd/begin_neon.h"

constexpr int kTileRows = 6, kTileVectors = 4;

#include "kernels/conv/conv.inl"

#include "simd/end_neon.h"
#endif
