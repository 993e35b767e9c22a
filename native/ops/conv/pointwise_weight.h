// The gradient of the weight of a 1 x 1 convolution of stride one, as one product over all pixels.
#pragma once

#include "ops/conv/convolution.h"

namespace lanegrad::conv_detail {

// Whether the shape is one for it. It still needs pixels that lie evenly, and gives up, false, where they do
// not.
bool suits_pointwise_weight_grad(const ConvGeometry& g);

template <class T>
size_t pointwise_weight_grad_workspace(const ConvGeometry& g);

template <class T>
bool pointwise_weight_grad(const ConvGeometry& g, ConvOperand<const T> grad, ConvOperand<const T> x, T* out,
                           void* workspace);

}  // namespace lanegrad::conv_detail
