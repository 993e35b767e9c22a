// softmax(x){dim}, logSoftmax(x){dim} and their fused gradients.
#include "core/streaming.h"
#include "kernels/softmax/softmax.h"
#include "ops/layout/copy.h"
#include "ops/reduce/dims.h"
#include "ops/registry.h"
#include "ops/loss/softmax_parts.h"

namespace lanegrad {
namespace {

void softmax_infer(InferContext& c) {
  const TensorSpec& x = c.in(0);
  normalize_dim(c.op().name, c.attrs().get_int(0), x.rank());
  if (!is_floating(x.dtype)) c.fail(ErrorKind::kDType, "wants a floating dtype, got ", name_of(x.dtype));
  c.add_output(x.dtype, x.shape);
}

// A strided input is copied into the output first and replaced there.
template <bool kLog>
void softmax_eval(const EvalContext& c) {
  const TensorView &x = c.in(0), &out = c.out(0);
  if (out.spec->numel() == 0) return;
  const int dim = normalize_dim(c.op().name, c.attrs().get_int(0), out.spec->rank());
  const SoftmaxBlock b = softmax_block(out.spec->shape, dim, dim);
  const bool dense = x.spec->is_contiguous();
  if (!dense) copy_view(out, x);
  const bool past = dense && x.data != out.data && exceeds_caches(out.spec->bytes());
  dispatch_floating(out.spec->dtype, [&]<class T>(T) {
    const SoftmaxKernels<T>& kernels = softmax_table().of<T>();
    const T* from = dense ? x.as<T>() : out.as<T>();
    T* to = out.as<T>();
    for_each_softmax_part(
        b,
        [&](int64_t first, int64_t count) {
          kernels.rows(from + first * b.n, count, b.n, kLog, past, to + first * b.n);
          if (past) end_streams();
        },
        [&](int64_t outer, int64_t column, int64_t columns) {
          const int64_t at = outer * b.n * b.inner + column;
          kernels.columns(from + at, b.n, columns, b.inner, kLog, to + at);
        });
  });
}

// ---- softmaxBackward(grad, y){dim}, logSoftmaxBackward(grad, y){dim}

void softmax_backward_infer(InferContext& c) {
  normalize_dim(c.op().name, c.attrs().get_int(0), c.in(1).rank());
  if (!(c.in(0).shape == c.in(1).shape) || c.in(0).dtype != c.in(1).dtype) {
    c.fail(ErrorKind::kShape, "grad ", c.in(0).shape, " and y ", c.in(1).shape, " differ in shape or dtype");
  }
  c.add_output(c.in(1).dtype, c.in(1).shape);
}

size_t softmax_backward_workspace(const InferContext& c) {
  return c.in(1).is_contiguous() ? 0 : c.out(0).bytes();
}

template <bool kLog>
void softmax_backward_eval(const EvalContext& c) {
  const TensorView &grad = c.in(0), &out = c.out(0);
  if (out.spec->numel() == 0) return;
  const int dim = normalize_dim(c.op().name, c.attrs().get_int(0), out.spec->rank());
  const SoftmaxBlock b = softmax_block(out.spec->shape, dim, dim);
  const bool dense = grad.spec->is_contiguous();
  if (!dense) copy_view(out, grad);
  const bool past = dense && grad.data != out.data && exceeds_caches(out.spec->bytes());
  TensorView y = c.in(1);
  if (!y.spec->is_contiguous()) {
    const TensorView flat{c.workspace(), out.spec};
    copy_view(flat, y);
    y = flat;
  }
  dispatch_floating(out.spec->dtype, [&]<class T>(T) {
    const SoftmaxKernels<T>& kernels = softmax_table().of<T>();
    const T *g = dense ? grad.as<T>() : out.as<T>(), *v = y.as<T>();
    T* to = out.as<T>();
    for_each_softmax_part(
        b,
        [&](int64_t first, int64_t count) {
          const int64_t at = first * b.n;
          kernels.rows_backward(g + at, v + at, count, b.n, kLog, past, to + at);
          if (past) end_streams();
        },
        [&](int64_t outer, int64_t column, int64_t columns) {
          const int64_t at = outer * b.n * b.inner + column;
          kernels.columns_backward(g + at, v + at, b.n, columns, b.inner, kLog, to + at);
        });
  });
}

template <bool kLog>
void softmax_vjp(VjpContext& c) {
  if (!c.needs(0)) return;
  const Tensor g = c.grad(0), y = c.output(0);
  if (!c.create_graph()) {
    static const Op& op = find_op(kLog ? "logSoftmaxBackward" : "softmaxBackward");
    c.set_grad(0, c.apply(op, {g, y}, c.attrs()));
    return;
  }
  const int rank = c.input_shape(0).size();
  const int64_t dim = normalize_dim(kLog ? "logSoftmax" : "softmax", c.attrs().get_int(0), rank);
  const std::span<const int64_t> dims(&dim, rank > 0 ? 1 : 0);
  if (kLog) {
    c.set_grad(0, fn::sub(c, g, fn::mul(c, fn::exp(c, y), fn::sum(c, g, dims, true))));
  } else {
    c.set_grad(0, fn::mul(c, y, fn::sub(c, g, fn::sum(c, fn::mul(c, g, y), dims, true))));
  }
}

// What stands before the dim.
Slices softmax_slices(const InferContext& c) {
  const Dims& shape = c.out(0).shape;
  return Slices::of_leading(shape, normalize_dim(c.op().name, c.attrs().get_int(0), shape.size()));
}

const Op kOps[] = {
    {.name = "softmax",
     .inputs = {{{"x"}}},
     .outputs = {{{"out"}}},
     .attrs = {{{"dim", AttrType::kInt}}},
     .flags = kPrimitive,
     .promotion = Promotion::kCommonFloating,
     .infer = softmax_infer,
     .eval = softmax_eval<false>,
     .slices = softmax_slices,
     .saves = {.outputs = 1},
     .vjp = softmax_vjp<false>},
    {.name = "logSoftmax",
     .inputs = {{{"x"}}},
     .outputs = {{{"out"}}},
     .attrs = {{{"dim", AttrType::kInt}}},
     .flags = kPrimitive,
     .promotion = Promotion::kCommonFloating,
     .infer = softmax_infer,
     .eval = softmax_eval<true>,
     .slices = softmax_slices,
     .saves = {.outputs = 1},
     .vjp = softmax_vjp<true>},
    {.name = "softmaxBackward",
     .inputs = {{{"grad"}, {"y"}}},
     .outputs = {{{"out"}}},
     .attrs = {{{"dim", AttrType::kInt}}},
     .flags = kInternal,
     .infer = softmax_backward_infer,
     .workspace = softmax_backward_workspace,
     .eval = softmax_backward_eval<false>,
     .slices = softmax_slices},
    {.name = "logSoftmaxBackward",
     .inputs = {{{"grad"}, {"y"}}},
     .outputs = {{{"out"}}},
     .attrs = {{{"dim", AttrType::kInt}}},
     .flags = kInternal,
     .infer = softmax_backward_infer,
     .workspace = softmax_backward_workspace,
     .eval = softmax_backward_eval<true>,
     .slices = softmax_slices},
};

}  // namespace

void register_softmax_ops(Registry& r) {
  for (const Op& op : kOps) r.add(op);
}

}  // namespace lanegrad
