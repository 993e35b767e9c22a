// Matrix products by blocks: what is packed, how the work is cut for the caches and the threads.
#pragma once

#include <cstddef>
#include <cstdint>

#include "ops/product/gemm.h"

namespace lanegrad {

// How B comes to the kernels, always in depth blocks of `depth`. It follows from extents, strides and cache
// sizes; no bit of the result depends on it.
enum class BlockPacking {
  kNone,   // read where it lies
  kWhole,  // packed once: it stays in the L2 cache
  kOwn,    // each part of the columns is packed by the thread that multiplies it, depth block by depth block
  kInTurns,  // a block of B, half of the L2 cache, is packed by all threads, then multiplied by all, and so
             // on
};

struct BlockPlan {
  BlockPacking packing = BlockPacking::kNone;
  int64_t depth = 1;    // of a block
  int64_t columns = 1;  // of B at a time
  int64_t parts = 1;    // of k, summed up separately: so many for a given shape, whatever the threads
  int64_t part_depth = 0;
  int64_t rows = 0;         // of the sums of a result of 16-bit floats at a time; 0: they never leave a tile
  size_t packed_bytes = 0;  // for each part
  size_t bytes = 0;         // of workspace
};

template <class T>
BlockPlan plan_blocks(const GemmProblem<T>& problem);

template <class T>
void gemm_blocks(const GemmProblem<T>& problem, const BlockPlan& plan, void* workspace, bool threaded);

// As gemm_workspace_bound.
template <class T>
size_t blocks_workspace_bound(int64_t elements, int64_t longest);

}  // namespace lanegrad
