// What the index ops share: dispatch on the index dtype and the check of bounds.
#pragma once

#include <cstdint>

#include "ops/op.h"
#include "ops/walk.h"

namespace lanegrad {

inline void check_index_dtype(const InferContext& c, const TensorSpec& index) {
  if (index.dtype != DType::kInt64 && index.dtype != DType::kInt32) {
    c.fail(ErrorKind::kDType, "wants an index of dtype int64 or int32, got ", name_of(index.dtype));
  }
}

template <class F>
decltype(auto) dispatch_index(DType t, F&& fn) {
  if (t == DType::kInt32) return fn(int32_t{});
  return fn(int64_t{});
}

// Unsigned integers of the size of the element, for ops that only move bits.
template <class F>
decltype(auto) dispatch_width(DType t, F&& fn) {
  switch (size_of(t)) {
    case 1:
      return fn(uint8_t{});
    case 2:
      return fn(uint16_t{});
    case 4:
      return fn(uint32_t{});
    default:
      return fn(uint64_t{});
  }
}

// Fails unless low <= i < size for every i in index.
void check_bounds(const EvalContext& c, const TensorView& index, int64_t low, int64_t size, int dim);

}  // namespace lanegrad
