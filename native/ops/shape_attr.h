// Sizes that come as attributes.
#pragma once

#include "ops/op.h"

namespace lanegrad {

// A shape with no negative size and not too many elements, else the call fails.
inline Dims checked_shape(const InferContext& c, const Dims& shape) {
  checked_numel(c.op().name, shape);
  return shape;
}

// Attribute k as a shape.
inline Dims shape_attr(const InferContext& c, int k) {
  const auto sizes = c.attrs().get_ints(k);
  if (sizes.size() > kMaxRank) {
    c.fail(ErrorKind::kShape, "a tensor has at most ", kMaxRank, " dims, got ", sizes.size());
  }
  return checked_shape(c, Dims(sizes));
}

}  // namespace lanegrad
