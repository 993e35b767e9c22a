// windowMax(x){kernel, stride, padding, dilation, ceilMode} -> out, place; and its gradient. maxPool without
// indices: the place in the window is a byte, and what came channels-last stays so.
#include "core/streaming.h"
#include "ops/check_operand.h"
#include "ops/layout/memory_format.h"
#include "ops/scratch.h"
#include "ops/pool/pooling.h"
#include "ops/registry.h"

namespace lanegrad {
namespace {

using namespace pooling;

constexpr SlidingAttrs kAt{0, true};
constexpr int64_t kMostPlaces = 256;
// Channels of a task of the gradient: a run of whole cache lines.
constexpr int64_t kChannelRun = 64;

MaxWindows windows_of(const Sliding& s, const PoolSizes& size) {
  return {size, s.out, s.kernel, s.stride, s.padding, s.dilation};
}

int64_t product(const PoolSizes& sizes) { return sizes[0] * sizes[1] * sizes[2]; }

int directions_of(const Attrs& attrs) { return static_cast<int>(attrs.get_ints(0).size()); }

bool are_channels_last(const TensorSpec& x, int directions) {
  return x.rank() == directions + 2 && !x.is_contiguous() && is_channels_last(x);
}

// The strides of a tensor of this shape with the channels where x has them.
Dims strides_like(const TensorSpec& x, const Dims& shape, int directions) {
  return are_channels_last(x, directions) ? dense_strides_like(shape, x.strides) : contiguous_strides(shape);
}

void check_places(const InferContext& c, const PoolSizes& kernel) {
  if (product(kernel) > kMostPlaces)
    c.fail(ErrorKind::kValue, "a window may have at most ", kMostPlaces, " elements, got ", product(kernel));
}

void infer(InferContext& c) {
  const TensorSpec& x = c.in(0);
  check_floating(c, x);
  const Sliding s = check_sliding(c, kAt, x.shape);
  check_places(c, s.kernel);
  const int directions = directions_of(c.attrs());
  const Dims shape = pooled_shape(x.shape, s.out, directions);
  checked_numel(c.op().name, shape);
  const Dims strides = strides_like(x, shape, directions);
  c.add_output(TensorSpec{x.dtype, shape, strides});
  c.add_output(TensorSpec{DType::kUint8, shape, strides});
}

void eval(const EvalContext& c) {
  const TensorView &x = c.in(0), &out = c.out(0);
  if (out.spec->numel() == 0) return;
  const int directions = directions_of(c.attrs());
  const PoolSizes size = last_sizes(x.spec->shape, directions);
  const MaxWindows m = windows_of(read_sliding(c.attrs(), kAt, size), size);
  const bool past = exceeds_caches(out.spec->bytes());
  uint8_t* const place = c.out(1).as<uint8_t>();
  dispatch_floating(x.spec->dtype, [&]<class T>(T) {
    const WindowMaxTable<T>& kernels = window_max_tables().of<T>();
    T* const to = out.as<T>();
    if (are_channels_last(*x.spec, directions)) {
      const int64_t channels = x.spec->shape[1], rows = m.out[0] * m.out[1], row_size = m.out[2] * channels;
      const bool stream = past && is_stream_aligned(to) && channels * int64_t{sizeof(T)} % 64 == 0;
      const int64_t grain = std::max<int64_t>(1, kChannelGrain / (row_size * product(m.kernel)));
      parallel_for(x.spec->shape[0] * rows, grain, [&](int64_t begin, int64_t end) {
        for (int64_t i = begin; i < end; ++i)
          kernels.channels(m, x.as<T>() + i / rows * product(size) * channels, channels, i % rows, stream,
                           to + i * row_size, place + i * row_size);
        if (stream) end_streams();
      });
      return;
    }
    const int64_t places = product(m.out);
    make_planes(to, channels_of(x.spec->shape, directions), places, product(size), [&](int64_t p, T* plane) {
      kernels.plane(m, channel<T>(x, directions, p), plane, place + p * places);
    });
  });
}

void vjp(VjpContext& c) {
  if (!c.grad(0) || !c.needs(0)) return;
  static const Op& op = find_op("windowMaxBackward");
  const Dims& shape = c.input_shape(0);
  Attrs attrs;
  for (int i = 0; i < 4; ++i) attrs.add_ints(c.attrs().get_ints(i));
  attrs.add_bool(c.attrs().get_bool(4));
  attrs.add_ints(std::span<const int64_t>(shape).subspan(shape.size() - directions_of(c.attrs())));
  c.set_grad(0, c.apply(op, {c.grad(0), c.output(1)}, attrs));
}

// ---- windowMaxBackward(grad, place){as above, sizes}: zeros of these sizes, with each element where it came
// from.

void backward_infer(InferContext& c) {
  const TensorSpec &grad = c.in(0), &place = c.in(1);
  check_floating(c, grad);
  if (place.dtype != DType::kUint8)
    c.fail(ErrorKind::kDType, "place must be uint8, got ", name_of(place.dtype));
  const auto sizes = c.attrs().get_ints(5);
  const int directions = check_directions(c, kAt.first, "kernel", grad.shape);
  check_sizes(c, 5, "sizes", 1, directions);
  const Dims shape = with_last(grad.shape, sizes);
  checked_numel(c.op().name, shape);
  const Sliding s = check_sliding(c, kAt, shape);
  check_places(c, s.kernel);
  const Dims pooled = pooled_shape(shape, s.out, directions);
  if (!(grad.shape == pooled) || !(place.shape == pooled)) {
    c.fail(ErrorKind::kShape, "grad is ", grad.shape, " and place ", place.shape, ", wants ", pooled,
           " for sizes ", Dims(sizes));
  }
  c.add_output(TensorSpec{grad.dtype, shape, strides_like(place, shape, directions)});
}

// Copies of what does not lie as the result does.
size_t backward_workspace(const InferContext& c) {
  const int directions = directions_of(c.attrs());
  Scratch s;
  for (int i = 0; i < 2; ++i)
    if (!laid_out(c.in(i), strides_like(c.in(1), c.in(1).shape, directions))) s.add(c.in(i).bytes());
  return s.bytes();
}

void backward_eval(const EvalContext& c) {
  const TensorView& dx = c.out(0);
  if (dx.spec->numel() == 0) return;
  const int directions = directions_of(c.attrs());
  const PoolSizes size = last_sizes(dx.spec->shape, directions);
  const MaxWindows m = windows_of(read_sliding(c.attrs(), kAt, size), size);
  const bool last = are_channels_last(*c.in(1).spec, directions);
  Scratch s(c.workspace());
  const auto laid = [&](int i) -> const void* {
    const TensorView& in = c.in(i);
    const Dims strides = strides_like(*c.in(1).spec, in.spec->shape, directions);
    if (laid_out(*in.spec, strides)) return in.data;
    const TensorSpec spec{in.spec->dtype, in.spec->shape, strides};
    void* const copy = s.take(spec.bytes());
    copy_view(TensorView{copy, &spec}, in);
    return copy;
  };
  const bool past = exceeds_caches(dx.spec->bytes());
  const void *grads = laid(0), *from = laid(1);
  const uint8_t* const place = static_cast<const uint8_t*>(from);
  const int64_t places = product(m.out), volume = product(size);
  dispatch_floating(dx.spec->dtype, [&]<class T>(T) {
    const WindowMaxTable<T>& kernels = window_max_tables().of<T>();
    const T* const grad = static_cast<const T*>(grads);
    T* const to = dx.as<T>();
    if (last) {
      const int64_t channels = dx.spec->shape[1], runs = (channels + kChannelRun - 1) / kChannelRun;
      const bool stream = past && is_stream_aligned(to) && channels * int64_t{sizeof(T)} % 64 == 0;
      for_channels(dx.spec->shape[0] * runs, volume * kChannelRun, [&](int64_t i) {
        const int64_t sample = i / runs, first = i % runs * kChannelRun,
                      at = sample * places * channels + first;
        kernels.channels_backward(m, grad + at, place + at, channels, std::min(kChannelRun, channels - first),
                                  stream, to + sample * volume * channels + first);
        if (stream) end_streams();
      });
      return;
    }
    make_planes(to, channels_of(dx.spec->shape, directions), volume, volume, [&](int64_t p, T* plane) {
      kernels.plane_backward(m, grad + p * places, place + p * places, plane);
    });
  });
}

const Op kOps[] = {
    {.name = "windowMax",
     .inputs = {{{"x"}}},
     .outputs = {{{"out"}, {"place", false}}},
     .attrs = {{{"kernel", AttrType::kInts},
                {"stride", AttrType::kInts},
                {"padding", AttrType::kInts},
                {"dilation", AttrType::kInts},
                {"ceilMode", AttrType::kBool}}},
     .infer = infer,
     .eval = eval,
     .saves = {.inputs = 1, .outputs = 0b10},
     .vjp = vjp},
    {.name = "windowMaxBackward",
     .inputs = {{{"grad"}, {.name = "place", .differentiable = false}}},
     .outputs = {{{"xGrad"}}},
     .attrs = {{{"kernel", AttrType::kInts},
                {"stride", AttrType::kInts},
                {"padding", AttrType::kInts},
                {"dilation", AttrType::kInts},
                {"ceilMode", AttrType::kBool},
                {"sizes", AttrType::kInts}}},
     .flags = kInternal,
     .infer = backward_infer,
     .workspace = backward_workspace,
     .eval = backward_eval},
};

}  // namespace

void register_window_max_ops(Registry& r) {
  for (const Op& op : kOps) r.add(op);
}

}  // namespace lanegrad
