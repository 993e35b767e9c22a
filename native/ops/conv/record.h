// What the records of convolutions share: operands and attributes as the kernels' callers take them.
#pragma once

#include "ops/product/bias.h"
#include "ops/conv/operand.h"
#include "ops/op.h"

namespace lanegrad {

// The attributes of a convolution, in their order.
inline constexpr AttrDef kStride{"stride", AttrType::kInts}, kPadding{"padding", AttrType::kInts},
    kDilation{"dilation", AttrType::kInts}, kGroups{"groups", AttrType::kInt};

// Reads stride, padding, dilation and groups, which stand in this order from attribute `first` on. x and
// weight are [N, C, ...] and [out, C / groups, ...] of one to three directions.
template <class Context>
ConvGeometry read_geometry(const Context& c, int first, const Dims& x, const Dims& weight) {
  const Attrs& attrs = c.attrs();
  ConvGeometry g{};
  g.batch = x[0];
  g.groups = attrs.get_int(first + 3);
  g.in_channels = weight[1];
  g.out_channels = weight[0] / g.groups;
  const int lead = 2 + kConvDims - x.size();
  for (int d = 0; d < kConvDims; ++d) {
    const bool has = d >= lead;
    const auto attr = [&](int k) { return attrs.get_ints(first + k)[d - lead]; };
    g.size[d] = has ? x[2 + d - lead] : 1;
    g.kernel[d] = has ? weight[2 + d - lead] : 1;
    g.stride[d] = has ? attr(0) : 1;
    g.padding[d] = has ? attr(1) : 0;
    g.dilation[d] = has ? attr(2) : 1;
    g.out[d] = (g.size[d] + 2 * g.padding[d] - g.dilation[d] * (g.kernel[d] - 1) - 1) / g.stride[d] + 1;
  }
  return g;
}

inline size_t workspace_bias(const InferContext& c) { return c.has(2) ? bias_workspace(c.in(2)) : 0; }

// The optional bias as the kernels take it; `room` lies behind what they need themselves.
template <class T>
const T* read_bias(const EvalContext& c, size_t room) {
  if (!c.has(2)) return nullptr;
  return static_cast<const T*>(contiguous_bias(c.in(2), static_cast<char*>(c.workspace()) + room));
}

// What every convolution asks of its shapes and attributes, which are where read_geometry wants them.
ConvGeometry check_geometry(const InferContext& c, int first, const Dims& x, const Dims& weight);

// Whether convolutionGradients makes both gradients faster than its two parts do.
bool gains_by_both_gradients(const ConvGeometry& g, const TensorSpec& grad, const TensorSpec& x);

// convolution: x [N, C, ...], weight [out, C / groups, ...], bias [out] -> [N, out, ...].
void infer_convolution(InferContext& c);

}  // namespace lanegrad
