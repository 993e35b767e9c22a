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
  fmax(other: Operand): Tensor;
  fmin(other: Operand): Tensor;
  atan2(other: Operand): Tensor;
  hypot(other: Operand): Tensor;
  logaddexp(other: Operand): Tensor;
  logaddexp2(other: Operand): Tensor;
  copysign(other: Operand): Tensor;
  nextafter(other: Operand): Tensor;
  ldexp(other: Operand): Tensor;
  floatPower(other: Operand): Tensor;
  xlogy(other: Operand): Tensor;
  gcd(other: Operand): Tensor;
  lcm(other: Operand): Tensor;
  igamma(other: Operand): Tensor;
  igammac(other: Operand): Tensor;
  bitwiseAnd(other: Operand): Tensor;
  bitwiseOr(other: Operand): Tensor;
  bitwiseXor(other: Operand): Tensor;
  bitwiseLeftShift(other: Operand): Tensor;
  bitwiseRightShift(other: Operand): Tensor;
  logicalAnd(other: Operand): Tensor<'bool'>;
  logicalOr(other: Operand): Tensor<'bool'>;
  logicalXor(other: Operand): Tensor<'bool'>;
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
  atan2_(other: Operand): this;
  hypot_(other: Operand): this;
  copysign_(other: Operand): this;
  nextafter_(other: Operand): this;
  xlogy_(other: Operand): this;
  gcd_(other: Operand): this;
  lcm_(other: Operand): this;
  igamma_(other: Operand): this;
  igammac_(other: Operand): this;
  bitwiseAnd_(other: Operand): this;
  bitwiseOr_(other: Operand): this;
  bitwiseXor_(other: Operand): this;
  bitwiseLeftShift_(other: Operand): this;
  bitwiseRightShift_(other: Operand): this;
  logicalAnd_(other: Operand): this;
  logicalOr_(other: Operand): this;
  logicalXor_(other: Operand): this;
  eq_(other: Operand): this;
  ne_(other: Operand): this;
  lt_(other: Operand): this;
  le_(other: Operand): this;
  gt_(other: Operand): this;
  ge_(other: Operand): this;
  trueDivide_(other: Operand): this;
  ldexp_(other: Operand): this;
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
