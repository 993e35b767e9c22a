// Sums at the end of a tile program: each chunk of values that the reduction would read together is made in
// the caches and added by the kernels of the reduction, in the order of ops/reduce/plan.h. So the bits
// are those of the op on values from memory.
//
// Rows (the innermost dim is summed over): a chunk is at most kRowChunk elements, 64 KB. Columns:
// kColumnChunk rows of few columns are a chunk; of many columns, each row is added to the sums of even or of
// odd rows, which stay in the first cache.
#pragma once

#include <optional>

#include "ops/reduce/plan.h"
#include "ops/tile/run.h"

namespace lanegrad {

class TileFoldPlan {
 public:
  // Empty if the value does not lie in memory as the chunks would have it.
  static std::optional<TileFoldPlan> make(const TileProgram& program, const TileLoop& loop);

  size_t workspace() const;  // bytes
  void run(const TileSetup& setup, void* const* operands, const TileTarget* targets, void* out,
           void* workspace) const;

 private:
  void first_level(const TileSetup& setup, void* const* operands, const TileTarget* targets,
                   const ReduceLevel& level, float* to) const;

  ReducePlan plan_;
  DType dtype_ = DType::kFloat32;  // of the result
  int64_t results_ = 1;
  int64_t divisor_ = 0;  // 0: a sum
};

}  // namespace lanegrad
