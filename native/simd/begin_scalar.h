// One lane at a time with the compiler's own vectorization off: the level that the others are tested against.
// (Clang has no function attribute for that; there it vectorizes to the SSE2 floor as it likes.) No include
// guard: see simd.h.
#include "simd/simd.h"

#if !defined(__clang__)
#pragma GCC push_options
#pragma GCC optimize("no-tree-vectorize", "no-tree-slp-vectorize")
#endif

namespace lanegrad::scalar {

#include "simd/vec_scalar.inl"
#include "simd/vec_common.inl"
