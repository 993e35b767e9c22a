// Gradients of the mathematical rows of functions.def, composed of ops that have gradients themselves.
#include <limits>

#include "ops/elementwise/elementwise.h"
#include "ops/functions.h"

namespace lanegrad {
namespace {

#define LANEGRAD_OP1(function, op_name)          \
  Tensor function(Applier& c, const Tensor& x) { \
    static const Op& op = find_op(op_name);      \
    return c.apply(op, {x}, Attrs());            \
  }
LANEGRAD_OP1(log1p, "log1p")
LANEGRAD_OP1(sinh, "sinh")
LANEGRAD_OP1(cosh, "cosh")
LANEGRAD_OP1(digamma, "digamma")
LANEGRAD_OP1(erfcx, "erfcx")
LANEGRAD_OP1(lgamma, "lgamma")
LANEGRAD_OP1(exp2, "exp2")
LANEGRAD_OP1(bessel_i0, "i0")
LANEGRAD_OP1(bessel_i0e, "i0e")
LANEGRAD_OP1(bessel_i1, "i1")
LANEGRAD_OP1(bessel_i1e, "i1e")
LANEGRAD_OP1(bessel_j0, "besselJ0")
LANEGRAD_OP1(bessel_j1, "besselJ1")
LANEGRAD_OP1(frexp_exponent, "frexpExponent")
#undef LANEGRAD_OP1

constexpr double kLn2 = 0.69314718055994530942, kLn10 = 2.30258509299404568402;
constexpr double kRootPi = 1.77245385090551602730, kPi = 3.14159265358979323846;
constexpr double kRootHalf = 0.70710678118654752440;

Tensor polygamma(Applier& c, double n, const Tensor& x) {
  static const Op& op = find_op("polygamma");
  return c.apply(op, {x}, Attrs().add_float(n));
}
Tensor zeta(Applier& c, const Tensor& s, const Tensor& q) {
  static const Op& op = find_op("zeta");
  return c.apply(op, {s, q}, Attrs());
}
Tensor xlogy(Applier& c, const Tensor& x, const Tensor& y) {
  static const Op& op = find_op("xlogy");
  return c.apply(op, {x, y}, Attrs());
}
Tensor one_less_square(Applier& c, const Tensor& x) { return fn::sub(c, 1, fn::square(c, x)); }
// exp(factor x^2)
Tensor gauss(Applier& c, const Tensor& x, double factor) {
  return fn::exp(c, fn::mul(c, fn::square(c, x), factor));
}

// The gradient is that of the output times the slope.
template <Tensor (*slope)(VjpContext&, const Tensor&)>
void from_input(VjpContext& c) {
  c.set_grad(0, fn::mul(c, c.grad(0), slope(c, c.input(0))));
}
template <Tensor (*slope)(VjpContext&, const Tensor&)>
void from_output(VjpContext& c) {
  c.set_grad(0, fn::mul(c, c.grad(0), slope(c, c.output(0))));
}
// Or divided by its inverse.
template <Tensor (*inverse)(VjpContext&, const Tensor&)>
void divided(VjpContext& c) {
  c.set_grad(0, fn::div(c, c.grad(0), inverse(c, c.input(0))));
}

Tensor exp2_slope(VjpContext& c, const Tensor& x) { return fn::mul(c, x, kLn2); }
Tensor expm1_slope(VjpContext& c, const Tensor& x) { return fn::add(c, x, 1); }
Tensor log2_inverse(VjpContext& c, const Tensor& x) { return fn::mul(c, x, kLn2); }
Tensor log10_inverse(VjpContext& c, const Tensor& x) { return fn::mul(c, x, kLn10); }
Tensor log1p_inverse(VjpContext& c, const Tensor& x) { return fn::add(c, x, 1); }
Tensor tan_slope(VjpContext& c, const Tensor& x) { return fn::add(c, fn::square(c, x), 1); }
Tensor asin_slope(VjpContext& c, const Tensor& x) { return fn::rsqrt(c, one_less_square(c, x)); }
Tensor acos_slope(VjpContext& c, const Tensor& x) { return fn::neg(c, asin_slope(c, x)); }
Tensor atan_inverse(VjpContext& c, const Tensor& x) { return fn::add(c, fn::square(c, x), 1); }
Tensor sinh_slope(VjpContext& c, const Tensor& x) { return cosh(c, x); }
Tensor cosh_slope(VjpContext& c, const Tensor& x) { return sinh(c, x); }
Tensor asinh_slope(VjpContext& c, const Tensor& x) { return fn::rsqrt(c, fn::add(c, fn::square(c, x), 1)); }
Tensor acosh_slope(VjpContext& c, const Tensor& x) { return fn::rsqrt(c, fn::add(c, fn::square(c, x), -1)); }
Tensor atanh_inverse(VjpContext& c, const Tensor& x) { return one_less_square(c, x); }
Tensor erfc_slope(VjpContext& c, const Tensor& x) { return fn::mul(c, gauss(c, x, -1), -2 / kRootPi); }
Tensor erfinv_slope(VjpContext& c, const Tensor& x) { return fn::mul(c, gauss(c, x, 1), kRootPi / 2); }
Tensor lgamma_slope(VjpContext& c, const Tensor& x) { return digamma(c, x); }
Tensor digamma_slope(VjpContext& c, const Tensor& x) { return polygamma(c, 1, x); }
Tensor polygamma_slope(VjpContext& c, const Tensor& x) { return polygamma(c, c.attrs().get_float(0) + 1, x); }
Tensor ndtr_slope(VjpContext& c, const Tensor& x) {
  return fn::mul(c, gauss(c, x, -0.5), kRootHalf / kRootPi);
}
Tensor ndtri_slope(VjpContext& c, const Tensor& x) {
  return fn::mul(c, gauss(c, x, 0.5), kRootPi / kRootHalf);
}
Tensor log_ndtr_inverse(VjpContext& c, const Tensor& x) {
  return fn::mul(c, erfcx(c, fn::mul(c, x, -kRootHalf)), kRootHalf * kRootPi);
}
Tensor entr_slope(VjpContext& c, const Tensor& x) { return fn::neg(c, fn::add(c, fn::log(c, x), 1)); }
Tensor i0_slope(VjpContext& c, const Tensor& x) { return bessel_i1(c, x); }
Tensor bessel_j0_slope(VjpContext& c, const Tensor& x) { return fn::neg(c, bessel_j1(c, x)); }
Tensor frexp_slope(VjpContext& c, const Tensor& x) { return exp2(c, fn::neg(c, frexp_exponent(c, x))); }

// (cos(pi x) pi x - sin(pi x)) / (pi x^2), 0 at 0. The division sees no zero, for the gradient of the
// gradient.
Tensor sinc_slope(VjpContext& c, const Tensor& x) {
  const Tensor at_zero = fn::eq(c, x, c.scalar(0));
  const Tensor safe = fn::where(c, at_zero, c.scalar(1), x), angle = fn::mul(c, safe, kPi);
  const Tensor top = fn::sub(c, fn::mul(c, fn::cos(c, angle), angle), fn::sin(c, angle));
  const Tensor slope = fn::div(c, top, fn::mul(c, angle, safe));
  return fn::where(c, at_zero, c.scalar(0), slope);
}

// x (1 - x), where that is a probability.
Tensor logit_inverse(VjpContext& c, const Tensor& x) {
  const Tensor product = fn::mul(c, x, fn::sub(c, 1, x)), zero = c.scalar(0);
  return fn::where(c, fn::lt(c, product, zero), c.scalar(std::numeric_limits<double>::quiet_NaN()), product);
}

void erfcx_vjp(VjpContext& c) {
  const Tensor slope = fn::mul(c, fn::mul(c, c.input(0), c.output(0)), 2);
  c.set_grad(0, fn::mul(c, c.grad(0), fn::add(c, slope, -2 / kRootPi)));
}

void i0e_vjp(VjpContext& c) {
  const Tensor x = c.input(0);
  const Tensor slope = fn::sub(c, bessel_i1e(c, x), fn::mul(c, fn::sign(c, x), c.output(0)));
  c.set_grad(0, fn::mul(c, c.grad(0), slope));
}

// y / x of an odd function with slope 1/2 at 0.
Tensor over_x(VjpContext& c, const Tensor& y, const Tensor& x) {
  const Tensor at_zero = fn::eq(c, x, c.scalar(0));
  return fn::where(c, at_zero, c.scalar(0.5), fn::div(c, y, fn::where(c, at_zero, c.scalar(1), x)));
}
Tensor i1_slope(VjpContext& c, const Tensor& x) {
  return fn::sub(c, bessel_i0(c, x), over_x(c, bessel_i1(c, x), x));
}
Tensor i1e_slope(VjpContext& c, const Tensor& x) {
  const Tensor y = bessel_i1e(c, x);
  return fn::sub(c, fn::sub(c, bessel_i0e(c, x), over_x(c, y, x)), fn::mul(c, y, fn::sign(c, x)));
}
Tensor bessel_j1_slope(VjpContext& c, const Tensor& x) {
  return fn::sub(c, bessel_j0(c, x), over_x(c, bessel_j1(c, x), x));
}

// ---- of two operands

void set_sides(VjpContext& c, const Tensor& a, const Tensor& b) {
  if (c.needs(0)) c.set_grad(0, fn::sum_to(c, a, c.input_shape(0)));
  if (c.needs(1)) c.set_grad(1, fn::sum_to(c, b, c.input_shape(1)));
}

void atan2_vjp(VjpContext& c) {
  const Tensor a = c.input(0), b = c.input(1);
  const Tensor r = fn::div(c, c.grad(0), fn::add(c, fn::square(c, a), fn::square(c, b)));
  set_sides(c, fn::mul(c, r, b), fn::neg(c, fn::mul(c, r, a)));
}

void hypot_vjp(VjpContext& c) {
  const Tensor r = fn::div(c, c.grad(0), c.output(0));
  set_sides(c, fn::mul(c, r, c.input(0)), fn::mul(c, r, c.input(1)));
}

void logaddexp_by(VjpContext& c, double scale) {
  const Tensor difference = fn::mul(c, fn::sub(c, c.input(0), c.input(1)), scale), g = c.grad(0);
  set_sides(c, fn::mul(c, g, fn::sigmoid(c, difference)),
            fn::mul(c, g, fn::sigmoid(c, fn::neg(c, difference))));
}
void logaddexp_vjp(VjpContext& c) { logaddexp_by(c, 1); }
void logaddexp2_vjp(VjpContext& c) { logaddexp_by(c, kLn2); }

void xlogy_vjp(VjpContext& c) {
  const Tensor x = c.input(0), y = c.input(1), g = c.grad(0), zero = c.scalar(0);
  if (c.needs(0)) {
    const Tensor flat = fn::mul(c, fn::eq(c, x, zero), fn::le(c, y, zero));
    c.set_grad(0, fn::sum_to(c, fn::where(c, flat, zero, xlogy(c, g, y)), c.input_shape(0)));
  }
  if (c.needs(1)) c.set_grad(1, fn::sum_to(c, fn::div(c, fn::mul(c, g, x), y), c.input_shape(1)));
}

void xlog1py_vjp(VjpContext& c) {
  const Tensor x = c.input(0), y = c.input(1), g = c.grad(0), zero = c.scalar(0);
  if (c.needs(0)) {
    const Tensor flat = fn::mul(c, fn::eq(c, x, zero), fn::le(c, y, c.scalar(-1)));
    c.set_grad(0, fn::sum_to(c, fn::where(c, flat, zero, fn::mul(c, g, log1p(c, y))), c.input_shape(0)));
  }
  if (c.needs(1)) {
    c.set_grad(1, fn::sum_to(c, fn::div(c, fn::mul(c, g, x), fn::add(c, y, 1)), c.input_shape(1)));
  }
}

void nextafter_vjp(VjpContext& c) {
  if (c.needs(0)) c.set_grad(0, fn::sum_to(c, c.grad(0), c.input_shape(0)));
  if (c.needs(1)) c.set_grad(1, fn::full(c, c.input_shape(1), 0, c.grad(0)->spec.dtype));
}

// Of the second operand only.
[[noreturn]] void refuse_parameter(const char* op, const char* parameter, const char* variable) {
  fail(ErrorKind::kAutograd, op, "has no gradient for ", parameter, ", only for ", variable,
       ": that of its parameter has no closed form; detach ", parameter);
}
void zeta_vjp(VjpContext& c) {
  if (c.needs(0)) refuse_parameter("zeta", "s", "q");
  const Tensor s = c.input(0), slope = fn::mul(c, fn::neg(c, s), zeta(c, fn::add(c, s, 1), c.input(1)));
  if (c.needs(1)) c.set_grad(1, fn::sum_to(c, fn::mul(c, c.grad(0), slope), c.input_shape(1)));
}
// x^(a - 1) e^-x / gamma(a)
void gamma_vjp(VjpContext& c, const char* op, double sign) {
  if (c.needs(0)) refuse_parameter(op, "a", "x");
  const Tensor a = c.input(0), x = c.input(1);
  const Tensor power = fn::sub(c, xlogy(c, fn::add(c, a, -1), x), fn::add(c, x, lgamma(c, a)));
  const Tensor slope = fn::mul(c, fn::exp(c, power), sign);
  c.set_grad(1, fn::sum_to(c, fn::mul(c, c.grad(0), slope), c.input_shape(1)));
}
void igamma_vjp(VjpContext& c) { gamma_vjp(c, "igamma", 1); }
void igammac_vjp(VjpContext& c) { gamma_vjp(c, "igammac", -1); }

constexpr Saves kInput{.inputs = 1}, kInputs{.inputs = 3}, kOutput{.outputs = 1},
    kBoth{.inputs = 1, .outputs = 1};

constexpr ElementwiseGradient kGradients[] = {
    {"exp2", kOutput, from_output<exp2_slope>},
    {"expm1", kOutput, from_output<expm1_slope>},
    {"tan", kOutput, from_output<tan_slope>},
    {"erfinv", kOutput, from_output<erfinv_slope>},
    {"ndtri", kOutput, from_output<ndtri_slope>},
    {"asin", kInput, from_input<asin_slope>},
    {"acos", kInput, from_input<acos_slope>},
    {"sinh", kInput, from_input<sinh_slope>},
    {"cosh", kInput, from_input<cosh_slope>},
    {"asinh", kInput, from_input<asinh_slope>},
    {"acosh", kInput, from_input<acosh_slope>},
    {"erfc", kInput, from_input<erfc_slope>},
    {"sinc", kInput, from_input<sinc_slope>},
    {"lgamma", kInput, from_input<lgamma_slope>},
    {"digamma", kInput, from_input<digamma_slope>},
    {"polygamma", kInput, from_input<polygamma_slope>},
    {"ndtr", kInput, from_input<ndtr_slope>},
    {"entr", kInput, from_input<entr_slope>},
    {"i0", kInput, from_input<i0_slope>},
    {"i1", kInput, from_input<i1_slope>},
    {"i1e", kInput, from_input<i1e_slope>},
    {"besselJ0", kInput, from_input<bessel_j0_slope>},
    {"besselJ1", kInput, from_input<bessel_j1_slope>},
    {"frexpMantissa", kInput, from_input<frexp_slope>},
    {"log2", kInput, divided<log2_inverse>},
    {"log10", kInput, divided<log10_inverse>},
    {"log1p", kInput, divided<log1p_inverse>},
    {"atan", kInput, divided<atan_inverse>},
    {"atanh", kInput, divided<atanh_inverse>},
    {"logit", kInput, divided<logit_inverse>},
    {"logNdtr", kInput, divided<log_ndtr_inverse>},
    {"erfcx", kBoth, erfcx_vjp},
    {"i0e", kBoth, i0e_vjp},
    {"atan2", kInputs, atan2_vjp},
    {"logaddexp", kInputs, logaddexp_vjp},
    {"logaddexp2", kInputs, logaddexp2_vjp},
    {"xlogy", kInputs, xlogy_vjp},
    {"xlog1py", kInputs, xlog1py_vjp},
    {"nextafter", {}, nextafter_vjp},
    {"zeta", kInputs, zeta_vjp},
    {"igamma", kInputs, igamma_vjp},
    {"igammac", kInputs, igammac_vjp},
    {"hypot", {.inputs = 3, .outputs = 1}, hypot_vjp},
};

}  // namespace

std::span<const ElementwiseGradient> function_gradients() { return kGradients; }

}  // namespace lanegrad
