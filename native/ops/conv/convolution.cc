#include "core/error.h"
#include "ops/check_operand.h"
#include "ops/product/batched_gemm.h"
#include "ops/conv/channels.h"
#include "ops/conv/halves.h"
#include "ops/conv/record.h"
#include "ops/functions.h"
#include "ops/registry.h"
#include "ops/widen.h"

namespace lanegrad {
namespace {

using namespace conv_detail;

// Sizes, strides, paddings and dilations beyond this cannot belong to a tensor that fits into memory.
constexpr int64_t kMaxExtent = int64_t{1} << 31;

void check_sizes(const InferContext& c, int attr, const char* name, int64_t least, int count) {
  const auto values = c.attrs().get_ints(attr);
  if (values.size() != static_cast<size_t>(count))
    c.fail(ErrorKind::kValue, name, " must have ", count, " entries, got ", values.size());
  for (int64_t v : values) {
    if (v < least || v > kMaxExtent)
      c.fail(ErrorKind::kValue, name, " must be at least ", least, ", got ", Dims(values));
  }
}

}  // namespace

// What every convolution asks of its shapes and attributes.
ConvGeometry check_geometry(const InferContext& c, int first, const Dims& x, const Dims& weight) {
  const int directions = x.size() - 2;
  if (directions < 1 || directions > kConvDims)
    c.fail(ErrorKind::kShape, "input must be [N, C, ...] of one to three directions, got ", x);
  if (weight.size() != x.size())
    c.fail(ErrorKind::kShape, "weight must be [out, in / groups, ...] of ", directions, " directions, got ",
           weight);
  check_sizes(c, first, "stride", 1, directions);
  check_sizes(c, first + 1, "padding", 0, directions);
  check_sizes(c, first + 2, "dilation", 1, directions);
  const int64_t groups = c.attrs().get_int(first + 3);
  if (groups < 1 || groups > kMaxExtent) c.fail(ErrorKind::kValue, "groups must be at least 1, got ", groups);
  if (weight[0] % groups != 0 || weight[1] > kMaxExtent || x[1] != weight[1] * groups) {
    c.fail(ErrorKind::kShape, "channels do not fit: input is ", x, ", weight is ", weight, " with groups ",
           groups, " (input channels must be ", weight[1],
           " * groups, output channels a multiple of groups)");
  }
  const auto padding = c.attrs().get_ints(first + 1), dilation = c.attrs().get_ints(first + 2);
  for (int d = 0; d < directions; ++d) {
    const int64_t kernel = weight[2 + d];
    if (kernel < 1 || kernel > kMaxExtent || x[2 + d] > kMaxExtent) {
      c.fail(ErrorKind::kShape, "kernel must have at least 1 element in each direction, weight is ", weight);
    }
    if (dilation[d] > (kMaxExtent << 10) / kernel ||
        dilation[d] * (kernel - 1) + 1 > x[2 + d] + 2 * padding[d]) {
      c.fail(ErrorKind::kShape, "kernel is larger than the padded input: input is ", x, ", weight is ",
             weight, ", padding ", Dims(padding), ", dilation ", Dims(dilation));
    }
  }
  const ConvGeometry g = read_geometry(c, first, x, weight);
  // The padded copies, too, must be of a size that can exist.
  Dims padded_in{x[0], x[1]}, padded_out{x[0], weight[0]};
  for (int d = 0; d < kConvDims; ++d) {
    padded_in.push_back(g.size[d] + 2 * g.padding[d]);
    padded_out.push_back(g.out[d] + 2 * g.dilation[d] * g.kernel[d]);
  }
  checked_numel(c.op().name, padded_in);
  checked_numel(c.op().name, padded_out);
  return g;
}

namespace {

void check_floating(const InferContext& c) {
  if (!is_floating(c.in(0).dtype))
    c.fail(ErrorKind::kDType, "inputs must be floating, got ", name_of(c.in(0).dtype));
}

Dims out_shape(const ConvGeometry& g, int rank) {
  Dims shape{g.batch, g.groups * g.out_channels};
  for (int d = 2 + kConvDims - rank; d < kConvDims; ++d) shape.push_back(g.out[d]);
  return shape;
}

// ---- channels-last: what comes so stays so where there are kernels for it

TensorSpec result_like(const TensorSpec& x, const ConvGeometry& g, const Dims& shape) {
  const bool last = lies_channels_last(x) && has_channels_last(g, x.dtype);
  return {x.dtype, shape, last ? channels_last_strides(shape) : contiguous_strides(shape)};
}

bool in_channels(const ConvGeometry& g, const TensorSpec& a, const TensorSpec& b) {
  return lies_channels_last(a) && lies_channels_last(b) && has_channels_last(g, a.dtype);
}

size_t workspace_channels(const InferContext& c, const ConvGeometry& g, bool gradient) {
  return dispatch_factor(
             c.out(0).dtype,
             [&]<class In>(In) { return channels_workspace<In>(g, gradient, conv_strides(c.in(1))); }) +
         workspace_bias(c);
}

void eval_channels(const EvalContext& c, const ConvGeometry& g, bool gradient) {
  dispatch_factor(c.out(0).spec->dtype, [&]<class In>(In) {
    const size_t room = channels_workspace<In>(g, gradient, conv_strides(*c.in(1).spec));
    channels_forward<In>(g, gradient, conv_operand<In>(c.in(0)), conv_operand<In>(c.in(1)),
                         read_bias<GemmSum<In>>(c, room), c.out(0).as<In>(), c.workspace());
  });
}

Dims dims_of(const Attrs& attrs, int k) { return Dims(attrs.get_ints(k)); }

// A shape that came as an attribute.
Dims check_shape(const InferContext& c, int attr, const char* name) {
  const auto values = c.attrs().get_ints(attr);
  if (values.size() != static_cast<size_t>(c.in(1).rank()) || values.size() > kMaxRank) {
    c.fail(ErrorKind::kShape, name, " must have as many dims as ", c.in(1).shape, ", got ", values.size());
  }
  const Dims shape(values);
  checked_numel(c.op().name, shape);
  return shape;
}

void check_bias(const InferContext& c, int64_t channels) {
  if (c.has(2) && c.in(2).shape != Dims{channels})
    c.fail(ErrorKind::kShape, "bias must be ", Dims{channels}, ", got ", c.in(2).shape);
}

}  // namespace

// convolution: x [N, C, ...], weight [out, C / groups, ...], bias [out] -> [N, out, ...].
void infer_convolution(InferContext& c) {
  check_floating(c);
  const ConvGeometry g = check_geometry(c, 0, c.in(0).shape, c.in(1).shape);
  check_bias(c, c.in(1).shape[0]);
  const Dims shape = out_shape(g, c.in(0).rank());
  checked_numel(c.op().name, shape);
  c.add_output(result_like(c.in(0), g, shape));
}

namespace {

size_t workspace_convolution(const InferContext& c) {
  const ConvGeometry g = read_geometry(c, 0, c.in(0).shape, c.in(1).shape);
  if (in_channels(g, c.in(0), c.out(0))) return workspace_channels(c, g, false);
  if (is_narrow(c.out(0).dtype)) return conv_halves_workspace(c, g, ConvPass::kForward);
  return dispatch_floating(c.out(0).dtype, [&]<class T>(T) { return conv_forward_workspace<T>(g); }) +
         workspace_bias(c);
}

void eval_convolution(const EvalContext& c) {
  const ConvGeometry g = read_geometry(c, 0, c.in(0).spec->shape, c.in(1).spec->shape);
  if (in_channels(g, *c.in(0).spec, *c.out(0).spec)) return eval_channels(c, g, false);
  if (is_narrow(c.out(0).spec->dtype)) return conv_halves(c, g, ConvPass::kForward);
  dispatch_floating(c.out(0).spec->dtype, [&]<class T>(T) {
    ConvExtras<T> extras;
    extras.bias = read_bias<T>(c, conv_forward_workspace<T>(g));
    conv_forward<T>(g, conv_operand<T>(c.in(0)), conv_operand<T>(c.in(1)), c.out(0).as<T>(), extras,
                    c.workspace());
  });
}

// convolutionInputGrad: grad [N, out, ...], weight [out, C / groups, ...], bias [C] -> inputShape: the
// transpose of convolution in x, plus a bias. Forward, this is the transposed convolution.
void infer_input_grad(InferContext& c) {
  check_floating(c);
  const Dims shape = check_shape(c, 0, "inputShape");
  const ConvGeometry g = check_geometry(c, 1, shape, c.in(1).shape);
  const Dims wanted = out_shape(g, shape.size());
  if (c.in(0).shape != wanted) {
    c.fail(ErrorKind::kShape, "grad must be ", wanted, " for input ", shape, " and weight ", c.in(1).shape,
           ", got ", c.in(0).shape);
  }
  check_bias(c, shape[1]);
  c.add_output(result_like(c.in(0), g, shape));
}

// An image without places may have outputs: of the padding around it.
size_t workspace_input_grad(const InferContext& c) {
  if (c.out(0).numel() == 0) return 0;
  const ConvGeometry g = read_geometry(c, 1, dims_of(c.attrs(), 0), c.in(1).shape);
  if (in_channels(g, c.in(0), c.out(0))) return workspace_channels(c, g, true);
  if (is_narrow(c.out(0).dtype)) return conv_halves_workspace(c, g, ConvPass::kInputGrad);
  return dispatch_floating(c.out(0).dtype, [&]<class T>(T) { return conv_input_grad_workspace<T>(g); }) +
         workspace_bias(c);
}

void eval_input_grad(const EvalContext& c) {
  if (c.out(0).spec->numel() == 0) return;
  const ConvGeometry g = read_geometry(c, 1, dims_of(c.attrs(), 0), c.in(1).spec->shape);
  if (in_channels(g, *c.in(0).spec, *c.out(0).spec)) return eval_channels(c, g, true);
  if (is_narrow(c.out(0).spec->dtype)) return conv_halves(c, g, ConvPass::kInputGrad);
  dispatch_floating(c.out(0).spec->dtype, [&]<class T>(T) {
    conv_input_grad<T>(g, conv_operand<T>(c.in(0)), conv_operand<T>(c.in(1)),
                       read_bias<T>(c, conv_input_grad_workspace<T>(g)), c.out(0).as<T>(), c.workspace());
  });
}

// convolutionWeightGrad: grad [N, out, ...], x [N, C, ...] -> weightShape, the transpose of convolution in
// the weight.
void infer_weight_grad(InferContext& c) {
  check_floating(c);
  const Dims shape = check_shape(c, 0, "weightShape");
  const ConvGeometry g = check_geometry(c, 1, c.in(1).shape, shape);
  const Dims wanted = out_shape(g, shape.size());
  if (c.in(0).shape != wanted) {
    c.fail(ErrorKind::kShape, "grad must be ", wanted, " for input ", c.in(1).shape, " and weight ", shape,
           ", got ", c.in(0).shape);
  }
  c.add_output(c.in(0).dtype, shape);
}

size_t workspace_weight_grad(const InferContext& c) {
  const ConvGeometry g = read_geometry(c, 1, c.in(1).shape, dims_of(c.attrs(), 0));
  if (in_channels(g, c.in(0), c.in(1))) {
    return dispatch_factor(c.out(0).dtype, [&]<class In>(In) { return channels_weight_workspace<In>(g); });
  }
  if (is_narrow(c.out(0).dtype)) return conv_halves_workspace(c, g, ConvPass::kWeightGrad);
  return dispatch_floating(c.out(0).dtype, [&]<class T>(T) { return conv_weight_grad_workspace<T>(g); });
}

void eval_weight_grad(const EvalContext& c) {
  const ConvGeometry g = read_geometry(c, 1, c.in(1).spec->shape, dims_of(c.attrs(), 0));
  if (in_channels(g, *c.in(0).spec, *c.in(1).spec)) {
    return dispatch_factor(c.out(0).spec->dtype, [&]<class In>(In) {
      channels_weight_grad<In>(g, conv_operand<In>(c.in(0)), conv_operand<In>(c.in(1)), c.out(0).as<In>(),
                               c.workspace());
    });
  }
  if (is_narrow(c.out(0).spec->dtype)) return conv_halves(c, g, ConvPass::kWeightGrad);
  dispatch_floating(c.out(0).spec->dtype, [&]<class T>(T) {
    conv_weight_grad<T>(g, conv_operand<T>(c.in(0)), conv_operand<T>(c.in(1)), c.out(0).as<T>(),
                        c.workspace());
  });
}

// The three are bilinear and each other's transposes, so their gradients are each other.
Attrs& add_geometry(Attrs& to, const Attrs& from, int first) {
  return to.add_ints(from.get_ints(first))
      .add_ints(from.get_ints(first + 1))
      .add_ints(from.get_ints(first + 2))
      .add_int(from.get_int(first + 3));
}
Tensor conv(Applier& c, const Tensor& x, const Tensor& weight, const Attrs& from, int first) {
  static const Op& op = find_op("convolution");
  Attrs attrs;
  return c.apply(op, {x, weight, Tensor()}, add_geometry(attrs, from, first));
}
Tensor input_grad(Applier& c, const Tensor& grad, const Tensor& weight, const Dims& shape, const Attrs& from,
                  int first) {
  static const Op& op = find_op("convolutionInputGrad");
  Attrs attrs;
  attrs.add_ints(shape);
  return c.apply(op, {grad, weight, Tensor()}, add_geometry(attrs, from, first));
}
Tensor weight_grad(Applier& c, const Tensor& grad, const Tensor& x, const Dims& shape, const Attrs& from,
                   int first) {
  static const Op& op = find_op("convolutionWeightGrad");
  Attrs attrs;
  attrs.add_ints(shape);
  return c.apply(op, {grad, x}, add_geometry(attrs, from, first));
}
void bias_grad(VjpContext& c, const Tensor& grad) {
  if (!c.has_input(2) || !c.needs(2)) return;
  Dims dims{0};
  for (int i = 2; i < grad->spec.rank(); ++i) dims.push_back(i);
  c.set_grad(2, fn::sum(c, grad, dims, false));
}

// Of input and weight, if both are wanted and one call makes them.
bool both_grads(VjpContext& c, const Tensor& grad) {
  if (!c.needs(0) || !c.needs(1) || c.create_graph()) return false;
  const Tensor x = c.input(0), weight = c.input(1);
  const ConvGeometry g = read_geometry(c, 0, x->spec.shape, weight->spec.shape);
  if (!gains_by_both_gradients(g, grad->spec, x->spec)) return false;
  static const Op& op = find_op("convolutionGradients");
  Attrs attrs;
  Tensor grads[2];
  c.apply(op, {grad, x, weight}, add_geometry(attrs, c.attrs(), 0), grads);
  for (int i : {0, 1}) c.set_grad(i, grads[i]);
  return true;
}

void vjp_convolution(VjpContext& c) {
  const Tensor grad = c.grad(0);
  if (!grad) return;
  bias_grad(c, grad);
  if (both_grads(c, grad)) return;
  if (c.needs(0)) c.set_grad(0, input_grad(c, grad, c.input(1), c.input_shape(0), c.attrs(), 0));
  if (c.needs(1)) c.set_grad(1, weight_grad(c, grad, c.input(0), c.input_shape(1), c.attrs(), 0));
}

void vjp_input_grad(VjpContext& c) {
  const Tensor grad = c.grad(0);
  if (!grad) return;
  if (c.needs(0)) c.set_grad(0, conv(c, grad, c.input(1), c.attrs(), 1));
  if (c.needs(1)) c.set_grad(1, weight_grad(c, c.input(0), grad, c.input_shape(1), c.attrs(), 1));
  bias_grad(c, grad);
}

void vjp_weight_grad(VjpContext& c) {
  const Tensor grad = c.grad(0);
  if (!grad) return;
  if (c.needs(0)) c.set_grad(0, conv(c, c.input(1), grad, c.attrs(), 1));
  if (c.needs(1)) c.set_grad(1, input_grad(c, c.input(0), grad, c.input_shape(1), c.attrs(), 1));
}

const Op kConvolution{
    .name = "convolution",
    .inputs = {InputDef{"x"}, InputDef{"weight"}, InputDef{"bias", InputKind::kOptional}},
    .outputs = {OutputDef{"out"}},
    .attrs = {kStride, kPadding, kDilation, kGroups},
    .flags = kPrimitive | kTakesHalves,
    .promotion = Promotion::kCommon,
    .autocast = Autocast::kLower,
    .infer = infer_convolution,
    .workspace = workspace_convolution,
    .eval = eval_convolution,
    .saves = {.inputs = 0b11},
    .vjp = vjp_convolution,
};

const Op kConvolutionInputGrad{
    .name = "convolutionInputGrad",
    .inputs = {InputDef{"grad"}, InputDef{"weight"}, InputDef{"bias", InputKind::kOptional}},
    .outputs = {OutputDef{"out"}},
    .attrs = {AttrDef{"inputShape", AttrType::kInts}, kStride, kPadding, kDilation, kGroups},
    .flags = kPrimitive | kTakesHalves,
    .promotion = Promotion::kCommon,
    .autocast = Autocast::kLower,
    .infer = infer_input_grad,
    .workspace = workspace_input_grad,
    .eval = eval_input_grad,
    .saves = {.inputs = 0b11},
    .vjp = vjp_input_grad,
};

const Op kConvolutionWeightGrad{
    .name = "convolutionWeightGrad",
    .inputs = {InputDef{"grad"}, InputDef{"x"}},
    .outputs = {OutputDef{"out"}},
    .attrs = {AttrDef{"weightShape", AttrType::kInts}, kStride, kPadding, kDilation, kGroups},
    .flags = kPrimitive | kTakesHalves,
    .promotion = Promotion::kCommon,
    .infer = infer_weight_grad,
    .workspace = workspace_weight_grad,
    .eval = eval_weight_grad,
    .saves = {.inputs = 0b11},
    .vjp = vjp_weight_grad,
};

}  // namespace

void register_conv_ops(Registry& registry) {
  registry.add(kConvolution);
  registry.add(kConvolutionInputGrad);
  registry.add(kConvolutionWeightGrad);
}

}  // namespace lanegrad
