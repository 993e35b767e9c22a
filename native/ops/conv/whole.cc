#include "ops/conv/whole.h"

#include <algorithm>

#include "ops/product/gemm.h"

namespace lanegrad::conv_detail {
namespace {

// Whether the elements of each image, or of each output channel's weights, lie in a row.
template <class T>
bool is_even(const ConvGeometry& g, const ConvOperand<const T>& o) {
  int64_t step = 1;
  for (int d = kConvDims; d >= 0; --d) {
    const int64_t size = d == 0 ? g.in_channels : g.size[d - 1];
    if (size > 1 && o.strides[d + 1] != step) return false;
    step *= size;
  }
  return true;
}

int64_t depth_of(const ConvGeometry& g) { return g.in_channels * g.taps(); }

template <class T>
void multiply(int64_t m, int64_t n, int64_t k, const T* a, int64_t a_row, int64_t a_col, const T* b,
              int64_t b_row, int64_t b_col, T* c, const T* column_bias, void* workspace) {
  GemmProblem<T> p;
  p.m = m;
  p.n = n;
  p.k = k;
  p.a = a;
  p.a_row = a_row;
  p.a_col = a_col;
  p.b = b;
  p.b_row = b_row;
  p.b_col = b_col;
  p.c = c;
  p.c_row = n;
  p.column_bias = column_bias;
  gemm(p, workspace, true);
}

}  // namespace

bool is_whole(const ConvGeometry& g) {
  if (g.groups != 1 || g.places() != 1 || g.batch < 1 || g.in_channels < 1) return false;
  for (int d = 0; d < kConvDims; ++d) {
    if (g.kernel[d] != g.size[d] || g.padding[d] != 0 || (g.dilation[d] != 1 && g.kernel[d] > 1))
      return false;
  }
  return true;
}

template <class T>
size_t whole_workspace(const ConvGeometry& g) {
  const int64_t depth = depth_of(g);
  return gemm_workspace_bound<T>(
      std::max({g.batch * depth, g.out_channels * depth, g.batch * g.out_channels}),
      std::max({g.batch, depth, g.out_channels}));
}

template <class T>
bool whole_forward(const ConvGeometry& g, ConvOperand<const T> x, ConvOperand<const T> weight, T* out,
                   const ConvExtras<T>& extras, void* workspace) {
  if (!is_even(g, x) || !is_even(g, weight)) return false;
  multiply(g.batch, g.out_channels, depth_of(g), x.data, x.strides[0], 1, weight.data, 1, weight.strides[0],
           out, extras.bias, workspace);
  extras.finish.run_channels(out, g.batch, g.out_channels, g.out_channels);
  return true;
}

template <class T>
bool whole_input_grad(const ConvGeometry& g, ConvOperand<const T> grad, ConvOperand<const T> weight,
                      const T* bias, T* out, void* workspace) {
  if (!is_even(g, weight)) return false;
  const int64_t depth = depth_of(g);
  multiply<T>(g.batch, depth, g.out_channels, grad.data, grad.strides[0], grad.strides[1], weight.data,
              weight.strides[0], 1, out, nullptr, workspace);
  if (!bias) return true;
  for (int64_t p = 0; p < g.batch * g.in_channels; ++p) {
    for (int64_t t = 0; t < g.taps(); ++t) out[p * g.taps() + t] += bias[p % g.in_channels];
  }
  return true;
}

template <class T>
bool whole_weight_grad(const ConvGeometry& g, ConvOperand<const T> grad, ConvOperand<const T> x, T* out,
                       void* workspace) {
  if (!is_even(g, x)) return false;
  multiply<T>(g.out_channels, depth_of(g), g.batch, grad.data, grad.strides[1], grad.strides[0], x.data,
              x.strides[0], 1, out, nullptr, workspace);
  return true;
}

#define LANEGRAD_CONV(T)                                                                                  \
  template size_t whole_workspace<T>(const ConvGeometry&);                                                \
  template bool whole_forward<T>(const ConvGeometry&, ConvOperand<const T>, ConvOperand<const T>, T*,     \
                                 const ConvExtras<T>&, void*);                                            \
  template bool whole_input_grad<T>(const ConvGeometry&, ConvOperand<const T>, ConvOperand<const T>,      \
                                    const T*, T*, void*);                                                 \
  template bool whole_weight_grad<T>(const ConvGeometry&, ConvOperand<const T>, ConvOperand<const T>, T*, \
                                     void*);
LANEGRAD_CONV(float)
LANEGRAD_CONV(double)
#undef LANEGRAD_CONV

}  // namespace lanegrad::conv_detail
