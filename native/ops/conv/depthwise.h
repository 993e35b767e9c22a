// Convolutions whose groups have one input channel each, run plane by plane.
#pragma once

#include "ops/conv/convolution.h"

namespace lanegrad::conv_detail {

// Whether the plane-by-plane way takes it: forward and weight gradient, any number of output channels a
// group; the input gradient, one.
bool has_single_channels(const ConvGeometry& g);
inline bool is_depthwise(const ConvGeometry& g) { return has_single_channels(g) && g.out_channels == 1; }

template <class T>
size_t depthwise_forward_workspace(const ConvGeometry& g);
template <class T>
size_t depthwise_input_grad_workspace(const ConvGeometry& g);
template <class T>
size_t depthwise_weight_grad_workspace(const ConvGeometry& g);

// As conv_forward and its gradients.
template <class T>
void depthwise_forward(const ConvGeometry& g, ConvOperand<const T> x, ConvOperand<const T> weight, T* out,
                       const ConvExtras<T>& extras, void* workspace);
template <class T>
void depthwise_input_grad(const ConvGeometry& g, ConvOperand<const T> grad, ConvOperand<const T> weight,
                          const T* bias, T* out, void* workspace);
template <class T>
void depthwise_weight_grad(const ConvGeometry& g, ConvOperand<const T> grad, ConvOperand<const T> x, T* out,
                           void* workspace);

}  // namespace lanegrad::conv_detail
