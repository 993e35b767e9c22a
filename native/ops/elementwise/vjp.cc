// Gradients of the rows of elementwise.def. Where the gradient is to be differentiated itself (create_graph)
// it is composed of ops that have gradients; otherwise one fused op makes a single pass.
#include "ops/elementwise/elementwise.h"
#include "ops/functions.h"

namespace lanegrad {
namespace {

Tensor fused(VjpContext& c, const Op& op, const Tensor& saved) {
  return c.apply(op, {c.grad(0), saved}, Attrs());
}

Tensor zero_where(VjpContext& c, const Tensor& condition, const Tensor& g) {
  return fn::where(c, condition, c.scalar(0), g);
}

void set_broadcast_grad(VjpContext& c, int i, const Tensor& g) {
  c.set_grad(i, fn::sum_to(c, g, c.input_shape(i)));
}

// Zeros like the input: the derivative of a step function.
void step_vjp(VjpContext& c) { c.set_grad(0, fn::full(c, c.input_shape(0), 0, c.grad(0)->spec.dtype)); }

void neg_vjp(VjpContext& c) { c.set_grad(0, fn::neg(c, c.grad(0))); }

void abs_vjp(VjpContext& c) {
  static const Op& op = find_op("absBackward");
  const Tensor x = c.input(0);
  c.set_grad(0, c.create_graph() ? fn::mul(c, c.grad(0), fn::sign(c, x)) : fused(c, op, x));
}

void square_vjp(VjpContext& c) {
  static const Op& op = find_op("squareBackward");
  const Tensor x = c.input(0);
  c.set_grad(0, c.create_graph() ? fn::mul(c, c.grad(0), fn::mul(c, x, 2)) : fused(c, op, x));
}

void relu_vjp(VjpContext& c) {
  static const Op& op = find_op("reluBackward");
  const Tensor y = c.output(0);
  c.set_grad(0, c.create_graph() ? zero_where(c, fn::le(c, y, c.scalar(0)), c.grad(0)) : fused(c, op, y));
}

void exp_vjp(VjpContext& c) { c.set_grad(0, fn::mul(c, c.grad(0), c.output(0))); }

void log_vjp(VjpContext& c) { c.set_grad(0, fn::div(c, c.grad(0), c.input(0))); }

void sqrt_vjp(VjpContext& c) {
  static const Op& op = find_op("sqrtBackward");
  const Tensor y = c.output(0);
  c.set_grad(0, c.create_graph() ? fn::div(c, c.grad(0), fn::mul(c, y, 2)) : fused(c, op, y));
}

void rsqrt_vjp(VjpContext& c) {
  static const Op& op = find_op("rsqrtBackward");
  const Tensor y = c.output(0);
  if (!c.create_graph()) return c.set_grad(0, fused(c, op, y));
  c.set_grad(0, fn::mul(c, fn::mul(c, c.grad(0), -0.5), fn::mul(c, fn::square(c, y), y)));
}

void reciprocal_vjp(VjpContext& c) {
  static const Op& op = find_op("reciprocalBackward");
  const Tensor y = c.output(0);
  c.set_grad(0, c.create_graph() ? fn::mul(c, fn::neg(c, c.grad(0)), fn::square(c, y)) : fused(c, op, y));
}

void sin_vjp(VjpContext& c) {
  static const Op& op = find_op("sinBackward");
  const Tensor x = c.input(0);
  c.set_grad(0, c.create_graph() ? fn::mul(c, c.grad(0), fn::cos(c, x)) : fused(c, op, x));
}

void cos_vjp(VjpContext& c) {
  static const Op& op = find_op("cosBackward");
  const Tensor x = c.input(0);
  c.set_grad(0, c.create_graph() ? fn::mul(c, fn::neg(c, c.grad(0)), fn::sin(c, x)) : fused(c, op, x));
}

void tanh_vjp(VjpContext& c) {
  static const Op& op = find_op("tanhBackward");
  const Tensor y = c.output(0);
  c.set_grad(0, c.create_graph() ? fn::mul(c, c.grad(0), fn::sub(c, 1, fn::square(c, y))) : fused(c, op, y));
}

void sigmoid_vjp(VjpContext& c) {
  static const Op& op = find_op("sigmoidBackward");
  const Tensor y = c.output(0);
  c.set_grad(0, c.create_graph() ? fn::mul(c, c.grad(0), fn::mul(c, fn::sub(c, 1, y), y)) : fused(c, op, y));
}

void erf_vjp(VjpContext& c) {
  static const Op& op = find_op("erfBackward");
  const Tensor x = c.input(0);
  if (!c.create_graph()) return c.set_grad(0, fused(c, op, x));
  const Tensor density = fn::mul(c, fn::exp(c, fn::neg(c, fn::square(c, x))), 1.1283791670955126);
  c.set_grad(0, fn::mul(c, c.grad(0), density));
}

// Phi(x) + x phi(x)
void gelu_vjp(VjpContext& c) {
  static const Op& op = find_op("geluBackward");
  const Tensor x = c.input(0);
  if (!c.create_graph()) return c.set_grad(0, fused(c, op, x));
  const Tensor erf = fn::erf(c, fn::mul(c, x, 0.70710678118654752));
  const Tensor distribution = fn::mul(c, fn::add(c, erf, 1), 0.5);
  const Tensor density = fn::mul(c, fn::exp(c, fn::mul(c, fn::square(c, x), -0.5)), 0.39894228040143268);
  c.set_grad(0, fn::mul(c, c.grad(0), fn::add(c, distribution, fn::mul(c, x, density))));
}

// (1 + t) / 2 + x/2 (1 - t^2) u', t = tanh(u), u = sqrt(2/pi) (x + 0.044715 x^3)
void gelu_tanh_vjp(VjpContext& c) {
  static const Op& op = find_op("geluTanhBackward");
  const Tensor x = c.input(0);
  if (!c.create_graph()) return c.set_grad(0, fused(c, op, x));
  constexpr double kRoot = 0.79788456080286536, kCubic = 0.044715;
  const Tensor x2 = fn::square(c, x);
  const Tensor t = fn::tanh(c, fn::mul(c, fn::add(c, x, fn::mul(c, fn::mul(c, x2, x), kCubic)), kRoot));
  const Tensor slope = fn::mul(c, fn::add(c, fn::mul(c, x2, 3 * kCubic), 1), kRoot);
  const Tensor second = fn::mul(c, fn::mul(c, x, fn::sub(c, 1, fn::square(c, t))), slope);
  c.set_grad(0, fn::mul(c, c.grad(0), fn::mul(c, fn::add(c, fn::add(c, t, 1), second), 0.5)));
}

// s (1 + x (1 - s)), s = sigmoid(x)
void silu_vjp(VjpContext& c) {
  static const Op& op = find_op("siluBackward");
  const Tensor x = c.input(0);
  if (!c.create_graph()) return c.set_grad(0, fused(c, op, x));
  const Tensor s = fn::sigmoid(c, x);
  const Tensor inner = fn::add(c, fn::mul(c, x, fn::sub(c, 1, s)), 1);
  c.set_grad(0, fn::mul(c, c.grad(0), fn::mul(c, s, inner)));
}

void clamp_vjp(VjpContext& c) {
  static const Op& op = find_op("clampBackward");
  const Tensor x = c.input(0);
  if (!c.create_graph()) return c.set_grad(0, c.apply(op, {c.grad(0), x}, c.attrs()));
  const Tensor below = zero_where(c, fn::lt(c, x, c.scalar(c.attrs().get_float(0))), c.grad(0));
  c.set_grad(0, zero_where(c, fn::gt(c, x, c.scalar(c.attrs().get_float(1))), below));
}

void add_vjp(VjpContext& c) {
  if (c.needs(0)) set_broadcast_grad(c, 0, c.grad(0));
  if (c.needs(1)) set_broadcast_grad(c, 1, c.grad(0));
}

void sub_vjp(VjpContext& c) {
  if (c.needs(0)) set_broadcast_grad(c, 0, c.grad(0));
  if (c.needs(1)) c.set_grad(1, fn::neg(c, fn::sum_to(c, c.grad(0), c.input_shape(1))));
}

void mul_vjp(VjpContext& c) {
  if (c.needs(0)) set_broadcast_grad(c, 0, fn::mul(c, c.grad(0), c.input(1)));
  if (c.needs(1)) set_broadcast_grad(c, 1, fn::mul(c, c.grad(0), c.input(0)));
}

void div_vjp(VjpContext& c) {
  static const Op& op = find_op("divBackwardDenominator");
  const Tensor g = c.grad(0), b = c.input(1);
  if (c.needs(0)) set_broadcast_grad(c, 0, fn::div(c, g, b));
  if (!c.needs(1)) return;
  const Tensor a = c.input(0);
  if (!c.create_graph()) return set_broadcast_grad(c, 1, c.apply(op, {g, a, b}, Attrs()));
  set_broadcast_grad(c, 1, fn::neg(c, fn::mul(c, g, fn::div(c, fn::div(c, a, b), b))));
}

void pow_vjp(VjpContext& c) {
  static const Op& base = find_op("powBackwardBase");
  static const Op& exponent = find_op("powBackwardExponent");
  const Tensor g = c.grad(0), a = c.input(0), b = c.input(1);
  if (!c.create_graph()) {
    if (c.needs(0)) set_broadcast_grad(c, 0, c.apply(base, {g, a, b}, Attrs()));
    if (c.needs(1)) set_broadcast_grad(c, 1, c.apply(exponent, {g, a, b}, Attrs()));
    return;
  }
  const Tensor zero = c.scalar(0);
  if (c.needs(0)) {
    const Tensor slope = fn::mul(c, b, fn::pow(c, a, fn::sub(c, b, c.scalar(1))));
    set_broadcast_grad(c, 0, zero_where(c, fn::eq(c, b, zero), fn::mul(c, g, slope)));
  }
  if (c.needs(1)) {
    // At a = 0, b >= 0 the derivative is taken as 0; the logarithm is kept finite there, for its own
    // gradient.
    const Tensor flat = fn::mul(c, fn::eq(c, a, zero), fn::ge(c, b, zero));
    const Tensor log = fn::log(c, fn::where(c, fn::eq(c, a, zero), c.scalar(1), a));
    const Tensor slope = fn::mul(c, fn::pow(c, a, b), log);
    set_broadcast_grad(c, 1, zero_where(c, flat, fn::mul(c, g, slope)));
  }
}

// Equal operands share the gradient; where one is NaN, both get it whole.
void extremum_vjp(VjpContext& c, const Op& op, bool largest) {
  const Tensor g = c.grad(0), a = c.input(0), b = c.input(1);
  for (int i = 0; i < 2; ++i) {
    if (!c.needs(i)) continue;
    const Tensor &own = i == 0 ? a : b, &other = i == 0 ? b : a;
    if (!c.create_graph()) {
      set_broadcast_grad(c, i, c.apply(op, {g, own, other}, Attrs()));
      continue;
    }
    const Tensor lost = largest ? fn::lt(c, own, other) : fn::gt(c, own, other);
    const Tensor shared = fn::where(c, fn::eq(c, own, other), fn::mul(c, g, 0.5), g);
    set_broadcast_grad(c, i, zero_where(c, lost, shared));
  }
}

void maximum_vjp(VjpContext& c) {
  static const Op& op = find_op("maximumBackward");
  extremum_vjp(c, op, true);
}

void minimum_vjp(VjpContext& c) {
  static const Op& op = find_op("minimumBackward");
  extremum_vjp(c, op, false);
}

constexpr Saves kNothing{}, kInput{.inputs = 1}, kInputs{.inputs = 3}, kOutput{.outputs = 1};

constexpr ElementwiseGradient kGradients[] = {
    {"abs", kInput, abs_vjp},
    {"neg", kNothing, neg_vjp},
    {"sign", kNothing, step_vjp},
    {"square", kInput, square_vjp},
    {"relu", kOutput, relu_vjp},
    {"floor", kNothing, step_vjp},
    {"trunc", kNothing, step_vjp},
    {"ceil", kNothing, step_vjp},
    {"round", kNothing, step_vjp},
    {"exp", kOutput, exp_vjp},
    {"log", kInput, log_vjp},
    {"sqrt", kOutput, sqrt_vjp},
    {"rsqrt", kOutput, rsqrt_vjp},
    {"reciprocal", kOutput, reciprocal_vjp},
    {"sin", kInput, sin_vjp},
    {"cos", kInput, cos_vjp},
    {"tanh", kOutput, tanh_vjp},
    {"sigmoid", kOutput, sigmoid_vjp},
    {"erf", kInput, erf_vjp},
    {"gelu", kInput, gelu_vjp},
    {"geluTanh", kInput, gelu_tanh_vjp},
    {"silu", kInput, silu_vjp},
    {"clamp", kInput, clamp_vjp},
    {"add", kNothing, add_vjp},
    {"sub", kNothing, sub_vjp},
    {"mul", kInputs, mul_vjp},
    {"div", kInputs, div_vjp},
    {"pow", kInputs, pow_vjp},
    {"maximum", kInputs, maximum_vjp},
    {"minimum", kInputs, minimum_vjp},
};

}  // namespace

std::span<const ElementwiseGradient> elementwise_gradients() { return kGradients; }

}  // namespace lanegrad
