#include "ops/conv/pointwise.h"

#include <algorithm>

#include "ops/conv/pixels.h"
#include "ops/conv/pointwise_columns.h"
#include "ops/conv/pointwise_turned.h"
#include "ops/product/gemm.h"

namespace lanegrad::conv_detail {
namespace {

// Smaller images leave vectors of pixels empty: several of them at a time are better.
constexpr int64_t kFewPixels = 512;

// out[channels, pixels] = weight[channels, depth] image[depth, pixels], for each image and group.
template <class T>
bool run(const ConvGeometry& g, int64_t channels, int64_t depth, ConvOperand<const T> image,
         ConvOperand<const T> weight, int weight_depth, T* out, const ConvExtras<T>& extras,
         void* workspace) {
  const auto &xs = image.strides, &ws = weight.strides;
  const int64_t pixels = g.places();
  int64_t pixel;
  if (!pixels_lie_evenly(g, xs, pixel)) return false;
  if (suits_turned(g, channels, depth)) {
    run_turned(g, channels, depth, image, pixel, weight, weight_depth, out, extras, workspace);
    return true;
  }
  if (suits_columns<T>(g, channels, depth)) {
    run_columns(g, channels, depth, image, pixel, weight, weight_depth, out, extras, workspace);
    return true;
  }
  GemmProblem<T> p;
  p.m = channels;
  p.n = pixels;
  p.k = depth;
  p.a_row = ws[1 - weight_depth];
  p.a_col = ws[weight_depth];
  p.b_row = xs[1];
  p.b_col = pixel;
  p.c_row = pixels;
  // In the store, where it comes in the order that products know.
  const ConvFinish<T>& finish = extras.finish;
  const bool stored = finish.in_store();
  if (stored) {
    p.finish.activation = finish.activation;
    p.finish.out_row = p.finish.residual_row = pixels;
  }
  for (int64_t n = 0; n < g.batch; ++n) {
    for (int64_t group = 0; group < g.groups; ++group) {
      p.a = weight.data + group * g.out_channels * ws[0];
      p.b = image.data + n * xs[0] + group * depth * xs[1];
      p.c = out + (n * g.groups + group) * channels * pixels;
      p.row_bias = extras.bias ? extras.bias + group * channels : nullptr;
      if (stored) p.finish.out = p.c;
      if (stored && finish.residual) p.finish.residual = finish.residual + (p.c - out);
      gemm(p, workspace, true);
      if (stored || !finish.any()) continue;
      parallel_for(channels, ceil_div(kSerialWork / 16, pixels), [&](int64_t begin, int64_t end) {
        finish.run(p.c + begin * pixels, (end - begin) * pixels);
      });
    }
  }
  return true;
}

// Enough whatever the strides.
template <class T>
size_t workspace_of(const ConvGeometry& g, int64_t channels, int64_t depth) {
  if (suits_turned(g, channels, depth)) return turned_workspace<T>(g, channels, depth);
  if (suits_columns<T>(g, channels, depth)) return columns_workspace<T>(g, depth);
  const int64_t pixels = g.places();
  return gemm_workspace_bound<T>(
      std::max({g.in_channels * pixels, g.out_channels * pixels, g.in_channels * g.out_channels}),
      std::max({g.in_channels, g.out_channels, pixels}));
}

bool suits(const ConvGeometry& g, int64_t channels, int64_t depth) {
  if (!is_pointwise(g)) return false;
  if (suits_turned(g, channels, depth)) return true;
  return g.places() >= kFewPixels && channels >= 8 && depth >= 8;
}

}  // namespace

bool pixels_lie_evenly(const ConvGeometry& g, const ConvStrides& strides, int64_t& pixel) {
  const ConvSizes& size = g.size;
  pixel = size[2] > 1 ? strides[4] : size[1] > 1 ? strides[3] : strides[2];
  return (size[1] == 1 || strides[3] == size[2] * strides[4]) &&
         (size[0] == 1 || strides[2] == size[1] * strides[3]);
}

bool suits_pointwise_forward(const ConvGeometry& g) { return suits(g, g.out_channels, g.in_channels); }
bool suits_pointwise_input_grad(const ConvGeometry& g) { return suits(g, g.in_channels, g.out_channels); }

template <class T>
size_t pointwise_forward_workspace(const ConvGeometry& g) {
  return workspace_of<T>(g, g.out_channels, g.in_channels);
}
template <class T>
size_t pointwise_input_grad_workspace(const ConvGeometry& g) {
  return workspace_of<T>(g, g.in_channels, g.out_channels);
}

template <class T>
bool pointwise_forward(const ConvGeometry& g, ConvOperand<const T> x, ConvOperand<const T> weight, T* out,
                       const ConvExtras<T>& extras, void* workspace) {
  return run(g, g.out_channels, g.in_channels, x, weight, 1, out, extras, workspace);
}
template <class T>
int64_t pointwise_packed_elements(const ConvGeometry& g) {
  return suits_turned(g, g.out_channels, g.in_channels)
             ? turned_packed_elements<T>(g, g.out_channels, g.in_channels)
             : 0;
}
template <class T>
void pointwise_pack(const ConvGeometry& g, ConvOperand<const T> weight, T* packed) {
  pack_turned(g, g.out_channels, g.in_channels, weight, 1, packed);
}
template <class T>
bool pointwise_input_grad(const ConvGeometry& g, ConvOperand<const T> grad, ConvOperand<const T> weight,
                          const T* bias, T* out, void* workspace) {
  ConvExtras<T> extras;
  extras.bias = bias;
  return run(g, g.in_channels, g.out_channels, grad, weight, 0, out, extras, workspace);
}

#define LANEGRAD_CONV(T)                                                                                  \
  template size_t pointwise_forward_workspace<T>(const ConvGeometry&);                                    \
  template size_t pointwise_input_grad_workspace<T>(const ConvGeometry&);                                 \
  template bool pointwise_forward<T>(const ConvGeometry&, ConvOperand<const T>, ConvOperand<const T>, T*, \
                                     const ConvExtras<T>&, void*);                                        \
  template int64_t pointwise_packed_elements<T>(const ConvGeometry&);                                     \
  template void pointwise_pack<T>(const ConvGeometry&, ConvOperand<const T>, T*);                         \
  template bool pointwise_input_grad<T>(const ConvGeometry&, ConvOperand<const T>, ConvOperand<const T>,  \
                                        const T*, T*, void*);
LANEGRAD_CONV(float)
LANEGRAD_CONV(double)
#undef LANEGRAD_CONV

}  // namespace lanegrad::conv_detail
