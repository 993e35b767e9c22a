// How fast the arithmetic of this processor is at best: the limit that benchmarks are held against.
#pragma once

#include <cstdint>

namespace lanegrad {

// Each runs that many rounds of independent multiply-adds in registers and returns the floating operations
// done, two for each lane of each multiply-add.
struct ProbeTable {
  double (*fma32)(int64_t rounds);
  double (*fma64)(int64_t rounds);
};

const ProbeTable& probe_table();

// The same of bfloat16 products on tiles; 0 where there are none, or the level in force is below AVX-512.
double probe_tiles(int64_t rounds);

}  // namespace lanegrad
