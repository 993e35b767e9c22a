#include <array>

#include "core/error.h"
#include "ops/product/batched_gemm.h"
#include "ops/product/linear.h"
#include "ops/product/bias.h"
#include "ops/product/finish_activation.h"
#include "ops/functions.h"
#include "ops/op.h"
#include "ops/product/packed_operand.h"
#include "ops/registry.h"

namespace lanegrad {
namespace {

// x: [..., in], weight: [out, in], bias: [out] -> x weight^T + bias: [..., out].
void infer_linear(InferContext& c) {
  const TensorSpec &x = c.in(0), &weight = c.in(1);
  if (!is_floating(x.dtype)) c.fail(ErrorKind::kDType, "x must be floating, got ", name_of(x.dtype));
  if (x.rank() < 1) c.fail(ErrorKind::kShape, "x must have at least 1 dim, got a number");
  if (weight.rank() != 2) c.fail(ErrorKind::kShape, "weight must be [out, in], got ", weight.shape);
  const int64_t features = x.shape.back();
  if (weight.shape[1] != features) {
    c.fail(ErrorKind::kShape, "inner dimensions differ: x is ", x.shape, ", weight is ", weight.shape, " (",
           features, " against ", weight.shape[1], ")");
  }
  if (c.has(2) && c.in(2).shape != Dims{weight.shape[0]}) {
    c.fail(ErrorKind::kShape, "bias must be ", Dims{weight.shape[0]}, " for weight ", weight.shape, ", got ",
           c.in(2).shape);
  }
  Dims shape = x.shape;
  shape[shape.size() - 1] = weight.shape[0];
  checked_numel(c.op().name, shape);
  c.add_output(x.dtype, shape);
}

// The operands of the product: a vector is a matrix of one row.
struct Operands3 {
  TensorSpec x, weight, out;
};
TensorSpec with_row(const TensorSpec& spec) {
  if (spec.rank() > 1) return spec;
  return {spec.dtype, Dims{1, spec.shape[0]}, Dims{spec.shape[0], spec.strides[0]}};
}
Operands3 operands(const TensorSpec& x, const TensorSpec& weight, const TensorSpec& out) {
  const TensorSpec transposed{weight.dtype, Dims{weight.shape[1], weight.shape[0]},
                              Dims{weight.strides[1], weight.strides[0]}};
  return {with_row(x), transposed, with_row(out)};
}

size_t workspace_linear(const InferContext& c) {
  const Operands3 o = operands(c.in(0), c.in(1), c.out(0));
  return batched_gemm_workspace(o.x, o.weight, o.out) + (c.has(2) ? bias_workspace(c.in(2)) : 0);
}

void run_linear(const EvalContext& c, GemmExtras extras) {
  const TensorView &x = c.in(0), &weight = c.in(1), &out = c.out(0);
  const Operands3 o = operands(*x.spec, *weight.spec, *out.spec);
  if (c.has(2)) {
    const size_t product = batched_gemm_workspace(o.x, o.weight, o.out);
    extras.bias = contiguous_bias(c.in(2), static_cast<char*>(c.workspace()) + product);
  }
  batched_gemm(o.x, x.data, o.weight, weight.data, o.out, out.data, extras, c.workspace());
}

void eval_linear(const EvalContext& c) { run_linear(c, {}); }

int64_t packed_size(const TensorSpec& weight) {
  return dispatch_factor(weight.dtype,
                         [&]<class T>(T) { return packed_elements<T>(weight.shape[1], weight.shape[0]); });
}

// weight: [out, in] -> what linearFinished reads in its stead where it would pack it. It depends on the level
// in force, so it may outlive no process.
void infer_pack(InferContext& c) {
  const TensorSpec& weight = c.in(0);
  if (!is_floating(weight.dtype))
    c.fail(ErrorKind::kDType, "weight must be floating, got ", name_of(weight.dtype));
  if (weight.rank() != 2) c.fail(ErrorKind::kShape, "weight must be [out, in], got ", weight.shape);
  const Dims shape{packed_size(weight)};
  checked_numel(c.op().name, shape);
  c.add_output(computed_dtype(weight.dtype), shape);
}

void eval_pack(const EvalContext& c) {
  const TensorView& weight = c.in(0);
  const TensorSpec& spec = *weight.spec;
  dispatch_factor(spec.dtype, [&]<class T>(T) {
    pack_operand(weight.as<const T>(), spec.strides[1], spec.strides[0], spec.shape[1], spec.shape[0],
                 c.out(0).as<GemmSum<T>>());
  });
}

// linear, then an activation, then a residual is added: as three ops, bit for bit, without the two passes
// over memory.
void infer_finished(InferContext& c) {
  for (const TensorSpec* spec : {&c.in(1), c.has(2) ? &c.in(2) : &c.in(1), c.has(3) ? &c.in(3) : &c.in(1)}) {
    if (spec->dtype == c.in(0).dtype) continue;
    c.fail(ErrorKind::kDType, "x is ", name_of(c.in(0).dtype), ", another operand ", name_of(spec->dtype));
  }
  infer_linear(c);
  if (c.has(3) && (c.in(3).shape != c.out(0).shape || !c.in(3).is_contiguous())) {
    c.fail(ErrorKind::kShape, "residual must be a row-major ", c.out(0).shape, ", got ", c.in(3).shape);
  }
  if (!c.has(4)) return;
  const TensorSpec& packed = c.in(4);
  if (packed.dtype == computed_dtype(c.in(0).dtype) && packed.shape == Dims{packed_size(c.in(1))} &&
      packed.is_contiguous())
    return;
  c.fail(ErrorKind::kShape, "packed must be what linearPack made of weight ", c.in(1).shape, ", got ",
         packed.shape);
}

void eval_finished(const EvalContext& c) {
  GemmExtras extras;
  const DType dtype = computed_dtype(c.out(0).spec->dtype);
  extras.activation = finish_activation(c.attrs().get_enum(0), dtype);
  if (c.has(3)) extras.residual = c.in(3).data;
  if (c.has(4)) extras.packed_b = c.in(4).data;
  run_linear(c, extras);
}

Tensor as_matrix(Applier& c, const Tensor& x) {
  const Dims& shape = x->spec.shape;
  if (shape.size() == 2) return x;
  int64_t rows = 1;
  for (int i = 0; i + 1 < shape.size(); ++i) rows *= shape[i];
  return fn::reshape(c, x, Dims{rows, shape.back()});
}

// dx = grad weight, dweight = grad^T x, dbias = the sum of grad's rows: one product each.
void vjp_linear(VjpContext& c) {
  const Tensor grad = c.grad(0);
  if (!grad) return;
  const Tensor rows = as_matrix(c, grad);
  if (c.needs(0)) {
    const bool vector = c.input_shape(0).size() == 1;
    const Tensor dx = fn::matmul(c, vector ? rows : grad, c.input(1));
    c.set_grad(0, vector ? fn::reshape(c, dx, c.input_shape(0)) : dx);
  }
  if (c.needs(1)) c.set_grad(1, fn::matmul(c, fn::transpose_last(c, rows), as_matrix(c, c.input(0))));
  if (c.has_input(2) && c.needs(2)) c.set_grad(2, fn::sum(c, rows, std::array<int64_t, 1>{0}, false));
}

const Op kLinear{
    .name = "linear",
    .inputs = {InputDef{"x"}, InputDef{"weight"}, InputDef{"bias", InputKind::kOptional}},
    .outputs = {OutputDef{"out"}},
    .flags = kTakesHalves,
    .promotion = Promotion::kCommon,
    .autocast = Autocast::kLower,
    .infer = infer_linear,
    .workspace = workspace_linear,
    .eval = eval_linear,
    .saves = {.inputs = 0b11},
    .vjp = vjp_linear,
};

const Op kLinearPack{
    .name = "linearPack",
    .inputs = {InputDef{"weight"}},
    .outputs = {OutputDef{.name = "out", .differentiable = false}},
    .flags = kInternal | kTakesHalves,
    .infer = infer_pack,
    .eval = eval_pack,
};

const Op kLinearFinished{
    .name = "linearFinished",
    .inputs = {{{"x"},
                {"weight"},
                {"bias", InputKind::kOptional},
                {"residual", InputKind::kOptional},
                {"packed", InputKind::kOptional}}},
    .outputs = {OutputDef{.name = "out", .differentiable = false}},
    .attrs = {AttrDef{"activation", AttrType::kEnum, kFinishActivations}},
    .flags = kInternal | kTakesHalves,
    .infer = infer_finished,
    .workspace = workspace_linear,
    .eval = eval_finished,
};

}  // namespace

bool linear_packs(const TensorSpec& x, const TensorSpec& weight, const TensorSpec& out) {
  if (out.numel() == 0) return false;
  const Operands3 o = operands(x, weight, out);
  return batched_gemm_packs(o.x, o.weight, o.out);
}

void register_linear_ops(Registry& registry) {
  registry.add(kLinear);
  registry.add(kLinearPack);
  registry.add(kLinearFinished);
}

}  // namespace lanegrad
