#include "kernels/conv/conv.h"

#include "simd/begin_scalar.h"

constexpr int kTileRows = 4, kTileVectors = 4;

#include "kernels/conv/conv.inl"

#include "simd/end_scalar.h"
