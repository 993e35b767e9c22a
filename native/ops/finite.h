// Whether numbers are finite, for those who look for the first that is not.
#pragma once

#include "ops/op.h"

namespace lanegrad {

// The worst of a tensor's elements; kFinite for dtypes that hold integers.
enum class Finite : uint8_t { kFinite, kInfinite, kNan };

Finite worst_of(const TensorView& x);

}  // namespace lanegrad
