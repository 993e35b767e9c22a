#include <algorithm>
#include <atomic>

#include "core/error.h"
#include "core/threads.h"
#include "kernels/pool/pool.h"
#include "ops/functions.h"
#include "ops/op.h"
#include "ops/registry.h"

namespace lanegrad {
namespace {

constexpr int64_t kMaxExtent = int64_t{1} << 31;
constexpr int64_t kPlaneGrain = int64_t{1} << 15;  // elements a task reads at least

int64_t planes_of(const Dims& shape) {
  int64_t n = 1;
  for (int i = 0; i + 2 < shape.size(); ++i) n *= shape[i];
  return n;
}

// Element offset of the p-th plane of a tensor.
int64_t plane_offset(const TensorSpec& spec, int64_t p) {
  int64_t offset = 0;
  for (int i = spec.rank() - 3; i >= 0; --i) {
    offset += p % spec.shape[i] * spec.strides[i];
    p /= spec.shape[i];
  }
  return offset;
}

template <class T>
PlaneView<T> plane(const TensorView& v, int64_t p) {
  const int rank = v.spec->rank();
  return {v.as<const T>() + plane_offset(*v.spec, p), v.spec->strides[rank - 2], v.spec->strides[rank - 1]};
}

template <class F>
void for_planes(int64_t planes, int64_t elements, F&& body) {
  const int64_t grain = std::max<int64_t>(1, kPlaneGrain / std::max<int64_t>(elements, 1));
  parallel_for(planes, grain, [&](int64_t begin, int64_t end) {
    for (int64_t p = begin; p < end; ++p) body(p);
  });
}

template <class F>
void dispatch_floating(DType dtype, F&& fn) {
  if (dtype == DType::kFloat64)
    fn(double{});
  else
    fn(float{});
}

// kernel, stride, padding stand in this order from attribute `first` on; then come dilation (if there is one)
// and ceilMode.
struct PoolAttrs {
  int first;
  bool dilation;
  int ceil() const { return first + 3 + dilation; }
};

PoolGeometry read_geometry(const Attrs& attrs, PoolAttrs at, const Dims& x) {
  PoolGeometry g{};
  for (int d = 0; d < 2; ++d) {
    g.size[d] = x[x.size() - 2 + d];
    g.kernel[d] = attrs.get_ints(at.first)[d];
    g.stride[d] = attrs.get_ints(at.first + 1)[d];
    g.padding[d] = attrs.get_ints(at.first + 2)[d];
    g.dilation[d] = at.dilation ? attrs.get_ints(at.first + 3)[d] : 1;
    const int64_t room = g.size[d] + 2 * g.padding[d] - g.dilation[d] * (g.kernel[d] - 1) - 1;
    const bool ceil = attrs.get_bool(at.ceil());
    const int64_t steps = room + (ceil ? g.stride[d] - 1 : 0);
    g.out[d] = steps < 0 ? 0 : steps / g.stride[d] + 1;
    // The last window must start inside the input or its left padding.
    if (ceil && (g.out[d] - 1) * g.stride[d] >= g.size[d] + g.padding[d]) --g.out[d];
  }
  g.count_include_pad = !at.dilation && attrs.get_bool(at.ceil() + 1);
  return g;
}

void check_pair(const InferContext& c, int attr, const char* name, int64_t least) {
  const auto values = c.attrs().get_ints(attr);
  if (values.size() != 2) c.fail(ErrorKind::kValue, name, " must have 2 entries, got ", values.size());
  for (int64_t v : values) {
    if (v < least || v > kMaxExtent)
      c.fail(ErrorKind::kValue, name, " must be at least ", least, ", got ", Dims(values));
  }
}

Dims with_plane(const Dims& shape, const std::array<int64_t, 2>& plane) {
  Dims d = shape;
  d[d.size() - 2] = plane[0];
  d[d.size() - 1] = plane[1];
  return d;
}

PoolGeometry check_geometry(const InferContext& c, PoolAttrs at, DType dtype, const Dims& x) {
  if (!is_floating(dtype)) c.fail(ErrorKind::kDType, "input must be floating, got ", name_of(dtype));
  if (x.size() != 3 && x.size() != 4)
    c.fail(ErrorKind::kShape, "input must be [N, C, H, W] or [C, H, W], got ", x);
  check_pair(c, at.first, "kernel", 1);
  check_pair(c, at.first + 1, "stride", 1);
  check_pair(c, at.first + 2, "padding", 0);
  if (at.dilation) check_pair(c, at.first + 3, "dilation", 1);
  const auto kernel = c.attrs().get_ints(at.first), padding = c.attrs().get_ints(at.first + 2);
  for (int d = 0; d < 2; ++d) {
    const int64_t dilation = at.dilation ? c.attrs().get_ints(at.first + 3)[d] : 1;
    if (padding[d] > ((kernel[d] - 1) * dilation + 1) / 2) {
      c.fail(ErrorKind::kValue, "padding may be at most half of the kernel: kernel is ", Dims(kernel),
             ", padding ", Dims(padding));
    }
  }
  const PoolGeometry g = read_geometry(c.attrs(), at, x);
  if (g.out[0] < 1 || g.out[1] < 1) {
    c.fail(ErrorKind::kShape, "no window fits: input is ", x, ", kernel ", Dims(kernel), ", padding ",
           Dims(padding));
  }
  checked_numel(c.op().name, with_plane(x, g.out));
  return g;
}

constexpr PoolAttrs kMaxAttrsAt{0, true}, kAverageAttrsAt{0, false}, kAverageBackwardAttrsAt{1, false};

// maxPool2d: x [N, C, H, W] -> out, indices [N, C, oH, oW].
void infer_max(InferContext& c) {
  const PoolGeometry g = check_geometry(c, kMaxAttrsAt, c.in(0).dtype, c.in(0).shape);
  const Dims shape = with_plane(c.in(0).shape, g.out);
  c.add_output(c.in(0).dtype, shape);
  c.add_output(DType::kInt64, shape);
}

void eval_max(const EvalContext& c) {
  const TensorView& x = c.in(0);
  const PoolGeometry g = read_geometry(c.attrs(), kMaxAttrsAt, x.spec->shape);
  const int64_t size = g.out[0] * g.out[1];
  dispatch_floating(x.spec->dtype, [&]<class T>(T) {
    for_planes(planes_of(x.spec->shape), g.size[0] * g.size[1], [&](int64_t p) {
      pool_table<T>().max(g, plane<T>(x, p), c.out(0).as<T>() + p * size, c.out(1).as<int64_t>() + p * size);
    });
  });
}

Dims check_input_shape(const InferContext& c) {
  const auto values = c.attrs().get_ints(0);
  const Dims& grad = c.in(0).shape;
  if (values.size() != static_cast<size_t>(grad.size()) || (grad.size() != 3 && grad.size() != 4)) {
    c.fail(ErrorKind::kShape, "inputShape and grad must both be [N, C, H, W] or [C, H, W]: grad is ", grad);
  }
  const Dims shape(values);
  checked_numel(c.op().name, shape);
  return shape;
}

// maxPool2dBackward: grad, indices [N, C, oH, oW] -> inputShape: each gradient goes to the place of its
// maximum.
void infer_max_backward(InferContext& c) {
  const TensorSpec &grad = c.in(0), &indices = c.in(1);
  if (!is_floating(grad.dtype)) c.fail(ErrorKind::kDType, "grad must be floating, got ", name_of(grad.dtype));
  if (indices.dtype != DType::kInt64)
    c.fail(ErrorKind::kDType, "indices must be int64, got ", name_of(indices.dtype));
  const Dims shape = check_input_shape(c);
  if (grad.shape != indices.shape) {
    c.fail(ErrorKind::kShape, "grad and indices differ: grad is ", grad.shape, ", indices are ",
           indices.shape);
  }
  for (int i = 0; i + 2 < shape.size(); ++i) {
    if (shape[i] != grad.shape[i])
      c.fail(ErrorKind::kShape, "inputShape is ", shape, ", grad is ", grad.shape);
  }
  c.add_output(grad.dtype, shape);
}

void eval_max_backward(const EvalContext& c) {
  const TensorView &grad = c.in(0), &indices = c.in(1), &out = c.out(0);
  const int rank = out.spec->rank();
  const int64_t size = out.spec->shape[rank - 2] * out.spec->shape[rank - 1];
  const int64_t rows = grad.spec->shape[rank - 2], columns = grad.spec->shape[rank - 1];
  std::atomic<bool> inside{true};
  dispatch_floating(grad.spec->dtype, [&]<class T>(T) {
    for_planes(planes_of(grad.spec->shape), size + rows * columns, [&](int64_t p) {
      T* const to = out.as<T>() + p * size;
      std::fill(to, to + size, T{0});
      const PlaneView<T> g = plane<T>(grad, p);
      const PlaneView<int64_t> at = plane<int64_t>(indices, p);
      for (int64_t i = 0; i < rows; ++i) {
        for (int64_t j = 0; j < columns; ++j) {
          const int64_t place = at.data[i * at.row + j * at.column];
          if (place < 0 || place >= size) {
            inside.store(false, std::memory_order_relaxed);
            return;
          }
          to[place] += g.data[i * g.row + j * g.column];
        }
      }
    });
  });
  if (!inside)
    c.fail(ErrorKind::kIndex, "indices must be at least 0 and less than ", size, ", the size of a plane");
}

// avgPool2d: x [N, C, H, W] -> [N, C, oH, oW].
void infer_average(InferContext& c) {
  const PoolGeometry g = check_geometry(c, kAverageAttrsAt, c.in(0).dtype, c.in(0).shape);
  c.add_output(c.in(0).dtype, with_plane(c.in(0).shape, g.out));
}

void eval_average(const EvalContext& c) {
  const TensorView& x = c.in(0);
  const PoolGeometry g = read_geometry(c.attrs(), kAverageAttrsAt, x.spec->shape);
  dispatch_floating(x.spec->dtype, [&]<class T>(T) {
    for_planes(planes_of(x.spec->shape), g.size[0] * g.size[1], [&](int64_t p) {
      pool_table<T>().average(g, plane<T>(x, p), c.out(0).as<T>() + p * g.out[0] * g.out[1]);
    });
  });
}

// avgPool2dBackward: grad [N, C, oH, oW] -> inputShape, the transpose of avgPool2d.
void infer_average_backward(InferContext& c) {
  const Dims shape = check_input_shape(c);
  const PoolGeometry g = check_geometry(c, kAverageBackwardAttrsAt, c.in(0).dtype, shape);
  if (c.in(0).shape != with_plane(shape, g.out)) {
    c.fail(ErrorKind::kShape, "grad must be ", with_plane(shape, g.out), " for input ", shape, ", got ",
           c.in(0).shape);
  }
  c.add_output(c.in(0).dtype, shape);
}

void eval_average_backward(const EvalContext& c) {
  const TensorView &grad = c.in(0), &out = c.out(0);
  const PoolGeometry g = read_geometry(c.attrs(), kAverageBackwardAttrsAt, out.spec->shape);
  dispatch_floating(grad.spec->dtype, [&]<class T>(T) {
    for_planes(planes_of(grad.spec->shape), g.size[0] * g.size[1], [&](int64_t p) {
      pool_table<T>().average_backward(g, plane<T>(grad, p), out.as<T>() + p * g.size[0] * g.size[1]);
    });
  });
}

void vjp_max(VjpContext& c) {
  static const Op& backward = find_op("maxPool2dBackward");
  if (!c.grad(0) || !c.needs(0)) return;
  c.set_grad(0, c.apply(backward, {c.grad(0), c.output(1)}, Attrs().add_ints(c.input_shape(0))));
}

// The gradient of a scatter is a gather at the same indices.
void vjp_max_backward(VjpContext& c) {
  static const Op& gather = find_op("gather");
  if (!c.grad(0) || !c.needs(0)) return;
  const Dims& shape = c.input_shape(0);
  Dims flat_out = shape, flat_in{};
  flat_out.resize(shape.size() - 1);
  flat_out[shape.size() - 2] = shape[shape.size() - 2] * shape[shape.size() - 1];
  flat_in = flat_out;
  const Dims& in = c.grad(0)->spec.shape;
  flat_in[flat_in.size() - 1] = in[in.size() - 2] * in[in.size() - 1];
  const Tensor values =
      c.apply(gather, {fn::reshape(c, c.grad(0), flat_in), fn::reshape(c, c.input(1), flat_out)},
              Attrs().add_int(flat_out.size() - 1));
  c.set_grad(0, fn::reshape(c, values, shape));
}

// Appends the average's attributes, which start at `first` in `from`.
Attrs average_attrs(Attrs to, const Attrs& from, int first) {
  for (int k = 0; k < 3; ++k) to.add_ints(from.get_ints(first + k));
  return to.add_bool(from.get_bool(first + 3)).add_bool(from.get_bool(first + 4));
}

void vjp_average(VjpContext& c) {
  static const Op& backward = find_op("avgPool2dBackward");
  if (!c.grad(0) || !c.needs(0)) return;
  c.set_grad(0,
             c.apply(backward, {c.grad(0)}, average_attrs(Attrs().add_ints(c.input_shape(0)), c.attrs(), 0)));
}

void vjp_average_backward(VjpContext& c) {
  static const Op& average = find_op("avgPool2d");
  if (!c.grad(0) || !c.needs(0)) return;
  c.set_grad(0, c.apply(average, {c.grad(0)}, average_attrs(Attrs(), c.attrs(), 1)));
}

constexpr AttrDef kInputShape{"inputShape", AttrType::kInts}, kKernel{"kernel", AttrType::kInts},
    kStride{"stride", AttrType::kInts}, kPadding{"padding", AttrType::kInts},
    kDilation{"dilation", AttrType::kInts}, kCeilMode{"ceilMode", AttrType::kBool},
    kCountIncludePad{"countIncludePad", AttrType::kBool};

const Op kMaxPool2d{
    .name = "maxPool2d",
    .inputs = {InputDef{"x"}},
    .outputs = {OutputDef{"out"}, OutputDef{"indices", false}},
    .attrs = {kKernel, kStride, kPadding, kDilation, kCeilMode},
    .flags = kPrimitive,
    .infer = infer_max,
    .eval = eval_max,
    .saves = {.outputs = 0b10},
    .vjp = vjp_max,
};

const Op kMaxPool2dBackward{
    .name = "maxPool2dBackward",
    .inputs = {InputDef{"grad"}, InputDef{.name = "indices", .differentiable = false}},
    .outputs = {OutputDef{"out"}},
    .attrs = {kInputShape},
    .flags = kPrimitive,
    .infer = infer_max_backward,
    .eval = eval_max_backward,
    .saves = {.inputs = 0b10},
    .vjp = vjp_max_backward,
};

const Op kAvgPool2d{
    .name = "avgPool2d",
    .inputs = {InputDef{"x"}},
    .outputs = {OutputDef{"out"}},
    .attrs = {kKernel, kStride, kPadding, kCeilMode, kCountIncludePad},
    .flags = kPrimitive,
    .infer = infer_average,
    .eval = eval_average,
    .vjp = vjp_average,
};

const Op kAvgPool2dBackward{
    .name = "avgPool2dBackward",
    .inputs = {InputDef{"grad"}},
    .outputs = {OutputDef{"out"}},
    .attrs = {kInputShape, kKernel, kStride, kPadding, kCeilMode, kCountIncludePad},
    .flags = kPrimitive,
    .infer = infer_average_backward,
    .eval = eval_average_backward,
    .vjp = vjp_average_backward,
};

}  // namespace

void register_pool_ops(Registry& registry) {
  registry.add(kMaxPool2d);
  registry.add(kMaxPool2dBackward);
  registry.add(kAvgPool2d);
  registry.add(kAvgPool2dBackward);
}

}  // namespace lanegrad
