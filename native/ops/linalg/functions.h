// The pieces that gradients of factorizations are written in: triangles, diagonals and transposes of the last
// two dims, all ops themselves.
#pragma once

#include "ops/functions.h"
#include "ops/linalg/batch.h"

namespace lanegrad::fn {

inline Tensor arange(Applier& c, int64_t length) {
  static const Op& op = find_op("arange");
  return c.apply(op, {}, Attrs().add_float(0).add_float(1).add_int(length).add_dtype(DType::kInt64));
}

// bool [m, n]: column - row <= offset (lower) or >= offset.
inline Tensor triangle_mask(Applier& c, int64_t m, int64_t n, bool lower, int64_t offset) {
  const Tensor rows = add(c, reshape(c, arange(c, m), Dims{m, 1}), static_cast<double>(offset));
  const Tensor columns = arange(c, n);
  return lower ? le(c, columns, rows) : ge(c, columns, rows);
}
inline Tensor tril(Applier& c, const Tensor& x, int64_t offset = 0) {
  return where(c, triangle_mask(c, rows_of(x->spec), columns_of(x->spec), true, offset), x, c.scalar(0));
}
inline Tensor triu(Applier& c, const Tensor& x, int64_t offset = 0) {
  return where(c, triangle_mask(c, rows_of(x->spec), columns_of(x->spec), false, offset), x, c.scalar(0));
}
// bool [n, n]
inline Tensor diagonal_mask(Applier& c, int64_t n) {
  return eq(c, reshape(c, arange(c, n), Dims{n, 1}), arange(c, n));
}
// x: [..., n] -> [..., n, n] with x on the diagonal.
inline Tensor diagonal_matrix(Applier& c, const Tensor& x) {
  const int64_t n = x->spec.shape.back();
  Dims row = x->spec.shape;
  row[row.size() - 1] = 1;
  row.push_back(n);
  return where(c, diagonal_mask(c, n), reshape(c, x, row), c.scalar(0));
}
// x: [..., n] as [..., n, 1] or [..., 1, n].
inline Tensor as_column(Applier& c, const Tensor& x) { return reshape(c, x, with_vector(x->spec.shape, 1)); }
inline Tensor as_row(Applier& c, const Tensor& x) {
  return reshape(c, x, with_matrix(batch_dims(x->spec, 1), 1, x->spec.shape.back()));
}
// `length` rows or columns from `start` on.
inline Tensor narrow(Applier& c, const Tensor& x, int dim, int64_t start, int64_t length) {
  static const Op& op = find_op("slice");
  if (start == 0 && length == x->spec.shape[dim]) return x;
  return c.apply(op, {x}, Attrs().add_int(dim).add_int(start).add_int(length).add_int(1));
}
inline Tensor narrow_rows(Applier& c, const Tensor& x, int64_t start, int64_t length) {
  return narrow(c, x, x->spec.rank() - 2, start, length);
}
inline Tensor narrow_columns(Applier& c, const Tensor& x, int64_t start, int64_t length) {
  return narrow(c, x, x->spec.rank() - 1, start, length);
}
inline Tensor cat(Applier& c, const Tensor& a, const Tensor& b, int dim) {
  static const Op& op = find_op("cat");
  const Tensor list[2] = {a, b};
  return c.apply_list(op, list, Attrs().add_int(dim));
}
// T X = B, or X T = B.
inline Tensor solve_triangular(Applier& c, const Tensor& t, const Tensor& b, bool upper, bool left = true,
                               bool unit = false) {
  static const Op& op = find_op("solveTriangular");
  return c.apply(op, {t, b}, Attrs().add_bool(upper).add_bool(left).add_bool(unit));
}
// a + b, where either may be absent.
inline Tensor add_defined(Applier& c, const Tensor& a, const Tensor& b) {
  return !a ? b : !b ? a : add(c, a, b);
}

}  // namespace lanegrad::fn
