// What the processor and its operating system allow, read once.
#pragma once

#include <cstddef>

namespace lanegrad {

// In ascending order on x86-64. kNeon is the only other level of arm64.
enum class Isa { kScalar, kAvx2, kAvx512, kNeon };

// The level in force: the best there is, or the lower one that LANEGRAD_ISA names (scalar, avx2, avx512,
// neon).
Isa isa();
const char* isa_name(Isa level);
// The best level of this machine, whatever LANEGRAD_ISA says.
Isa best_isa();
// Non-null when LANEGRAD_ISA asked for what is not to be had: the sentence to show.
const char* isa_problem();

// What products of bfloat16 run on at the level in force: "avx512_bf16", or "emulated", by way of float32.
const char* bf16_unit();

struct CacheSizes {
  size_t l1d, l2, l3;  // bytes; per core for l1d and l2
};
CacheSizes cache_sizes();

// Cores that this process may really use: the least of affinity mask, cgroup CPU quota and physical cores.
struct GrantedCores {
  int count;
  const char* source;  // which of the three decided: "affinity", "cgroup", "physical cores"
};
GrantedCores granted_cores();

}  // namespace lanegrad
