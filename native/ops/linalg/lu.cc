// luFactor(a){pivot}: P A = L U with partial pivoting, and what rests on it: solve(a, b), inv(a), slogdet(a).
#include <cmath>
#include <cstring>

#include "ops/linalg/blocks.h"
#include "ops/linalg/functions.h"
#include "ops/registry.h"

namespace lanegrad {
namespace {

size_t padded(size_t bytes) { return (bytes + 63) & ~size_t{63}; }

// A copy of the matrix, its pivots, and room for products with k columns.
template <class T>
struct LuMemory {
  T* a;
  int32_t* pivots;
  LinalgScratch<T> scratch;
  LuMemory(int64_t n, int64_t k, void* memory, bool threaded) {
    char* at = static_cast<char*>(memory);
    a = reinterpret_cast<T*>(at);
    at += padded(sizeof(T) * static_cast<size_t>(n * n));
    pivots = reinterpret_cast<int32_t*>(at);
    at += padded(sizeof(int32_t) * static_cast<size_t>(n));
    scratch = linalg_scratch<T>(n, std::max(n, k), at, threaded);
  }
  static size_t bytes(int64_t n, int64_t k) {
    return padded(sizeof(T) * static_cast<size_t>(n * n)) + padded(sizeof(int32_t) * static_cast<size_t>(n)) +
           linalg_scratch_bytes<T>(n, std::max(n, k));
  }
};

[[noreturn]] void fail_singular(const EvalContext& c, const FirstFailure& failure, int64_t count, int64_t n) {
  c.fail(ErrorKind::kLinAlg, matrix_name(failure.index(), count), " of shape ", Dims{n, n},
         " is singular: pivot ", failure.detail(), " of its LU factorization is zero");
}

// ---- luFactor(a){pivot}: LU [..., m, n], pivots [..., min(m, n)] counted from 1, permutation [..., m]: row
// i of L U is row permutation[i] of A.

void infer_factor(InferContext& c) {
  const TensorSpec& a = c.in(0);
  check_matrix(c, "a", a);
  const Dims batch = batch_dims(a);
  c.add_output(a.dtype, a.shape);
  c.add_output(DType::kInt32, with_vector(batch, std::min(rows_of(a), columns_of(a))));
  c.add_output(DType::kInt64, with_vector(batch, rows_of(a)));
}

size_t workspace_factor(const InferContext& c) {
  const TensorSpec& a = c.in(0);
  return dispatch_floating(a.dtype, [&]<class T>(T) {
    return batch_workspace(numel(batch_dims(a)), linalg_scratch_bytes<T>(rows_of(a), columns_of(a)));
  });
}

void eval_factor(const EvalContext& c) {
  const TensorView &a = c.in(0), &out = c.out(0);
  const int64_t m = rows_of(*a.spec), n = columns_of(*a.spec), k = std::min(m, n);
  const int64_t count = numel(batch_dims(*a.spec));
  const bool pivot = c.attrs().get_bool(0);
  FirstFailure failure;
  dispatch_floating(a.spec->dtype, [&]<class T>(T) {
    for_matrices(count, m * n * k, linalg_scratch_bytes<T>(m, n), c.workspace(),
                 [&](int64_t index, void* memory, bool threaded) {
                   char* at = static_cast<char*>(memory);
                   T* const lu = out.as<T>() + index * m * n;
                   int32_t* const pivots = c.out(1).as<int32_t>() + index * k;
                   int64_t* const order = c.out(2).as<int64_t>() + index * m;
                   load_matrix(a, index, lu, n);
                   for (int64_t i = 0; i < m; ++i) order[i] = i;
                   if (k == 0) return;
                   const int64_t missing =
                       linalg_lu(linalg_scratch<T>(m, n, at, threaded), m, n, lu, n, pivots, pivot);
                   if (missing && !pivot) failure.report(index, missing);
                   for (int64_t j = 0; j < k; ++j) std::swap(order[j], order[pivots[j]++]);
                 });
  });
  if (failure.any()) {
    c.fail(ErrorKind::kLinAlg, matrix_name(failure.index(), count), " has a zero pivot, ", failure.detail(),
           ", and rows may not be exchanged");
  }
}

// Of a square A: P A = L U, dA = P^T L^-T (the strict lower triangle of L^T dL + the upper one of dU U^T)
// U^-T.
Tensor square_gradient(Applier& c, const Tensor& l, const Tensor& u, const Tensor& gl, const Tensor& gu) {
  const Tensor lower = fn::tril(c, fn::matmul(c, fn::transpose_last(c, l), gl), -1);
  const Tensor upper = fn::triu(c, fn::matmul(c, gu, fn::transpose_last(c, u)));
  const Tensor inner = fn::solve_triangular(c, fn::transpose_last(c, l), fn::add(c, lower, upper),
                                            /*upper=*/true, /*left=*/true, /*unit=*/true);
  return fn::solve_triangular(c, fn::transpose_last(c, u), inner, /*upper=*/false, /*left=*/false);
}

// The permutation as a matrix that undoes it: column i has its one in row permutation[i].
Tensor inverse_permutation(Applier& c, const Tensor& permutation, DType dtype) {
  const int64_t m = permutation->spec.shape.back();
  const Tensor rows = fn::reshape(c, fn::arange(c, m), Dims{m, 1});
  return fn::to(c, fn::eq(c, rows, fn::as_row(c, permutation)), dtype);
}

// A tall or wide factorization is a square one, and a block that is solved from it.
void vjp_factor(VjpContext& c) {
  const Tensor lu = c.output(0), grad = c.grad(0);
  if (!grad) return;
  const int64_t m = rows_of(lu->spec), n = columns_of(lu->spec), k = std::min(m, n);
  const Tensor lu_square = fn::narrow_columns(c, fn::narrow_rows(c, lu, 0, k), 0, k);
  const Tensor g_square = fn::narrow_columns(c, fn::narrow_rows(c, grad, 0, k), 0, k);
  Tensor gl = fn::tril(c, g_square, -1), gu = fn::triu(c, g_square);
  const Tensor u = fn::triu(c, lu_square);
  const Tensor l = fn::where(c, fn::diagonal_mask(c, k), c.scalar(1), fn::tril(c, lu_square));
  Tensor rest;
  if (m > n) {  // L2 = A2 U^-1
    const Tensor l2 = fn::narrow_rows(c, lu, k, m - k);
    rest =
        fn::solve_triangular(c, fn::transpose_last(c, u), fn::narrow_rows(c, grad, k, m - k), false, false);
    gu = fn::sub(c, gu, fn::triu(c, fn::matmul(c, fn::transpose_last(c, l2), rest)));
  } else if (n > m) {  // U2 = L^-1 A2
    const Tensor u2 = fn::narrow_columns(c, lu, k, n - k);
    rest = fn::solve_triangular(c, fn::transpose_last(c, l), fn::narrow_columns(c, grad, k, n - k), true,
                                true, true);
    gl = fn::sub(c, gl, fn::tril(c, fn::matmul(c, rest, fn::transpose_last(c, u2)), -1));
  }
  Tensor ga = square_gradient(c, l, u, gl, gu);
  if (rest) ga = fn::cat(c, ga, rest, m > n ? -2 : -1);
  c.set_grad(0, fn::matmul(c, inverse_permutation(c, c.output(2), lu->spec.dtype), ga));
}

// ---- solve(a, b): the X of A X = B

void infer_solve(InferContext& c) {
  const TensorSpec &a = c.in(0), &b = c.in(1);
  check_square(c, "a", a);
  check_matrix(c, "b", b);
  check_same_batch(c, a, b);
  if (rows_of(a) != rows_of(b)) {
    c.fail(ErrorKind::kShape, "sizes differ: a is ", a.shape, ", b is ", b.shape, " (", rows_of(a),
           " against ", rows_of(b), ")");
  }
  c.add_output(b.dtype, b.shape);
}

size_t workspace_solve(const InferContext& c) {
  const TensorSpec& out = c.out(0);
  return dispatch_floating(out.dtype, [&]<class T>(T) {
    return batch_workspace(numel(batch_dims(out)), LuMemory<T>::bytes(rows_of(out), columns_of(out)));
  });
}

// fill(index, x) writes the right-hand sides.
template <class T, class F>
void solve_all(const EvalContext& c, bool check, F&& fill) {
  const TensorView &a = c.in(0), &out = c.out(0);
  const int64_t n = rows_of(*out.spec), k = columns_of(*out.spec), count = numel(batch_dims(*out.spec));
  if (n == 0) return;
  FirstFailure failure;
  for_matrices(count, n * n * (n + 3 * k) / 3, LuMemory<T>::bytes(n, k), c.workspace(),
               [&](int64_t index, void* memory, bool threaded) {
                 const LuMemory<T> lu(n, k, memory, threaded);
                 T* const x = out.as<T>() + index * n * k;
                 load_matrix(a, index, lu.a, n);
                 fill(index, x);
                 if (const int64_t missing = linalg_lu(lu.scratch, n, n, lu.a, n, lu.pivots)) {
                   failure.report(index, missing);
                   if (check) return;
                 }
                 if (k == 0) return;
                 linalg_exchange_rows(n, lu.pivots, x, k, k);
                 linalg_solve_triangle<T>(lu.scratch, n, k, lu.a, n, 1, false, true, x, k);
                 linalg_solve_triangle<T>(lu.scratch, n, k, lu.a, n, 1, true, false, x, k);
               });
  if (check && failure.any()) fail_singular(c, failure, count, n);
}

void eval_solve(const EvalContext& c) {
  dispatch_floating(c.out(0).spec->dtype, [&]<class T>(T) {
    solve_all<T>(c, true,
                 [&](int64_t index, T* x) { load_matrix(c.in(1), index, x, columns_of(*c.in(1).spec)); });
  });
}

// dB = A^-T dX, dA = -dB X^T
void vjp_solve(VjpContext& c) {
  static const Op& solve = find_op("solve");
  const Tensor gb = c.apply(solve, {fn::transpose_last(c, c.input(0)), c.grad(0)}, Attrs());
  if (c.needs(1)) c.set_grad(1, gb);
  if (c.needs(0)) c.set_grad(0, fn::neg(c, fn::matmul(c, gb, fn::transpose_last(c, c.output(0)))));
}

// ---- inv(a){check}: without the check a singular matrix gives infinities and NaN

void infer_inv(InferContext& c) {
  check_square(c, "a", c.in(0));
  c.add_output(c.in(0).dtype, c.in(0).shape);
}

void eval_inv(const EvalContext& c) {
  const int64_t n = rows_of(*c.out(0).spec);
  dispatch_floating(c.out(0).spec->dtype, [&]<class T>(T) {
    solve_all<T>(c, c.attrs().get_bool(0), [&](int64_t, T* x) {
      std::memset(x, 0, sizeof(T) * static_cast<size_t>(n * n));
      for (int64_t i = 0; i < n; ++i) x[i * (n + 1)] = 1;
    });
  });
}

// dA = -X^T dX X^T
void vjp_inv(VjpContext& c) {
  const Tensor xt = fn::transpose_last(c, c.output(0));
  c.set_grad(0, fn::neg(c, fn::matmul(c, fn::matmul(c, xt, c.grad(0)), xt)));
}

// ---- slogdet(a): the sign of the determinant, and the logarithm of its size

void infer_slogdet(InferContext& c) {
  const TensorSpec& a = c.in(0);
  check_square(c, "a", a);
  c.add_output(a.dtype, batch_dims(a));
  c.add_output(a.dtype, batch_dims(a));
}

size_t workspace_slogdet(const InferContext& c) {
  const TensorSpec& a = c.in(0);
  return dispatch_floating(a.dtype, [&]<class T>(T) {
    return batch_workspace(numel(batch_dims(a)), LuMemory<T>::bytes(rows_of(a), 0));
  });
}

void eval_slogdet(const EvalContext& c) {
  const TensorView& a = c.in(0);
  const int64_t n = rows_of(*a.spec), count = numel(batch_dims(*a.spec));
  dispatch_floating(a.spec->dtype, [&]<class T>(T) {
    for_matrices(count, n * n * n / 3, LuMemory<T>::bytes(n, 0), c.workspace(),
                 [&](int64_t index, void* memory, bool threaded) {
                   const LuMemory<T> lu(n, 0, memory, threaded);
                   load_matrix(a, index, lu.a, n);
                   if (n > 0) linalg_lu(lu.scratch, n, n, lu.a, n, lu.pivots);
                   double sign = 1, sum = 0;
                   for (int64_t i = 0; i < n; ++i) {
                     const double pivot = static_cast<double>(lu.a[i * (n + 1)]);
                     if (lu.pivots[i] != i) sign = -sign;
                     sign = pivot > 0 ? sign : pivot < 0 ? -sign : pivot * sign;  // 0 and NaN stay
                     sum += std::log(std::fabs(pivot));
                   }
                   c.out(0).as<T>()[index] = static_cast<T>(sign);
                   c.out(1).as<T>()[index] = static_cast<T>(sum);
                 });
  });
}

// dA = d(log |det|) A^-T
void vjp_slogdet(VjpContext& c) {
  static const Op& inv = find_op("inv");
  const Tensor grad = c.grad(1);
  if (!grad) {  // the sign is constant where it is differentiable
    return c.set_grad(0, fn::expand(c, fn::full(c, Dims(), 0, c.input_dtype(0)), c.input_shape(0)));
  }
  const Tensor inverse = c.apply(inv, {c.input(0)}, Attrs().add_bool(false));
  const Tensor scale = fn::reshape(c, grad, with_matrix(grad->spec.shape, 1, 1));
  c.set_grad(0, fn::mul(c, scale, fn::transpose_last(c, inverse)));
}

const Op kLuOps[] = {
    {.name = "luFactor",
     .inputs = {InputDef{"a"}},
     .outputs = {OutputDef{"lu"}, OutputDef{"pivots", false}, OutputDef{"permutation", false}},
     .attrs = {AttrDef{"pivot", AttrType::kBool}},
     .flags = kPrimitive,
     .infer = infer_factor,
     .workspace = workspace_factor,
     .eval = eval_factor,
     .saves = {.outputs = 0b101},
     .vjp = vjp_factor},
    {.name = "solve",
     .inputs = {InputDef{"a"}, InputDef{"b"}},
     .outputs = {OutputDef{"out"}},
     .flags = kPrimitive,
     .autocast = Autocast::kFloat32,
     .infer = infer_solve,
     .workspace = workspace_solve,
     .eval = eval_solve,
     .saves = {.inputs = 0b01, .outputs = 0b1},
     .vjp = vjp_solve},
    {.name = "inv",
     .inputs = {InputDef{"a"}},
     .outputs = {OutputDef{"out"}},
     .attrs = {AttrDef{"check", AttrType::kBool}},
     .flags = kPrimitive,
     .autocast = Autocast::kFloat32,
     .infer = infer_inv,
     .workspace = workspace_solve,
     .eval = eval_inv,
     .saves = {.outputs = 0b1},
     .vjp = vjp_inv},
    {.name = "slogdet",
     .inputs = {InputDef{"a"}},
     .outputs = {OutputDef{"sign"}, OutputDef{"logabsdet"}},
     .flags = kPrimitive,
     .infer = infer_slogdet,
     .workspace = workspace_slogdet,
     .eval = eval_slogdet,
     .saves = {.inputs = 0b1},
     .vjp = vjp_slogdet},
};

}  // namespace

void register_lu_ops(Registry& registry) {
  for (const Op& op : kLuOps) registry.add(op);
}

}  // namespace lanegrad
