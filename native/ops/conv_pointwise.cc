#include "ops/conv_pointwise.h"

#include <algorithm>

#include "ops/gemm.h"

namespace lanegrad::conv_detail {
namespace {

// Smaller images leave vectors of pixels empty: several of them at a time are better.
constexpr int64_t kFewPixels = 512;

// out[channels, pixels] = weight[channels, depth] image[depth, pixels], for each image and group.
template <class T>
bool run(const ConvGeometry& g, int64_t channels, int64_t depth, ConvOperand<const T> image,
         ConvOperand<const T> weight, int weight_depth, const T* bias, T* out, void* workspace) {
  const auto &xs = image.strides, &ws = weight.strides;
  const ConvSizes& size = g.size;
  if ((size[1] > 1 && xs[3] != size[2] * xs[4]) || (size[0] > 1 && xs[2] != size[1] * xs[3])) return false;
  const int64_t pixels = g.places();
  GemmProblem<T> p;
  p.m = channels;
  p.n = pixels;
  p.k = depth;
  p.a_row = ws[1 - weight_depth];
  p.a_col = ws[weight_depth];
  p.b_row = xs[1];
  p.b_col = size[2] > 1 ? xs[4] : size[1] > 1 ? xs[3] : xs[2];
  p.c_row = pixels;
  for (int64_t n = 0; n < g.batch; ++n) {
    for (int64_t group = 0; group < g.groups; ++group) {
      p.a = weight.data + group * g.out_channels * ws[0];
      p.b = image.data + n * xs[0] + group * depth * xs[1];
      p.c = out + (n * g.groups + group) * channels * pixels;
      p.row_bias = bias ? bias + group * channels : nullptr;
      gemm(p, workspace, true);
    }
  }
  return true;
}

// Enough whatever the strides.
template <class T>
size_t workspace_of(const ConvGeometry& g) {
  const int64_t pixels = g.places();
  return gemm_workspace_bound<T>(
      std::max({g.in_channels * pixels, g.out_channels * pixels, g.in_channels * g.out_channels}),
      std::max({g.in_channels, g.out_channels, pixels}));
}

}  // namespace

bool suits_pointwise(const ConvGeometry& g) {
  for (int d = 0; d < kConvDims; ++d) {
    if (g.kernel[d] != 1 || g.stride[d] != 1 || g.padding[d] != 0) return false;
  }
  return g.places() >= kFewPixels && g.in_channels >= 8 && g.out_channels >= 8;
}

template <class T>
size_t pointwise_forward_workspace(const ConvGeometry& g) {
  return workspace_of<T>(g);
}
template <class T>
size_t pointwise_input_grad_workspace(const ConvGeometry& g) {
  return workspace_of<T>(g);
}

template <class T>
bool pointwise_forward(const ConvGeometry& g, ConvOperand<const T> x, ConvOperand<const T> weight,
                       const T* bias, T* out, void* workspace) {
  return run(g, g.out_channels, g.in_channels, x, weight, 1, bias, out, workspace);
}
template <class T>
bool pointwise_input_grad(const ConvGeometry& g, ConvOperand<const T> grad, ConvOperand<const T> weight,
                          const T* bias, T* out, void* workspace) {
  return run(g, g.in_channels, g.out_channels, grad, weight, 0, bias, out, workspace);
}

#define LANEGRAD_CONV(T)                                                                                 \
  template size_t pointwise_forward_workspace<T>(const ConvGeometry&);                                   \
  template size_t pointwise_input_grad_workspace<T>(const ConvGeometry&);                                \
  template bool pointwise_forward<T>(const ConvGeometry&, ConvOperand<const T>, ConvOperand<const T>,    \
                                     const T*, T*, void*);                                               \
  template bool pointwise_input_grad<T>(const ConvGeometry&, ConvOperand<const T>, ConvOperand<const T>, \
                                        const T*, T*, void*);
LANEGRAD_CONV(float)
LANEGRAD_CONV(double)
#undef LANEGRAD_CONV

}  // namespace lanegrad::conv_detail
