// Views that overlap or jump: diagonals, windows of a dim, any strides over one dim or over the memory
// itself.
#include <algorithm>

#include "ops/functions.h"
#include "ops/op.h"
#include "ops/registry.h"
#include "ops/shape_attr.h"
#include "ops/layout/view_chain.h"

namespace lanegrad {
namespace {

// ---- diagonal(x){offset, dim1, dim2}: two dims become one, the last

enum DiagonalAttr { kOffset, kDim1, kDim2 };

void diagonal_infer(InferContext& c) {
  const TensorSpec& x = c.in(0);
  if (x.rank() < 2) c.fail(ErrorKind::kShape, "wants a tensor of at least two dims, got ", x.shape);
  const int64_t offset = c.attrs().get_int(kOffset);
  const int row = normalize_dim(c.op().name, c.attrs().get_int(kDim1), x.rank());
  const int column = normalize_dim(c.op().name, c.attrs().get_int(kDim2), x.rank());
  if (row == column) c.fail(ErrorKind::kValue, "dim1 and dim2 are the same dim, ", row);
  const int64_t rows = x.shape[row], columns = x.shape[column];
  const int64_t length =
      std::max<int64_t>(0, offset >= 0 ? std::min(rows, columns - offset) : std::min(rows + offset, columns));
  OutputSpec out(TensorSpec{x.dtype, {}, {}});
  out.alias = 0;
  for (int i = 0; i < x.rank(); ++i) {
    if (i == row || i == column) continue;
    out.shape.push_back(x.shape[i]);
    out.strides.push_back(x.strides[i]);
  }
  out.shape.push_back(length);
  out.strides.push_back(x.strides[row] + x.strides[column]);
  if (length > 0) out.offset = offset >= 0 ? offset * x.strides[column] : -offset * x.strides[row];
  c.add_output(out);
}

void diagonal_vjp(VjpContext& c) {
  static const Op& op = find_op("diagonal");
  c.set_grad(0, embed_gradient(c, op));
}

Tensor count_up(Applier& c, int64_t length, int64_t step) {
  static const Op& op = find_op("arange");
  return c.apply(
      op, {},
      Attrs().add_float(0).add_float(static_cast<double>(step)).add_int(length).add_dtype(DType::kInt64));
}

// zeros(shape) with rows of `source` added at `index` of a dim.
Tensor add_at(Applier& c, const Dims& shape, int dim, const Tensor& index, const Tensor& source) {
  static const Op& op = find_op("indexAdd");
  return c.apply(op, {fn::full(c, shape, 0, source->spec.dtype), index, source}, Attrs().add_int(dim));
}

// ---- unfold(x){dim, size, step}: windows of `size`, `step` apart, as a new last dim

enum UnfoldAttr { kDim, kSize, kStep };

void unfold_infer(InferContext& c) {
  const TensorSpec& x = c.in(0);
  const int dim = normalize_dim(c.op().name, c.attrs().get_int(kDim), x.rank());
  const int64_t size = c.attrs().get_int(kSize), step = c.attrs().get_int(kStep);
  const int64_t length = x.rank() == 0 ? 1 : x.shape[dim];
  if (step < 1) c.fail(ErrorKind::kValue, "step must be 1 or more, got ", step);
  if (size < 0 || size > length) {
    c.fail(ErrorKind::kValue, "windows of ", size, " do not fit dim ", dim, " of ", x.shape);
  }
  if (x.rank() == kMaxRank) c.fail(ErrorKind::kShape, "a tensor has at most ", kMaxRank, " dims");
  OutputSpec out(x);
  out.alias = 0;
  const int64_t stride = x.rank() == 0 ? 1 : x.strides[dim];
  if (x.rank() > 0) {
    const int64_t windows = (length - size) / step + 1;
    out.shape[dim] = windows;
    // A single window is never stepped over; its stride could overflow.
    out.strides[dim] = windows > 1 ? stride * step : stride;
  }
  out.shape.push_back(size);
  out.strides.push_back(stride);
  c.add_output(out);
}

// Where windows overlap, their gradients add up.
void unfold_vjp(VjpContext& c) {
  const Dims shape = c.input_shape(0);
  const int64_t size = c.attrs().get_int(kSize), step = c.attrs().get_int(kStep);
  static const Op& op = find_op("unfold");
  if (shape.empty() || step >= size) return c.set_grad(0, embed_gradient(c, op));
  const Tensor g = c.grad(0);
  const int dim = normalize_dim("unfold", c.attrs().get_int(kDim), shape.size()), last = shape.size();
  const int64_t windows = g->spec.shape[dim];
  Dims order, flat = shape;
  for (int i = 0; i < last; ++i) {
    order.push_back(i);
    if (i == dim) order.push_back(last);
  }
  flat[dim] = windows * size;
  const Tensor first = fn::reshape(c, count_up(c, windows, step), {windows, 1});
  const Tensor places = fn::reshape(c, fn::add(c, first, count_up(c, size, 1)), {windows * size});
  c.set_grad(0, add_at(c, shape, dim, places, fn::reshape(c, fn::permute(c, g, order), flat)));
}

// ---- strided(x){shape, strides, offset}: x is 1-D; element [i, j, ...] of the view is x[offset + i *
// strides[0] + j * strides[1] + ...]

enum StridedAttr { kShape, kStrides, kFirst };

// The place of the last element, or -1 where it is not below `limit`.
int64_t last_place(std::span<const int64_t> shape, std::span<const int64_t> strides, int64_t offset,
                   int64_t limit) {
  int64_t last = offset;
  for (size_t i = 0; i < shape.size(); ++i) {
    const int64_t steps = shape[i] - 1;
    if (last >= limit || (steps > 0 && strides[i] > (limit - 1 - last) / steps)) return -1;
    last += steps * strides[i];
  }
  return last < limit ? last : -1;
}

void strided_infer(InferContext& c) {
  const TensorSpec& x = c.in(0);
  if (x.rank() != 1) c.fail(ErrorKind::kShape, "wants a tensor of one dim, got ", x.shape);
  const Dims shape = shape_attr(c, kShape);
  const auto strides = c.attrs().get_ints(kStrides);
  const int64_t offset = c.attrs().get_int(kFirst);
  if (strides.size() != static_cast<size_t>(shape.size())) {
    c.fail(ErrorKind::kShape, "wants one stride for each dim of ", shape, ", got ", strides.size());
  }
  if (offset < 0) c.fail(ErrorKind::kValue, "the offset must not be negative, got ", offset);
  for (const int64_t stride : strides) {
    if (stride < 0) c.fail(ErrorKind::kValue, "strides must not be negative, got ", stride);
  }
  if (numel(shape) > 0 && last_place(shape, strides, offset, x.shape[0]) < 0) {
    c.fail(ErrorKind::kIndex, "shape ", shape, " with these strides from ", offset, " on leaves the ",
           x.shape[0], " elements that there are");
  }
  OutputSpec out(TensorSpec{x.dtype, shape, shape});
  out.alias = 0;
  // A stride that is never taken could overflow.
  for (int i = 0; i < shape.size(); ++i)
    out.strides[i] = shape[i] > 1 && numel(shape) > 0 ? strides[static_cast<size_t>(i)] * x.strides[0] : 1;
  out.offset = numel(shape) > 0 ? offset * x.strides[0] : 0;
  c.add_output(out);
}

// The place of each element of the view in x, flat.
Tensor places_of(Applier& c, const Attrs& attrs, int64_t length) {
  static const Op& op = find_op("strided");
  const Tensor places = c.apply(op, {count_up(c, length, 1)}, attrs);
  return fn::reshape(c, places, {places->spec.numel()});
}

void strided_vjp(VjpContext& c) {
  const Dims shape(c.attrs().get_ints(kShape)), strides(c.attrs().get_ints(kStrides));
  static const Op& op = find_op("strided");
  if (!may_overlap(shape, strides)) return c.set_grad(0, embed_gradient(c, op));
  const Tensor g = c.grad(0);
  const int64_t length = c.input_shape(0)[0];
  const Tensor places = places_of(c, c.attrs(), length);
  c.set_grad(0, add_at(c, {length}, 0, places, fn::reshape(c, g, {g->spec.numel()})));
}

// ---- storageView(x){strides, offset, length}: all memory of x's storage as one dim. The attributes are x's
// strides and offset and the elements of the storage: where x lies in the result.

enum StorageAttr { kOwnStrides, kOwnOffset, kLength };

void storage_infer(InferContext& c) {
  const TensorSpec& x = c.in(0);
  const int64_t offset = c.attrs().get_int(kOwnOffset), length = c.attrs().get_int(kLength);
  if (!(x.strides == Dims(c.attrs().get_ints(kOwnStrides))) || offset < 0 || length < 0) {
    c.fail(ErrorKind::kValue, "x does not lie in memory as it did when the view was made");
  }
  OutputSpec out(TensorSpec::contiguous(x.dtype, {length}));
  out.alias = 0;
  out.offset = -offset;
  c.add_output(out);
}

// What lies outside of x is dropped. Elements that share a place share its gradient, so that expanding
// backwards adds it up once.
void storage_vjp(VjpContext& c) {
  static const Op& strided = find_op("strided");
  const Dims shape = c.input_shape(0), strides(c.attrs().get_ints(kOwnStrides));
  const int64_t length = c.attrs().get_int(kLength);
  const Attrs own = Attrs().add_ints(shape).add_ints(strides).add_int(c.attrs().get_int(kOwnOffset));
  Tensor g = c.grad(0);
  if (may_overlap(shape, strides)) {
    const Tensor ones = fn::full(c, {numel(shape)}, 1, g->spec.dtype);
    const Tensor count = add_at(c, {length}, 0, places_of(c, own, length), ones);
    const Tensor nobody = fn::eq(c, count, c.scalar(0));
    g = fn::div(c, g, fn::where(c, nobody, c.scalar(1), count));
  }
  c.set_grad(0, c.apply(strided, {g}, own));
}

const Op kOps[] = {
    {.name = "diagonal",
     .inputs = {{{"x"}}},
     .outputs = {{{"out"}}},
     .attrs = {{{"offset", AttrType::kInt}, {"dim1", AttrType::kInt}, {"dim2", AttrType::kInt}}},
     .flags = kPrimitive | kView | kTakesNarrow,
     .infer = diagonal_infer,
     .vjp = diagonal_vjp},
    {.name = "unfold",
     .inputs = {{{"x"}}},
     .outputs = {{{"out"}}},
     .attrs = {{{"dim", AttrType::kInt}, {"size", AttrType::kInt}, {"step", AttrType::kInt}}},
     .flags = kPrimitive | kView | kTakesNarrow,
     .infer = unfold_infer,
     .vjp = unfold_vjp},
    {.name = "strided",
     .inputs = {{{"x"}}},
     .outputs = {{{"out"}}},
     .attrs = {{{"shape", AttrType::kInts}, {"strides", AttrType::kInts}, {"offset", AttrType::kInt}}},
     .flags = kPrimitive | kView | kTakesNarrow,
     .infer = strided_infer,
     .vjp = strided_vjp},
    {.name = "storageView",
     .inputs = {{{"x"}}},
     .outputs = {{{"out"}}},
     .attrs = {{{"strides", AttrType::kInts}, {"offset", AttrType::kInt}, {"length", AttrType::kInt}}},
     .flags = kPrimitive | kView | kTakesNarrow | kLeavesInput,
     .infer = storage_infer,
     .vjp = storage_vjp},
};

}  // namespace

void register_strided_view_ops(Registry& r) {
  for (const Op& op : kOps) r.add(op);
}

}  // namespace lanegrad
