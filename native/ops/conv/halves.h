// Convolutions of the 16-bit floats: depthwise windows straight over the planes; of bfloat16 on the tile
// unit, where the processor has one and it pays; by Winograd's transforms, which read and write them; all
// others in float32, some images at a time.
#pragma once

#include "ops/conv/convolution.h"
#include "ops/op.h"

namespace lanegrad {

// What of a convolution an op computes.
enum class ConvPass { kForward, kInputGrad, kWeightGrad };

size_t conv_halves_workspace(const InferContext& c, const ConvGeometry& g, ConvPass pass);
void conv_halves(const EvalContext& c, const ConvGeometry& g, ConvPass pass);

}  // namespace lanegrad
