// How a reduction over any dims of any strides is cut into calls of the row and column kernels.
//
// A reduction runs in levels. A level folds one reduced dim, in chunks of constant length, into an
// intermediate that keeps the order of the dims in memory; the next level folds that dim's chunks or the next
// reduced dim, until none is left. The levels follow from shape and strides alone, so the bits of the result
// do not depend on the number of threads.
#pragma once

#include <cstdint>

#include "core/inline_vector.h"
#include "core/tensor.h"

namespace lanegrad {

struct ReduceDim {
  int64_t size = 1;
  int64_t in = 0;   // stride in this level's input
  int64_t out = 0;  // of a kept dim: its stride in the result
  bool reduced = false;
};

struct ReduceLevel {
  bool columns = false;                                       // a kept dim is innermost
  ReduceDim fold;                                             // the dim that is folded
  int64_t chunk = 1, chunks = 1;                              // its division
  int64_t cols = 1, col_in = 1, col_out = 1, col_center = 0;  // columns: the innermost dim
  InlineVector<ReduceDim, 12>
      outer;  // the other dims, outermost first; `out` is the stride in this level's output
  InlineVector<int64_t, 12>
      center;             // of the outer dims: strides in the result (level 0 centres on a first result)
  int64_t chunk_out = 0;  // stride of the chunks in the output
  bool last = false;      // writes the result, otherwise an intermediate of `out_elements`
  int64_t out_elements = 0;
};

struct ReducePlan {
  InlineVector<ReduceLevel, 3> levels;
  int64_t intermediate_elements = 0;  // of all levels but the last, in elements, each rounded up to 64
};

// `mask` bit i: dim i is reduced. No dim of x is of size 0. The result is row-major over the kept dims.
ReducePlan plan_reduction(const TensorSpec& x, uint32_t mask);

}  // namespace lanegrad
