// The forward pass of attention of bfloat16 on the tile unit of the processor.
#pragma once

#include "ops/op.h"

namespace lanegrad {

// Whether a call is one for it: from two tiles of queries and keys on, rows contiguous, a mask of bool or
// none.
bool attention_suits_tiles(const InferContext& c);
bool attention_suits_tiles(const EvalContext& c);
size_t attention_tiles_workspace(const InferContext& c);
// False when there are values that the tiles do not take (see parts_hold): then nothing of the outputs
// counts.
bool attention_on_tiles(const EvalContext& c);

}  // namespace lanegrad
