// scaleChannels(weight [out, ...], scale, bias?, shift?, offset? [out]) -> weight * scale, and
// (bias - shift) * scale + offset: a layer whose channels were moved, scaled and moved again, as one layer.
#include "core/error.h"
#include "ops/op.h"
#include "ops/registry.h"

namespace lanegrad {
namespace {

constexpr int kScale = 1, kBias = 2, kShift = 3, kOffset = 4;

void infer(InferContext& c) {
  const TensorSpec& weight = c.in(0);
  if (weight.dtype != DType::kFloat32 && weight.dtype != DType::kFloat64)
    c.fail(ErrorKind::kDType, "weight must be float32 or float64, got ", name_of(weight.dtype));
  if (weight.rank() < 2 || !weight.is_contiguous())
    c.fail(ErrorKind::kShape, "weight must be row-major [out, ...], got ", weight.shape);
  for (int i = kScale; i <= kOffset; ++i) {
    if (!c.has(i)) continue;
    const TensorSpec& spec = c.in(i);
    if (spec.dtype != weight.dtype)
      c.fail(ErrorKind::kDType, "weight is ", name_of(weight.dtype), ", another operand ",
             name_of(spec.dtype));
    if (spec.shape != Dims{weight.shape[0]} || !spec.is_contiguous())
      c.fail(ErrorKind::kShape, "all but the weight must be ", Dims{weight.shape[0]}, ", got ", spec.shape);
  }
  c.add_output(weight.dtype, weight.shape);
  c.add_output(weight.dtype, Dims{weight.shape[0]});
}

void eval(const EvalContext& c) {
  const auto run = [&]<class T>(T) {
    const int64_t channels = c.in(0).spec->shape[0];
    if (channels == 0) return;
    const int64_t row = c.in(0).spec->numel() / channels;
    const auto at = [&](int i) { return c.has(i) ? c.in(i).as<const T>() : nullptr; };
    const T *const weight = at(0), *const scale = at(kScale), *const bias = at(kBias),
                   *const shift = at(kShift), *const offset = at(kOffset);
    for (int64_t o = 0; o < channels; ++o) {
      T* const out = c.out(0).as<T>() + o * row;
      for (int64_t i = 0; i < row; ++i) out[i] = weight[o * row + i] * scale[o];
      const T moved = (bias ? bias[o] : T{0}) - (shift ? shift[o] : T{0});
      c.out(1).as<T>()[o] = moved * scale[o] + (offset ? offset[o] : T{0});
    }
  };
  if (c.in(0).spec->dtype == DType::kFloat64)
    run(double{});
  else
    run(float{});
}

const Op kScaleChannels{
    .name = "scaleChannels",
    .inputs = {{{"weight"},
                {"scale"},
                {"bias", InputKind::kOptional},
                {"shift", InputKind::kOptional},
                {"offset", InputKind::kOptional}}},
    .outputs = {OutputDef{.name = "weight", .differentiable = false},
                OutputDef{.name = "bias", .differentiable = false}},
    .flags = kInternal,
    .infer = infer,
    .eval = eval,
};

}  // namespace

void register_scale_channels_ops(Registry& registry) { registry.add(kScaleChannels); }

}  // namespace lanegrad
