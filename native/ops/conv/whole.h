// Convolutions whose kernel is as large as the image, so that one pixel comes out: matrix products of whole
// images, as a dense layer. The transposed convolution that opens a generator is the input gradient of one.
#pragma once

#include "ops/conv/convolution.h"

namespace lanegrad::conv_detail {

// Whether the shape is one for it; it gives up, false, on images and weights with gaps.
bool is_whole(const ConvGeometry& g);

// Enough for each of the three.
template <class T>
size_t whole_workspace(const ConvGeometry& g);

template <class T>
bool whole_forward(const ConvGeometry& g, ConvOperand<const T> x, ConvOperand<const T> weight, T* out,
                   const ConvExtras<T>& extras, void* workspace);
template <class T>
bool whole_input_grad(const ConvGeometry& g, ConvOperand<const T> grad, ConvOperand<const T> weight,
                      const T* bias, T* out, void* workspace);
template <class T>
bool whole_weight_grad(const ConvGeometry& g, ConvOperand<const T> grad, ConvOperand<const T> x, T* out,
                       void* workspace);

}  // namespace lanegrad::conv_detail
