// cholesky(a){upper}: a symmetric positive definite matrix as L L^T, or U^T U.
#include <cstring>

#include "ops/linalg/blocks.h"
#include "ops/linalg/functions.h"
#include "ops/registry.h"

namespace lanegrad {
namespace {

// A row-major U is a column-major L: both are computed in place as U, and the strides say which is meant.
void infer_cholesky(InferContext& c) {
  const TensorSpec& a = c.in(0);
  check_square(c, "a", a);
  if (c.attrs().get_bool(0))
    c.add_output(a.dtype, a.shape);
  else
    c.add_output(column_major(a.dtype, a.shape));
}

template <class T>
size_t slice_bytes(int64_t n) {
  return linalg_scratch_bytes<T>(n, n);
}

size_t workspace_cholesky(const InferContext& c) {
  const TensorSpec& a = c.in(0);
  return dispatch_floating(
      a.dtype, [&]<class T>(T) { return batch_workspace(numel(batch_dims(a)), slice_bytes<T>(rows_of(a))); });
}

void eval_cholesky(const EvalContext& c) {
  const TensorView &a = c.in(0), &out = c.out(0);
  const int64_t n = rows_of(*a.spec), count = numel(batch_dims(*a.spec));
  const bool upper = c.attrs().get_bool(0);
  FirstFailure failure;
  dispatch_floating(a.spec->dtype, [&]<class T>(T) {
    for_matrices(count, n * n * n / 3, slice_bytes<T>(n), c.workspace(),
                 [&](int64_t index, void* memory, bool threaded) {
                   T* const u = out.as<T>() + index * n * n;
                   // Only the triangle that is named counts.
                   load_matrix(a, index, u, n, !upper);
                   char* at = static_cast<char*>(memory);
                   const LinalgScratch<T> scratch = linalg_scratch<T>(n, n, at, threaded);
                   if (const int64_t order = linalg_cholesky(scratch, n, u, n)) failure.report(index, order);
                   for (int64_t i = 1; i < n; ++i)
                     std::memset(u + i * n, 0, sizeof(T) * static_cast<size_t>(i));
                 });
  });
  if (failure.any()) {
    c.fail(ErrorKind::kLinAlg, matrix_name(failure.index(), count), " of shape ", Dims{n, n},
           " is not positive definite: its leading minor of order ", failure.detail(), " is not positive");
  }
}

// With L: phi = half of (the lower triangle of L^T dL, its diagonal halved, and its transpose), dA = L^-T phi
// L^-1. Symmetric, whichever triangle was read.
void vjp_cholesky(VjpContext& c) {
  const bool upper = c.attrs().get_bool(0);
  const Tensor out = c.output(0), grad = c.grad(0);
  const Tensor l = upper ? fn::transpose_last(c, out) : out;
  const Tensor gl = upper ? fn::transpose_last(c, grad) : grad;
  const Tensor product = fn::matmul(c, fn::transpose_last(c, l), gl);
  const Tensor below = fn::tril(c, product, -1);
  const Tensor on = fn::where(c, fn::diagonal_mask(c, rows_of(l->spec)), product, c.scalar(0));
  const Tensor phi = fn::mul(c, fn::add(c, fn::add(c, below, fn::transpose_last(c, below)), on), 0.5);
  const Tensor half = fn::solve_triangular(c, fn::transpose_last(c, l), phi, /*upper=*/true);
  c.set_grad(0, fn::solve_triangular(c, l, half, /*upper=*/false, /*left=*/false));
}

const Op kCholesky{
    .name = "cholesky",
    .inputs = {InputDef{"a"}},
    .outputs = {OutputDef{"out"}},
    .attrs = {AttrDef{"upper", AttrType::kBool}},
    .flags = kPrimitive,
    .autocast = Autocast::kFloat32,
    .infer = infer_cholesky,
    .workspace = workspace_cholesky,
    .eval = eval_cholesky,
    .saves = {.outputs = 0b1},
    .vjp = vjp_cholesky,
};

}  // namespace

void register_cholesky_ops(Registry& registry) { registry.add(kCholesky); }

}  // namespace lanegrad
