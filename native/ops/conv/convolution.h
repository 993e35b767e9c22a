// Runs convolutions and their gradients in up to three directions: finds the offsets of the taps, pads where
// it must, packs the weights and cuts the work into tasks for the kernels.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "ops/conv/finish.h"

namespace lanegrad {

// Depth, height, width. A 2-D convolution has depth 1, a 1-D one height 1 too.
inline constexpr int kConvDims = 3;
using ConvSizes = std::array<int64_t, kConvDims>;

struct ConvGeometry {
  int64_t batch, groups;
  int64_t in_channels, out_channels;  // of one group
  ConvSizes size, kernel, out, stride, padding, dilation;

  bool pads() const { return padding[0] > 0 || padding[1] > 0 || padding[2] > 0; }
  int64_t taps() const { return kernel[0] * kernel[1] * kernel[2]; }
  int64_t places() const { return out[0] * out[1] * out[2]; }
  // Where the t-th tap lies in the kernel.
  ConvSizes tap(int64_t t) const {
    return {t / kernel[2] / kernel[1], t / kernel[2] % kernel[1], t % kernel[2]};
  }
};

// Of an operand, in elements: [N, C, D, H, W] or [out, in, kD, kH, kW].
using ConvStrides = std::array<int64_t, 2 + kConvDims>;

// An operand in any strides.
template <class T>
struct ConvOperand {
  T* data;
  ConvStrides strides;
};

// What all three need of the workspace, in bytes. Only the geometry and the sizes are looked at.
template <class T>
size_t conv_forward_workspace(const ConvGeometry& g);
template <class T>
size_t conv_input_grad_workspace(const ConvGeometry& g);
template <class T>
size_t conv_weight_grad_workspace(const ConvGeometry& g);

// What a convolution takes beside its operands; all may be null.
template <class T>
struct ConvExtras {
  const T* bias = nullptr;  // contiguous
  ConvFinish<T> finish;
  const T* packed = nullptr;  // what conv_pack() made of the weight: read where it would have been packed
};

// out: row-major [N, groups * out_channels, oD, oH, oW].
template <class T>
void conv_forward(const ConvGeometry& g, ConvOperand<const T> x, ConvOperand<const T> weight, T* out,
                  const ConvExtras<T>& extras, void* workspace);

// The weight of a convolution as the way that it takes reads it, made once for many calls: elements, 0 where
// there is nothing to make, and how. It depends on the level in force; weight: row-major.
template <class T>
int64_t conv_packed_elements(const ConvGeometry& g);
template <class T>
size_t conv_pack_workspace(const ConvGeometry& g);
template <class T>
void conv_pack(const ConvGeometry& g, ConvOperand<const T> weight, T* packed, void* workspace);
// out: row-major, shaped as the input; bias, contiguous or null: one number per input channel, added.
template <class T>
void conv_input_grad(const ConvGeometry& g, ConvOperand<const T> grad, ConvOperand<const T> weight,
                     const T* bias, T* out, void* workspace);
// out: row-major, shaped as the weight.
template <class T>
void conv_weight_grad(const ConvGeometry& g, ConvOperand<const T> grad, ConvOperand<const T> x, T* out,
                      void* workspace);

}  // namespace lanegrad
