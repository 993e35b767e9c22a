#include "ops/conv/halves_wide.h"

#include <algorithm>

#include "core/threads.h"
#include "ops/product/bias.h"
#include "ops/conv/operand.h"
#include "ops/conv/pixels.h"
#include "ops/layout/copy.h"

namespace lanegrad {
namespace {

using namespace conv_detail;

// Wide elements at a time. Gradients pack or transform the weights, or add up their gradients, each time.
constexpr int64_t kForwardElements = int64_t{1} << 20, kInputGradElements = int64_t{1} << 21,
                  kWeightGradElements = int64_t{1} << 22;

// In the dim order of the narrow tensor, for the kernels choose by it.
TensorSpec widened(const TensorSpec& spec) {
  return {DType::kFloat32, spec.shape, dense_strides_like(spec.shape, spec.strides)};
}

TensorSpec images_of(const TensorSpec& spec, int64_t count) {
  TensorSpec some = spec;
  some.shape[0] = count;
  return some;
}

size_t pass_workspace(const ConvGeometry& g, ConvPass pass) {
  switch (pass) {
    case ConvPass::kForward:
      return conv_forward_workspace<float>(g);
    case ConvPass::kInputGrad:
      return conv_input_grad_workspace<float>(g);
    default:
      return conv_weight_grad_workspace<float>(g);
  }
}

// What has images (x and grad, or the result beside one of them), and what has the weight's shape.
struct Roles {
  const TensorSpec *first, *second, *weight;

  Roles(const TensorSpec& a, const TensorSpec& b, const TensorSpec& out, ConvPass pass)
      : first(&a),
        second(pass == ConvPass::kWeightGrad ? &b : &out),
        weight(pass == ConvPass::kWeightGrad ? &out : &b) {}
};

struct Layout {
  int64_t count;  // images at a time
  bool has_packed;
  TensorSpec first, second, weight;
  float *first_at, *second_at, *weight_at, *packed, *part;
  void *bias, *rest;
  size_t bytes;

  Layout(const ConvGeometry& g, ConvPass pass, const Roles& roles, size_t bias_bytes, void* workspace) {
    const int64_t image = roles.first->numel() / std::max<int64_t>(1, g.batch) +
                          roles.second->numel() / std::max<int64_t>(1, g.batch);
    const int64_t most = pass == ConvPass::kForward     ? kForwardElements
                         : pass == ConvPass::kInputGrad ? kInputGradElements
                                                        : kWeightGradElements;
    count = std::clamp<int64_t>(most / std::max<int64_t>(1, image), 1, std::max<int64_t>(1, g.batch));
    first = widened(images_of(*roles.first, std::min(count, g.batch)));
    second = widened(images_of(*roles.second, std::min(count, g.batch)));
    weight = widened(*roles.weight);
    ConvGeometry some = g;
    some.batch = count;
    const bool packs = pass == ConvPass::kForward && count < g.batch && weight.is_contiguous();
    const int64_t elements = packs ? conv_packed_elements<float>(some) : 0;
    const bool sums = pass == ConvPass::kWeightGrad && count < g.batch;
    Pieces pieces(workspace);
    first_at = pieces.take<float>(first.numel());
    second_at = pieces.take<float>(second.numel());
    weight_at = pieces.take<float>(weight.numel());
    packed = elements > 0 ? pieces.take<float>(elements) : nullptr;
    has_packed = elements > 0;
    part = sums ? pieces.take<float>(weight.numel()) : nullptr;
    bias = pieces.take<char>(static_cast<int64_t>(bias_bytes));
    rest = pieces.take<char>(0);
    size_t own = pass_workspace(some, pass);
    if (has_packed) own = std::max(own, conv_pack_workspace<float>(some));
    if (g.batch % count > 0) {
      some.batch = g.batch % count;
      own = std::max(own, pass_workspace(some, pass));
    }
    bytes = pieces.used() + own;
  }
};

// Images [at, at + count).
TensorView images(const TensorView& view, int64_t at, const TensorSpec& some) {
  return {view.as<char>() + at * view.spec->strides[0] * static_cast<int64_t>(size_of(view.spec->dtype)),
          &some};
}

ConvOperand<const float> operand(const float* data, const TensorSpec& spec) {
  return {data, conv_strides(spec)};
}

void add_to(float* sums, const float* part, int64_t count) {
  parallel_for(count, 1 << 14, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) sums[i] += part[i];
  });
}

}  // namespace

size_t conv_wide_workspace(const InferContext& c, const ConvGeometry& g, ConvPass pass) {
  const bool has_bias = pass != ConvPass::kWeightGrad && c.has(2);
  return Layout(g, pass, Roles(c.in(0), c.in(1), c.out(0), pass), has_bias ? bias_workspace(c.in(2)) : 0,
                nullptr)
      .bytes;
}

void conv_wide(const EvalContext& c, const ConvGeometry& g, ConvPass pass) {
  const bool by_weight = pass == ConvPass::kWeightGrad, has_bias = !by_weight && c.has(2);
  const TensorView first = c.in(0), second = by_weight ? c.in(1) : c.out(0);
  const TensorView weight = by_weight ? c.out(0) : c.in(1);
  const Layout l(g, pass, Roles(*c.in(0).spec, *c.in(1).spec, *c.out(0).spec, pass),
                 has_bias ? bias_workspace(*c.in(2).spec) : 0, c.workspace());
  const float* const bias = has_bias ? static_cast<const float*>(contiguous_bias(c.in(2), l.bias)) : nullptr;
  const auto taps = operand(l.weight_at, l.weight);
  ConvGeometry some = g;
  some.batch = l.count;
  if (!by_weight) copy_view({l.weight_at, &l.weight}, weight);
  if (l.packed) conv_pack<float>(some, taps, l.packed, l.rest);
  // Once without images too: a gradient is zero then.
  for (int64_t at = 0; at < std::max<int64_t>(1, g.batch); at += l.count) {
    some.batch = std::min(l.count, g.batch - at);
    const TensorSpec narrow_first = images_of(*first.spec, some.batch);
    const TensorSpec narrow_second = images_of(*second.spec, some.batch);
    const TensorSpec wide_first = images_of(l.first, some.batch);
    const TensorSpec wide_second = images_of(l.second, some.batch);
    copy_view({l.first_at, &wide_first}, images(first, at, narrow_first));
    const auto from = operand(l.first_at, wide_first);
    if (by_weight) {
      copy_view({l.second_at, &wide_second}, images(second, at, narrow_second));
      float* const sums = at > 0 ? l.part : l.weight_at;
      conv_weight_grad<float>(some, from, operand(l.second_at, wide_second), sums, l.rest);
      if (at > 0) add_to(l.weight_at, l.part, l.weight.numel());
      continue;
    }
    if (pass == ConvPass::kForward) {
      ConvExtras<float> extras;
      extras.bias = bias;
      if (some.batch == l.count) extras.packed = l.packed;
      conv_forward<float>(some, from, taps, l.second_at, extras, l.rest);
    } else {
      conv_input_grad<float>(some, from, taps, bias, l.second_at, l.rest);
    }
    copy_view(images(second, at, narrow_second), {l.second_at, &wide_second});
  }
  if (by_weight) copy_view(weight, {l.weight_at, &l.weight});
}

}  // namespace lanegrad
