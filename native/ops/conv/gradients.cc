// Both gradients of a depthwise convolution in one call: where its kernels take them, of one reading of the
// gradient of the output; else one after the other.
#include "ops/product/batched_gemm.h"
#include "ops/conv/channels.h"
#include "ops/conv/record.h"
#include "ops/conv/window.h"
#include "ops/registry.h"
#include "ops/widen.h"

namespace lanegrad {
namespace {

using namespace conv_detail;

constexpr int kGrad = 0, kX = 1, kWeight = 2;  // inputs

bool in_channels(const ConvGeometry& g, const TensorSpec& grad, const TensorSpec& x) {
  return lies_channels_last(grad) && lies_channels_last(x) && has_channels_last(g, grad.dtype);
}

// grad [N, C, oH, oW], x [N, C, H, W], weight [C, 1, kH, kW] -> the gradients of x and weight, in one
// dimension or in three as well.
void infer(InferContext& c) {
  const TensorSpec &grad = c.in(kGrad), &x = c.in(kX), &weight = c.in(kWeight);
  if (!is_floating(grad.dtype) || x.dtype != grad.dtype || weight.dtype != grad.dtype)
    c.fail(ErrorKind::kDType, "inputs must be of one floating dtype, got ", name_of(grad.dtype), ", ",
           name_of(x.dtype), " and ", name_of(weight.dtype));
  const ConvGeometry g = check_geometry(c, 0, x.shape, weight.shape);
  Dims wanted{g.batch, g.groups * g.out_channels};
  for (int d = 2 + kConvDims - x.rank(); d < kConvDims; ++d) wanted.push_back(g.out[d]);
  if (grad.shape != wanted) {
    c.fail(ErrorKind::kShape, "grad must be ", wanted, " for input ", x.shape, " and weight ", weight.shape,
           ", got ", grad.shape);
  }
  const bool last = in_channels(g, grad, x);
  c.add_output(
      TensorSpec{x.dtype, x.shape, last ? channels_last_strides(x.shape) : contiguous_strides(x.shape)});
  c.add_output(weight.dtype, weight.shape);
}

size_t workspace(const InferContext& c) {
  const TensorSpec &grad = c.in(kGrad), &x = c.in(kX), &weight = c.in(kWeight);
  const ConvGeometry g = read_geometry(c, 0, x.shape, weight.shape);
  return dispatch_factor(c.out(0).dtype, [&]<class In>(In) {
    if (in_channels(g, grad, x)) {
      return std::max(channels_workspace<In>(g, true, conv_strides(weight)),
                      channels_weight_workspace<In>(g));
    }
    if (in_windows<In>(g, conv_strides(grad), conv_strides(x))) return window_gradients_workspace<In>(g);
    if constexpr (kIsHalf<In>)
      return widened_evaluation_bytes(c);
    else
      return std::max(conv_input_grad_workspace<In>(g), conv_weight_grad_workspace<In>(g));
  });
}

void eval(const EvalContext& c) {
  const TensorSpec &grad = *c.in(kGrad).spec, &x = *c.in(kX).spec, &weight = *c.in(kWeight).spec;
  const ConvGeometry g = read_geometry(c, 0, x.shape, weight.shape);
  dispatch_factor(c.out(0).spec->dtype, [&]<class In>(In) {
    const auto grads = conv_operand<In>(c.in(kGrad)), image = conv_operand<In>(c.in(kX)),
               window = conv_operand<In>(c.in(kWeight));
    In *const input_out = c.out(0).as<In>(), *const weight_out = c.out(1).as<In>();
    if (in_channels(g, grad, x)) {
      channels_forward<In>(g, true, grads, window, nullptr, input_out, c.workspace());
      channels_weight_grad<In>(g, grads, image, weight_out, c.workspace());
    } else if (in_windows<In>(g, conv_strides(grad), conv_strides(x))) {
      window_gradients<In>(g, grads, image, window, input_out, weight_out, c.workspace());
    } else if constexpr (kIsHalf<In>) {
      run_widened(c);
    } else {
      conv_input_grad<In>(g, grads, window, nullptr, input_out, c.workspace());
      conv_weight_grad<In>(g, grads, image, weight_out, c.workspace());
    }
  });
}

const Op kConvolutionGradients{
    .name = "convolutionGradients",
    .inputs = {InputDef{"grad"}, InputDef{"x"}, InputDef{"weight"}},
    .outputs = {OutputDef{.name = "xGrad", .differentiable = false},
                OutputDef{.name = "weightGrad", .differentiable = false}},
    .attrs = {kStride, kPadding, kDilation, kGroups},
    .flags = kInternal | kTakesHalves,
    .promotion = Promotion::kCommon,
    .infer = infer,
    .workspace = workspace,
    .eval = eval,
};

}  // namespace

bool gains_by_both_gradients(const ConvGeometry& g, const TensorSpec& grad, const TensorSpec& x) {
  return dispatch_factor(
      grad.dtype, [&]<class In>(In) { return in_windows<In>(g, conv_strides(grad), conv_strides(x)); });
}

void register_conv_gradients_ops(Registry& registry) { registry.add(kConvolutionGradients); }

}  // namespace lanegrad
