import type { Operand } from '../check.js';
import type { DType } from '../dtype.js';
import type { ShrinkOptions } from '../ops/activation.js';
import type { ProductOptions } from '../ops/arithmetic.js';
import type { CloseOptions } from '../ops/logic.js';
import type { LogitOptions } from '../ops/math.js';
import type { MantissaAndExponent, NanToNumOptions } from '../ops/parts.js';
import type { Tensor } from '../tensor.js';

/** Elementwise functions of one tensor as methods. */
export interface UnaryMethods {
  exp2(): Tensor;
  expm1(): Tensor;
  log2(): Tensor;
  log10(): Tensor;
  log1p(): Tensor;
  tan(): Tensor;
  asin(): Tensor;
  acos(): Tensor;
  atan(): Tensor;
  sinh(): Tensor;
  cosh(): Tensor;
  asinh(): Tensor;
  acosh(): Tensor;
  atanh(): Tensor;
  erfc(): Tensor;
  erfinv(): Tensor;
  sinc(): Tensor;
  lgamma(): Tensor;
  digamma(): Tensor;
  i0(): Tensor;
  deg2rad(): Tensor;
  rad2deg(): Tensor;
  frac(): Tensor;
  positive(): Tensor;
  sgn(): Tensor;
  bitwiseNot(): Tensor;
  isfinite(): Tensor<'bool'>;
  isinf(): Tensor<'bool'>;
  isneginf(): Tensor<'bool'>;
  isposinf(): Tensor<'bool'>;
  isreal(): Tensor<'bool'>;
  signbit(): Tensor<'bool'>;
}

/** Elementwise functions of two operands as methods. */
export interface BinaryMethods {
  floorDivide(other: Operand): Tensor;
  trueDivide(other: Operand): Tensor;
  remainder(other: Operand): Tensor;
  fmod(other: Operand): Tensor;
  fmax(other: Tensor): Tensor;
  fmin(other: Tensor): Tensor;
  atan2(other: Tensor): Tensor;
  hypot(other: Tensor): Tensor;
  logaddexp(other: Tensor): Tensor;
  logaddexp2(other: Tensor): Tensor;
  copysign(other: Operand): Tensor;
  nextafter(other: Tensor): Tensor;
  ldexp(other: Tensor): Tensor;
  floatPower(other: Operand): Tensor;
  xlogy(other: Operand): Tensor;
  gcd(other: Tensor): Tensor;
  lcm(other: Tensor): Tensor;
  igamma(other: Tensor): Tensor;
  igammac(other: Tensor): Tensor;
  bitwiseAnd(other: Operand): Tensor;
  bitwiseOr(other: Operand): Tensor;
  bitwiseXor(other: Operand): Tensor;
  bitwiseLeftShift(other: Operand): Tensor;
  bitwiseRightShift(other: Operand): Tensor;
  logicalAnd(other: Tensor): Tensor<'bool'>;
  logicalOr(other: Tensor): Tensor<'bool'>;
  logicalXor(other: Tensor): Tensor<'bool'>;
}

/** Elementwise functions that write their result into this tensor and return it. Tests write 0 and 1. */
export interface ListedInPlaceMethods {
  exp2_(): this;
  expm1_(): this;
  log2_(): this;
  log10_(): this;
  log1p_(): this;
  tan_(): this;
  asin_(): this;
  acos_(): this;
  atan_(): this;
  sinh_(): this;
  cosh_(): this;
  asinh_(): this;
  acosh_(): this;
  atanh_(): this;
  erfc_(): this;
  erfinv_(): this;
  sinc_(): this;
  lgamma_(): this;
  digamma_(): this;
  i0_(): this;
  bitwiseNot_(): this;
  logicalNot_(): this;
  deg2rad_(): this;
  rad2deg_(): this;
  frac_(): this;
  sgn_(): this;
  floorDivide_(other: Operand): this;
  remainder_(other: Operand): this;
  fmod_(other: Operand): this;
  atan2_(other: Tensor): this;
  hypot_(other: Tensor): this;
  copysign_(other: Operand): this;
  nextafter_(other: Tensor): this;
  xlogy_(other: Operand): this;
  gcd_(other: Tensor): this;
  lcm_(other: Tensor): this;
  igamma_(other: Tensor): this;
  igammac_(other: Tensor): this;
  bitwiseAnd_(other: Operand): this;
  bitwiseOr_(other: Operand): this;
  bitwiseXor_(other: Operand): this;
  bitwiseLeftShift_(other: Operand): this;
  bitwiseRightShift_(other: Operand): this;
  logicalAnd_(other: Tensor): this;
  logicalOr_(other: Tensor): this;
  logicalXor_(other: Tensor): this;
  eq_(other: Operand): this;
  ne_(other: Operand): this;
  lt_(other: Operand): this;
  le_(other: Operand): this;
  gt_(other: Operand): this;
  ge_(other: Operand): this;
  trueDivide_(other: Operand): this;
  ldexp_(other: Tensor): this;
  floatPower_(other: Operand): this;
}

/** Elementwise functions as methods: each is the function of that name with this tensor as the first argument. */
export interface ElementwiseMethods extends UnaryMethods, BinaryMethods, ListedInPlaceMethods {
  addcdiv(a: Tensor, b: Tensor, options?: ProductOptions): Tensor;
  addcmul(a: Tensor, b: Tensor, options?: ProductOptions): Tensor;
  clampMax(max: number | Tensor): Tensor;
  clampMin(min: number | Tensor): Tensor;
  frexp(): MantissaAndExponent;
  hardshrink(options?: ShrinkOptions): Tensor;
  heaviside(values: Tensor): Tensor;
  isclose(other: Tensor, options?: CloseOptions): Tensor<'bool'>;
  isContiguous(): boolean;
  lerp(end: Tensor, weight: Tensor | number): Tensor;
  logit(options?: LogitOptions): Tensor;
  mvlgamma(p: number): Tensor;
  nanToNum(options?: NanToNumOptions): Tensor;
  polygamma(n: number): Tensor;
  prelu(weight: Tensor): Tensor;
  typeAs<D extends DType>(other: Tensor<D>): Tensor<D>;

  addcdiv_(a: Tensor, b: Tensor, options?: ProductOptions): this;
  addcmul_(a: Tensor, b: Tensor, options?: ProductOptions): this;
  clampMax_(max: number | Tensor): this;
  clampMin_(min: number | Tensor): this;
  heaviside_(values: Tensor): this;
  lerp_(end: Tensor, weight: Tensor | number): this;
  logit_(options?: LogitOptions): this;
  mvlgamma_(p: number): this;
  nanToNum_(options?: NanToNumOptions): this;
  polygamma_(n: number): this;
}
