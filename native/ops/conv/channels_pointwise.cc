#include "ops/conv/channels_pointwise.h"

#include <algorithm>
#include <type_traits>

#include "ops/product/gemm.h"

namespace lanegrad::conv_detail {
namespace {

// out[pixels, channels] = image[pixels, depth] weight[depth, channels].
template <class In>
GemmProblem<In> product_of(const ConvGeometry& g, bool gradient, ConvOperand<const In> x,
                           ConvOperand<const In> weight, const GemmSum<In>* bias, In* out) {
  GemmProblem<In> p;
  p.m = g.batch * g.places();
  p.n = gradient ? g.in_channels : g.out_channels;
  p.k = gradient ? g.out_channels : g.in_channels;
  p.a = x.data;
  p.a_row = p.k;
  p.a_col = 1;
  p.b = weight.data;
  p.b_row = weight.strides[gradient ? 0 : 1];
  p.b_col = weight.strides[gradient ? 1 : 0];
  p.column_bias = bias;
  p.c_row = p.n;
  store_in(p, out);
  return p;
}

// out[outs, ins] = grad^T[outs, pixels] image[pixels, ins].
template <class In>
GemmProblem<In> weight_product(const ConvGeometry& g, const In* grad, const In* x, In* out) {
  GemmProblem<In> p;
  p.m = g.out_channels;
  p.n = g.in_channels;
  p.k = g.batch * g.places();
  p.a = grad;
  p.a_row = 1;
  p.a_col = p.m;
  p.b = x;
  p.b_row = p.n;
  p.b_col = 1;
  p.c_row = p.n;
  store_in(p, out);
  return p;
}

}  // namespace

bool is_channels_pointwise(const ConvGeometry& g) {
  for (int d = 0; d < kConvDims; ++d)
    if (g.kernel[d] != 1 || g.stride[d] != 1 || g.padding[d] != 0) return false;
  return g.groups == 1 && g.in_channels > 0 && g.out_channels > 0;
}

template <class In>
size_t channels_pointwise_workspace(const ConvGeometry& g, bool gradient, const ConvStrides& weight) {
  return gemm_workspace(product_of<In>(g, gradient, {}, {nullptr, weight}, nullptr, nullptr));
}
template <class In>
size_t channels_pointwise_weight_workspace(const ConvGeometry& g) {
  return gemm_workspace<In>(weight_product<In>(g, nullptr, nullptr, nullptr));
}

template <class In>
void channels_pointwise(const ConvGeometry& g, bool gradient, ConvOperand<const In> x,
                        ConvOperand<const In> weight, const GemmSum<In>* bias, In* out, void* workspace) {
  gemm(product_of(g, gradient, x, weight, bias, out), workspace, true);
}
template <class In>
void channels_pointwise_weight_grad(const ConvGeometry& g, ConvOperand<const In> grad,
                                    ConvOperand<const In> x, In* out, void* workspace) {
  gemm(weight_product(g, grad.data, x.data, out), workspace, true);
}

#define LANEGRAD_CONV(In)                                                                          \
  template size_t channels_pointwise_workspace<In>(const ConvGeometry&, bool, const ConvStrides&); \
  template size_t channels_pointwise_weight_workspace<In>(const ConvGeometry&);                    \
  template void channels_pointwise<In>(const ConvGeometry&, bool, ConvOperand<const In>,           \
                                       ConvOperand<const In>, const GemmSum<In>*, In*, void*);     \
  template void channels_pointwise_weight_grad<In>(const ConvGeometry&, ConvOperand<const In>,     \
                                                   ConvOperand<const In>, In*, void*);
LANEGRAD_CONV(float)
LANEGRAD_CONV(double)
LANEGRAD_CONV(BFloat16)
LANEGRAD_CONV(Float16)
#undef LANEGRAD_CONV

}  // namespace lanegrad::conv_detail
