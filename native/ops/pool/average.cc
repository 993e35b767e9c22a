// avgPool and adaptiveAvgPool, and their transposes.
#include "ops/check_operand.h"
#include "ops/pool/pooling.h"
#include "ops/registry.h"

namespace lanegrad {
namespace {

using namespace pooling;

// Of avgPool, and of avgPoolBackward, where `sizes` stands in front.
constexpr SlidingAttrs kAverageAt{0, false}, kBackwardAt{1, false};

int count(const Attrs& attrs, int k) { return static_cast<int>(attrs.get_ints(k).size()); }

void check_floating(const InferContext& c) {
  if (!is_floating(c.in(0).dtype))
    c.fail(ErrorKind::kDType, "input must be floating, got ", name_of(c.in(0).dtype));
}

PoolGeometry average_geometry(const Attrs& attrs, SlidingAttrs at, const PoolSizes& size, void* workspace) {
  PoolGeometry g =
      sliding_geometry(read_sliding(attrs, at, size), size, attrs.get_bool(at.ceil() + 1), workspace);
  g.divisor = attrs.get_int(at.ceil() + 2);
  return g;
}

void run_average(const EvalContext& c, const PoolGeometry& g, int directions) {
  const TensorView& x = c.in(0);
  dispatch_floating(x.spec->dtype, [&]<class T>(T) {
    make_planes(c.out(0).as<T>(), channels_of(x.spec->shape, directions), g.places(), g.volume(),
                [&](int64_t p, T* to) { pool_table<T>().average(g, channel<T>(x, directions, p), to); });
  });
}

void run_backward(const EvalContext& c, const PoolGeometry& g, int directions) {
  const TensorView& grad = c.in(0);
  dispatch_floating(grad.spec->dtype, [&]<class T>(T) {
    make_planes(
        c.out(0).as<T>(), channels_of(grad.spec->shape, directions), g.volume(), g.volume(),
        [&](int64_t p, T* to) { pool_table<T>().average_backward(g, channel<T>(grad, directions, p), to); });
  });
}

// avgPool: x [..., size] -> [..., out].
void infer_average(InferContext& c) {
  check_floating(c);
  const Sliding s = check_sliding(c, kAverageAt, c.in(0).shape);
  const Dims shape = pooled_shape(c.in(0).shape, s.out, count(c.attrs(), 0));
  checked_numel(c.op().name, shape);
  c.add_output(c.in(0).dtype, shape);
}

size_t workspace_average(const InferContext& c) {
  return windows_bytes(last_sizes(c.out(0).shape, count(c.attrs(), 0)));
}

void eval_average(const EvalContext& c) {
  const int directions = count(c.attrs(), 0);
  const PoolSizes size = last_sizes(c.in(0).spec->shape, directions);
  run_average(c, average_geometry(c.attrs(), kAverageAt, size, c.workspace()), directions);
}

// The shape that a transpose gives: that of grad with `sizes` in place of its last dims.
Dims backward_shape(const InferContext& c) {
  check_floating(c);
  const int directions = check_directions(c, 0, "sizes", c.in(0).shape);
  check_sizes(c, 0, "sizes", 1, directions);
  const Dims shape = with_last(c.in(0).shape, c.attrs().get_ints(0));
  checked_numel(c.op().name, shape);
  return shape;
}

size_t workspace_backward(const InferContext& c) {
  return windows_bytes(last_sizes(c.in(0).shape, count(c.attrs(), 0)));
}

// avgPoolBackward: grad [..., out] -> [..., sizes], the transpose of avgPool.
void infer_average_backward(InferContext& c) {
  const Dims shape = backward_shape(c);
  const Sliding s = check_sliding(c, kBackwardAt, shape);
  if (count(c.attrs(), 0) != count(c.attrs(), 1))
    c.fail(ErrorKind::kValue, "sizes and kernel must be equally long, got ", Dims(c.attrs().get_ints(0)),
           " and ", Dims(c.attrs().get_ints(1)));
  const Dims wanted = pooled_shape(shape, s.out, count(c.attrs(), 0));
  if (c.in(0).shape != wanted)
    c.fail(ErrorKind::kShape, "grad must be ", wanted, " for input ", shape, ", got ", c.in(0).shape);
  c.add_output(c.in(0).dtype, shape);
}

void eval_average_backward(const EvalContext& c) {
  const int directions = count(c.attrs(), 0);
  const PoolSizes size = last_sizes(c.out(0).spec->shape, directions);
  run_backward(c, average_geometry(c.attrs(), kBackwardAt, size, c.workspace()), directions);
}

// adaptiveAvgPool: x [..., size] -> [..., sizes].
void infer_adaptive(InferContext& c) {
  check_floating(c);
  const int directions = check_directions(c, 0, "sizes", c.in(0).shape);
  check_sizes(c, 0, "sizes", 0, directions);
  check_not_empty(c, c.in(0).shape, directions);
  const Dims shape = with_last(c.in(0).shape, c.attrs().get_ints(0));
  checked_numel(c.op().name, shape);
  c.add_output(c.in(0).dtype, shape);
}

PoolGeometry adaptive(const Dims& in, const Dims& out, int directions, void* workspace) {
  return adaptive_geometry(last_sizes(in, directions), last_sizes(out, directions), workspace);
}

void eval_adaptive(const EvalContext& c) {
  const int directions = count(c.attrs(), 0);
  run_average(c, adaptive(c.in(0).spec->shape, c.out(0).spec->shape, directions, c.workspace()), directions);
}

// adaptiveAvgPoolBackward: grad [..., out] -> [..., sizes], the transpose of adaptiveAvgPool.
void infer_adaptive_backward(InferContext& c) { c.add_output(c.in(0).dtype, backward_shape(c)); }

void eval_adaptive_backward(const EvalContext& c) {
  const int directions = count(c.attrs(), 0);
  run_backward(c, adaptive(c.out(0).spec->shape, c.in(0).spec->shape, directions, c.workspace()), directions);
}

// Appends the attributes of avgPool, which start at `first` in `from`.
Attrs& add_average(Attrs& to, const Attrs& from, int first) {
  for (int k = 0; k < 3; ++k) to.add_ints(from.get_ints(first + k));
  return to.add_bool(from.get_bool(first + 3))
      .add_bool(from.get_bool(first + 4))
      .add_int(from.get_int(first + 5));
}

std::span<const int64_t> last_of(const Dims& shape, int directions) {
  return std::span<const int64_t>(shape).subspan(shape.size() - directions);
}

void vjp_average(VjpContext& c) {
  static const Op& backward = find_op("avgPoolBackward");
  if (!c.grad(0) || !c.needs(0)) return;
  const Dims shape = c.input_shape(0);
  Attrs attrs;
  attrs.add_ints(last_of(shape, count(c.attrs(), 0)));
  c.set_grad(0, c.apply(backward, {c.grad(0)}, add_average(attrs, c.attrs(), 0)));
}

void vjp_average_backward(VjpContext& c) {
  static const Op& average = find_op("avgPool");
  if (!c.grad(0) || !c.needs(0)) return;
  Attrs attrs;
  c.set_grad(0, c.apply(average, {c.grad(0)}, add_average(attrs, c.attrs(), 1)));
}

void vjp_adaptive(VjpContext& c) {
  static const Op& backward = find_op("adaptiveAvgPoolBackward");
  if (!c.grad(0) || !c.needs(0)) return;
  const Dims shape = c.input_shape(0);
  c.set_grad(0, c.apply(backward, {c.grad(0)}, Attrs().add_ints(last_of(shape, count(c.attrs(), 0)))));
}

void vjp_adaptive_backward(VjpContext& c) {
  static const Op& pool = find_op("adaptiveAvgPool");
  if (!c.grad(0) || !c.needs(0)) return;
  const Dims shape = c.input_shape(0);
  c.set_grad(0, c.apply(pool, {c.grad(0)}, Attrs().add_ints(last_of(shape, count(c.attrs(), 0)))));
}

constexpr AttrDef kSizes{"sizes", AttrType::kInts}, kKernel{"kernel", AttrType::kInts},
    kStride{"stride", AttrType::kInts}, kPadding{"padding", AttrType::kInts},
    kCeilMode{"ceilMode", AttrType::kBool}, kCountIncludePad{"countIncludePad", AttrType::kBool},
    kDivisorOverride{"divisorOverride", AttrType::kInt};

const Op kAvgPool{
    .name = "avgPool",
    .inputs = {InputDef{"x"}},
    .outputs = {OutputDef{"out"}},
    .attrs = {kKernel, kStride, kPadding, kCeilMode, kCountIncludePad, kDivisorOverride},
    .flags = kPrimitive,
    .infer = infer_average,
    .workspace = workspace_average,
    .eval = eval_average,
    .slices = pool_slices,
    .vjp = vjp_average,
};

const Op kAvgPoolBackward{
    .name = "avgPoolBackward",
    .inputs = {InputDef{"grad"}},
    .outputs = {OutputDef{"out"}},
    .attrs = {kSizes, kKernel, kStride, kPadding, kCeilMode, kCountIncludePad, kDivisorOverride},
    .flags = kPrimitive,
    .infer = infer_average_backward,
    .workspace = workspace_backward,
    .eval = eval_average_backward,
    .slices = pool_slices,
    .vjp = vjp_average_backward,
};

const Op kAdaptiveAvgPool{
    .name = "adaptiveAvgPool",
    .inputs = {InputDef{"x"}},
    .outputs = {OutputDef{"out"}},
    .attrs = {kSizes},
    .flags = kPrimitive,
    .infer = infer_adaptive,
    .workspace = workspace_average,
    .eval = eval_adaptive,
    .slices = pool_slices,
    .vjp = vjp_adaptive,
};

const Op kAdaptiveAvgPoolBackward{
    .name = "adaptiveAvgPoolBackward",
    .inputs = {InputDef{"grad"}},
    .outputs = {OutputDef{"out"}},
    .attrs = {kSizes},
    .flags = kPrimitive,
    .infer = infer_adaptive_backward,
    .workspace = workspace_backward,
    .eval = eval_adaptive_backward,
    .slices = pool_slices,
    .vjp = vjp_adaptive_backward,
};

}  // namespace

void register_average_pool_ops(Registry& registry) {
  registry.add(kAvgPool);
  registry.add(kAvgPoolBackward);
  registry.add(kAdaptiveAvgPool);
  registry.add(kAdaptiveAvgPoolBackward);
}

}  // namespace lanegrad
