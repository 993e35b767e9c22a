// Products of bfloat16 with a few vectors, by dot products of pairs where the level in force has them.
#pragma once

#include "core/half.h"
#include "kernels/gemm/gemm.h"

namespace lanegrad {

// The few as they lie, and the exponents that they allow the many to have.
struct FewPairs {
  const BFloat16* at;
  int64_t step;
  int64_t least, greatest;
};

// False where there is no such unit, or for values that it does not take.
bool take_few_pairs(const BFloat16* few, int64_t count, int64_t step, int64_t k, FewPairs& pairs);

// The block's products, two of the many at a time; those with values that the unit does not take by `dot`,
// which reads the widened copy. Two belong together whatever comes before them: `many` begins with the first
// of two.
void dot_pairs(const DotBlock<float, BFloat16>& d, const FewPairs& pairs,
               void (*dot)(const DotBlock<float, BFloat16>&));

}  // namespace lanegrad
