// AVX2 with FMA: 8 floats. No include guard: see simd.h.
#include "simd/simd.h"

#if defined(__clang__)
#pragma clang attribute push(__attribute__((target("avx2,fma,f16c"))), apply_to = function)
#else
#pragma GCC push_options
#pragma GCC target("avx2,fma,f16c")
#endif

namespace lanegrad::avx2 {

#include "simd/vec_avx2.inl"
#include "simd/vec_common.inl"
