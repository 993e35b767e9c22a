// cofactors(a): det(A) A^-T, the gradient of the determinant, and its limit where A is singular. A well
// conditioned matrix takes an LU factorization and the inverse, 8/3 n^3 operations. Others take A = U S V^T,
// ten times as many: the cofactors are det(U) det(V) U diag(products of the other singular values) V^T. In
// double throughout.
#include <algorithm>
#include <cmath>
#include <limits>

#include "ops/linalg/det.h"
#include "ops/linalg/functions.h"
#include "ops/linalg/svd.h"
#include "ops/registry.h"

namespace lanegrad {
namespace {

size_t padded(size_t bytes) { return (bytes + 63) & ~size_t{63}; }

// The largest condition number with which the inverse, computed in double, is good enough for the dtype of
// the result: it loses as many digits as that number has.
template <class T>
constexpr double kMostCondition = sizeof(T) == 4 ? 1e8 : 1e7;

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
    const double first = linalg_determinant(svd.scratch, n, svd.b, pivots);
    std::copy_n(vt, n * n, svd.b);
    return first * linalg_determinant(svd.scratch, n, svd.b, pivots) < 0 ? -1 : 1;
  }
  // The product of all singular values but i and j.
  double others(int64_t n, int64_t i, int64_t j) const {
    double product = 1;
    for (int64_t p = 0; p < n; ++p) product *= p == i || p == j ? 1 : values[p];
    return product;
  }
};

double column_norm(int64_t n, const double* a) {
  double most = 0;
  for (int64_t j = 0; j < n; ++j) {
    double sum = 0;
    for (int64_t i = 0; i < n; ++i) sum += std::abs(a[i * n + j]);
    if (std::isnan(sum)) return sum;
    most = std::max(most, sum);
  }
  return most;
}

// m.vt = A^-1 of m.svd.a, which is kept, and its determinant; false if A is not well conditioned, or not
// finite.
template <class T>
bool inverted(const CofactorMemory& m, int64_t n, double& determinant) {
  std::copy_n(m.svd.a, n * n, m.ut);
  if (linalg_lu(m.svd.scratch, n, n, m.ut, n, m.pivots) != 0) return false;
  determinant = linalg_pivot_product(n, m.ut, m.pivots);
  if (!std::isnormal(determinant)) return false;
  std::fill_n(m.vt, n * n, 0.0);
  for (int64_t i = 0; i < n; ++i) m.vt[i * (n + 1)] = 1;
  linalg_exchange_rows(n, m.pivots, m.vt, n, n);
  linalg_solve_triangle(m.svd.scratch, n, n, m.ut, n, 1, /*upper=*/false, /*unit=*/true, m.vt, n);
  linalg_solve_triangle(m.svd.scratch, n, n, m.ut, n, 1, /*upper=*/true, /*unit=*/false, m.vt, n);
  return column_norm(n, m.svd.a) * column_norm(n, m.vt) < kMostCondition<T>;
}

void infer_cofactors(InferContext& c) {
  check_square(c, "a", c.in(0));
  c.add_output(c.in(0).dtype, c.in(0).shape);
}

size_t workspace_cofactors(const InferContext& c) {
  const TensorSpec& a = c.in(0);
  return batch_workspace(numel(batch_dims(a)), CofactorMemory(rows_of(a), nullptr, false).bytes);
}

// The result of each matrix: from the inverse, by_inverse(memory, index, determinant) -> scale, or from the
// decomposition, by_svd(memory, index) -> K of sign U K V^T. Both leave a matrix in m.inner. NaN if A is not
// finite.
template <class T, class Inverse, class Svd>
void for_cofactors(const EvalContext& c, Inverse&& by_inverse, Svd&& by_svd) {
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
    double scale = 1;
    if (inverted<T>(m, n, scale)) {
      by_inverse(m, index);
    } else if (linalg_svd(m.svd, m.values, m.ut, m.vt)) {
      std::fill_n(m.inner, n * n, std::numeric_limits<double>::quiet_NaN());
    } else {
      scale = m.orientation(n);
      by_svd(m, index);
      linalg_multiply<double>(m.svd.scratch, n, n, n, m.ut, 1, n, m.inner, n, 1, m.turned, n);
      linalg_multiply<double>(m.svd.scratch, n, n, n, m.turned, n, 1, m.vt, n, 1, m.inner, n);
    }
    for (int64_t i = 0; i < n * n; ++i) to[i] = static_cast<T>(scale * m.inner[i]);
  });
}

void eval_cofactors(const EvalContext& c) {
  const int64_t n = rows_of(*c.in(0).spec);
  const auto by_inverse = [&](const CofactorMemory& m, int64_t) {
    for (int64_t i = 0; i < n * n; ++i) m.inner[i] = m.vt[i % n * n + i / n];
  };
  const auto by_svd = [&](const CofactorMemory& m, int64_t) {
    std::fill_n(m.inner, n * n, 0.0);
    for (int64_t i = 0; i < n; ++i) m.inner[i * (n + 1)] = m.others(n, i, i);
  };
  dispatch_floating(c.in(0).spec->dtype, [&]<class T>(T) { for_cofactors<T>(c, by_inverse, by_svd); });
}

// ---- cofactorsBackward(a, grad). With W = A^-T it is det(A) (<grad, W> W - W grad^T W). From the
// decomposition: with G = U^T grad V, K[i][i] = sum over j of p[i][j] G[j][j] and K[i][j] = -p[i][j] G[j][i],
// where p[i][j] is the product of the singular values but i and j; the gradient is sign U K V^T.

void infer_cofactors_backward(InferContext& c) {
  const TensorSpec &a = c.in(0), &grad = c.in(1);
  check_square(c, "a", a);
  check_square(c, "grad", grad);
  check_same_batch(c, a, grad);
  if (rows_of(a) != rows_of(grad))
    c.fail(ErrorKind::kShape, "a is ", a.shape, ", grad is ", grad.shape, ": wants one shape");
  c.add_output(a.dtype, a.shape);
}

// K, from G.
void fill_inner(const CofactorMemory& m, int64_t n, const double* g) {
  std::fill_n(m.inner, n * n, 0.0);
  for (int64_t i = 0; i < n; ++i) {
    for (int64_t j = 0; j < n; ++j) {
      if (i == j) continue;
      const double p = m.others(n, i, j);
      m.inner[i * (n + 1)] += p * g[j * (n + 1)];
      m.inner[i * n + j] = -p * g[j * n + i];
    }
  }
}

template <class T>
void eval_backward(const EvalContext& c) {
  const TensorView& grad = c.in(1);
  const int64_t n = rows_of(*grad.spec);
  const int64_t row = grad.spec->strides[grad.spec->rank() - 2];
  const int64_t column = grad.spec->strides[grad.spec->rank() - 1];
  const auto load = [&](int64_t index, double* to) {
    const T* from = grad.as<T>() + matrix_offset(*grad.spec, index);
    for (int64_t i = 0; i < n * n; ++i) to[i] = static_cast<double>(from[i / n * row + i % n * column]);
  };
  const auto by_inverse = [&](const CofactorMemory& m, int64_t index) {
    double *const g = m.svd.b, *const w = m.vt;  // the rows of w are the columns of W
    load(index, g);
    double product = 0;
    for (int64_t i = 0; i < n * n; ++i) product += g[i] * w[i % n * n + i / n];
    linalg_multiply<double>(m.svd.scratch, n, n, n, w, 1, n, g, 1, n, m.turned, n);
    linalg_multiply<double>(m.svd.scratch, n, n, n, m.turned, n, 1, w, 1, n, m.inner, n);
    for (int64_t i = 0; i < n * n; ++i) m.inner[i] = product * w[i % n * n + i / n] - m.inner[i];
  };
  const auto by_svd = [&](const CofactorMemory& m, int64_t index) {
    load(index, m.inner);
    linalg_multiply<double>(m.svd.scratch, n, n, n, m.ut, n, 1, m.inner, n, 1, m.turned, n);
    linalg_multiply<double>(m.svd.scratch, n, n, n, m.turned, n, 1, m.vt, 1, n, m.svd.b, n);
    fill_inner(m, n, m.svd.b);
  };
  for_cofactors<T>(c, by_inverse, by_svd);
}

void eval_cofactors_backward(const EvalContext& c) {
  dispatch_floating(c.in(0).spec->dtype, [&]<class T>(T) { eval_backward<T>(c); });
}

void vjp_cofactors(VjpContext& c) {
  static const Op& backward = find_op("cofactorsBackward");
  c.set_grad(0, c.apply(backward, {c.input(0), c.grad(0)}, Attrs()));
}

const Op kCofactorOps[] = {
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

void register_cofactor_ops(Registry& registry) {
  for (const Op& op : kCofactorOps) registry.add(op);
}

}  // namespace lanegrad
