// NEON, which every arm64 processor has: 4 floats. No target region is needed. No include guard: see simd.h.
#include "simd/simd.h"

namespace lanegrad::neon {

#include "simd/vec_neon.inl"
#include "simd/vec_common.inl"
