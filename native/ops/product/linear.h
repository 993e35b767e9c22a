// What passes of programs ask of dense layers.
#pragma once

#include "core/tensor.h"

namespace lanegrad {

// Whether a layer of these operands packs its weight in each call, on this processor.
bool linear_packs(const TensorSpec& x, const TensorSpec& weight, const TensorSpec& out);

}  // namespace lanegrad
