// Gradients of the activations and of the less common arithmetic rows. A fused row whose gradient is a row of
// its own saves all its inputs: when the gradient is to be differentiated, its composite is, instead.
#include "ops/elementwise/elementwise.h"
#include "ops/functions.h"

namespace lanegrad {
namespace {

void set_side(VjpContext& c, int i, const Tensor& g) { c.set_grad(i, fn::sum_to(c, g, c.input_shape(i))); }

Tensor zero_where(VjpContext& c, const Tensor& condition, const Tensor& g) {
  return fn::where(c, condition, c.scalar(0), g);
}

Tensor magnitude(Applier& c, const Tensor& x) {
  static const Op& op = find_op("abs");
  return c.apply(op, {x}, Attrs());
}
Tensor is_nan(Applier& c, const Tensor& x) {
  static const Op& op = find_op("isnan");
  return c.apply(op, {x}, Attrs());
}
Tensor is_finite(Applier& c, const Tensor& x) {
  static const Op& op = find_op("isfinite");
  return c.apply(op, {x}, Attrs());
}

Tensor zeros(VjpContext& c, int i) { return fn::full(c, c.input_shape(i), 0, c.grad(0)->spec.dtype); }

// ---- activations

#define LANEGRAD_FUSED_GRADIENT(name, op_name)                      \
  void name(VjpContext& c) {                                        \
    static const Op& op = find_op(op_name);                         \
    c.set_grad(0, c.apply(op, {c.grad(0), c.input(0)}, c.attrs())); \
  }
LANEGRAD_FUSED_GRADIENT(leaky_relu_vjp, "leakyReluBackward")
LANEGRAD_FUSED_GRADIENT(hardtanh_vjp, "hardtanhBackward")
LANEGRAD_FUSED_GRADIENT(hardswish_vjp, "hardswishBackward")
LANEGRAD_FUSED_GRADIENT(elu_vjp, "eluBackward")
LANEGRAD_FUSED_GRADIENT(selu_vjp, "seluBackward")
LANEGRAD_FUSED_GRADIENT(softplus_vjp, "softplusBackward")
LANEGRAD_FUSED_GRADIENT(logsigmoid_vjp, "logsigmoidBackward")
LANEGRAD_FUSED_GRADIENT(mish_vjp, "mishBackward")
#undef LANEGRAD_FUSED_GRADIENT

void hardsigmoid_vjp(VjpContext& c) {
  const Tensor flat = fn::ge(c, magnitude(c, c.input(0)), c.scalar(3));
  c.set_grad(0, zero_where(c, flat, fn::mul(c, c.grad(0), 1.0 / 6)));
}

// 0 in [-lambd, lambd], else 1: of hardshrink and softshrink.
void shrink_vjp(VjpContext& c) {
  const Tensor flat = fn::le(c, magnitude(c, c.input(0)), c.scalar(c.attrs().get_float(0)));
  c.set_grad(0, zero_where(c, flat, c.grad(0)));
}

void softsign_vjp(VjpContext& c) {
  const Tensor size = fn::add(c, magnitude(c, c.input(0)), 1);
  c.set_grad(0, fn::div(c, c.grad(0), fn::square(c, size)));
}

void tanhshrink_vjp(VjpContext& c) {
  c.set_grad(0, fn::mul(c, c.grad(0), fn::square(c, fn::tanh(c, c.input(0)))));
}

void threshold_vjp(VjpContext& c) {
  const Tensor flat = fn::le(c, c.input(0), c.scalar(c.attrs().get_float(0)));
  c.set_grad(0, zero_where(c, flat, c.grad(0)));
}

void prelu_vjp(VjpContext& c) {
  const Tensor x = c.input(0), g = c.grad(0), positive = fn::gt(c, x, c.scalar(0));
  if (c.needs(0)) set_side(c, 0, fn::where(c, positive, g, fn::mul(c, g, c.input(1))));
  if (c.needs(1)) set_side(c, 1, zero_where(c, positive, fn::mul(c, g, x)));
}

// ---- arithmetic

void pass_vjp(VjpContext& c) { c.set_grad(0, c.grad(0)); }

void nan_to_num_vjp(VjpContext& c) {
  c.set_grad(0, fn::where(c, is_finite(c, c.input(0)), c.grad(0), c.scalar(0)));
}

void add_scaled_vjp(VjpContext& c) {
  if (c.needs(0)) set_side(c, 0, c.grad(0));
  if (c.needs(1)) set_side(c, 1, fn::mul(c, c.grad(0), c.attrs().get_float(0)));
}

// The whole gradient goes to the operand that was taken, the first at ties.
void choice_vjp(VjpContext& c, const Tensor& first) {
  if (c.needs(0)) set_side(c, 0, fn::where(c, first, c.grad(0), c.scalar(0)));
  if (c.needs(1)) set_side(c, 1, zero_where(c, first, c.grad(0)));
}
// Bools add as "or".
void fmax_vjp(VjpContext& c) {
  const Tensor b = c.input(1);
  choice_vjp(c, fn::add(c, fn::ge(c, c.input(0), b), is_nan(c, b)));
}
void fmin_vjp(VjpContext& c) {
  const Tensor b = c.input(1);
  choice_vjp(c, fn::add(c, fn::le(c, c.input(0), b), is_nan(c, b)));
}
void clamp_min_vjp(VjpContext& c) { choice_vjp(c, fn::ge(c, c.input(0), c.input(1))); }
void clamp_max_vjp(VjpContext& c) { choice_vjp(c, fn::le(c, c.input(0), c.input(1))); }

// A step of both operands.
void step_vjp(VjpContext& c) {
  if (c.needs(0)) c.set_grad(0, zeros(c, 0));
  if (c.needs(1)) c.set_grad(1, zeros(c, 1));
}

void remainder_vjp(VjpContext& c, const Op& quotient) {
  const Tensor g = c.grad(0);
  if (c.needs(0)) set_side(c, 0, g);
  if (!c.needs(1)) return;
  const Tensor times = c.apply(quotient, {c.input(0), c.input(1)}, Attrs());
  set_side(c, 1, fn::neg(c, fn::mul(c, g, times)));
}
void floor_remainder_vjp(VjpContext& c) { remainder_vjp(c, find_op("floorDivide")); }
void trunc_remainder_vjp(VjpContext& c) { remainder_vjp(c, find_op("truncDivide")); }

void copysign_vjp(VjpContext& c) {
  if (c.needs(0)) {
    const Tensor turned = fn::mul(c, fn::sign(c, c.input(0)), fn::sign(c, c.output(0)));
    set_side(c, 0, fn::mul(c, c.grad(0), turned));
  }
  if (c.needs(1)) c.set_grad(1, zeros(c, 1));
}

void heaviside_vjp(VjpContext& c) {
  if (c.needs(1)) set_side(c, 1, fn::where(c, fn::eq(c, c.input(0), c.scalar(0)), c.grad(0), c.scalar(0)));
}

void lerp_vjp(VjpContext& c) {
  const Tensor g = c.grad(0), weight = c.input(2);
  if (c.needs(0)) set_side(c, 0, fn::mul(c, g, fn::sub(c, 1, weight)));
  if (c.needs(1)) set_side(c, 1, fn::mul(c, g, weight));
  if (c.needs(2)) set_side(c, 2, fn::mul(c, g, fn::sub(c, c.input(1), c.input(0))));
}

void addcmul_vjp(VjpContext& c) {
  const Tensor g = c.grad(0);
  if (c.needs(0)) set_side(c, 0, g);
  if (!c.needs(1) && !c.needs(2)) return;
  const Tensor scaled = fn::mul(c, g, c.attrs().get_float(0));
  if (c.needs(1)) set_side(c, 1, fn::mul(c, scaled, c.input(2)));
  if (c.needs(2)) set_side(c, 2, fn::mul(c, scaled, c.input(1)));
}

void addcdiv_vjp(VjpContext& c) {
  const Tensor g = c.grad(0);
  if (c.needs(0)) set_side(c, 0, g);
  if (!c.needs(1) && !c.needs(2)) return;
  const Tensor by = fn::div(c, fn::mul(c, g, c.attrs().get_float(0)), c.input(2));
  if (c.needs(1)) set_side(c, 1, by);
  if (c.needs(2)) set_side(c, 2, fn::neg(c, fn::mul(c, by, fn::div(c, c.input(1), c.input(2)))));
}

constexpr Saves kNothing{}, kInput{.inputs = 1}, kInputs{.inputs = 3}, kThree{.inputs = 7};

constexpr ElementwiseGradient kGradients[] = {
    {"leakyRelu", kInput, leaky_relu_vjp},
    {"hardtanh", kInput, hardtanh_vjp},
    {"hardswish", kInput, hardswish_vjp},
    {"elu", kInput, elu_vjp},
    {"selu", kInput, selu_vjp},
    {"softplus", kInput, softplus_vjp},
    {"logsigmoid", kInput, logsigmoid_vjp},
    {"mish", kInput, mish_vjp},
    {"hardsigmoid", kInput, hardsigmoid_vjp},
    {"hardshrink", kInput, shrink_vjp},
    {"softshrink", kInput, shrink_vjp},
    {"softsign", kInput, softsign_vjp},
    {"tanhshrink", kInput, tanhshrink_vjp},
    {"threshold", kInput, threshold_vjp},
    {"prelu", kInputs, prelu_vjp},
    {"frac", kNothing, pass_vjp},
    {"nanToNum", kInput, nan_to_num_vjp},
    {"addScaled", kNothing, add_scaled_vjp},
    {"fmax", kInputs, fmax_vjp},
    {"fmin", kInputs, fmin_vjp},
    {"clampMin", kInputs, clamp_min_vjp},
    {"clampMax", kInputs, clamp_max_vjp},
    {"floorDivide", kNothing, step_vjp},
    {"truncDivide", kNothing, step_vjp},
    {"remainder", kInputs, floor_remainder_vjp},
    {"fmod", kInputs, trunc_remainder_vjp},
    {"copysign", {.inputs = 1, .outputs = 1}, copysign_vjp},
    {"heaviside", kInput, heaviside_vjp},
    {"lerp", kThree, lerp_vjp},
    {"addcmul", kThree, addcmul_vjp},
    {"addcdiv", kThree, addcdiv_vjp},
};

}  // namespace

std::span<const ElementwiseGradient> activation_gradients() { return kGradients; }

}  // namespace lanegrad
