// 1 x 1 convolutions of stride one over channels-last images: one product over the pixels of all images.
#pragma once

#include "kernels/gemm/gemm.h"
#include "ops/conv/convolution.h"

namespace lanegrad::conv_detail {

bool is_channels_pointwise(const ConvGeometry& g);

template <class In>
size_t channels_pointwise_workspace(const ConvGeometry& g, bool gradient, const ConvStrides& weight);
template <class In>
size_t channels_pointwise_weight_workspace(const ConvGeometry& g);

// As in channels.h.
template <class In>
void channels_pointwise(const ConvGeometry& g, bool gradient, ConvOperand<const In> x,
                        ConvOperand<const In> weight, const GemmSum<In>* bias, In* out, void* workspace);
template <class In>
void channels_pointwise_weight_grad(const ConvGeometry& g, ConvOperand<const In> grad,
                                    ConvOperand<const In> x, In* out, void* workspace);

}  // namespace lanegrad::conv_detail
