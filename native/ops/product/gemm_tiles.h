// Products of matrices on the tile unit of the processor, where it has one and the product is worth it.
#pragma once

#include <cstddef>
#include <cstdint>

#include "ops/product/gemm.h"

namespace lanegrad {

// Whether gemm_tiles() should compute this product: of float32 or bfloat16. Depends on extents and the level
// in force alone.
template <class In>
bool tiles_take(const GemmProblem<In>& problem);

// Bytes for this problem, at any precision. A multiple of 64.
template <class In>
size_t gemm_tiles_workspace(const GemmProblem<In>& problem);
// Bytes that are enough for every problem of float32 whose operands have at most so many elements and
// extents; 0 without tiles.
size_t gemm_tiles_workspace_bound(int64_t elements, int64_t longest);

template <class In>
void gemm_tiles(const GemmProblem<In>& problem, void* workspace, bool threaded);

}  // namespace lanegrad
