// eigh(a){upper}: eigenvalues and eigenvectors of symmetric matrices, by tridiagonalization and implicit QL;
// eigvalsh(a){upper}: the values alone.
#include <algorithm>
#include <numeric>

#include "ops/linalg/functions.h"
#include "ops/linalg/spectral.h"
#include "ops/registry.h"

namespace lanegrad {
namespace {

void infer_eigh(InferContext& c) {
  const TensorSpec& a = c.in(0);
  check_square(c, "a", a);
  c.add_output(a.dtype, with_vector(batch_dims(a), rows_of(a)));
  // The vectors are rows while they are computed.
  if (c.op().output_count() > 1) c.add_output(column_major(a.dtype, a.shape));
}

// Everything that one matrix needs.
template <class T>
struct EighMemory {
  T *a, *q, *z, *tau, *work;
  double *d, *e;
  int64_t* order;
  char *rotations, *reflectors;
  LinalgScratch<T> scratch;

  // Without memory it only counts.
  EighMemory(int64_t n, bool vectors, char* memory, bool threaded) {
    const auto take = [&](auto*& piece, int64_t count) {
      piece = reinterpret_cast<std::remove_reference_t<decltype(piece)>>(memory + bytes);
      bytes += (sizeof(*piece) * static_cast<size_t>(count) + 63) & ~size_t{63};
    };
    take(a, n * n);
    take(tau, n);
    take(work, 2 * n);
    take(d, n);
    take(e, n);
    take(order, n);
    if (!vectors) return;
    take(q, n * n);
    take(z, n * n);
    take(rotations, static_cast<int64_t>(RotationBuffer<T>::bytes(n)));
    take(reflectors, static_cast<int64_t>(linalg_reflector_bytes<T>(n, n)));
    char* at = memory + bytes;
    if (memory) scratch = linalg_scratch<T>(n, n, at, threaded);
    bytes += linalg_scratch_bytes<T>(n, n);
  }
  size_t bytes = 0;
};

size_t workspace_eigh(const InferContext& c) {
  const TensorSpec& a = c.in(0);
  return dispatch_floating(a.dtype, [&]<class T>(T) {
    const EighMemory<T> memory(rows_of(a), c.op().output_count() > 1, nullptr, false);
    return batch_workspace(numel(batch_dims(a)), memory.bytes);
  });
}

// Row i of A as row i of the triangle that counts, mirrored into the other one.
template <class T>
void load_symmetric(const TensorView& a, int64_t index, int64_t n, bool upper, T* to) {
  load_matrix(a, index, to, n, !upper);
  for (int64_t i = 0; i < n; ++i) {
    for (int64_t j = 0; j < i; ++j) to[i * n + j] = to[j * n + i];
  }
}

// Q^T in rows: one for row and column 0, and the transpose of what the reflections make of the others.
template <class T>
void transposed_q(int64_t n, const EighMemory<T>& m) {
  std::fill(m.z, m.z + n * n, T(0));
  m.z[0] = 1;
  if (n < 2) return;
  const int64_t size = n - 1;
  linalg_form_q<T>(m.scratch, {m.a + 1, 1, n, m.tau, size, size}, size, m.q, size, m.reflectors);
  for (int64_t i = 0; i < size; ++i) {
    for (int64_t j = 0; j < size; ++j) m.z[(i + 1) * n + j + 1] = m.q[j * size + i];
  }
}

enum Failure { kNotFinite = 1, kNotConverged = 2 };

template <class T>
int64_t decompose(int64_t n, const EighMemory<T>& m, bool vectors, T* values, T* rows, bool threaded) {
  const double scale = linalg_normalize(n, n, m.a, n);
  if (!(scale == scale)) return kNotFinite;
  linalg_tridiagonalize(n, m.a, n, m.d, m.e, m.tau, m.work, threaded);
  if (vectors) transposed_q(n, m);
  RotationBuffer<T> rotations(vectors ? m.z : nullptr, n, n, n, vectors ? m.rotations : nullptr, threaded);
  if (!linalg_tridiagonal_ql(n, m.d, m.e, rotations)) return kNotConverged;
  std::iota(m.order, m.order + n, int64_t{0});
  std::sort(m.order, m.order + n,
            [&](int64_t i, int64_t j) { return m.d[i] != m.d[j] ? m.d[i] < m.d[j] : i < j; });
  for (int64_t i = 0; i < n; ++i) {
    values[i] = static_cast<T>(m.d[m.order[i]] * scale);
    if (vectors) std::copy_n(m.z + m.order[i] * n, n, rows + i * n);
  }
  return 0;
}

void eval_eigh(const EvalContext& c) {
  const TensorView& a = c.in(0);
  const int64_t n = rows_of(*a.spec), count = numel(batch_dims(*a.spec));
  const bool upper = c.attrs().get_bool(0), vectors = c.op().output_count() > 1;
  if (n == 0) return;
  FirstFailure failure;
  dispatch_floating(a.spec->dtype, [&]<class T>(T) {
    const size_t bytes = EighMemory<T>(n, vectors, nullptr, false).bytes;
    for_matrices(count, 9 * n * n * n, bytes, c.workspace(), [&](int64_t index, void* memory, bool threaded) {
      const EighMemory<T> m(n, vectors, static_cast<char*>(memory), threaded);
      load_symmetric(a, index, n, upper, m.a);
      T* const rows = vectors ? c.out(1).as<T>() + index * n * n : nullptr;
      const int64_t failed = decompose(n, m, vectors, c.out(0).as<T>() + index * n, rows, threaded);
      if (failed) failure.report(index, failed);
    });
  });
  if (!failure.any()) return;
  c.fail(ErrorKind::kLinAlg, matrix_name(failure.index(), count), " of shape ", Dims{n, n},
         failure.detail() == kNotFinite ? " holds NaN or infinity" : " did not converge");
}

// dA = V (diag(dL) + skew(V^T dV) / E) V^T with skew(X) = (X - X^T) / 2 and E[i][j] = L[j] - L[i] off the
// diagonal: symmetric, whichever triangle was read.
void vjp_eigh(VjpContext& c) {
  const Tensor gl = c.grad(0), gv = c.grad(1);
  if (!gl && !gv) return;
  const Tensor l = c.output(0), v = c.output(1), vt = fn::transpose_last(c, v);
  if (!gv) {
    c.set_grad(0, fn::matmul(c, fn::mul(c, v, fn::as_row(c, gl)), vt));
    return;
  }
  const Tensor mask = fn::diagonal_mask(c, l->spec.shape.back());
  const Tensor gaps = fn::where(c, mask, c.scalar(1), fn::sub(c, fn::as_row(c, l), fn::as_column(c, l)));
  const Tensor product = fn::matmul(c, vt, gv);
  const Tensor skew = fn::mul(c, fn::sub(c, product, fn::transpose_last(c, product)), 0.5);
  const Tensor turned = fn::div(c, skew, gaps);
  const Tensor on = gl ? fn::as_row(c, gl) : c.scalar(0);
  c.set_grad(0, fn::matmul(c, fn::matmul(c, v, fn::where(c, mask, on, turned)), vt));
}

// dA = V diag(dL) V^T
void vjp_eigvalsh(VjpContext& c) {
  static const Op& eigh = find_op("eigh");
  Tensor both[2];
  c.apply(eigh, {c.input(0)}, c.attrs(), both);
  const Tensor& v = both[1];
  c.set_grad(0, fn::matmul(c, fn::mul(c, v, fn::as_row(c, c.grad(0))), fn::transpose_last(c, v)));
}

const Op kEigenOps[] = {
    {.name = "eigh",
     .inputs = {InputDef{"a"}},
     .outputs = {OutputDef{"eigenvalues"}, OutputDef{"eigenvectors"}},
     .attrs = {AttrDef{"upper", AttrType::kBool}},
     .flags = kPrimitive,
     .autocast = Autocast::kFloat32,
     .infer = infer_eigh,
     .workspace = workspace_eigh,
     .eval = eval_eigh,
     .saves = {.outputs = 0b11},
     .vjp = vjp_eigh},
    {.name = "eigvalsh",
     .inputs = {InputDef{"a"}},
     .outputs = {OutputDef{"out"}},
     .attrs = {AttrDef{"upper", AttrType::kBool}},
     .flags = kPrimitive,
     .autocast = Autocast::kFloat32,
     .infer = infer_eigh,
     .workspace = workspace_eigh,
     .eval = eval_eigh,
     .saves = {.inputs = 0b1},
     .vjp = vjp_eigvalsh},
};

}  // namespace

void register_eigh_ops(Registry& registry) {
  for (const Op& op : kEigenOps) registry.add(op);
}

}  // namespace lanegrad
