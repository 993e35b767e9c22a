// AVX-512 F, BW, DQ, VL (with AVX2 and FMA): 16 floats. No include guard: see simd.h.
#include "simd/simd.h"

#if defined(__clang__)
#pragma clang attribute push(__attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx2,fma,f16c"))), \
                             apply_to = function)
#else
#pragma GCC diagnostic push  // GCC 12's own _mm512_undefined_*, once inlined, is an uninitialized variable to
                             // it
#pragma GCC diagnostic ignored "-Wuninitialized"
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#pragma GCC push_options
#pragma GCC target("avx512f,avx512bw,avx512dq,avx512vl,avx2,fma,f16c")
#endif

namespace lanegrad::avx512 {

#include "simd/vec_avx512.inl"
#include "simd/vec_common.inl"
