#include "core/error.h"
#include "ops/product/batched_gemm.h"
#include "ops/functions.h"
#include "ops/op.h"
#include "ops/registry.h"

namespace lanegrad {
namespace {

Dims leading(const Dims& shape, int dims) {
  Dims d = shape;
  d.resize(dims);
  return d;
}

// a: [..., m, k], b: [..., k, n] -> [..., m, n]; the leading dims broadcast.
void infer_matmul(InferContext& c) {
  const TensorSpec &a = c.in(0), &b = c.in(1);
  if (a.dtype == DType::kBool || b.dtype == DType::kBool) {
    c.fail(ErrorKind::kDType, "bool has no products: cast to an integer or floating dtype first");
  }
  const int ra = a.rank(), rb = b.rank();
  if (ra < 2 || rb < 2) {
    c.fail(ErrorKind::kShape, "operands must have at least 2 dims: a is ", a.shape, ", b is ", b.shape);
  }
  const int64_t m = a.shape[ra - 2], k = a.shape[ra - 1], n = b.shape[rb - 1];
  if (b.shape[rb - 2] != k) {
    c.fail(ErrorKind::kShape, "inner dimensions differ: a is ", a.shape, ", b is ", b.shape, " (", k,
           " against ", b.shape[rb - 2], ")");
  }
  Dims shape = broadcast_shapes(c.op().name, leading(a.shape, ra - 2), leading(b.shape, rb - 2));
  if (shape.size() + 2 > kMaxRank) c.fail(ErrorKind::kShape, "more than ", kMaxRank, " dims");
  shape.push_back(m);
  shape.push_back(n);
  checked_numel(c.op().name, shape);
  c.add_output(a.dtype, shape);
}

size_t workspace_matmul(const InferContext& c) { return batched_gemm_workspace(c.in(0), c.in(1), c.out(0)); }

void eval_matmul(const EvalContext& c) {
  const TensorView &a = c.in(0), &b = c.in(1), &out = c.out(0);
  batched_gemm(*a.spec, a.data, *b.spec, b.data, *out.spec, out.data, {}, c.workspace());
}

Tensor as_matrix(Applier& c, const Tensor& x) {
  const Dims& shape = x->spec.shape;
  if (shape.size() == 2) return x;
  int64_t rows = 1;
  for (int i = 0; i + 1 < shape.size(); ++i) rows *= shape[i];
  return fn::reshape(c, x, Dims{rows, shape.back()});
}

// da = grad b^T, db = a^T grad, each summed over the dims that were broadcast. With one matrix b for a whole
// batch, the sum over the batch is part of the product.
void vjp_matmul(VjpContext& c) {
  const Tensor grad = c.grad(0);
  if (!grad) return;
  const Dims &a_shape = c.input_shape(0), &b_shape = c.input_shape(1);
  if (c.needs(0)) {
    c.set_grad(0, fn::sum_to(c, fn::matmul(c, grad, fn::transpose_last(c, c.input(1))), a_shape));
  }
  if (c.needs(1)) {
    const Tensor a = c.input(0);
    if (b_shape.size() == 2 && a_shape.size() > 2) {
      c.set_grad(1, fn::matmul(c, fn::transpose_last(c, as_matrix(c, a)), as_matrix(c, grad)));
    } else {
      c.set_grad(1, fn::sum_to(c, fn::matmul(c, fn::transpose_last(c, a), grad), b_shape));
    }
  }
}

const Op kMatmul{
    .name = "matmul",
    .inputs = {InputDef{"a"}, InputDef{"b"}},
    .outputs = {OutputDef{"out"}},
    .flags = kPrimitive | kTakesHalves,
    .promotion = Promotion::kCommon,
    .autocast = Autocast::kLower,
    .infer = infer_matmul,
    .workspace = workspace_matmul,
    .eval = eval_matmul,
    .saves = {.inputs = 0b11},
    .vjp = vjp_matmul,
};

}  // namespace

void register_matmul_ops(Registry& registry) { registry.add(kMatmul); }

}  // namespace lanegrad
