#include <array>

#include "core/error.h"
#include "ops/bias.h"
#include "ops/convolution.h"
#include "ops/functions.h"
#include "ops/op.h"
#include "ops/registry.h"

namespace lanegrad {
namespace {

// Sizes, strides, paddings and dilations beyond this cannot belong to a tensor that fits into memory.
constexpr int64_t kMaxExtent = int64_t{1} << 31;

// Reads stride, padding, dilation and groups, which stand in this order from attribute `first` on.
template <class Context>
ConvGeometry read_geometry(const Context& c, int first, const Dims& x, const Dims& weight) {
  const Attrs& attrs = c.attrs();
  ConvGeometry g{};
  g.batch = x[0];
  g.groups = attrs.get_int(first + 3);
  g.in_channels = weight[1];
  g.out_channels = weight[0] / g.groups;
  for (int d = 0; d < 2; ++d) {
    g.size[d] = x[2 + d];
    g.kernel[d] = weight[2 + d];
    g.stride[d] = attrs.get_ints(first)[d];
    g.padding[d] = attrs.get_ints(first + 1)[d];
    g.dilation[d] = attrs.get_ints(first + 2)[d];
    g.out[d] = (g.size[d] + 2 * g.padding[d] - g.dilation[d] * (g.kernel[d] - 1) - 1) / g.stride[d] + 1;
  }
  return g;
}

void check_pair(const InferContext& c, int attr, const char* name, int64_t least) {
  const auto values = c.attrs().get_ints(attr);
  if (values.size() != 2) c.fail(ErrorKind::kValue, name, " must have 2 entries, got ", values.size());
  for (int64_t v : values) {
    if (v < least || v > kMaxExtent)
      c.fail(ErrorKind::kValue, name, " must be at least ", least, ", got ", Dims(values));
  }
}

// What every convolution asks of its shapes and attributes.
ConvGeometry check_geometry(const InferContext& c, int first, const Dims& x, const Dims& weight) {
  if (x.size() != 4) c.fail(ErrorKind::kShape, "input must be [N, C, H, W], got ", x);
  if (weight.size() != 4)
    c.fail(ErrorKind::kShape, "weight must be [out, in / groups, kH, kW], got ", weight);
  check_pair(c, first, "stride", 1);
  check_pair(c, first + 1, "padding", 0);
  check_pair(c, first + 2, "dilation", 1);
  const int64_t groups = c.attrs().get_int(first + 3);
  if (groups < 1 || groups > kMaxExtent) c.fail(ErrorKind::kValue, "groups must be at least 1, got ", groups);
  if (weight[0] % groups != 0 || weight[1] > kMaxExtent || x[1] != weight[1] * groups) {
    c.fail(ErrorKind::kShape, "channels do not fit: input is ", x, ", weight is ", weight, " with groups ",
           groups, " (input channels must be ", weight[1],
           " * groups, output channels a multiple of groups)");
  }
  for (int d = 0; d < 2; ++d) {
    if (weight[2 + d] < 1 || weight[2 + d] > kMaxExtent || x[2 + d] > kMaxExtent) {
      c.fail(ErrorKind::kShape, "kernel must have at least 1 element in each direction, weight is ", weight);
    }
    const int64_t room = x[2 + d] + 2 * c.attrs().get_ints(first + 1)[d];
    if (c.attrs().get_ints(first + 2)[d] > (kMaxExtent << 10) / weight[2 + d] ||
        c.attrs().get_ints(first + 2)[d] * (weight[2 + d] - 1) + 1 > room) {
      c.fail(ErrorKind::kShape, "kernel is larger than the padded input: input is ", x, ", weight is ",
             weight, ", padding ", Dims(c.attrs().get_ints(first + 1)), ", dilation ",
             Dims(c.attrs().get_ints(first + 2)));
    }
  }
  const ConvGeometry g = read_geometry(c, first, x, weight);
  // The padded copies, too, must be of a size that can exist.
  checked_numel(c.op().name, Dims{x[0], x[1], x[2] + 2 * g.padding[0], x[3] + 2 * g.padding[1]});
  checked_numel(c.op().name, Dims{x[0], weight[0], g.out[0] + 2 * g.dilation[0] * g.kernel[0],
                                  g.out[1] + 2 * g.dilation[1] * g.kernel[1]});
  return g;
}

void check_floating(const InferContext& c) {
  if (!is_floating(c.in(0).dtype))
    c.fail(ErrorKind::kDType, "inputs must be floating, got ", name_of(c.in(0).dtype));
}

Dims out_shape(const ConvGeometry& g) { return {g.batch, g.groups * g.out_channels, g.out[0], g.out[1]}; }

template <class T>
Strided4<const T> strided(const TensorView& v) {
  const Dims& s = v.spec->strides;
  return {v.as<const T>(), {s[0], s[1], s[2], s[3]}};
}

template <class F>
decltype(auto) dispatch_floating(DType dtype, F&& fn) {
  return dtype == DType::kFloat64 ? fn(double{}) : fn(float{});
}

Dims dims_of(const Attrs& attrs, int k) { return Dims(attrs.get_ints(k)); }

// A shape that came as an attribute.
Dims check_shape(const InferContext& c, int attr, const char* name) {
  const auto values = c.attrs().get_ints(attr);
  if (values.size() != 4) c.fail(ErrorKind::kShape, name, " must have 4 dims, got ", values.size());
  const Dims shape(values);
  checked_numel(c.op().name, shape);
  return shape;
}

// conv2d: x [N, C, H, W], weight [out, C / groups, kH, kW], bias [out] -> [N, out, oH, oW].
void infer_conv2d(InferContext& c) {
  check_floating(c);
  const ConvGeometry g = check_geometry(c, 0, c.in(0).shape, c.in(1).shape);
  if (c.has(2) && c.in(2).shape != Dims{c.in(1).shape[0]}) {
    c.fail(ErrorKind::kShape, "bias must be ", Dims{c.in(1).shape[0]}, " for weight ", c.in(1).shape,
           ", got ", c.in(2).shape);
  }
  checked_numel(c.op().name, out_shape(g));
  c.add_output(c.in(0).dtype, out_shape(g));
}

size_t workspace_conv2d(const InferContext& c) {
  const ConvGeometry g = read_geometry(c, 0, c.in(0).shape, c.in(1).shape);
  const size_t bytes =
      dispatch_floating(c.out(0).dtype, [&]<class T>(T) { return conv_forward_workspace<T>(g); });
  return bytes + (c.has(2) ? bias_workspace(c.in(2)) : 0);
}

void eval_conv2d(const EvalContext& c) {
  const ConvGeometry g = read_geometry(c, 0, c.in(0).spec->shape, c.in(1).spec->shape);
  dispatch_floating(c.out(0).spec->dtype, [&]<class T>(T) {
    const T* bias = nullptr;
    if (c.has(2)) {
      void* const room = static_cast<char*>(c.workspace()) + conv_forward_workspace<T>(g);
      bias = static_cast<const T*>(contiguous_bias(c.in(2), room));
    }
    conv_forward<T>(g, strided<T>(c.in(0)), strided<T>(c.in(1)), bias, c.out(0).as<T>(), c.workspace());
  });
}

// conv2dInputGrad: grad [N, out, oH, oW], weight [out, C / groups, kH, kW] -> inputShape, the transpose of
// conv2d in x.
void infer_input_grad(InferContext& c) {
  check_floating(c);
  const Dims shape = check_shape(c, 0, "inputShape");
  const ConvGeometry g = check_geometry(c, 1, shape, c.in(1).shape);
  if (c.in(0).shape != out_shape(g)) {
    c.fail(ErrorKind::kShape, "grad must be ", out_shape(g), " for input ", shape, " and weight ",
           c.in(1).shape, ", got ", c.in(0).shape);
  }
  c.add_output(c.in(0).dtype, shape);
}

size_t workspace_input_grad(const InferContext& c) {
  const ConvGeometry g = read_geometry(c, 1, dims_of(c.attrs(), 0), c.in(1).shape);
  return dispatch_floating(c.out(0).dtype, [&]<class T>(T) { return conv_input_grad_workspace<T>(g); });
}

void eval_input_grad(const EvalContext& c) {
  const ConvGeometry g = read_geometry(c, 1, dims_of(c.attrs(), 0), c.in(1).spec->shape);
  dispatch_floating(c.out(0).spec->dtype, [&]<class T>(T) {
    conv_input_grad<T>(g, strided<T>(c.in(0)), strided<T>(c.in(1)), c.out(0).as<T>(), c.workspace());
  });
}

// conv2dWeightGrad: grad [N, out, oH, oW], x [N, C, H, W] -> weightShape, the transpose of conv2d in the
// weight.
void infer_weight_grad(InferContext& c) {
  check_floating(c);
  const Dims shape = check_shape(c, 0, "weightShape");
  const ConvGeometry g = check_geometry(c, 1, c.in(1).shape, shape);
  if (c.in(0).shape != out_shape(g)) {
    c.fail(ErrorKind::kShape, "grad must be ", out_shape(g), " for input ", c.in(1).shape, " and weight ",
           shape, ", got ", c.in(0).shape);
  }
  c.add_output(c.in(0).dtype, shape);
}

size_t workspace_weight_grad(const InferContext& c) {
  const ConvGeometry g = read_geometry(c, 1, c.in(1).shape, dims_of(c.attrs(), 0));
  return dispatch_floating(c.out(0).dtype, [&]<class T>(T) { return conv_weight_grad_workspace<T>(g); });
}

void eval_weight_grad(const EvalContext& c) {
  const ConvGeometry g = read_geometry(c, 1, c.in(1).spec->shape, dims_of(c.attrs(), 0));
  dispatch_floating(c.out(0).spec->dtype, [&]<class T>(T) {
    conv_weight_grad<T>(g, strided<T>(c.in(0)), strided<T>(c.in(1)), c.out(0).as<T>(), c.workspace());
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
  static const Op& op = find_op("conv2d");
  Attrs attrs;
  return c.apply(op, {x, weight, Tensor()}, add_geometry(attrs, from, first));
}
Tensor input_grad(Applier& c, const Tensor& grad, const Tensor& weight, const Dims& shape, const Attrs& from,
                  int first) {
  static const Op& op = find_op("conv2dInputGrad");
  Attrs attrs;
  attrs.add_ints(shape);
  return c.apply(op, {grad, weight}, add_geometry(attrs, from, first));
}
Tensor weight_grad(Applier& c, const Tensor& grad, const Tensor& x, const Dims& shape, const Attrs& from,
                   int first) {
  static const Op& op = find_op("conv2dWeightGrad");
  Attrs attrs;
  attrs.add_ints(shape);
  return c.apply(op, {grad, x}, add_geometry(attrs, from, first));
}

void vjp_conv2d(VjpContext& c) {
  const Tensor grad = c.grad(0);
  if (!grad) return;
  if (c.needs(0)) c.set_grad(0, input_grad(c, grad, c.input(1), c.input_shape(0), c.attrs(), 0));
  if (c.needs(1)) c.set_grad(1, weight_grad(c, grad, c.input(0), c.input_shape(1), c.attrs(), 0));
  if (c.has_input(2) && c.needs(2)) c.set_grad(2, fn::sum(c, grad, std::array<int64_t, 3>{0, 2, 3}, false));
}

void vjp_input_grad(VjpContext& c) {
  const Tensor grad = c.grad(0);
  if (!grad) return;
  if (c.needs(0)) c.set_grad(0, conv(c, grad, c.input(1), c.attrs(), 1));
  if (c.needs(1)) c.set_grad(1, weight_grad(c, c.input(0), grad, c.input_shape(1), c.attrs(), 1));
}

void vjp_weight_grad(VjpContext& c) {
  const Tensor grad = c.grad(0);
  if (!grad) return;
  if (c.needs(0)) c.set_grad(0, conv(c, c.input(1), grad, c.attrs(), 1));
  if (c.needs(1)) c.set_grad(1, input_grad(c, c.input(0), grad, c.input_shape(1), c.attrs(), 1));
}

constexpr AttrDef kStride{"stride", AttrType::kInts}, kPadding{"padding", AttrType::kInts},
    kDilation{"dilation", AttrType::kInts}, kGroups{"groups", AttrType::kInt};

const Op kConv2d{
    .name = "conv2d",
    .inputs = {InputDef{"x"}, InputDef{"weight"}, InputDef{"bias", InputKind::kOptional}},
    .outputs = {OutputDef{"out"}},
    .attrs = {kStride, kPadding, kDilation, kGroups},
    .flags = kPrimitive,
    .promotion = Promotion::kCommon,
    .infer = infer_conv2d,
    .workspace = workspace_conv2d,
    .eval = eval_conv2d,
    .saves = {.inputs = 0b11},
    .vjp = vjp_conv2d,
};

const Op kConv2dInputGrad{
    .name = "conv2dInputGrad",
    .inputs = {InputDef{"grad"}, InputDef{"weight"}},
    .outputs = {OutputDef{"out"}},
    .attrs = {AttrDef{"inputShape", AttrType::kInts}, kStride, kPadding, kDilation, kGroups},
    .flags = kPrimitive,
    .promotion = Promotion::kCommon,
    .infer = infer_input_grad,
    .workspace = workspace_input_grad,
    .eval = eval_input_grad,
    .saves = {.inputs = 0b11},
    .vjp = vjp_input_grad,
};

const Op kConv2dWeightGrad{
    .name = "conv2dWeightGrad",
    .inputs = {InputDef{"grad"}, InputDef{"x"}},
    .outputs = {OutputDef{"out"}},
    .attrs = {AttrDef{"weightShape", AttrType::kInts}, kStride, kPadding, kDilation, kGroups},
    .flags = kPrimitive,
    .promotion = Promotion::kCommon,
    .infer = infer_weight_grad,
    .workspace = workspace_weight_grad,
    .eval = eval_weight_grad,
    .saves = {.inputs = 0b11},
    .vjp = vjp_weight_grad,
};

}  // namespace

void register_conv_ops(Registry& registry) {
  registry.add(kConv2d);
  registry.add(kConv2dInputGrad);
  registry.add(kConv2dWeightGrad);
}

}  // namespace lanegrad
