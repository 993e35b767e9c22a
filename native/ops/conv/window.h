// Depthwise convolutions of 3 x 3 and 5 x 5 windows with a stride of one or two, straight over row-major
// planes (kernels/window): every dtype in its own memory, and both gradients in one call.
#pragma once

#include "kernels/gemm/gemm.h"
#include "ops/conv/convolution.h"

namespace lanegrad::conv_detail {

// Whether these kernels take it, with the columns of all images next to each other: rows that fill half of a
// vector at least; of 16-bit floats all, which would be widened whole otherwise.
template <class In>
bool has_window(const ConvGeometry& g);
// And whether it takes images that lie so.
template <class In, class... Strides>
bool in_windows(const ConvGeometry& g, const Strides&... strides) {
  return has_window<In>(g) && ((strides[4] == 1) && ...);
}

template <class In>
size_t window_forward_workspace(const ConvGeometry& g);
template <class In>
size_t window_gradients_workspace(const ConvGeometry& g);

// As conv_forward.
template <class In>
void window_forward(const ConvGeometry& g, ConvOperand<const In> x, ConvOperand<const In> weight, In* out,
                    const ConvExtras<GemmSum<In>>& extras, void* workspace);

// As conv_input_grad.
template <class In>
void window_input_grad(const ConvGeometry& g, ConvOperand<const In> grad, ConvOperand<const In> weight,
                       const GemmSum<In>* bias, In* out, void* workspace);

// As conv_weight_grad, and with input_out, which may be null, as conv_input_grad too. Only then is `weight`
// read.
template <class In>
void window_gradients(const ConvGeometry& g, ConvOperand<const In> grad, ConvOperand<const In> x,
                      ConvOperand<const In> weight, In* input_out, In* weight_out, void* workspace);

}  // namespace lanegrad::conv_detail
