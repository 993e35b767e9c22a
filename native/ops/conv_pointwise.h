// 1 x 1 convolutions of stride one over large images: a matrix product an image, on the tensors as they lie.
#pragma once

#include "ops/convolution.h"

namespace lanegrad::conv_detail {

// Whether the shape is one for it, forward and for the gradient of the input. It still needs pixels that lie
// evenly, and gives up, false, where they do not.
bool suits_pointwise(const ConvGeometry& g);

template <class T>
size_t pointwise_forward_workspace(const ConvGeometry& g);
template <class T>
size_t pointwise_input_grad_workspace(const ConvGeometry& g);

template <class T>
bool pointwise_forward(const ConvGeometry& g, ConvOperand<const T> x, ConvOperand<const T> weight,
                       const T* bias, T* out, void* workspace);
template <class T>
bool pointwise_input_grad(const ConvGeometry& g, ConvOperand<const T> grad, ConvOperand<const T> weight,
                          const T* bias, T* out, void* workspace);

}  // namespace lanegrad::conv_detail
