// Strided copies for ops that need one on the way.
#pragma once

#include "ops/op.h"

namespace lanegrad {

// target[i] = source[i] for all i of target's shape; source is broadcast to it and cast to its dtype. The two
// do not overlap.
void copy_view(const TensorView& target, const TensorView& source);

}  // namespace lanegrad
