// Ops that move or choose elements without computing on them: where, to, copy, clone, contiguous.
#include "core/streaming.h"
#include "kernels/elementwise/elementwise.h"
#include "kernels/elementwise/strided.h"
#include "ops/layout/copy.h"
#include "ops/elementwise/elementwise.h"
#include "ops/functions.h"
#include "ops/op.h"
#include "ops/registry.h"
#include "ops/elementwise/strided_loop.h"

namespace lanegrad {
namespace {

// ---- where(condition, a, b)

void where_infer(InferContext& c) {
  const TensorSpec &condition = c.in(0), &a = c.in(1), &b = c.in(2);
  if (condition.dtype != DType::kBool) {
    c.fail(ErrorKind::kDType, "condition is ", name_of(condition.dtype), ", wanted bool; compare it first");
  }
  if (a.dtype != b.dtype) {
    c.fail(ErrorKind::kDType, "a and b differ in dtype: ", name_of(a.dtype), " and ", name_of(b.dtype));
  }
  const TensorSpec* const specs[] = {&a, &b, &condition};
  c.add_output(broadcast_output(c.op().name, a.dtype, specs));
}

constexpr int64_t kGrain = 32768;
constexpr int64_t kTile = 512;

void where_eval(const EvalContext& c) {
  const TensorView* const inputs[] = {&c.in(0), &c.in(1), &c.in(2)};
  const size_t size = size_of(c.out(0).spec->dtype);
  const int64_t dense = static_cast<int64_t>(size);
  const auto kernel = elementwise_table().where[log2_size(size)];
  const StridedLoop loop = make_loop(c.out(0), inputs, 3);
  const int64_t* step = loop.row_strides();
  const unsigned scalars = (step[2] == 0 ? 2u : 0u) | (step[3] == 0 ? 4u : 0u);
  const bool gather_a = step[2] != 0 && step[2] != dense, gather_b = step[3] != 0 && step[3] != dense;
  const bool scatter = step[0] != dense, gather_condition = step[1] != 1;
  const bool in_place = c.in(1).data == c.out(0).data || c.in(2).data == c.out(0).data;
  const bool past_caches = !in_place && exceeds_caches(c.out(0).spec->bytes());
  const auto body = [&](char* const* at, int64_t n) {
    if (!scatter && !gather_condition && !gather_a && !gather_b) {
      const bool past = past_caches && is_stream_aligned(at[0]);
      return kernel(at[0], at[1], at[2], at[3], n, scalars | (past ? kPastCaches : 0));
    }
    alignas(64) char tiles[4][kTile * 8];
    for (int64_t first = 0; first < n; first += kTile) {
      const int64_t count = n - first < kTile ? n - first : kTile;
      const char *condition = at[1] + first * step[1], *a = at[2] + first * step[2],
                 *b = at[3] + first * step[3];
      char* target = at[0] + first * step[0];
      if (gather_condition) gather_row(tiles[1], condition, step[1], count, 1);
      if (gather_a) gather_row(tiles[2], a, step[2], count, size);
      if (gather_b) gather_row(tiles[3], b, step[3], count, size);
      kernel(scatter ? tiles[0] : target, gather_condition ? tiles[1] : condition, gather_a ? tiles[2] : a,
             gather_b ? tiles[3] : b, count, scalars);
      if (scatter) scatter_row(target, step[0], tiles[0], count, size);
    }
  };
  for_each_row(loop, kGrain, body, [&] {
    if (past_caches) end_streams();
  });
}

void where_vjp(VjpContext& c) {
  const Tensor g = c.grad(0), condition = c.input(0);
  if (c.needs(1)) c.set_grad(1, fn::sum_to(c, fn::where(c, condition, g, c.scalar(0)), c.input_shape(1)));
  if (c.needs(2)) c.set_grad(2, fn::sum_to(c, fn::where(c, condition, c.scalar(0), g), c.input_shape(2)));
}

// ---- to(x){dtype}

void to_infer(InferContext& c) {
  const TensorSpec& x = c.in(0);
  c.add_output(TensorSpec{c.attrs().get_dtype(0), x.shape, dense_strides_like(x.shape, x.strides)});
}

void copy_first(const EvalContext& c) { copy_view(c.out(0), c.in(0)); }

void to_vjp(VjpContext& c) { c.set_grad(0, fn::to(c, c.grad(0), c.input_dtype(0))); }

// ---- copy(target, source): what `target` becomes when it is written

void copy_infer(InferContext& c) {
  const TensorSpec &target = c.in(0), &source = c.in(1);
  const Dims wide = broadcast_shapes(c.op().name, target.shape, source.shape);
  if (!(wide == target.shape)) {
    c.fail(ErrorKind::kShape, "a source of shape ", source.shape, " does not broadcast to the target's ",
           target.shape);
  }
  c.add_output(TensorSpec{target.dtype, target.shape, dense_strides_like(target.shape, target.strides)});
}

void copy_eval(const EvalContext& c) { copy_view(c.out(0), c.in(1)); }

// Nothing of the target is left in the output, so it gets no gradient.
void copy_vjp(VjpContext& c) {
  if (c.needs(1)) c.set_grad(1, fn::sum_to(c, fn::to(c, c.grad(0), c.input_dtype(1)), c.input_shape(1)));
}

// ---- clone(x), contiguous(x)

void clone_infer(InferContext& c) {
  const TensorSpec& x = c.in(0);
  c.add_output(TensorSpec{x.dtype, x.shape, dense_strides_like(x.shape, x.strides)});
}

void contiguous_infer(InferContext& c) {
  const TensorSpec& x = c.in(0);
  OutputSpec out(TensorSpec::contiguous(x.dtype, x.shape));
  if (x.is_contiguous()) {
    out.strides = x.strides;
    out.alias = 0;
  }
  c.add_output(out);
}

void pass_gradient(VjpContext& c) { c.set_grad(0, c.grad(0)); }

const Op kOps[] = {
    {.name = "where",
     .inputs = {{{.name = "condition", .differentiable = false}, {"a"}, {"b"}}},
     .outputs = {{{"out"}}},
     .flags = kPrimitive | kElementwise | kTakesNarrow,
     .promotion = Promotion::kCommon,
     .infer = where_infer,
     .eval = where_eval,
     .saves = {.inputs = 1},
     .vjp = where_vjp},
    {.name = "to",
     .inputs = {{{"x"}}},
     .outputs = {{{"out"}}},
     .attrs = {{{"dtype", AttrType::kDType}}},
     .flags = kPrimitive | kElementwise | kTakesNarrow,
     .infer = to_infer,
     .eval = copy_first,
     .vjp = to_vjp},
    {.name = "copy",
     .inputs = {{{"target"}, {"source"}}},
     .outputs = {{{"out"}}},
     .flags = kPrimitive | kElementwise | kTakesNarrow,
     .infer = copy_infer,
     .eval = copy_eval,
     .vjp = copy_vjp},
    {.name = "clone",
     .inputs = {{{"x"}}},
     .outputs = {{{"out"}}},
     .flags = kPrimitive | kElementwise | kTakesNarrow,
     .infer = clone_infer,
     .eval = copy_first,
     .vjp = pass_gradient},
    {.name = "contiguous",
     .inputs = {{{"x"}}},
     .outputs = {{{"out"}}},
     .flags = kPrimitive | kView | kTakesNarrow,
     .infer = contiguous_infer,
     .eval = copy_first,
     .vjp = pass_gradient},
};

}  // namespace

void register_move_ops(Registry& r) {
  for (const Op& op : kOps) r.add(op);
}

}  // namespace lanegrad
