// svd(a){fullMatrices}: A = U diag(S) Vh; svdvals(a): the values alone.
#include "ops/linalg/svd.h"

#include "ops/linalg/functions.h"
#include "ops/registry.h"

namespace lanegrad {
namespace {

struct Sides {
  int64_t m, n, tall, k, width;
  bool vectors;
};
Sides sides_of(const Op& op, const TensorSpec& a, const Attrs& attrs) {
  Sides s;
  s.m = rows_of(a);
  s.n = columns_of(a);
  s.tall = std::max(s.m, s.n);
  s.k = std::min(s.m, s.n);
  s.vectors = op.output_count() > 1;
  s.width = !s.vectors ? 0 : attrs.get_bool(0) ? s.tall : s.k;
  return s;
}

// The vectors are rows while they are computed: U comes out with contiguous columns.
void infer_svd(InferContext& c) {
  const TensorSpec& a = c.in(0);
  check_matrix(c, "a", a);
  const Sides s = sides_of(c.op(), a, c.attrs());
  const Dims batch = batch_dims(a);
  if (s.vectors) {
    c.add_output(column_major(a.dtype, with_matrix(batch, s.m, s.m > s.n ? s.width : s.k)));
  }
  c.add_output(a.dtype, with_vector(batch, s.k));
  if (s.vectors) c.add_output(a.dtype, with_matrix(batch, s.n > s.m ? s.width : s.k, s.n));
}

size_t workspace_svd(const InferContext& c) {
  const TensorSpec& a = c.in(0);
  const Sides s = sides_of(c.op(), a, c.attrs());
  return dispatch_floating(a.dtype, [&]<class T>(T) {
    return batch_workspace(numel(batch_dims(a)), SvdMemory<T>(s.tall, s.k, s.width, nullptr, false).bytes);
  });
}

template <class T>
void identity_rows(int64_t n, T* to) {
  for (int64_t i = 0; i < n; ++i) {
    for (int64_t j = 0; j < n; ++j) to[i * n + j] = i == j ? T(1) : T(0);
  }
}

void eval_svd(const EvalContext& c) {
  const TensorView& a = c.in(0);
  const Sides s = sides_of(c.op(), a.spec[0], c.attrs());
  const int64_t count = numel(batch_dims(*a.spec));
  const bool wide = s.n > s.m;
  FirstFailure failure;
  dispatch_floating(a.spec->dtype, [&]<class T>(T) {
    const size_t bytes = SvdMemory<T>(s.tall, s.k, s.width, nullptr, false).bytes;
    const int64_t work = 4 * s.k * s.k * (s.tall + 4 * s.k);
    for_matrices(count, work, bytes, c.workspace(), [&](int64_t index, void* memory, bool threaded) {
      T *left = nullptr, *right = nullptr;
      if (s.vectors) {
        left = c.out(wide ? 2 : 0).template as<T>() + index * s.width * s.tall;
        right = c.out(wide ? 0 : 2).template as<T>() + index * s.k * s.k;
      }
      if (s.k == 0) {
        if (left) identity_rows(s.width, left);
        return;
      }
      const SvdMemory<T> m(s.tall, s.k, s.width, static_cast<char*>(memory), threaded);
      load_matrix(a, index, m.a, s.k, wide);
      T* const values = c.out(s.vectors ? 1 : 0).template as<T>() + index * s.k;
      if (const int64_t failed = linalg_svd(m, values, left, right)) failure.report(index, failed);
    });
  });
  if (!failure.any()) return;
  c.fail(ErrorKind::kLinAlg, matrix_name(failure.index(), count), " of shape ", Dims{s.m, s.n},
         failure.detail() == kSvdNotFinite ? " holds NaN or infinity" : " did not converge");
}

Tensor antisymmetric(Applier& c, const Tensor& x) { return fn::sub(c, x, fn::transpose_last(c, x)); }

// dA = U [skew(U^T dU) / E diag(S) + diag(S) skew(V^T dV) / E + diag(dS)] V^T with E[i][j] = S[j]^2 - S[i]^2,
// and what of dU (dV) lies outside of U (V), divided by S. Right for functions that do not depend on the
// signs of the vectors, as the decomposition itself does.
void vjp_svd(VjpContext& c) {
  Tensor u = c.output(0), s = c.output(1), vh = c.output(2);
  Tensor gu = c.grad(0), gs = c.grad(1), gvh = c.grad(2);
  if (!gu && !gs && !gvh) return;
  const int64_t k = s->spec.shape.back(), m = rows_of(u->spec), n = columns_of(vh->spec);
  u = fn::narrow_columns(c, u, 0, k);
  vh = fn::narrow_rows(c, vh, 0, k);
  if (!gu && !gvh) {
    c.set_grad(0, fn::matmul(c, fn::mul(c, u, fn::as_row(c, gs)), vh));
    return;
  }
  if (gu) gu = fn::narrow_columns(c, gu, 0, k);
  if (gvh) gvh = fn::narrow_rows(c, gvh, 0, k);
  const Tensor ut = fn::transpose_last(c, u), v = fn::transpose_last(c, vh);
  const Tensor row = fn::as_row(c, s), column = fn::as_column(c, s);
  const Tensor mask = fn::diagonal_mask(c, k);
  const Tensor gaps = fn::where(c, mask, c.scalar(1), fn::sub(c, fn::square(c, row), fn::square(c, column)));
  Tensor inner;
  if (gu) inner = fn::mul(c, fn::div(c, antisymmetric(c, fn::matmul(c, ut, gu)), gaps), row);
  if (gvh) {
    const Tensor turned = antisymmetric(c, fn::matmul(c, vh, fn::transpose_last(c, gvh)));
    inner = fn::add_defined(c, inner, fn::mul(c, column, fn::div(c, turned, gaps)));
  }
  if (gs) inner = fn::add(c, inner, fn::diagonal_matrix(c, gs));
  Tensor ga = fn::matmul(c, fn::matmul(c, u, inner), vh);
  if (m > k && gu) {
    const Tensor scaled = fn::div(c, gu, row);
    const Tensor outside = fn::sub(c, scaled, fn::matmul(c, u, fn::matmul(c, ut, scaled)));
    ga = fn::add(c, ga, fn::matmul(c, outside, vh));
  }
  if (n > k && gvh) {
    const Tensor scaled = fn::div(c, gvh, column);
    const Tensor outside = fn::sub(c, scaled, fn::matmul(c, fn::matmul(c, scaled, v), vh));
    ga = fn::add(c, ga, fn::matmul(c, u, outside));
  }
  c.set_grad(0, ga);
}

// dA = U diag(dS) Vh
void vjp_svdvals(VjpContext& c) {
  static const Op& svd = find_op("svd");
  Tensor all[3];
  c.apply(svd, {c.input(0)}, Attrs().add_bool(false), all);
  c.set_grad(0, fn::matmul(c, fn::mul(c, all[0], fn::as_row(c, c.grad(0))), all[2]));
}

const Op kSvdOps[] = {
    {.name = "svd",
     .inputs = {InputDef{"a"}},
     .outputs = {OutputDef{"u"}, OutputDef{"s"}, OutputDef{"vh"}},
     .attrs = {AttrDef{"fullMatrices", AttrType::kBool}},
     .flags = kPrimitive,
     .autocast = Autocast::kFloat32,
     .infer = infer_svd,
     .workspace = workspace_svd,
     .eval = eval_svd,
     .saves = {.outputs = 0b111},
     .vjp = vjp_svd},
    {.name = "svdvals",
     .inputs = {InputDef{"a"}},
     .outputs = {OutputDef{"out"}},
     .flags = kPrimitive,
     .autocast = Autocast::kFloat32,
     .infer = infer_svd,
     .workspace = workspace_svd,
     .eval = eval_svd,
     .saves = {.inputs = 0b1},
     .vjp = vjp_svdvals},
};

}  // namespace

void register_svd_ops(Registry& registry) {
  for (const Op& op : kSvdOps) registry.add(op);
}

}  // namespace lanegrad
