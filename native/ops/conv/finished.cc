// Convolutions as programs run them: what follows is made in their store, weights were packed before.
#include <array>

#include "core/error.h"
#include "ops/conv/record.h"
#include "ops/product/finish_activation.h"
#include "ops/registry.h"

namespace lanegrad {
namespace {

void check_wide(const InferContext& c, const char* name, const TensorSpec& spec, DType dtype) {
  if ((dtype != DType::kFloat32 && dtype != DType::kFloat64) || spec.dtype != dtype)
    c.fail(ErrorKind::kDType, "all operands must be float32, or all float64, got ", name, " of ",
           name_of(spec.dtype));
}

// convPack: weight [out, C / groups, ...] of a convolution of inputs of `inputShape` -> what convFinished
// reads in its stead where it would pack it. It depends on the level in force, so it may outlive no process.
ConvGeometry pack_geometry(const Attrs& attrs, const Dims& weight) {
  struct {
    const Attrs& all;
    const Attrs& attrs() const { return all; }
  } const context{attrs};
  Dims input;
  for (const int64_t size : attrs.get_ints(0)) input.push_back(size);
  return input.empty() ? ConvGeometry{} : read_geometry(context, 1, input, weight);
}

int64_t packed_elements(DType dtype, const ConvGeometry& g) {
  return dispatch_floating(dtype, [&]<class T>(T) { return conv_packed_elements<T>(g); });
}

void infer_pack(InferContext& c) {
  const TensorSpec& weight = c.in(0);
  check_wide(c, "weight", weight, weight.dtype);
  const auto shape = c.attrs().get_ints(0);
  if (shape.size() != static_cast<size_t>(weight.rank()) || shape.size() > kMaxRank)
    c.fail(ErrorKind::kShape, "inputShape must have as many dims as weight ", weight.shape, ", got ",
           shape.size());
  checked_numel(c.op().name, Dims(shape));
  const ConvGeometry g = check_geometry(c, 1, Dims(shape), weight.shape);
  if (!weight.is_contiguous()) c.fail(ErrorKind::kShape, "weight must be row-major, got ", weight.shape);
  const Dims packed{packed_elements(weight.dtype, g)};
  checked_numel(c.op().name, packed);
  c.add_output(weight.dtype, packed);
}

size_t workspace_pack(const InferContext& c) {
  const ConvGeometry g = pack_geometry(c.attrs(), c.in(0).shape);
  return dispatch_floating(c.in(0).dtype, [&]<class T>(T) { return conv_pack_workspace<T>(g); });
}

void eval_pack(const EvalContext& c) {
  const TensorView& weight = c.in(0);
  if (c.out(0).spec->numel() == 0) return;
  const ConvGeometry g = pack_geometry(c.attrs(), weight.spec->shape);
  dispatch_floating(weight.spec->dtype, [&]<class T>(T) {
    conv_pack<T>(g, conv_operand<T>(weight), c.out(0).as<T>(), c.workspace());
  });
}

// convFinished: a convolution, its channels moved, scaled and moved again, an activation, and a residual that
// is added after or before it: as one op after the other, bit for bit.
constexpr int kActivation = 4, kResidualFirst = 5;                              // attributes
constexpr int kShift = 3, kScale = 4, kOffset = 5, kResidual = 6, kPacked = 7;  // inputs

void infer_finished(InferContext& c) {
  constexpr const char* kNames[] = {"x", "weight", "bias", "shift", "scale", "offset", "residual", "packed"};
  for (int i = 0; i <= kPacked; ++i)
    if (c.has(i)) check_wide(c, kNames[i], c.in(i), c.in(0).dtype);
  infer_convolution(c);
  if (!c.out(0).is_contiguous()) c.fail(ErrorKind::kShape, "the result must be row-major");
  for (const int i : {kShift, kScale, kOffset})
    if (c.has(i) && (c.in(i).shape != Dims{c.in(1).shape[0]} || !c.in(i).is_contiguous()))
      c.fail(ErrorKind::kShape, kNames[i], " must be a row-major ", Dims{c.in(1).shape[0]}, ", got ",
             c.in(i).shape);
  if (c.has(kResidual) && (c.in(kResidual).shape != c.out(0).shape || !c.in(kResidual).is_contiguous()))
    c.fail(ErrorKind::kShape, "residual must be a row-major ", c.out(0).shape, ", got ",
           c.in(kResidual).shape);
  if (!c.has(kPacked)) return;
  const TensorSpec& packed = c.in(kPacked);
  const ConvGeometry g = read_geometry(c, 0, c.in(0).shape, c.in(1).shape);
  if (c.in(1).is_contiguous() && packed.shape == Dims{packed_elements(packed.dtype, g)} &&
      packed.is_contiguous())
    return;
  c.fail(ErrorKind::kShape, "packed must be what convPack made of weight ", c.in(1).shape, ", got ",
         packed.shape);
}

size_t workspace_finished(const InferContext& c) {
  const ConvGeometry g = read_geometry(c, 0, c.in(0).shape, c.in(1).shape);
  return dispatch_floating(c.out(0).dtype, [&]<class T>(T) { return conv_forward_workspace<T>(g); }) +
         workspace_bias(c);
}

ElementwiseKernel kernel_of(int code, DType dtype) {
  return elementwise_table().kernels[code][static_cast<size_t>(dtype)];
}

template <class T>
ConvFinish<T> finish_of(const EvalContext& c, const ConvGeometry& g) {
  const DType dtype = c.out(0).spec->dtype;
  const auto numbers = [&](int i) { return c.has(i) ? c.in(i).as<const T>() : nullptr; };
  ConvFinish<T> finish;
  finish.channels = {.shift = numbers(kShift),
                     .scale = numbers(kScale),
                     .offset = numbers(kOffset),
                     .sub = kernel_of(kCode_sub, dtype),
                     .mul = kernel_of(kCode_mul, dtype),
                     .add = kernel_of(kCode_add, dtype),
                     .channels = g.groups * g.out_channels,
                     .plane = g.places()};
  finish.out = c.out(0).as<T>();
  finish.activation = finish_activation(c.attrs().get_enum(kActivation), dtype);
  finish.add = kernel_of(kCode_add, dtype);
  finish.residual = numbers(kResidual);
  finish.residual_first = c.attrs().get_bool(kResidualFirst);
  return finish;
}

void eval_finished(const EvalContext& c) {
  const ConvGeometry g = read_geometry(c, 0, c.in(0).spec->shape, c.in(1).spec->shape);
  dispatch_floating(c.out(0).spec->dtype, [&]<class T>(T) {
    ConvExtras<T> extras;
    extras.bias = read_bias<T>(c, conv_forward_workspace<T>(g));
    extras.finish = finish_of<T>(c, g);
    if (c.has(kPacked)) extras.packed = c.in(kPacked).as<const T>();
    conv_forward<T>(g, conv_operand<T>(c.in(0)), conv_operand<T>(c.in(1)), c.out(0).as<T>(), extras,
                    c.workspace());
  });
}

const Op kConvPack{
    .name = "convPack",
    .inputs = {InputDef{"weight"}},
    .outputs = {OutputDef{.name = "out", .differentiable = false}},
    .attrs = {AttrDef{"inputShape", AttrType::kInts}, kStride, kPadding, kDilation, kGroups},
    .flags = kInternal,
    .infer = infer_pack,
    .workspace = workspace_pack,
    .eval = eval_pack,
};

const Op kConvFinished{
    .name = "convFinished",
    .inputs = {{{"x"},
                {"weight"},
                {"bias", InputKind::kOptional},
                {"shift", InputKind::kOptional},
                {"scale", InputKind::kOptional},
                {"offset", InputKind::kOptional},
                {"residual", InputKind::kOptional},
                {"packed", InputKind::kOptional}}},
    .outputs = {OutputDef{.name = "out", .differentiable = false}},
    .attrs = {kStride, kPadding, kDilation, kGroups,
              AttrDef{"activation", AttrType::kEnum, kFinishActivations},
              AttrDef{"residualFirst", AttrType::kBool}},
    .flags = kInternal,
    .infer = infer_finished,
    .workspace = workspace_finished,
    .eval = eval_finished,
};

}  // namespace

void register_conv_finished_ops(Registry& registry) {
  registry.add(kConvPack);
  registry.add(kConvFinished);
}

}  // namespace lanegrad
