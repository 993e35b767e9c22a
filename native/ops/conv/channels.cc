#include "ops/conv/channels.h"

#include "ops/conv/amx.h"
#include "ops/conv/channels_depthwise.h"
#include "ops/conv/channels_pointwise.h"
#include "ops/conv/channels_product.h"
#include "ops/layout/memory_format.h"

namespace lanegrad::conv_detail {

bool lies_channels_last(const TensorSpec& x) { return !x.is_contiguous() && is_channels_last(x); }

Dims channels_last_strides(const Dims& shape) {
  Dims strides = shape;
  int64_t step = std::max<int64_t>(shape[1], 1);
  strides[1] = 1;
  for (int d = shape.size() - 1; d >= 0; --d) {
    if (d == 1) continue;
    strides[d] = step;
    step *= std::max<int64_t>(shape[d], 1);
  }
  return strides;
}

// Of float32, whether tiles are better depends on the precision of products, and a layout may not.
bool has_channels_last(const ConvGeometry& g, DType dtype) {
  if (g.batch * g.in_channels * g.out_channels * g.places() == 0) return false;
  if (dtype == DType::kBFloat16 && amx_suits_forward<BFloat16>(g)) return false;
  return has_channel_kernel(g) || is_channels_pointwise(g) || is_channels_product(g);
}

template <class In>
size_t channels_workspace(const ConvGeometry& g, bool gradient, const ConvStrides& weight) {
  if (has_channel_kernel(g)) return channels_depthwise_workspace<In>(g, gradient);
  if (is_channels_pointwise(g)) return channels_pointwise_workspace<In>(g, gradient, weight);
  return channels_product_workspace<In>(g, gradient);
}

template <class In>
size_t channels_weight_workspace(const ConvGeometry& g) {
  if (has_channel_kernel(g)) return channels_depthwise_weight_workspace<In>(g);
  if (is_channels_pointwise(g)) return channels_pointwise_weight_workspace<In>(g);
  return channels_product_weight_workspace<In>(g);
}

template <class In>
void channels_forward(const ConvGeometry& g, bool gradient, ConvOperand<const In> x,
                      ConvOperand<const In> weight, const GemmSum<In>* bias, In* out, void* workspace) {
  if (has_channel_kernel(g)) return channels_depthwise(g, gradient, x, weight, bias, out, workspace);
  if (is_channels_pointwise(g)) return channels_pointwise(g, gradient, x, weight, bias, out, workspace);
  channels_product(g, gradient, x, weight, bias, out, workspace);
}

template <class In>
void channels_weight_grad(const ConvGeometry& g, ConvOperand<const In> grad, ConvOperand<const In> x, In* out,
                          void* workspace) {
  if (has_channel_kernel(g)) return channels_depthwise_weight_grad(g, grad, x, out, workspace);
  if (is_channels_pointwise(g)) return channels_pointwise_weight_grad(g, grad, x, out, workspace);
  channels_product_weight_grad(g, grad, x, out, workspace);
}

#define LANEGRAD_CONV(In)                                                                                   \
  template size_t channels_workspace<In>(const ConvGeometry&, bool, const ConvStrides&);                    \
  template size_t channels_weight_workspace<In>(const ConvGeometry&);                                       \
  template void channels_forward<In>(const ConvGeometry&, bool, ConvOperand<const In>,                      \
                                     ConvOperand<const In>, const GemmSum<In>*, In*, void*);                \
  template void channels_weight_grad<In>(const ConvGeometry&, ConvOperand<const In>, ConvOperand<const In>, \
                                         In*, void*);
LANEGRAD_CONV(float)
LANEGRAD_CONV(double)
LANEGRAD_CONV(BFloat16)
LANEGRAD_CONV(Float16)
#undef LANEGRAD_CONV

}  // namespace lanegrad::conv_detail
