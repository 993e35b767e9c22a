// Type promotion of the operands of a call.
#pragma once

#include <optional>

#include "graph/apply.h"

namespace lanegrad {

// The dtype to which the differentiable operands of the call go; none if the op does not promote.
// PyTorch's rule: tensors with dims decide; 0-dim tensors, and after them numbers, only raise the kind
// (bool < integer < float).
std::optional<DType> promoted_dtype(const Call& call);

}  // namespace lanegrad
