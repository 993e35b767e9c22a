// det(a): the product of the pivots. Its gradient is the matrix of cofactors.
#include "ops/linalg/det.h"

#include "ops/linalg/functions.h"
#include "ops/registry.h"

namespace lanegrad {

void register_cholesky_ops(Registry&);
void register_triangular_ops(Registry&);
void register_lu_ops(Registry&);
void register_cofactor_ops(Registry&);
void register_qr_ops(Registry&);
void register_eigh_ops(Registry&);
void register_svd_ops(Registry&);

namespace {

size_t padded(size_t bytes) { return (bytes + 63) & ~size_t{63}; }

void infer_det(InferContext& c) {
  check_square(c, "a", c.in(0));
  c.add_output(c.in(0).dtype, batch_dims(c.in(0)));
}

template <class T>
size_t det_bytes(int64_t n) {
  return padded(sizeof(T) * static_cast<size_t>(n * n)) + padded(sizeof(int32_t) * static_cast<size_t>(n)) +
         linalg_scratch_bytes<T>(n, n);
}

size_t workspace_det(const InferContext& c) {
  const TensorSpec& a = c.in(0);
  return dispatch_floating(
      a.dtype, [&]<class T>(T) { return batch_workspace(numel(batch_dims(a)), det_bytes<T>(rows_of(a))); });
}

void eval_det(const EvalContext& c) {
  const TensorView& a = c.in(0);
  const int64_t n = rows_of(*a.spec), count = numel(batch_dims(*a.spec));
  dispatch_floating(a.spec->dtype, [&]<class T>(T) {
    for_matrices(count, n * n * n / 3, det_bytes<T>(n), c.workspace(),
                 [&](int64_t index, void* memory, bool threaded) {
                   char* at = static_cast<char*>(memory);
                   T* const copy = reinterpret_cast<T*>(at);
                   at += padded(sizeof(T) * static_cast<size_t>(n * n));
                   int32_t* const pivots = reinterpret_cast<int32_t*>(at);
                   at += padded(sizeof(int32_t) * static_cast<size_t>(n));
                   load_matrix(a, index, copy, n);
                   c.out(0).as<T>()[index] =
                       linalg_determinant(linalg_scratch<T>(n, n, at, threaded), n, copy, pivots);
                 });
  });
}

void vjp_det(VjpContext& c) {
  static const Op& cofactors = find_op("cofactors");
  const Tensor grad = c.grad(0);
  const Tensor scale = fn::reshape(c, grad, with_matrix(grad->spec.shape, 1, 1));
  c.set_grad(0, fn::mul(c, scale, c.apply(cofactors, {c.input(0)}, Attrs())));
}

const Op kDetOps[] = {
    {.name = "det",
     .inputs = {InputDef{"a"}},
     .outputs = {OutputDef{"out"}},
     .flags = kPrimitive,
     .infer = infer_det,
     .workspace = workspace_det,
     .eval = eval_det,
     .saves = {.inputs = 0b1},
     .vjp = vjp_det},
};

}  // namespace

void register_linalg_ops(Registry& registry) {
  register_triangular_ops(registry);
  register_cholesky_ops(registry);
  register_lu_ops(registry);
  for (const Op& op : kDetOps) registry.add(op);
  register_cofactor_ops(registry);
  register_qr_ops(registry);
  register_eigh_ops(registry);
  register_svd_ops(registry);
}

}  // namespace lanegrad
