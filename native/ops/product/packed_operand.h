// All of B of a matrix product as the kernels read it, made once for many products: by recurrent cells for
// their time steps, and by programs for weights that no step changes.
#pragma once

#include <cstdint>

#include "kernels/gemm/gemm.h"

namespace lanegrad {

// Depth of the blocks of a product, which its bits depend on: equal ones, of at most the level's depth.
template <class In>
int64_t gemm_block_depth(int64_t k);

// Elements of the packed form: k rows of n columns, padded to whole vectors.
template <class In>
int64_t packed_elements(int64_t k, int64_t n);

// Depth block after depth block, in each panel after panel. 16-bit floats are widened. Uses the thread pool.
template <class In>
void pack_operand(const In* b, int64_t b_row, int64_t b_col, int64_t k, int64_t n, GemmSum<In>* out);

}  // namespace lanegrad
