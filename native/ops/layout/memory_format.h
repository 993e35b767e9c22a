// How the elements of an operand lie in memory.
#pragma once

#include "core/tensor.h"

namespace lanegrad {

// x: [N, C, ...] in memory as [N, ..., C].
inline bool is_channels_last(const TensorSpec& x) {
  Dims shape, strides;
  for (int i = 0; i <= x.rank(); ++i) {
    if (i == 1) continue;
    const int dim = i == x.rank() ? 1 : i;
    shape.push_back(x.shape[dim]);
    strides.push_back(x.strides[dim]);
  }
  return is_contiguous(shape, strides);
}

// Whether x lies in memory with these strides.
inline bool laid_out(const TensorSpec& x, const Dims& strides) {
  for (int i = 0; i < x.rank(); ++i)
    if (x.shape[i] > 1 && x.strides[i] != strides[i]) return false;
  return true;
}

}  // namespace lanegrad
