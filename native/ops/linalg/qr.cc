// qr(a){mode}: A = Q R by Householder reflections.
#include <cstring>

#include "ops/linalg/blocks.h"
#include "ops/linalg/functions.h"
#include "ops/registry.h"

namespace lanegrad {
namespace {

enum Mode { kReduced, kComplete, kOnlyR };

// Columns of Q: none where it is not wanted.
int64_t width_of_q(int64_t m, int64_t n, int mode) {
  return mode == kOnlyR ? 0 : mode == kComplete ? m : std::min(m, n);
}

size_t padded(size_t bytes) { return (bytes + 63) & ~size_t{63}; }

void infer_qr(InferContext& c) {
  const TensorSpec& a = c.in(0);
  check_matrix(c, "a", a);
  const int mode = c.attrs().get_enum(0);
  const int64_t m = rows_of(a), n = columns_of(a);
  const Dims batch = batch_dims(a);
  c.add_output(a.dtype, mode == kOnlyR ? Dims{0} : with_matrix(batch, m, width_of_q(m, n, mode)));
  c.add_output(a.dtype, with_matrix(batch, mode == kComplete ? m : std::min(m, n), n));
}

template <class T>
size_t slice_bytes(int64_t m, int64_t n, int64_t width) {
  return padded(sizeof(T) * static_cast<size_t>(m * n)) + padded(sizeof(T) * static_cast<size_t>(n)) +
         linalg_scratch_bytes<T>(m, std::max(n, width)) + linalg_reflector_bytes<T>(m, std::max(n, width));
}

size_t workspace_qr(const InferContext& c) {
  const TensorSpec& a = c.in(0);
  const int64_t m = rows_of(a), n = columns_of(a);
  return dispatch_floating(a.dtype, [&]<class T>(T) {
    return batch_workspace(numel(batch_dims(a)),
                           slice_bytes<T>(m, n, width_of_q(m, n, c.attrs().get_enum(0))));
  });
}

void eval_qr(const EvalContext& c) {
  const TensorView &a = c.in(0), &q = c.out(0), &r = c.out(1);
  const int64_t m = rows_of(*a.spec), n = columns_of(*a.spec), rows = rows_of(*r.spec);
  const int64_t width = width_of_q(m, n, c.attrs().get_enum(0)), count = numel(batch_dims(*a.spec));
  dispatch_floating(a.spec->dtype, [&]<class T>(T) {
    const size_t bytes = slice_bytes<T>(m, n, width);
    for_matrices(count, m * n * (n + width), bytes, c.workspace(),
                 [&](int64_t index, void* memory, bool threaded) {
                   char* at = static_cast<char*>(memory);
                   T* const packed = reinterpret_cast<T*>(at);
                   at += padded(sizeof(T) * static_cast<size_t>(m * n));
                   T* const tau = reinterpret_cast<T*>(at);
                   at += padded(sizeof(T) * static_cast<size_t>(n));
                   const LinalgScratch<T> scratch = linalg_scratch<T>(m, std::max(n, width), at, threaded);
                   load_matrix(a, index, packed, n);
                   linalg_qr(scratch, m, n, packed, n, tau, at);
                   T* const to = r.as<T>() + index * rows * n;
                   for (int64_t i = 0; i < rows; ++i) {
                     for (int64_t j = 0; j < n; ++j) to[i * n + j] = i <= j ? packed[i * n + j] : T(0);
                   }
                   if (width == 0) return;
                   const Reflectors<T> h{packed, n, 1, tau, m, std::min(m, n)};
                   linalg_form_q(scratch, h, width, q.as<T>() + index * m * width, width, at);
                 });
  });
}

// Of M x N with M >= N: dA = (dQ + Q copyltu(dQ...)) R^-T, here as in "Auto-differentiating linear algebra"
// (Seeger et al., 2017): with W = dR R^T - Q^T dQ, taken in its upper triangle and mirrored, dA = (dQ + Q W)
// R^-T, where a wide matrix is its square part A1 = Q R1 and A2 = Q R2.
void vjp_qr(VjpContext& c) {
  const int mode = c.attrs().get_enum(0);
  Tensor gq = c.grad(0), gr = c.grad(1);
  if (!gq && !gr) return;
  const Tensor q = c.output(0), r = c.output(1);
  const int64_t n = columns_of(r->spec);
  if (mode == kOnlyR) {
    fail(ErrorKind::kAutograd, "qr", "mode r has no gradient: use reduced");
  }
  const int64_t m = rows_of(q->spec), k = columns_of(q->spec);
  if (mode == kComplete && m > n) {
    fail(ErrorKind::kAutograd, "qr", "mode complete has no gradient for more rows than columns, ", m,
         " against ", n, ": use reduced");
  }
  const Tensor r1 = fn::narrow_columns(c, r, 0, k);
  Tensor right;
  if (n > k && gr) {
    const Tensor r2 = fn::narrow_columns(c, r, k, n - k), gr2 = fn::narrow_columns(c, gr, k, n - k);
    right = fn::matmul(c, q, gr2);
    const Tensor through_q = fn::matmul(c, fn::matmul(c, q, r2), fn::transpose_last(c, gr2));
    gq = fn::add_defined(c, gq, through_q);
  }
  Tensor w;
  if (gr) w = fn::matmul(c, fn::narrow_columns(c, gr, 0, k), fn::transpose_last(c, r1));
  if (gq) w = fn::add_defined(c, w, fn::neg(c, fn::matmul(c, fn::transpose_last(c, q), gq)));
  w = fn::add(c, fn::triu(c, w), fn::transpose_last(c, fn::triu(c, w, 1)));
  const Tensor total = fn::add_defined(c, fn::matmul(c, q, w), gq);
  Tensor ga = fn::solve_triangular(c, fn::transpose_last(c, r1), total, /*upper=*/false, /*left=*/false);
  if (n > k) {
    if (!right) right = fn::full(c, with_matrix(batch_dims(q->spec), m, n - k), 0, q->spec.dtype);
    ga = fn::cat(c, ga, right, -1);
  }
  c.set_grad(0, ga);
}

const Op kQr{
    .name = "qr",
    .inputs = {InputDef{"a"}},
    .outputs = {OutputDef{"q"}, OutputDef{"r"}},
    .attrs = {AttrDef{"mode", AttrType::kEnum, "reduced|complete|r"}},
    .flags = kPrimitive,
    .autocast = Autocast::kFloat32,
    .infer = infer_qr,
    .workspace = workspace_qr,
    .eval = eval_qr,
    .saves = {.outputs = 0b11},
    .vjp = vjp_qr,
};

}  // namespace

void register_qr_ops(Registry& registry) { registry.add(kQr); }

}  // namespace lanegrad
