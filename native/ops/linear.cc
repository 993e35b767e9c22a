#include <array>

#include "core/error.h"
#include "ops/batched_gemm.h"
#include "ops/bias.h"
#include "ops/functions.h"
#include "ops/op.h"
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

void eval_linear(const EvalContext& c) {
  const TensorView &x = c.in(0), &weight = c.in(1), &out = c.out(0);
  const Operands3 o = operands(*x.spec, *weight.spec, *out.spec);
  const void* bias = nullptr;
  if (c.has(2)) {
    bias = contiguous_bias(c.in(2),
                           static_cast<char*>(c.workspace()) + batched_gemm_workspace(o.x, o.weight, o.out));
  }
  batched_gemm(o.x, x.data, o.weight, weight.data, o.out, out.data, bias, c.workspace());
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

}  // namespace

void register_linear_ops(Registry& registry) { registry.add(kLinear); }

}  // namespace lanegrad
