#include "ops/conv_halves.h"

#include "ops/bias.h"
#include "ops/conv_amx.h"
#include "ops/conv_halves_wide.h"
#include "ops/conv_operand.h"

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

}  // namespace

size_t conv_halves_workspace(const InferContext& c, const ConvGeometry& g, ConvPass pass) {
  const size_t wide = conv_wide_workspace(c, g, pass);
  if (!suits(g, pass, c.out(0).dtype)) return wide;
  const bool has_bias = pass != ConvPass::kWeightGrad && c.has(2);
  return std::max(wide, tile_bytes(g, pass) + (has_bias ? bias_workspace(c.in(2)) : 0));
}

void conv_halves(const EvalContext& c, const ConvGeometry& g, ConvPass pass) {
  if (!suits(g, pass, c.out(0).spec->dtype) || !run(c, g, pass)) conv_wide(c, g, pass);
}

}  // namespace lanegrad
