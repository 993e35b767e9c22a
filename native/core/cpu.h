// What the processor and its operating system allow, read once.
#pragma once

#include <cstddef>

namespace lanegrad {

// In ascending order on x86-64. kNeon is the only other level of arm64.
enum class Isa { kScalar, kAvx2, kAvx512, kNeon };

// The level in force: the best there is, or the lower one that LANEGRAD_ISA names (scalar, avx2, avx512,
// avx512-bf16, amx, neon).
Isa isa();
// The best level of this machine, whatever LANEGRAD_ISA says.
Isa best_isa();

// What multiplies bfloat16 beside the vectors of the level: dot products of pairs on them (AVX512_BF16), or a
// unit for tiles (AMX). Those in software, for tests only, compute what the processor would:
// LANEGRAD_ISA=avx512-bf16-emulated, amx-emulated.
enum class MatrixUnit { kNone, kDots, kEmulatedDots, kAmx, kEmulatedAmx };
MatrixUnit matrix_unit();

// "scalar", "avx2", "avx512", "avx512-bf16", "amx" (AVX-512 and the unit), those in software, "neon".
const char* level_name();
const char* best_level_name();
// Non-null when LANEGRAD_ISA asked for what is not to be had: the sentence to show.
const char* isa_problem();

// What products of bfloat16 run on at the level in force: "amx", "avx512-bf16", or "emulated", by way of
// float32.
const char* bf16_unit();

struct CacheSizes {
  size_t l1d, l2, l3;  // bytes; per core for l1d and l2; of l3 what a core reaches
};
CacheSizes cache_sizes();

}  // namespace lanegrad
