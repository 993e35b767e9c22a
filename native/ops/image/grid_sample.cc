// gridSample and its gradient: reads an image at given points.
#include <algorithm>

#include "core/threads.h"
#include "kernels/grid_sample/taps.h"
#include "ops/op.h"
#include "ops/registry.h"

namespace lanegrad {
namespace {

constexpr int64_t kTile = 32;                 // points whose taps are found before the channels pass
constexpr int64_t kGrain = int64_t{1} << 12;  // taps of a task at least

// x [N, C, size...], grid [N, out..., directions]
struct Sampling {
  SampleGeometry g;
  int64_t images, channels, points;
};

Sampling read_sampling(const Attrs& attrs, const TensorSpec& x, const TensorSpec& grid) {
  Sampling s{};
  s.g.mode = static_cast<SampleMode>(attrs.get_enum(0));
  s.g.padding = static_cast<SamplePadding>(attrs.get_enum(1));
  s.g.align_corners = attrs.get_bool(2);
  s.g.directions = x.rank() - 2;
  for (int d = 0; d < kSampleDims; ++d) {
    const int at = x.rank() - kSampleDims + d;
    s.g.size[d] = at >= 2 ? x.shape[at] : 1;
    s.g.strides[d] = at >= 2 ? x.strides[at] : 0;
  }
  s.images = x.shape[0];
  s.channels = x.shape[1];
  s.points = 1;
  for (int i = 1; i + 1 < grid.rank(); ++i) s.points *= grid.shape[i];
  return s;
}

void check_sampling(const InferContext& c, const TensorSpec& x, const TensorSpec& grid) {
  if (!is_floating(x.dtype)) c.fail(ErrorKind::kDType, "input must be floating, got ", name_of(x.dtype));
  if (x.rank() != 4 && x.rank() != 5)
    c.fail(ErrorKind::kShape, "input must be [N, C, H, W] or [N, C, D, H, W], got ", x.shape);
  if (grid.rank() != x.rank() || grid.shape[0] != x.shape[0] || grid.shape.back() != x.rank() - 2) {
    c.fail(ErrorKind::kShape, "grid must be [N, ...out, ", x.rank() - 2, "] for input ", x.shape, ", got ",
           grid.shape);
  }
  for (int i = 2; i < x.rank(); ++i)
    if (x.shape[i] == 0) c.fail(ErrorKind::kShape, "input must have elements, got ", x.shape);
  if (x.rank() == 5 && c.attrs().get_enum(0) == static_cast<int>(SampleMode::kBicubic))
    c.fail(ErrorKind::kValue, "bicubic is for images of two directions, got ", x.shape);
}

Dims sampled_shape(const TensorSpec& x, const TensorSpec& grid) {
  Dims shape{x.shape[0], x.shape[1]};
  for (int i = 1; i + 1 < grid.rank(); ++i) shape.push_back(grid.shape[i]);
  return shape;
}

// Offset of point p (row-major in the out dims) in a tensor whose out dims start at `first`.
int64_t point_offset(const TensorSpec& spec, int first, int directions, int64_t p) {
  int64_t offset = 0;
  for (int i = first + directions - 1; i >= first; --i) {
    offset += p % spec.shape[i] * spec.strides[i];
    p /= spec.shape[i];
  }
  return offset;
}

// gridSample(x, grid){mode, paddingMode, alignCorners} -> [N, C, out...]
void sample_infer(InferContext& c) {
  check_sampling(c, c.in(0), c.in(1));
  const Dims shape = sampled_shape(c.in(0), c.in(1));
  checked_numel(c.op().name, shape);
  c.add_output(c.in(0).dtype, shape);
}

// Tile of points by tile of points: their taps once, then channel by channel.
void sample_eval(const EvalContext& c) {
  const TensorView &x = c.in(0), &grid = c.in(1), &out = c.out(0);
  const Sampling s = read_sampling(c.attrs(), *x.spec, *grid.spec);
  if (out.spec->numel() == 0) return;
  const int64_t tiles = (s.points + kTile - 1) / kTile, step = grid.spec->strides[grid.spec->rank() - 1];
  const int64_t grain = std::max<int64_t>(1, kGrain / (kTile * s.channels));
  dispatch_floating(x.spec->dtype, [&]<class T>(T) {
    parallel_for(s.images * tiles, grain, [&](int64_t begin, int64_t end) {
      SampleTaps<T> taps[kTile];
      for (int64_t t = begin; t < end; ++t) {
        const int64_t n = t / tiles, first = t % tiles * kTile, count = std::min(kTile, s.points - first);
        const T* const points = grid.as<const T>() + n * grid.spec->strides[0];
        for (int64_t i = 0; i < count; ++i)
          taps[i] =
              sample_taps<T>(s.g, points + point_offset(*grid.spec, 1, s.g.directions, first + i), step);
        const T* image = x.as<const T>() + n * x.spec->strides[0];
        T* to = out.as<T>() + n * s.channels * s.points + first;
        for (int64_t k = 0; k < s.channels; ++k, image += x.spec->strides[1], to += s.points) {
          for (int64_t i = 0; i < count; ++i) {
            T sum = 0;
            for (int j = 0; j < taps[i].count; ++j) sum += taps[i].weight[j] * image[taps[i].offset[j]];
            to[i] = sum;
          }
        }
      }
    });
  });
}

// gridSampleBackward(grad, x, grid){...} -> xGrad, gridGrad
void backward_infer(InferContext& c) {
  check_sampling(c, c.in(1), c.in(2));
  const Dims wanted = sampled_shape(c.in(1), c.in(2));
  if (c.in(0).shape != wanted) c.fail(ErrorKind::kShape, "grad must be ", wanted, ", got ", c.in(0).shape);
  c.add_output(c.in(1).dtype, c.in(1).shape);
  c.add_output(c.in(2).dtype, c.in(2).shape);
}

// Image by image, since points write to any place of it: the order of the additions is that of the points.
void backward_eval(const EvalContext& c) {
  const TensorView &grad = c.in(0), &x = c.in(1), &grid = c.in(2);
  const Sampling s = read_sampling(c.attrs(), *x.spec, *grid.spec);
  SampleGeometry dense = s.g;  // the gradient of x is row-major
  dense.strides = {s.g.size[1] * s.g.size[2], s.g.size[2], 1};
  const int64_t volume = s.g.size[0] * s.g.size[1] * s.g.size[2];
  const int64_t step = grid.spec->strides[grid.spec->rank() - 1];
  const int directions = s.g.directions;
  dispatch_floating(x.spec->dtype, [&]<class T>(T) {
    parallel_for(s.images, 1, [&](int64_t begin, int64_t end) {
      for (int64_t n = begin; n < end; ++n) {
        T* const x_grad = c.out(0).as<T>() + n * s.channels * volume;
        std::fill(x_grad, x_grad + s.channels * volume, T{0});
        for (int64_t p = 0; p < s.points; ++p) {
          const T* const point =
              grid.as<const T>() + n * grid.spec->strides[0] + point_offset(*grid.spec, 1, directions, p);
          const SampleTaps<T> from = sample_taps<T>(s.g, point, step),
                              to = sample_taps<T>(dense, point, step);
          const T* g =
              grad.as<const T>() + n * grad.spec->strides[0] + point_offset(*grad.spec, 2, directions, p);
          const T* image = x.as<const T>() + n * x.spec->strides[0];
          T slopes[kSampleDims] = {};
          for (int64_t k = 0; k < s.channels; ++k) {
            const T value = g[k * grad.spec->strides[1]];
            const T* const source = image + k * x.spec->strides[1];
            T* const target = x_grad + k * volume;
            for (int j = 0; j < from.count; ++j) {
              target[to.offset[j]] += from.weight[j] * value;
              const T product = value * source[from.offset[j]];
              for (int d = 0; d < kSampleDims; ++d) slopes[d] += from.slopes[d][j] * product;
            }
          }
          T* const grid_grad = c.out(1).as<T>() + (n * s.points + p) * directions;
          std::copy(slopes, slopes + directions, grid_grad);
        }
      }
    });
  });
}

void sample_vjp(VjpContext& c) {
  static const Op& backward = find_op("gridSampleBackward");
  if (!c.grad(0)) return;
  Tensor grads[2];
  Attrs attrs;
  attrs.add_enum(c.attrs().get_enum(0)).add_enum(c.attrs().get_enum(1)).add_bool(c.attrs().get_bool(2));
  c.apply(backward, {c.grad(0), c.input(0), c.input(1)}, attrs, grads);
  for (int i = 0; i < 2; ++i)
    if (c.needs(i)) c.set_grad(i, grads[i]);
}

constexpr AttrDef kMode{"mode", AttrType::kEnum, "bilinear|nearest|bicubic"},
    kPadding{"paddingMode", AttrType::kEnum, "zeros|border|reflection"},
    kAlign{"alignCorners", AttrType::kBool};

const Op kGridSample{
    .name = "gridSample",
    .inputs = {InputDef{"x"}, InputDef{"grid"}},
    .outputs = {OutputDef{"out"}},
    .attrs = {kMode, kPadding, kAlign},
    .promotion = Promotion::kCommon,
    .autocast = Autocast::kFloat32,
    .infer = sample_infer,
    .eval = sample_eval,
    .saves = {.inputs = 0b11},
    .vjp = sample_vjp,
};

const Op kGridSampleBackward{
    .name = "gridSampleBackward",
    .inputs = {InputDef{"grad"}, InputDef{"x"}, InputDef{"grid"}},
    .outputs = {OutputDef{"xGrad"}, OutputDef{"gridGrad"}},
    .attrs = {kMode, kPadding, kAlign},
    .flags = kInternal,
    .infer = backward_infer,
    .eval = backward_eval,
};

}  // namespace

void register_grid_sample_ops(Registry& registry) {
  registry.add(kGridSample);
  registry.add(kGridSampleBackward);
}

}  // namespace lanegrad
