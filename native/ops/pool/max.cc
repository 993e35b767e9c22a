// maxPool, adaptiveMaxPool, and maxUnpool, which is the gradient of both.
#include <atomic>
#include <type_traits>

#include "ops/functions.h"
#include "ops/pool/pooling.h"
#include "ops/registry.h"

namespace lanegrad {
namespace {

using namespace pooling;

constexpr SlidingAttrs kMaxAt{0, true};

void check_ordered(const InferContext& c) {
  if (c.in(0).dtype == DType::kBool) c.fail(ErrorKind::kDType, "input must not be bool");
}

void add_max_outputs(InferContext& c, const Dims& shape) {
  checked_numel(c.op().name, shape);
  c.add_output(c.in(0).dtype, shape);
  c.add_output(DType::kInt64, shape);
}

void run_max(const EvalContext& c, const PoolGeometry& g, int directions) {
  const TensorView& x = c.in(0);
  int64_t* const indices = c.out(1).as<int64_t>();
  dispatch_dtype(x.spec->dtype, [&]<class T>(T) {
    for_channels(channels_of(x.spec->shape, directions), g.volume(), [&](int64_t p) {
      const PoolView<T> in = channel<T>(x, directions, p);
      T* const out = c.out(0).as<T>() + p * g.places();
      int64_t* const at = indices + p * g.places();
      if constexpr (std::is_same_v<T, float> || std::is_same_v<T, double>)
        pool_table<T>().max(g, in, out, at);
      else
        max_windows<T>(g, in, out, at);
    });
  });
}

// maxPool: x [..., size] -> out, indices [..., out]; an index is the row-major place in [size].
void infer_max(InferContext& c) {
  check_ordered(c);
  const Sliding s = check_sliding(c, kMaxAt, c.in(0).shape);
  add_max_outputs(c, pooled_shape(c.in(0).shape, s.out, static_cast<int>(c.attrs().get_ints(0).size())));
}

size_t workspace_max(const InferContext& c) {
  const int directions = static_cast<int>(c.attrs().get_ints(0).size());
  return windows_bytes(last_sizes(c.out(0).shape, directions));
}

void eval_max(const EvalContext& c) {
  const int directions = static_cast<int>(c.attrs().get_ints(0).size());
  const PoolSizes size = last_sizes(c.in(0).spec->shape, directions);
  run_max(c, sliding_geometry(read_sliding(c.attrs(), kMaxAt, size), size, false, c.workspace()), directions);
}

// adaptiveMaxPool: the same with windows that cut the input evenly into `sizes` pieces.
void infer_adaptive(InferContext& c) {
  check_ordered(c);
  const int directions = check_directions(c, 0, "sizes", c.in(0).shape);
  check_sizes(c, 0, "sizes", 0, directions);
  check_not_empty(c, c.in(0).shape, directions);
  add_max_outputs(c, with_last(c.in(0).shape, c.attrs().get_ints(0)));
}

void eval_adaptive(const EvalContext& c) {
  const auto sizes = c.attrs().get_ints(0);
  const int directions = static_cast<int>(sizes.size());
  const PoolSizes size = last_sizes(c.in(0).spec->shape, directions);
  run_max(c, adaptive_geometry(size, last_sizes(sizes, directions), c.workspace()), directions);
}

// maxUnpool: x, indices [..., n...] -> [..., sizes]: zeros, with each element at the row-major place that its
// index says. Elements that meet add up, or the last one stays.
void infer_unpool(InferContext& c) {
  const TensorSpec &x = c.in(0), &indices = c.in(1);
  if (indices.dtype != DType::kInt64)
    c.fail(ErrorKind::kDType, "indices must be int64, got ", name_of(indices.dtype));
  if (x.shape != indices.shape)
    c.fail(ErrorKind::kShape, "x and indices differ: x is ", x.shape, ", indices are ", indices.shape);
  const int directions = check_directions(c, 0, "sizes", x.shape);
  check_sizes(c, 0, "sizes", 0, directions);
  const Dims shape = with_last(x.shape, c.attrs().get_ints(0));
  checked_numel(c.op().name, shape);
  c.add_output(x.dtype, shape);
}

// Places the elements of one channel; false for an index that is outside.
template <class T>
bool place(const PoolView<T>& from, const PoolView<int64_t>& indices, const PoolSizes& n, int64_t volume,
           bool accumulate, T* out) {
  const auto at = [](const auto& view, int64_t k, int64_t i, int64_t j) {
    return view.data[k * view.strides[0] + i * view.strides[1] + j * view.strides[2]];
  };
  std::fill(out, out + volume, T{0});
  for (int64_t k = 0; k < n[0]; ++k) {
    for (int64_t i = 0; i < n[1]; ++i) {
      for (int64_t j = 0; j < n[2]; ++j) {
        const int64_t index = at(indices, k, i, j);
        if (index < 0 || index >= volume) return false;
        const T value = at(from, k, i, j);
        out[index] = accumulate ? static_cast<T>(out[index] + value) : value;
      }
    }
  }
  return true;
}

void eval_unpool(const EvalContext& c) {
  const TensorView &x = c.in(0), &indices = c.in(1), &out = c.out(0);
  const auto sizes = c.attrs().get_ints(0);
  const int directions = static_cast<int>(sizes.size());
  const PoolSizes n = last_sizes(x.spec->shape, directions);
  const int64_t volume = numel(Dims(sizes));
  std::atomic<bool> inside{true};
  dispatch_dtype(x.spec->dtype, [&]<class T>(T) {
    for_channels(channels_of(x.spec->shape, directions), volume + n[0] * n[1] * n[2], [&](int64_t p) {
      if (!place(channel<T>(x, directions, p), channel<int64_t>(indices, directions, p), n, volume,
                 c.attrs().get_bool(1), out.as<T>() + p * volume))
        inside.store(false, std::memory_order_relaxed);
    });
  });
  if (!inside)
    c.fail(ErrorKind::kIndex, "indices must be at least 0 and less than ", volume, ", the size of a channel");
}

// Each element goes back to where it came from.
void unpool_gradient(VjpContext& c, int directions) {
  static const Op& unpool = find_op("maxUnpool");
  if (!c.grad(0) || !c.needs(0)) return;
  const Dims& shape = c.input_shape(0);
  Attrs attrs;
  attrs.add_ints(std::span<const int64_t>(shape).subspan(shape.size() - directions)).add_bool(true);
  c.set_grad(0, c.apply(unpool, {c.grad(0), c.output(1)}, attrs));
}
void vjp_max(VjpContext& c) { unpool_gradient(c, static_cast<int>(c.attrs().get_ints(0).size())); }

Dims flat_channels(const Dims& shape, int directions) {
  Dims flat = shape;
  flat.resize(shape.size() - directions + 1);
  int64_t n = 1;
  for (int i = shape.size() - directions; i < shape.size(); ++i) n *= shape[i];
  flat[flat.size() - 1] = n;
  return flat;
}

// The gradient of a scatter is a gather at the same indices.
void vjp_unpool(VjpContext& c) {
  static const Op& gather = find_op("gather");
  if (!c.grad(0) || !c.needs(0)) return;
  const int directions = static_cast<int>(c.attrs().get_ints(0).size());
  const Dims in = flat_channels(c.input_shape(0), directions);
  const Dims out = flat_channels(c.grad(0)->spec.shape, directions);
  const Tensor values = c.apply(gather, {fn::reshape(c, c.grad(0), out), fn::reshape(c, c.input(1), in)},
                                Attrs().add_int(in.size() - 1));
  c.set_grad(0, fn::reshape(c, values, c.input_shape(0)));
}

constexpr AttrDef kSizes{"sizes", AttrType::kInts};

const Op kMaxPool{
    .name = "maxPool",
    .inputs = {InputDef{"x"}},
    .outputs = {OutputDef{"out"}, OutputDef{"indices", false}},
    .attrs = {AttrDef{"kernel", AttrType::kInts}, AttrDef{"stride", AttrType::kInts},
              AttrDef{"padding", AttrType::kInts}, AttrDef{"dilation", AttrType::kInts},
              AttrDef{"ceilMode", AttrType::kBool}},
    .flags = kPrimitive,
    .infer = infer_max,
    .workspace = workspace_max,
    .eval = eval_max,
    .slices = pool_slices,
    .saves = {.outputs = 0b10},
    .vjp = vjp_max,
};

const Op kAdaptiveMaxPool{
    .name = "adaptiveMaxPool",
    .inputs = {InputDef{"x"}},
    .outputs = {OutputDef{"out"}, OutputDef{"indices", false}},
    .attrs = {kSizes},
    .flags = kPrimitive,
    .infer = infer_adaptive,
    .workspace = workspace_max,
    .eval = eval_adaptive,
    .slices = pool_slices,
    .saves = {.outputs = 0b10},
    .vjp = vjp_max,
};

const Op kMaxUnpool{
    .name = "maxUnpool",
    .inputs = {InputDef{"x"}, InputDef{.name = "indices", .differentiable = false}},
    .outputs = {OutputDef{"out"}},
    .attrs = {kSizes, AttrDef{"accumulate", AttrType::kBool}},
    .flags = kPrimitive,
    .infer = infer_unpool,
    .eval = eval_unpool,
    .slices = pool_slices,
    .saves = {.inputs = 0b10},
    .vjp = vjp_unpool,
};

}  // namespace

void register_max_pool_ops(Registry& registry) {
  registry.add(kMaxPool);
  registry.add(kAdaptiveMaxPool);
  registry.add(kMaxUnpool);
}

}  // namespace lanegrad
