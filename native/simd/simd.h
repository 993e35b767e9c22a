// What every level of the SIMD layer stands on. A family's ISA file reads:
//
//   #include <std headers> and "kernels/<family>/<family>.h"
//   #include "simd/begin_avx2.h"    // opens the target region and namespace lanegrad::avx2, defines the
//   vectors #include "simd/math.inl"        // where exp, tanh ... are needed #include
//   "kernels/<family>/<family>.inl" #include "simd/end_avx2.h"
//
// All that a region defines is compiled for its level, so no standard header may be included inside one: an
// inline function of the library compiled for AVX-512 could be the copy that the linker keeps for everybody.
// For the same reason helpers in an .inl are static or in an anonymous namespace.
//
// Vec<T>, T one of float, double, int32_t, int64_t:
//   kWidth                      lanes
//   load(p) store(p)            unaligned
//   load_n(p, n) store_n(p, n)  the first n lanes, 0 <= n <= kWidth; the other lanes load as zero
//   broadcast(x) zero()
//   + - * (integers wrap), / (floating), unary -
//   fma(a, b, c) = a * b + c, neg_fma(a, b, c) = c - a * b: fused at every level but scalar
//   min max (a NaN in either operand gives NaN) abs sqrt floor ceil round_even trunc
//   eq ne lt le gt ge -> Vec<T>::Mask; select(mask, a, b) = mask ? a : b
//   reduce_add reduce_max reduce_min: neighbours at half the width first, always the same tree
//   multiply_wide(Vec<int64_t>): low 32 bits times low 32 bits, unsigned
//   zip_low zip_high(Vec<int64_t>): a0 b0 a1 b1 ..., first and second half
//   integers: & | ^, shift_left<n> shift_right<n> (logical) shift_right_arithmetic<n>
//   shift_left_by(a, n) shift_right_by (logical): a count for each lane, less than its bits
//   to_bits(float vec) -> integer vec of that width, from_bits; to_int (rounds to nearest even, in range
//   only), to_float Vec<float>: low_double(v), high_double(v), narrow(low, high) through Vec<double> halves
//   (scalar: high is unused)
// Mask: & | ~, any(m), all(m), Mask::load(bytes) and m.store(bytes): one byte 0/1 for each lane (load:
// non-zero is true).
//   at_most(v, x) at_least(v, x), floating: min and max with a number, cheaper
//   lookup16(table, i): table[i mod 16] of sixteen doubles, in each lane
//   min_number max_number(Vec<float>): the operand b where a is NaN; scale2(y, n) = y * 2^n
// Constants of a level: kVectorBytes, kVectorRegisters.
#pragma once

#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <type_traits>

#include "core/half.h"
#include "simd/tables.gen.h"

#if defined(__x86_64__) || defined(_M_X64)
#define LANEGRAD_X86_64 1
#include <immintrin.h>
#elif defined(__aarch64__) || defined(_M_ARM64)
#define LANEGRAD_ARM64 1
#include <arm_neon.h>
#endif

#define LANEGRAD_INLINE inline __attribute__((always_inline))
// Before a loop over accumulators, which are then registers.
#if defined(__clang__)
#define LANEGRAD_UNROLL _Pragma("unroll")
#else
#define LANEGRAD_UNROLL _Pragma("GCC unroll 32")
#endif
