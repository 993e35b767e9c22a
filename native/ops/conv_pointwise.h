// 1 x 1 convolutions of stride one: over large images a matrix product an image, on the tensors as they lie;
// of many channels a product of pixels by packed weights.
#pragma once

#include "ops/convolution.h"

namespace lanegrad::conv_detail {

// Whether the shape is one for it. It still needs pixels that lie evenly, and gives up, false, where they do
// not.
bool suits_pointwise_forward(const ConvGeometry& g);
bool suits_pointwise_input_grad(const ConvGeometry& g);

template <class T>
size_t pointwise_forward_workspace(const ConvGeometry& g);
template <class T>
size_t pointwise_input_grad_workspace(const ConvGeometry& g);

template <class T>
bool pointwise_forward(const ConvGeometry& g, ConvOperand<const T> x, ConvOperand<const T> weight, T* out,
                       const ConvExtras<T>& extras, void* workspace);
// Of a geometry that suits: what it packs of the weight, in elements (0: nothing), and that.
template <class T>
int64_t pointwise_packed_elements(const ConvGeometry& g);
template <class T>
void pointwise_pack(const ConvGeometry& g, ConvOperand<const T> weight, T* packed);
template <class T>
bool pointwise_input_grad(const ConvGeometry& g, ConvOperand<const T> grad, ConvOperand<const T> weight,
                          const T* bias, T* out, void* workspace);

}  // namespace lanegrad::conv_detail
