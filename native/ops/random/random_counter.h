// What the random ops share: the counter {seed, offset} that each takes as an operand, and the ranges of a
// tensor that begin at a block of the generator.
#pragma once

#include <cstdint>

#include "core/threads.h"
#include "ops/op.h"

namespace lanegrad {

struct Counter {
  uint64_t seed, offset;
};

inline Counter read_counter(const TensorView& view) {
  const int64_t* p = view.as<int64_t>();
  return {static_cast<uint64_t>(p[0]), static_cast<uint64_t>(p[view.spec->strides[0]])};
}

inline void check_counter(const InferContext& c, const TensorSpec& counter, const char* what) {
  if (counter.dtype != DType::kInt64 || !(counter.shape == Dims{2})) {
    c.fail(ErrorKind::kValue, what, " is a ", name_of(counter.dtype), " tensor of shape ", counter.shape,
           ", wanted int64 of shape [2]");
  }
}

// Calls body(first element, count, first block) on ranges that start at a block.
template <class F>
void for_each_block_range(int64_t n, int64_t elements_per_block, uint64_t offset, F&& body) {
  constexpr int64_t kGrain = 8192;
  const int64_t blocks = (n + elements_per_block - 1) / elements_per_block;
  parallel_for(blocks, kGrain / elements_per_block, [&](int64_t begin, int64_t end) {
    const int64_t first = begin * elements_per_block, last = end * elements_per_block;
    body(first, (last < n ? last : n) - first, offset + static_cast<uint64_t>(begin));
  });
}

}  // namespace lanegrad
