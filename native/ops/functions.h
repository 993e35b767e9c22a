// Ops as functions, for gradients that read like their formulas: mul(c, g, exp(c, x)).
#pragma once

#include <utility>

#include "ops/op.h"
#include "ops/registry.h"

namespace lanegrad::fn {

#define LANEGRAD_FN1(function, op_name)                 \
  inline Tensor function(Applier& c, const Tensor& x) { \
    static const Op& op = find_op(op_name);             \
    return c.apply(op, {x}, Attrs());                   \
  }
#define LANEGRAD_FN2(function, op_name)                                  \
  inline Tensor function(Applier& c, const Tensor& a, const Tensor& b) { \
    static const Op& op = find_op(op_name);                              \
    return c.apply(op, {a, b}, Attrs());                                 \
  }

LANEGRAD_FN1(neg, "neg")
LANEGRAD_FN1(exp, "exp")
LANEGRAD_FN1(log, "log")
LANEGRAD_FN1(square, "square")
LANEGRAD_FN1(sqrt, "sqrt")
LANEGRAD_FN1(rsqrt, "rsqrt")
LANEGRAD_FN1(sin, "sin")
LANEGRAD_FN1(cos, "cos")
LANEGRAD_FN1(tanh, "tanh")
LANEGRAD_FN1(sigmoid, "sigmoid")
LANEGRAD_FN1(sign, "sign")
LANEGRAD_FN1(erf, "erf")
LANEGRAD_FN1(reciprocal, "reciprocal")
LANEGRAD_FN1(contiguous, "contiguous")
LANEGRAD_FN2(add, "add")
LANEGRAD_FN2(sub, "sub")
LANEGRAD_FN2(mul, "mul")
LANEGRAD_FN2(div, "div")
LANEGRAD_FN2(pow, "pow")
LANEGRAD_FN2(eq, "eq")
LANEGRAD_FN2(lt, "lt")
LANEGRAD_FN2(le, "le")
LANEGRAD_FN2(gt, "gt")
LANEGRAD_FN2(ge, "ge")
LANEGRAD_FN2(matmul, "matmul")
#undef LANEGRAD_FN1
#undef LANEGRAD_FN2

inline Tensor mul(Applier& c, const Tensor& a, double b) { return mul(c, a, c.scalar(b)); }
inline Tensor add(Applier& c, const Tensor& a, double b) { return add(c, a, c.scalar(b)); }
inline Tensor sub(Applier& c, double a, const Tensor& b) { return sub(c, c.scalar(a), b); }

inline Tensor where(Applier& c, const Tensor& condition, const Tensor& a, const Tensor& b) {
  static const Op& op = find_op("where");
  return c.apply(op, {condition, a, b}, Attrs());
}
inline Tensor reshape(Applier& c, const Tensor& x, const Dims& shape) {
  static const Op& op = find_op("reshape");
  return c.apply(op, {x}, Attrs().add_ints(shape).add_bool(false));
}
inline Tensor expand(Applier& c, const Tensor& x, const Dims& shape) {
  static const Op& op = find_op("expand");
  return c.apply(op, {x}, Attrs().add_ints(shape));
}
inline Tensor permute(Applier& c, const Tensor& x, std::span<const int64_t> dims) {
  static const Op& op = find_op("permute");
  return c.apply(op, {x}, Attrs().add_ints(dims));
}
// Swaps the last two dims.
inline Tensor transpose_last(Applier& c, const Tensor& x) {
  Dims dims;
  const int rank = x->spec.rank();
  for (int i = 0; i < rank; ++i) dims.push_back(i);
  std::swap(dims[rank - 1], dims[rank - 2]);
  return permute(c, x, dims);
}
inline Tensor sum(Applier& c, const Tensor& x, std::span<const int64_t> dims, bool keepdim) {
  static const Op& op = find_op("sum");
  return c.apply(op, {x}, Attrs().add_ints(dims).add_bool(keepdim));
}
inline Tensor to(Applier& c, const Tensor& x, DType dtype) {
  if (x->spec.dtype == dtype) return x;
  static const Op& op = find_op("to");
  return c.apply(op, {x}, Attrs().add_dtype(dtype));
}
inline Tensor full(Applier& c, const Dims& shape, double value, DType dtype) {
  static const Op& op = find_op("full");
  return c.apply(op, {}, Attrs().add_ints(shape).add_float(value).add_dtype(dtype));
}
// The gradient of broadcasting: sums `grad` down to `shape`.
Tensor sum_to(Applier& c, const Tensor& grad, const Dims& shape);

}  // namespace lanegrad::fn
