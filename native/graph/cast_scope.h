// What an autocast scope keeps: its dtype, and the casts of parameters that were made in it.
#pragma once

#include <optional>
#include <unordered_map>

#include "core/tensor.h"

namespace lanegrad {

// The cast of a leaf, as long as nobody writes to the leaf.
struct CachedCast {
  Tensor source;  // held, so that its address stays its own
  uint32_t version = 0;
  Tensor cast;
  bool recorded = false;  // with a way back to the leaf
};

struct CastScope {
  std::optional<DType> dtype;  // none: off
  std::unordered_map<const TensorImpl*, CachedCast> casts;
};

}  // namespace lanegrad
