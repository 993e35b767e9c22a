#include "kernels/conv/conv.h"

#include "simd/begin_scalar.h"

constexpr int kTileRows = 4, kTileVectors = 4;
constexpr int64_t kConvDepth = 320;

#include "kernels/conv/conv.inl"

#include "simd/end_scalar.h"
