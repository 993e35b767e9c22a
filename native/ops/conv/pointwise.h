// 1 x 1 convolutions of stride one: over large images one product of weights by the pixels of all images, or
// where these are few a product an image; of many channels a product of pixels by packed weights.
#pragma once

#include "ops/conv/convolution.h"

namespace lanegrad::conv_detail {

inline bool is_pointwise(const ConvGeometry& g) {
  for (int d = 0; d < kConvDims; ++d) {
    if (g.kernel[d] != 1 || g.stride[d] != 1 || g.padding[d] != 0) return false;
  }
  return true;
}

// Whether the pixels of an image of such a convolution lie `pixel` elements apart, one after the other.
bool pixels_lie_evenly(const ConvGeometry& g, const ConvStrides& strides, int64_t& pixel);

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
