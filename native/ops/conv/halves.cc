#include "ops/conv/halves.h"

#include "ops/product/bias.h"
#include "ops/conv/amx.h"
#include "ops/conv/halves_wide.h"
#include "ops/conv/operand.h"
#include "ops/conv/pixels.h"
#include "ops/conv/window.h"
#include "ops/conv/winograd.h"
#include "ops/layout/copy.h"

namespace lanegrad {
namespace {

using namespace conv_detail;
using Half = BFloat16;

bool suits(const ConvGeometry& g, ConvPass pass, DType dtype) {
  if (dtype != DType::kBFloat16) return false;
  switch (pass) {
    case ConvPass::kForward:
      return amx_suits_forward<Half>(g);
    case ConvPass::kInputGrad:
      return amx_suits_input_grad<Half>(g);
    default:
      return amx_suits_weight_grad<Half>(g);
  }
}

size_t tile_bytes(const ConvGeometry& g, ConvPass pass) {
  switch (pass) {
    case ConvPass::kForward:
      return amx_forward_workspace<Half>(g);
    case ConvPass::kInputGrad:
      return amx_input_grad_workspace<Half>(g);
    default:
      return amx_weight_grad_workspace<Half>(g);
  }
}

bool run(const EvalContext& c, const ConvGeometry& g, ConvPass pass) {
  const auto first = conv_operand<Half>(c.in(0)), second = conv_operand<Half>(c.in(1));
  Half* const out = c.out(0).as<Half>();
  if (pass == ConvPass::kWeightGrad) return amx_weight_grad(g, first, second, out, c.workspace());
  const float* bias = nullptr;
  if (c.has(2)) {
    char* const room = static_cast<char*>(c.workspace()) + tile_bytes(g, pass);
    bias = static_cast<const float*>(contiguous_bias(c.in(2), room));
  }
  return pass == ConvPass::kForward ? amx_forward(g, first, second, bias, out, c.workspace())
                                    : amx_input_grad(g, first, second, bias, out, c.workspace());
}

// ---- windows: straight over the planes in their own dtype

template <class F>
decltype(auto) dispatch_half(DType dtype, F&& fn) {
  return dtype == DType::kBFloat16 ? fn(BFloat16{}) : fn(Float16{});
}

template <class In>
size_t window_bytes(const ConvGeometry& g, ConvPass pass) {
  return pass == ConvPass::kWeightGrad ? window_gradients_workspace<In>(g) : window_forward_workspace<In>(g);
}

// The operands that lie in planes: of the weight's gradient both.
bool suits_windows(const ConvGeometry& g, ConvPass pass, const TensorSpec& first, const TensorSpec& second) {
  return dispatch_half(first.dtype, [&]<class In>(In) {
    return pass == ConvPass::kWeightGrad ? in_windows<In>(g, conv_strides(first), conv_strides(second))
                                         : in_windows<In>(g, conv_strides(first));
  });
}

template <class In>
void run_windows(const EvalContext& c, const ConvGeometry& g, ConvPass pass) {
  const auto first = conv_operand<In>(c.in(0)), second = conv_operand<In>(c.in(1));
  In* const out = c.out(0).as<In>();
  if (pass == ConvPass::kWeightGrad)
    return window_gradients<In>(g, first, second, {nullptr, {}}, nullptr, out, c.workspace());
  ConvExtras<float> extras;
  if (c.has(2)) {
    char* const room = static_cast<char*>(c.workspace()) + window_bytes<In>(g, pass);
    extras.bias = static_cast<const float*>(contiguous_bias(c.in(2), room));
  }
  if (pass == ConvPass::kForward)
    window_forward<In>(g, first, second, out, extras, c.workspace());
  else
    window_input_grad<In>(g, first, second, extras.bias, out, c.workspace());
}

size_t bias_bytes(const InferContext& c, ConvPass pass) {
  return pass != ConvPass::kWeightGrad && c.has(2) ? bias_workspace(c.in(2)) : 0;
}

// ---- Winograd's transforms, of the images in their own dtype; the weight, or its gradient, is widened

size_t winograd_bytes(const ConvGeometry& g, ConvPass pass) {
  switch (pass) {
    case ConvPass::kForward:
      return winograd_forward_workspace<float>(g);
    case ConvPass::kInputGrad:
      return winograd_input_grad_workspace<float>(g);
    default:
      return winograd_weight_grad_workspace<float>(g);
  }
}

struct WinogradRoom {
  TensorSpec wide;
  float* weight;
  void *bias, *rest;
  size_t used;

  WinogradRoom(const TensorSpec& taps, size_t bias_bytes, void* workspace)
      : wide(TensorSpec::contiguous(DType::kFloat32, taps.shape)) {
    Pieces pieces(workspace);
    weight = pieces.take<float>(wide.numel());
    bias = pieces.take<char>(static_cast<int64_t>(bias_bytes));
    rest = pieces.take<char>(0);
    used = pieces.used();
  }
};

template <class In>
bool run_winograd(const EvalContext& c, const ConvGeometry& g, ConvPass pass) {
  const auto first = conv_operand<In>(c.in(0));
  const bool by_weight = pass == ConvPass::kWeightGrad, has_bias = !by_weight && c.has(2);
  const TensorView taps = by_weight ? c.out(0) : c.in(1);
  const WinogradRoom room(*taps.spec, has_bias ? bias_workspace(*c.in(2).spec) : 0, c.workspace());
  if (by_weight) {
    if (!winograd_weight_grad<float, In>(g, first, conv_operand<In>(c.in(1)), room.weight, room.rest))
      return false;
    copy_view(taps, {room.weight, &room.wide});
    return true;
  }
  copy_view({room.weight, &room.wide}, taps);
  const ConvOperand<const float> weight{room.weight, conv_strides(room.wide)};
  ConvExtras<float> extras;
  if (has_bias) extras.bias = static_cast<const float*>(contiguous_bias(c.in(2), room.bias));
  In* const out = c.out(0).as<In>();
  return pass == ConvPass::kForward
             ? winograd_forward<float, In>(g, first, weight, out, extras, room.rest)
             : winograd_input_grad<float, In>(g, first, weight, extras.bias, out, room.rest);
}

}  // namespace

size_t conv_halves_workspace(const InferContext& c, const ConvGeometry& g, ConvPass pass) {
  const DType dtype = c.out(0).dtype;
  if (suits_windows(g, pass, c.in(0), c.in(1))) {
    return dispatch_half(dtype, [&]<class In>(In) { return window_bytes<In>(g, pass); }) +
           bias_bytes(c, pass);
  }
  size_t bytes = conv_wide_workspace(c, g, pass);
  if (suits(g, pass, dtype)) bytes = std::max(bytes, tile_bytes(g, pass) + bias_bytes(c, pass));
  if (suits_winograd<float>(g)) {
    const TensorSpec& taps = pass == ConvPass::kWeightGrad ? c.out(0) : c.in(1);
    bytes = std::max(bytes, WinogradRoom(taps, bias_bytes(c, pass), nullptr).used + winograd_bytes(g, pass));
  }
  return bytes;
}

void conv_halves(const EvalContext& c, const ConvGeometry& g, ConvPass pass) {
  if (suits_windows(g, pass, *c.in(0).spec, *c.in(1).spec)) {
    return dispatch_half(c.out(0).spec->dtype, [&]<class In>(In) { run_windows<In>(c, g, pass); });
  }
  const DType dtype = c.out(0).spec->dtype;
  if (suits(g, pass, dtype) && run(c, g, pass)) return;
  if (suits_winograd<float>(g) &&
      dispatch_half(dtype, [&]<class In>(In) { return run_winograd<In>(c, g, pass); }))
    return;
  conv_wide(c, g, pass);
}

}  // namespace lanegrad
