// 3 x 3 convolutions of stride one with many channels, by Winograd's transforms and matrix products.
#pragma once

#include "ops/conv/convolution.h"

namespace lanegrad::conv_detail {

// Whether the shape is one for it. What follows then still needs operands whose pixels of a row, or taps, are
// neighbours, and gives up, false, on those that are not and on results that are not finite: an infinity
// would spread over its tile. The caller then takes the direct way.
template <class T>
bool suits_winograd(const ConvGeometry& g);

template <class T>
size_t winograd_forward_workspace(const ConvGeometry& g);
template <class T>
size_t winograd_input_grad_workspace(const ConvGeometry& g);
template <class T>
size_t winograd_weight_grad_workspace(const ConvGeometry& g);

// Images of In, T or 16-bit floats: those are widened and rounded where the transforms read and write them.
template <class T, class In>
bool winograd_forward(const ConvGeometry& g, ConvOperand<const In> x, ConvOperand<const T> weight, In* out,
                      const ConvExtras<T>& extras, void* workspace);
// The weights transformed: elements, and that. Those of row-major ones serve every call.
template <class T>
int64_t winograd_packed_elements(const ConvGeometry& g);
template <class T>
void winograd_pack(const ConvGeometry& g, ConvOperand<const T> weight, T* packed);
template <class T, class In>
bool winograd_input_grad(const ConvGeometry& g, ConvOperand<const In> grad, ConvOperand<const T> weight,
                         const T* bias, In* out, void* workspace);
template <class T, class In>
bool winograd_weight_grad(const ConvGeometry& g, ConvOperand<const In> grad, ConvOperand<const In> x, T* out,
                          void* workspace);

}  // namespace lanegrad::conv_detail
