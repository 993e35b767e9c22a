// Convolutions over channels-last images as products: some pixels at a time, the channels that their taps see
// are gathered into a matrix that stays in the L2 cache, and multiplied by the packed weights.
#pragma once

#include "kernels/gemm/gemm.h"
#include "ops/conv/convolution.h"

namespace lanegrad::conv_detail {

// In two directions, of one group of enough channels, and no shape for Winograd's transforms.
bool is_channels_product(const ConvGeometry& g);

template <class In>
size_t channels_product_workspace(const ConvGeometry& g, bool gradient);
template <class In>
size_t channels_product_weight_workspace(const ConvGeometry& g);

// As in channels.h.
template <class In>
void channels_product(const ConvGeometry& g, bool gradient, ConvOperand<const In> x,
                      ConvOperand<const In> weight, const GemmSum<In>* bias, In* out, void* workspace);
template <class In>
void channels_product_weight_grad(const ConvGeometry& g, ConvOperand<const In> grad, ConvOperand<const In> x,
                                  In* out, void* workspace);

}  // namespace lanegrad::conv_detail
