// Copies in another arrangement: flip, and the triangles of matrices.
#include <algorithm>
#include <cstring>

#include "core/threads.h"
#include "kernels/elementwise/strided.h"
#include "ops/layout/copy.h"
#include "ops/functions.h"
#include "ops/registry.h"
#include "ops/walk.h"

namespace lanegrad {
namespace {

// ---- flip(x){dims}

void flip_infer(InferContext& c) {
  const TensorSpec& x = c.in(0);
  uint32_t seen = 0;
  for (const int64_t dim : c.attrs().get_ints(0)) {
    const int d = normalize_dim(c.op().name, dim, x.rank());
    if (seen & (1u << d)) c.fail(ErrorKind::kValue, "dim ", d, " is given twice");
    seen |= 1u << d;
  }
  c.add_output(TensorSpec{x.dtype, x.shape, dense_strides_like(x.shape, x.strides)});
}

// A copy that reads the flipped dims from their ends.
void flip_eval(const EvalContext& c) {
  const TensorView& x = c.in(0);
  if (x.spec->numel() == 0) return;
  TensorSpec backwards = *x.spec;
  int64_t offset = 0;
  for (const int64_t dim : c.attrs().get_ints(0)) {
    if (x.spec->rank() == 0) continue;
    const int d = normalize_dim(c.op().name, dim, x.spec->rank());
    offset += (x.spec->shape[d] - 1) * x.spec->strides[d];
    backwards.strides[d] = -x.spec->strides[d];
  }
  copy_view(c.out(0), {x.as<char>() + offset * static_cast<int64_t>(size_of(x.spec->dtype)), &backwards});
}

void flip_vjp(VjpContext& c) {
  static const Op& op = find_op("flip");
  c.set_grad(0, c.apply(op, {c.grad(0)}, c.attrs()));
}

// ---- tril(x){diagonal}, triu(x){diagonal}: zeros above (below) a diagonal of the last two dims

enum Triangle { kLower, kUpper };

void triangle_infer(InferContext& c) {
  const TensorSpec& x = c.in(0);
  if (x.rank() < 2) c.fail(ErrorKind::kShape, "wants a tensor of at least two dims, got ", x.shape);
  c.add_output(TensorSpec{x.dtype, x.shape, dense_strides_like(x.shape, x.strides)});
}

void zero_row(char* out, int64_t stride, int64_t n, size_t size) {
  if (stride == static_cast<int64_t>(size)) {
    std::memset(out, 0, static_cast<size_t>(n) * size);
    return;
  }
  for (int64_t i = 0; i < n; ++i) std::memset(out + i * stride, 0, size);
}

// Line by line along whichever of the two dims lies closer in the output: of a column-major matrix, the
// columns, whose lower part is the upper part of rows. One pass: each element is read or zeroed once.
void triangle_eval(const EvalContext& c) {
  const TensorView &x = c.in(0), &out = c.out(0);
  if (out.spec->numel() == 0) return;
  const int rank = x.spec->rank();
  const bool columns =
      out.spec->strides[rank - 2] < out.spec->strides[rank - 1] && out.spec->shape[rank - 2] > 1;
  const int line = columns ? rank - 2 : rank - 1, across = columns ? rank - 1 : rank - 2;
  const bool upper = (c.op().code == kUpper) != columns;
  const int64_t length = x.spec->shape[line], lines = x.spec->shape[across];
  const int64_t bound = std::max(length, lines);
  const int64_t diagonal = std::clamp<int64_t>(c.attrs().get_int(0), -bound, bound) * (columns ? -1 : 1);
  const size_t size = size_of(x.spec->dtype);
  const int64_t bytes = static_cast<int64_t>(size);
  const int64_t to_step = out.spec->strides[line] * bytes, from_step = x.spec->strides[line] * bytes;
  Walk<2> walk;
  for (int i = 0; i < rank - 2; ++i)
    walk.add(x.spec->shape[i], {out.spec->strides[i] * bytes, x.spec->strides[i] * bytes});
  walk.add(lines, {out.spec->strides[across] * bytes, x.spec->strides[across] * bytes});
  parallel_for(walk.count(), std::max<int64_t>(1, 32768 / length), [&](int64_t begin, int64_t end) {
    Walk<2> at = walk;
    at.seek(begin);
    for (int64_t i = begin; i < end; ++i, at.advance(1)) {
      const int64_t middle = std::clamp<int64_t>(i % lines + diagonal + (upper ? 0 : 1), 0, length);
      const int64_t first = upper ? middle : 0, last = upper ? length : middle;
      char* const to = out.as<char>() + at.offset(0);
      const char* const from = x.as<char>() + at.offset(1) + first * from_step;
      zero_row(to, to_step, first, size);
      if (to_step == bytes && from_step == bytes)
        std::memcpy(to + first * bytes, from, static_cast<size_t>(last - first) * size);
      else
        move_row(to + first * to_step, to_step, from, from_step, last - first, size);
      zero_row(to + last * to_step, to_step, length - last, size);
    }
  });
}

template <Triangle part>
void triangle_vjp(VjpContext& c) {
  static const Op& op = find_op(part == kLower ? "tril" : "triu");
  c.set_grad(0, c.apply(op, {c.grad(0)}, c.attrs()));
}

const Op kOps[] = {
    {.name = "flip",
     .inputs = {{{"x"}}},
     .outputs = {{{"out"}}},
     .attrs = {{{"dims", AttrType::kInts}}},
     .flags = kPrimitive | kTakesNarrow,
     .infer = flip_infer,
     .eval = flip_eval,
     .vjp = flip_vjp},
    {.name = "tril",
     .inputs = {{{"x"}}},
     .outputs = {{{"out"}}},
     .attrs = {{{"diagonal", AttrType::kInt}}},
     .flags = kPrimitive | kTakesNarrow,
     .infer = triangle_infer,
     .eval = triangle_eval,
     .vjp = triangle_vjp<kLower>,
     .code = kLower},
    {.name = "triu",
     .inputs = {{{"x"}}},
     .outputs = {{{"out"}}},
     .attrs = {{{"diagonal", AttrType::kInt}}},
     .flags = kPrimitive | kTakesNarrow,
     .infer = triangle_infer,
     .eval = triangle_eval,
     .vjp = triangle_vjp<kUpper>,
     .code = kUpper},
};

}  // namespace

void register_rearrange_ops(Registry& r) {
  for (const Op& op : kOps) r.add(op);
}

}  // namespace lanegrad
