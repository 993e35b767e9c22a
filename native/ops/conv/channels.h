// Convolutions over channels-last images, whose results are channels-last too: channels of a pixel are
// neighbours in memory, so vectors run over them and nothing is transposed. 16-bit floats are widened on
// their way into registers, summed in float32 and rounded once.
#pragma once

#include "core/tensor.h"
#include "kernels/gemm/gemm.h"
#include "ops/conv/convolution.h"

namespace lanegrad::conv_detail {

// [N, C, ...] in memory as [N, ..., C], and not row-major as well.
bool lies_channels_last(const TensorSpec& x);
// The strides of such a tensor.
Dims channels_last_strides(const Dims& shape);

// Whether all three have a kernel for it, and the tile unit of the processor has no better one.
bool has_channels_last(const ConvGeometry& g, DType dtype);

// With `gradient`: of the input gradient.
template <class In>
size_t channels_workspace(const ConvGeometry& g, bool gradient, const ConvStrides& weight);
template <class In>
size_t channels_weight_workspace(const ConvGeometry& g);

// x and out lie channels-last; with `gradient` x is the gradient of the output, and out that of the input.
template <class In>
void channels_forward(const ConvGeometry& g, bool gradient, ConvOperand<const In> x,
                      ConvOperand<const In> weight, const GemmSum<In>* bias, In* out, void* workspace);
// grad and x lie channels-last; out: row-major, shaped as the weight.
template <class In>
void channels_weight_grad(const ConvGeometry& g, ConvOperand<const In> grad, ConvOperand<const In> x, In* out,
                          void* workspace);

}  // namespace lanegrad::conv_detail
