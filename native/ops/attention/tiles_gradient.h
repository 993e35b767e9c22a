// The gradient of attention of bfloat16 on the tile unit of the processor.
#pragma once

#include "ops/op.h"

namespace lanegrad {

// Whether a call is one for it: as of the forward pass, but that rows need not be contiguous.
bool attention_gradient_suits_tiles(const InferContext& c);
bool attention_gradient_suits_tiles(const EvalContext& c);
size_t attention_gradient_tiles_workspace(const InferContext& c);
// False when there are values that the tiles do not take (see parts_hold): then nothing of the outputs
// counts.
bool attention_gradient_on_tiles(const EvalContext& c);

}  // namespace lanegrad
