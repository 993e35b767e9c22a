// det(a), and its gradient, which exists for singular matrices too: the matrix of cofactors.
#include <algorithm>
#include <cmath>

#include "ops/linalg_functions.h"
#include "ops/linalg_svd.h"
#include "ops/registry.h"

namespace lanegrad {

void register_cholesky_ops(Registry&);
void register_triangular_ops(Registry&);
void register_lu_ops(Registry&);
void register_qr_ops(Registry&);
void register_eigh_ops(Registry&);
void register_svd_ops(Registry&);

namespace {

size_t padded(size_t bytes) { return (bytes + 63) & ~size_t{63}; }

// ---- det(a): the product of the pivots

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

// Of a row-major matrix, which is lost. The product is scaled as it grows, so that it is infinite or zero
// only if the result is.
template <class T>
T determinant(const LinalgScratch<T>& scratch, int64_t n, T* a, int32_t* pivots) {
  if (n > 0) linalg_lu(scratch, n, n, a, n, pivots);
  double product = 1;
  int64_t exponent = 0;
  for (int64_t i = 0; i < n; ++i) {
    int shift = 0;
    product = std::frexp(product * static_cast<double>(a[i * (n + 1)]), &shift);
    if (pivots[i] != i) product = -product;
    exponent += shift;
  }
  return static_cast<T>(std::ldexp(product, static_cast<int>(std::clamp<int64_t>(exponent, -5000, 5000))));
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
                       determinant(linalg_scratch<T>(n, n, at, threaded), n, copy, pivots);
                 });
  });
}

void vjp_det(VjpContext& c) {
  static const Op& cofactors = find_op("cofactors");
  const Tensor grad = c.grad(0);
  const Tensor scale = fn::reshape(c, grad, with_matrix(grad->spec.shape, 1, 1));
  c.set_grad(0, fn::mul(c, scale, c.apply(cofactors, {c.input(0)}, Attrs())));
}

// ---- cofactors(a): det(A) A^-T, and its limit where A is singular. With A = U S V^T it is
// det(U) det(V) U diag(products of the other singular values) V^T. In double throughout.

struct CofactorMemory {
  CofactorMemory(int64_t n, char* memory, bool threaded) : svd(n, n, n, memory, threaded) {
    const auto take = [&](double*& piece, int64_t count) {
      piece = reinterpret_cast<double*>(memory + bytes);
      bytes += padded(sizeof(double) * static_cast<size_t>(count));
    };
    bytes = svd.bytes;
    take(values, n);
    take(ut, n * n);
    take(vt, n * n);
    take(turned, n * n);
    take(inner, n * n);
    pivots = reinterpret_cast<int32_t*>(memory + bytes);
    bytes += padded(sizeof(int32_t) * static_cast<size_t>(n));
  }
  SvdMemory<double> svd;
  double *values, *ut, *vt, *turned, *inner;
  int32_t* pivots;
  size_t bytes = 0;

  // det(U) det(V), which is 1 or -1.
  double orientation(int64_t n) const {
    std::copy_n(ut, n * n, svd.b);
    const double first = determinant(svd.scratch, n, svd.b, pivots);
    std::copy_n(vt, n * n, svd.b);
    return first * determinant(svd.scratch, n, svd.b, pivots) < 0 ? -1 : 1;
  }
  // The product of all singular values but i and j.
  double others(int64_t n, int64_t i, int64_t j) const {
    double product = 1;
    for (int64_t p = 0; p < n; ++p) product *= p == i || p == j ? 1 : values[p];
    return product;
  }
};

void infer_cofactors(InferContext& c) {
  check_square(c, "a", c.in(0));
  c.add_output(c.in(0).dtype, c.in(0).shape);
}

size_t workspace_cofactors(const InferContext& c) {
  const TensorSpec& a = c.in(0);
  return batch_workspace(numel(batch_dims(a)), CofactorMemory(rows_of(a), nullptr, false).bytes);
}

// out = sign U inner V^T, where inner(memory) has been filled from the decomposition; NaN if A is not finite.
template <class T, class F>
void from_svd(const EvalContext& c, F&& fill) {
  const TensorView &a = c.in(0), &out = c.out(0);
  const int64_t n = rows_of(*a.spec), count = numel(batch_dims(*a.spec));
  if (n == 0) return;
  const size_t bytes = CofactorMemory(n, nullptr, false).bytes;
  for_matrices(count, 30 * n * n * n, bytes, c.workspace(), [&](int64_t index, void* memory, bool threaded) {
    const CofactorMemory m(n, static_cast<char*>(memory), threaded);
    T* const to = out.as<T>() + index * n * n;
    // The rows of the result serve to load A in its own dtype.
    load_matrix(a, index, to, n);
    std::copy_n(to, n * n, m.svd.a);
    if (linalg_svd(m.svd, m.values, m.ut, m.vt)) {
      std::fill_n(to, n * n, std::numeric_limits<T>::quiet_NaN());
      return;
    }
    const double sign = m.orientation(n);
    fill(m, index);
    linalg_multiply<double>(m.svd.scratch, n, n, n, m.ut, 1, n, m.inner, n, 1, m.turned, n);
    linalg_multiply<double>(m.svd.scratch, n, n, n, m.turned, n, 1, m.vt, n, 1, m.inner, n);
    for (int64_t i = 0; i < n * n; ++i) to[i] = static_cast<T>(sign * m.inner[i]);
  });
}

void eval_cofactors(const EvalContext& c) {
  const int64_t n = rows_of(*c.in(0).spec);
  dispatch_floating(c.in(0).spec->dtype, [&]<class T>(T) {
    from_svd<T>(c, [&](const CofactorMemory& m, int64_t) {
      std::fill_n(m.inner, n * n, 0.0);
      for (int64_t i = 0; i < n; ++i) m.inner[i * (n + 1)] = m.others(n, i, i);
    });
  });
}

// ---- cofactorsBackward(a, grad): the derivative is that of the determinants of all minors: with G = U^T
// grad V, K[i][i] = sum over j of p[i][j] G[j][j] and K[i][j] = -p[i][j] G[j][i], where p[i][j] is the
// product of the singular values but i and j. The gradient is sign U K V^T.

void infer_cofactors_backward(InferContext& c) {
  const TensorSpec &a = c.in(0), &grad = c.in(1);
  check_square(c, "a", a);
  check_square(c, "grad", grad);
  check_same_batch(c, a, grad);
  if (rows_of(a) != rows_of(grad))
    c.fail(ErrorKind::kShape, "a is ", a.shape, ", grad is ", grad.shape, ": wants one shape");
  c.add_output(a.dtype, a.shape);
}

void eval_cofactors_backward(const EvalContext& c) {
  const TensorView& grad = c.in(1);
  const int64_t n = rows_of(*grad.spec);
  dispatch_floating(grad.spec->dtype, [&]<class T>(T) {
    from_svd<T>(c, [&](const CofactorMemory& m, int64_t index) {
      const T* from = grad.as<T>() + matrix_offset(*grad.spec, index);
      const int64_t row = grad.spec->strides[grad.spec->rank() - 2];
      const int64_t column = grad.spec->strides[grad.spec->rank() - 1];
      for (int64_t i = 0; i < n * n; ++i)
        m.inner[i] = static_cast<double>(from[i / n * row + i % n * column]);
      double* const g = m.svd.b;
      linalg_multiply<double>(m.svd.scratch, n, n, n, m.ut, n, 1, m.inner, n, 1, m.turned, n);
      linalg_multiply<double>(m.svd.scratch, n, n, n, m.turned, n, 1, m.vt, 1, n, g, n);
      std::fill_n(m.inner, n * n, 0.0);
      for (int64_t i = 0; i < n; ++i) {
        for (int64_t j = 0; j < n; ++j) {
          if (i == j) continue;
          const double p = m.others(n, i, j);
          m.inner[i * (n + 1)] += p * g[j * (n + 1)];
          m.inner[i * n + j] = -p * g[j * n + i];
        }
      }
    });
  });
}

void vjp_cofactors(VjpContext& c) {
  static const Op& backward = find_op("cofactorsBackward");
  c.set_grad(0, c.apply(backward, {c.input(0), c.grad(0)}, Attrs()));
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
    {.name = "cofactors",
     .inputs = {InputDef{"a"}},
     .outputs = {OutputDef{"out"}},
     .flags = kPrimitive,
     .infer = infer_cofactors,
     .workspace = workspace_cofactors,
     .eval = eval_cofactors,
     .saves = {.inputs = 0b1},
     .vjp = vjp_cofactors},
    {.name = "cofactorsBackward",
     .inputs = {InputDef{"a"}, InputDef{"grad"}},
     .outputs = {OutputDef{"out"}},
     .flags = kPrimitive,
     .infer = infer_cofactors_backward,
     .workspace = workspace_cofactors,
     .eval = eval_cofactors_backward},
};

}  // namespace

void register_linalg_ops(Registry& registry) {
  register_triangular_ops(registry);
  register_cholesky_ops(registry);
  register_lu_ops(registry);
  for (const Op& op : kDetOps) registry.add(op);
  register_qr_ops(registry);
  register_eigh_ops(registry);
  register_svd_ops(registry);
}

}  // namespace lanegrad
