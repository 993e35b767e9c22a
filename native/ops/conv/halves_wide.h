// Convolutions of 16-bit floats in float32: some images at a time are widened, so that neither they nor what
// comes of them leave the caches, and the weights once.
#pragma once

#include "ops/conv/halves.h"

namespace lanegrad {

size_t conv_wide_workspace(const InferContext& c, const ConvGeometry& g, ConvPass pass);
void conv_wide(const EvalContext& c, const ConvGeometry& g, ConvPass pass);

}  // namespace lanegrad
