// Convolutions on the tile unit of the processor (kernels/amx/conv.h), of float32 and bfloat16.
//
// When they pay is a matter of operations: a product of tiles takes 16 cycles for 8,192 multiply-adds of
// which those count that belong to a channel, a place of the output and a part; copying into grids takes
// about a cycle for eight elements of bfloat16, and one for each float32 split into three. Vectors do 32
// multiply-adds a cycle, of which four fifths are reached. What takes fewer cycles is taken.
//
// Values that tiles would flush or overflow on (see parts_hold) are seen while copying: then the functions
// return false and the caller takes the other way, whole.
#pragma once

#include "kernels/gemm/gemm.h"
#include "ops/conv/convolution.h"

namespace lanegrad::conv_detail {

// Whether a convolution would be computed so at the precision in force.
template <class T>
bool amx_suits_forward(const ConvGeometry& g);
template <class T>
bool amx_suits_input_grad(const ConvGeometry& g);
template <class T>
bool amx_suits_weight_grad(const ConvGeometry& g);

// Bytes at any precision, 0 where no precision suits.
template <class T>
size_t amx_forward_workspace(const ConvGeometry& g);
template <class T>
size_t amx_input_grad_workspace(const ConvGeometry& g);
template <class T>
size_t amx_weight_grad_workspace(const ConvGeometry& g);

// As conv_forward and its gradients.
template <class T>
bool amx_forward(const ConvGeometry& g, ConvOperand<const T> x, ConvOperand<const T> weight,
                 const GemmSum<T>* bias, T* out, void* workspace);
template <class T>
bool amx_input_grad(const ConvGeometry& g, ConvOperand<const T> grad, ConvOperand<const T> weight,
                    const GemmSum<T>* bias, T* out, void* workspace);
template <class T>
bool amx_weight_grad(const ConvGeometry& g, ConvOperand<const T> grad, ConvOperand<const T> x, T* out,
                     void* workspace);

}  // namespace lanegrad::conv_detail
