// Runs convolutions and their gradients: finds the offsets of the taps, pads where it must, packs the weights
// and cuts the work into tasks for the kernels.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace lanegrad {

// Index 0 of a pair is the vertical direction.
struct ConvGeometry {
  int64_t batch, groups;
  int64_t in_channels, out_channels;  // of one group
  std::array<int64_t, 2> size, kernel, out, stride, padding, dilation;
};

// A 4-D operand in any strides, in elements: [N, C, H, W] or [out, in, kH, kW].
template <class T>
struct Strided4 {
  T* data;
  std::array<int64_t, 4> strides;
};

// What all three need of the workspace, in bytes. Only the geometry and the sizes are looked at.
template <class T>
size_t conv_forward_workspace(const ConvGeometry& g);
template <class T>
size_t conv_input_grad_workspace(const ConvGeometry& g);
template <class T>
size_t conv_weight_grad_workspace(const ConvGeometry& g);

// out: row-major [N, groups * out_channels, oH, oW]; bias: contiguous or null.
template <class T>
void conv_forward(const ConvGeometry& g, Strided4<const T> x, Strided4<const T> weight, const T* bias, T* out,
                  void* workspace);
// out: row-major, shaped as the input.
template <class T>
void conv_input_grad(const ConvGeometry& g, Strided4<const T> grad, Strided4<const T> weight, T* out,
                     void* workspace);
// out: row-major, shaped as the weight.
template <class T>
void conv_weight_grad(const ConvGeometry& g, Strided4<const T> grad, Strided4<const T> x, T* out,
                      void* workspace);

}  // namespace lanegrad
