import { backend } from '../backend/current.js';
import { checkInt, checkTensor, noAttrs, checkOptions } from '../check.js';
import { isFloat } from '../dtype.js';
import { ValueError } from '../errors.js';
import { scoped } from '../scope.js';
import type { Tensor } from '../tensor.js';
import { add, mul } from './binary.js';

// Functions of analysis, elementwise on one tensor. Accuracy: docs/accuracy.md.

/**
 * 2^x. Integers and bool become float32.
 *
 * @example
 * import { exp2, tensor } from 'lanegrad';
 * exp2(tensor([3])).tolist(); // => [8]
 */
export function exp2(x: Tensor): Tensor {
  checkTensor('exp2', 'x', x);
  return backend.run1('exp2', [x], noAttrs);
}

/**
 * e^x - 1, precise near 0. Integers and bool become float32.
 *
 * @example
 * import { expm1, tensor } from 'lanegrad';
 * expm1(tensor([0])).tolist(); // => [0]
 */
export function expm1(x: Tensor): Tensor {
  checkTensor('expm1', 'x', x);
  return backend.run1('expm1', [x], noAttrs);
}

/**
 * The logarithm to base 2; NaN below 0, -Infinity at 0. Integers and bool become float32.
 *
 * @example
 * import { log2, tensor } from 'lanegrad';
 * log2(tensor([8])).tolist(); // => [3]
 */
export function log2(x: Tensor): Tensor {
  checkTensor('log2', 'x', x);
  return backend.run1('log2', [x], noAttrs);
}

/**
 * The logarithm to base 10; NaN below 0, -Infinity at 0. Integers and bool become float32.
 *
 * @example
 * import { log10, tensor } from 'lanegrad';
 * log10(tensor([1])).tolist(); // => [0]
 */
export function log10(x: Tensor): Tensor {
  checkTensor('log10', 'x', x);
  return backend.run1('log10', [x], noAttrs);
}

/**
 * log(1 + x), precise near 0; NaN below -1, -Infinity at -1. Integers and bool become float32.
 *
 * @example
 * import { log1p, tensor } from 'lanegrad';
 * log1p(tensor([0])).tolist(); // => [0]
 */
export function log1p(x: Tensor): Tensor {
  checkTensor('log1p', 'x', x);
  return backend.run1('log1p', [x], noAttrs);
}

/**
 * The tangent of x in radians. Integers and bool become float32.
 *
 * @example
 * import { tan, tensor } from 'lanegrad';
 * tan(tensor([0])).tolist(); // => [0]
 */
export function tan(x: Tensor): Tensor {
  checkTensor('tan', 'x', x);
  return backend.run1('tan', [x], noAttrs);
}

/**
 * The arc sine in [-pi/2, pi/2]; NaN outside of [-1, 1]. Integers and bool become float32.
 *
 * @example
 * import { asin, tensor } from 'lanegrad';
 * asin(tensor([0])).tolist(); // => [0]
 */
export function asin(x: Tensor): Tensor {
  checkTensor('asin', 'x', x);
  return backend.run1('asin', [x], noAttrs);
}

/**
 * The arc cosine in [0, pi]; NaN outside of [-1, 1]. Integers and bool become float32.
 *
 * @example
 * import { acos, tensor } from 'lanegrad';
 * acos(tensor([1])).tolist(); // => [0]
 */
export function acos(x: Tensor): Tensor {
  checkTensor('acos', 'x', x);
  return backend.run1('acos', [x], noAttrs);
}

/**
 * The arc tangent in [-pi/2, pi/2]. Integers and bool become float32.
 *
 * @example
 * import { atan, tensor } from 'lanegrad';
 * atan(tensor([0])).tolist(); // => [0]
 */
export function atan(x: Tensor): Tensor {
  checkTensor('atan', 'x', x);
  return backend.run1('atan', [x], noAttrs);
}

/**
 * The hyperbolic sine, (e^x - e^-x) / 2. Integers and bool become float32.
 *
 * @example
 * import { sinh, tensor } from 'lanegrad';
 * sinh(tensor([0])).tolist(); // => [0]
 */
export function sinh(x: Tensor): Tensor {
  checkTensor('sinh', 'x', x);
  return backend.run1('sinh', [x], noAttrs);
}

/**
 * The hyperbolic cosine, (e^x + e^-x) / 2. Integers and bool become float32.
 *
 * @example
 * import { cosh, tensor } from 'lanegrad';
 * cosh(tensor([0])).tolist(); // => [1]
 */
export function cosh(x: Tensor): Tensor {
  checkTensor('cosh', 'x', x);
  return backend.run1('cosh', [x], noAttrs);
}

/**
 * The inverse hyperbolic sine. Integers and bool become float32.
 *
 * @example
 * import { asinh, tensor } from 'lanegrad';
 * asinh(tensor([0])).tolist(); // => [0]
 */
export function asinh(x: Tensor): Tensor {
  checkTensor('asinh', 'x', x);
  return backend.run1('asinh', [x], noAttrs);
}

/**
 * The inverse hyperbolic cosine; NaN below 1. Integers and bool become float32.
 *
 * @example
 * import { acosh, tensor } from 'lanegrad';
 * acosh(tensor([1])).tolist(); // => [0]
 */
export function acosh(x: Tensor): Tensor {
  checkTensor('acosh', 'x', x);
  return backend.run1('acosh', [x], noAttrs);
}

/**
 * The inverse hyperbolic tangent; infinite at -1 and 1, NaN beyond. Integers and bool become float32.
 *
 * @example
 * import { atanh, tensor } from 'lanegrad';
 * atanh(tensor([0])).tolist(); // => [0]
 */
export function atanh(x: Tensor): Tensor {
  checkTensor('atanh', 'x', x);
  return backend.run1('atanh', [x], noAttrs);
}

/**
 * 1 - erf(x), precise where erf is near 1. Integers and bool become float32.
 *
 * @example
 * import { erfc, tensor } from 'lanegrad';
 * erfc(tensor([0])).tolist(); // => [1]
 */
export function erfc(x: Tensor): Tensor {
  checkTensor('erfc', 'x', x);
  return backend.run1('erfc', [x], noAttrs);
}

/**
 * The inverse of erf; infinite at -1 and 1, NaN beyond. Integers and bool become float32.
 *
 * @example
 * import { erfinv, tensor } from 'lanegrad';
 * erfinv(tensor([0])).tolist(); // => [0]
 */
export function erfinv(x: Tensor): Tensor {
  checkTensor('erfinv', 'x', x);
  return backend.run1('erfinv', [x], noAttrs);
}

/**
 * sin(pi x) / (pi x), and 1 at 0. Integers and bool become float32.
 *
 * @example
 * import { sinc, tensor } from 'lanegrad';
 * sinc(tensor([0, 1])).tolist(); // => [1, 0]
 */
export function sinc(x: Tensor): Tensor {
  checkTensor('sinc', 'x', x);
  return backend.run1('sinc', [x], noAttrs);
}

/**
 * log |gamma(x)|; Infinity at 0 and the negative integers. Integers and bool become float32.
 *
 * @example
 * import { lgamma, tensor } from 'lanegrad';
 * lgamma(tensor([1, 2])).tolist(); // => [0, 0]
 */
export function lgamma(x: Tensor): Tensor {
  checkTensor('lgamma', 'x', x);
  return backend.run1('lgamma', [x], noAttrs);
}

/**
 * The derivative of lgamma; NaN at the negative integers, infinite at 0. Integers and bool become float32.
 *
 * @example
 * import { digamma, tensor } from 'lanegrad';
 * digamma(tensor([0])).tolist(); // => [-Infinity]
 */
export function digamma(x: Tensor): Tensor {
  checkTensor('digamma', 'x', x);
  return backend.run1('digamma', [x], noAttrs);
}

/**
 * The modified Bessel function of the first kind, order 0. Integers and bool become float32.
 *
 * @example
 * import { i0, tensor } from 'lanegrad';
 * i0(tensor([0])).tolist(); // => [1]
 */
export function i0(x: Tensor): Tensor {
  checkTensor('i0', 'x', x);
  return backend.run1('i0', [x], noAttrs);
}

/**
 * The n-th derivative of digamma, (-1)^(n+1) n! zeta(n + 1, x); n = 0 is digamma itself. Integers and bool become float32.
 *
 * @throws ValueError for a negative n, or one that is no integer.
 * @example
 * import { polygamma, tensor } from 'lanegrad';
 * polygamma(1, tensor([0])).tolist(); // => [Infinity]
 */
export function polygamma(n: number, x: Tensor): Tensor {
  checkTensor('polygamma', 'x', x);
  checkInt('polygamma', 'n', n);
  if (n < 0) throw new ValueError(`[polygamma] n: got ${n}, wanted an integer of at least 0`);
  return backend.run1('polygamma', [x], { n });
}

/** Of mvlgamma: some tenths of a second, where a mistaken p would take hours. */
const mostTerms = 2 ** 16;

/**
 * The logarithm of the multivariate gamma function of dimension p,
 * p (p - 1) / 4 log(pi) + sum over i = 1..p of lgamma(x - (i - 1) / 2). Integers and bool become float32. The sum is made term
 * by term, of at most 65,536.
 *
 * @throws ValueError if p is no integer from 1 to 65,536.
 * @example
 * import { mvlgamma, tensor } from 'lanegrad';
 * mvlgamma(tensor([2]), 1).tolist(); // => [0]
 */
export function mvlgamma(x: Tensor, p: number): Tensor {
  checkTensor('mvlgamma', 'x', x);
  checkInt('mvlgamma', 'p', p);
  if (p < 1 || p > mostTerms) {
    throw new ValueError(`[mvlgamma] p: got ${p}, wanted an integer from 1 to ${mostTerms}`);
  }
  return scoped(() => {
    let total = lgamma(x);
    for (let i = 1; i < p; i++) total = add(total, lgamma(add(x, -i / 2)));
    return p === 1 ? total : add(total, (p * (p - 1) * Math.log(Math.PI)) / 4);
  });
}

/**
 * x degrees in radians, x pi / 180. Integers and bool become float32.
 *
 * @example
 * import { deg2rad, tensor } from 'lanegrad';
 * deg2rad(tensor([0])).tolist(); // => [0]
 */
export function deg2rad(x: Tensor): Tensor {
  checkTensor('deg2rad', 'x', x);
  return mul(x, Math.PI / 180);
}

/**
 * x radians in degrees, 180 x / pi. Integers and bool become float32.
 *
 * @example
 * import { rad2deg, tensor } from 'lanegrad';
 * rad2deg(tensor([0])).tolist(); // => [0]
 */
export function rad2deg(x: Tensor): Tensor {
  checkTensor('rad2deg', 'x', x);
  return mul(x, 180 / Math.PI);
}

export interface LogitOptions {
  /** x is clamped to [eps, 1 - eps] first. Default: not at all; NaN outside of [0, 1]. */
  eps?: number;
}

/**
 * log(x / (1 - x)), the inverse of sigmoid. Integers and bool become float32.
 *
 * @throws ValueError if eps is not a number.
 * @example
 * import { logit, tensor } from 'lanegrad';
 * logit(tensor([0.5])).tolist(); // => [0]
 */
export function logit(x: Tensor, options?: LogitOptions): Tensor {
  checkTensor('logit', 'x', x);
  if (options !== undefined) checkOptions('logit', options);
  const eps = options?.eps;
  if (eps === undefined) return backend.run1('logit', [x], noAttrs);
  if (typeof eps !== 'number' || eps !== eps)
    throw new ValueError(`[logit] eps: got ${eps}, wanted a number`);
  return scoped(() => {
    const floating = isFloat(x.dtype) ? x : backend.run1('to', [x], { dtype: 'float32' });
    return backend.run1('logit', [backend.run1('clamp', [floating], { min: eps, max: 1 - eps })], noAttrs);
  });
}
