// Depthwise convolutions over channels-last images.
#pragma once

#include "kernels/gemm/gemm.h"
#include "ops/conv/convolution.h"

namespace lanegrad::conv_detail {

// One channel a group, in and out, and a moderate number of taps.
bool has_channel_kernel(const ConvGeometry& g);

template <class In>
size_t channels_depthwise_workspace(const ConvGeometry& g, bool gradient);
template <class In>
size_t channels_depthwise_weight_workspace(const ConvGeometry& g);

// x: channels one element apart; with `gradient` it is the gradient of the output, and the result that of the
// input. out: channels-last and dense.
template <class In>
void channels_depthwise(const ConvGeometry& g, bool gradient, ConvOperand<const In> x,
                        ConvOperand<const In> weight, const GemmSum<In>* bias, In* out, void* workspace);
// Of both operands the channels are one element apart; out: row-major, shaped as the weight.
template <class In>
void channels_depthwise_weight_grad(const ConvGeometry& g, ConvOperand<const In> grad,
                                    ConvOperand<const In> x, In* out, void* workspace);

}  // namespace lanegrad::conv_detail
