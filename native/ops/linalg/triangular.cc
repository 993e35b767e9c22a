// solveTriangular(t, b){upper, left, unit}: T X = B, or X T = B, for a triangle T.
#include "ops/linalg/blocks.h"
#include "ops/linalg/functions.h"
#include "ops/registry.h"

namespace lanegrad {
namespace {

void infer_triangular(InferContext& c) {
  const TensorSpec &t = c.in(0), &b = c.in(1);
  const bool left = c.attrs().get_bool(1);
  check_square(c, "t", t);
  check_matrix(c, "b", b);
  check_same_batch(c, t, b);
  if ((left ? rows_of(b) : columns_of(b)) != rows_of(t)) {
    c.fail(ErrorKind::kShape, "sizes differ: t is ", t.shape, ", b is ", b.shape,
           left ? "" : ", from the right");
  }
  // X T = B is solved as T^T X^T = B^T, so X^T is what is row-major.
  if (left)
    c.add_output(b.dtype, b.shape);
  else
    c.add_output(column_major(b.dtype, b.shape));
}

size_t workspace_triangular(const InferContext& c) {
  const TensorSpec &t = c.in(0), &b = c.in(1);
  return dispatch_floating(b.dtype, [&]<class T>(T) {
    const int64_t n = rows_of(t), k = n == 0 ? 0 : numel(Dims{rows_of(b), columns_of(b)}) / n;
    return batch_workspace(numel(batch_dims(b)), linalg_scratch_bytes<T>(n, std::max(n, k)));
  });
}

void eval_triangular(const EvalContext& c) {
  const TensorView &t = c.in(0), &b = c.in(1), &out = c.out(0);
  const bool upper = c.attrs().get_bool(0), left = c.attrs().get_bool(1), unit = c.attrs().get_bool(2);
  const TensorSpec& spec = *t.spec;
  const int64_t n = rows_of(spec), k = left ? columns_of(*b.spec) : rows_of(*b.spec);
  const int64_t count = numel(batch_dims(spec));
  if (n == 0 || k == 0) return;
  int64_t row = spec.strides[spec.rank() - 2], col = spec.strides[spec.rank() - 1];
  if (!left) std::swap(row, col);
  dispatch_floating(spec.dtype, [&]<class T>(T) {
    for_matrices(count, n * n * k / 2, linalg_scratch_bytes<T>(n, std::max(n, k)), c.workspace(),
                 [&](int64_t index, void* memory, bool threaded) {
                   char* at = static_cast<char*>(memory);
                   const LinalgScratch<T> scratch = linalg_scratch<T>(n, std::max(n, k), at, threaded);
                   T* const x = out.as<T>() + index * n * k;
                   load_matrix(b, index, x, k, !left);
                   linalg_solve_triangle(scratch, n, k, t.as<T>() + matrix_offset(spec, index), row, col,
                                         upper == left, unit, x, k);
                 });
  });
}

// dB = T^-T dX, dT = -dB X^T in the triangle that counts; from the right dB = dX T^-T, dT = -X^T dB.
void vjp_triangular(VjpContext& c) {
  const bool upper = c.attrs().get_bool(0), left = c.attrs().get_bool(1), unit = c.attrs().get_bool(2);
  const Tensor t = c.input(0), x = c.output(0);
  const Tensor gb = fn::solve_triangular(c, fn::transpose_last(c, t), c.grad(0), !upper, left, unit);
  if (c.needs(1)) c.set_grad(1, gb);
  if (!c.needs(0)) return;
  const Tensor xt = fn::transpose_last(c, x);
  const Tensor full = fn::neg(c, left ? fn::matmul(c, gb, xt) : fn::matmul(c, xt, gb));
  c.set_grad(0, upper ? fn::triu(c, full, unit ? 1 : 0) : fn::tril(c, full, unit ? -1 : 0));
}

const Op kSolveTriangular{
    .name = "solveTriangular",
    .inputs = {InputDef{"t"}, InputDef{"b"}},
    .outputs = {OutputDef{"out"}},
    .attrs = {AttrDef{"upper", AttrType::kBool}, AttrDef{"left", AttrType::kBool},
              AttrDef{"unit", AttrType::kBool}},
    .flags = kPrimitive,
    .infer = infer_triangular,
    .workspace = workspace_triangular,
    .eval = eval_triangular,
    .saves = {.inputs = 0b01, .outputs = 0b1},
    .vjp = vjp_triangular,
};

}  // namespace

void register_triangular_ops(Registry& registry) { registry.add(kSolveTriangular); }

}  // namespace lanegrad
