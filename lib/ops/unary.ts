import { backend } from '../backend/current.js';
import { checkChoice, checkInt, checkTensor, noAttrs, checkOptions } from '../check.js';
import { isFloat } from '../dtype.js';
import { DTypeError } from '../errors.js';
import { scoped } from '../scope.js';
import type { Tensor } from '../tensor.js';

// Elementwise functions of one tensor. Each gives a tensor of the same shape; `x` may be any strided view.

/**
 * The absolute value. Any dtype but bool.
 *
 * @example
 * import { abs, tensor } from 'lanegrad';
 * abs(tensor([-1.5, 2])).tolist(); // => [1.5, 2]
 */
export function abs(x: Tensor): Tensor {
  checkTensor('abs', 'x', x);
  return backend.run1('abs', [x], noAttrs);
}

/**
 * -x. Any dtype but bool.
 *
 * @example
 * import { neg, tensor } from 'lanegrad';
 * neg(tensor([1, -2])).tolist(); // => [-1, 2]
 */
export function neg(x: Tensor): Tensor {
  checkTensor('neg', 'x', x);
  return backend.run1('neg', [x], noAttrs);
}

/**
 * -1, 0 or 1; 0 for NaN. Any dtype.
 *
 * @example
 * import { sign, tensor } from 'lanegrad';
 * sign(tensor([-3, 0, 5])).tolist(); // => [-1, 0, 1]
 */
export function sign(x: Tensor): Tensor {
  checkTensor('sign', 'x', x);
  return backend.run1('sign', [x], noAttrs);
}

/**
 * x * x. Bool becomes int64.
 *
 * @example
 * import { square, tensor } from 'lanegrad';
 * square(tensor([3, -2])).tolist(); // => [9, 4]
 */
export function square(x: Tensor): Tensor {
  checkTensor('square', 'x', x);
  if (x.dtype === 'bool') return backend.run1('to', [x], { dtype: 'int64' });
  return backend.run1('square', [x], noAttrs);
}

/**
 * max(x, 0); NaN stays NaN. Its derivative at 0 is 0. Any dtype but bool.
 *
 * @example
 * import { relu, tensor } from 'lanegrad';
 * relu(tensor([-1, 2])).tolist(); // => [0, 2]
 */
export function relu(x: Tensor): Tensor {
  checkTensor('relu', 'x', x);
  return backend.run1('relu', [x], noAttrs);
}

/**
 * The largest integer not above x. Any dtype but bool. Its gradient is 0.
 *
 * @example
 * import { floor, tensor } from 'lanegrad';
 * floor(tensor([1.7, -1.2])).tolist(); // => [1, -2]
 */
export function floor(x: Tensor): Tensor {
  checkTensor('floor', 'x', x);
  return backend.run1('floor', [x], noAttrs);
}

/**
 * The smallest integer not below x. Any dtype but bool. Its gradient is 0.
 *
 * @example
 * import { ceil, tensor } from 'lanegrad';
 * ceil(tensor([1.2, -1.7])).tolist(); // => [2, -1]
 */
export function ceil(x: Tensor): Tensor {
  checkTensor('ceil', 'x', x);
  return backend.run1('ceil', [x], noAttrs);
}

/**
 * The integer part of x: towards 0. Any dtype but bool. Its gradient is 0.
 *
 * @example
 * import { tensor, trunc } from 'lanegrad';
 * trunc(tensor([1.7, -1.7])).tolist(); // => [1, -1]
 */
export function trunc(x: Tensor): Tensor {
  checkTensor('trunc', 'x', x);
  return backend.run1('trunc', [x], noAttrs);
}

export interface RoundOptions {
  /** Digits after the point that are kept; negative ones round to tens and so on. Default 0. */
  decimals?: number;
}

/**
 * The nearest integer, halves to the even one; with decimals round(x 10^decimals) / 10^decimals, of floats. Any dtype but
 * bool. Its gradient is 0.
 *
 * @throws DTypeError for bool, and for integers with decimals.
 * @example
 * import { round, tensor } from 'lanegrad';
 * round(tensor([0.5, 1.5, 2.4])).tolist(); // => [0, 2, 2]
 */
export function round(x: Tensor, options?: RoundOptions): Tensor {
  checkTensor('round', 'x', x);
  if (options !== undefined) checkOptions('round', options);
  const decimals = options?.decimals ?? 0;
  if (decimals !== 0) return roundDecimals(x, decimals);
  return backend.run1('round', [x], noAttrs);
}

function roundDecimals(x: Tensor, decimals: number): Tensor {
  checkInt('round', 'decimals', decimals);
  if (!isFloat(x.dtype))
    throw new DTypeError(`[round] decimals: got ${decimals} with ${x.dtype}, wanted floats`);
  const factor = 10 ** Math.abs(decimals);
  const [before, after] = decimals > 0 ? (['mul', 'div'] as const) : (['div', 'mul'] as const);
  return scoped(() => {
    const scaled = backend.run1(before, [x, factor], noAttrs);
    return backend.run1(after, [backend.run1('round', [scaled], noAttrs), factor], noAttrs);
  });
}

/**
 * e^x. Integers and bool become float32.
 *
 * @example
 * import { exp, tensor } from 'lanegrad';
 * exp(tensor([0.0])).tolist(); // => [1]
 */
export function exp(x: Tensor): Tensor {
  checkTensor('exp', 'x', x);
  return backend.run1('exp', [x], noAttrs);
}

/**
 * The natural logarithm; NaN below 0, -Infinity at 0. Integers and bool become float32.
 *
 * @example
 * import { log, tensor } from 'lanegrad';
 * log(tensor([1.0])).tolist(); // => [0]
 */
export function log(x: Tensor): Tensor {
  checkTensor('log', 'x', x);
  return backend.run1('log', [x], noAttrs);
}

/**
 * The square root; NaN below 0. Integers and bool become float32.
 *
 * @example
 * import { sqrt, tensor } from 'lanegrad';
 * sqrt(tensor([4, 9])).tolist(); // => [2, 3]
 */
export function sqrt(x: Tensor): Tensor {
  checkTensor('sqrt', 'x', x);
  return backend.run1('sqrt', [x], noAttrs);
}

/**
 * 1 / sqrt(x). Integers and bool become float32.
 *
 * @example
 * import { rsqrt, tensor } from 'lanegrad';
 * rsqrt(tensor([4, 16])).tolist(); // => [0.5, 0.25]
 */
export function rsqrt(x: Tensor): Tensor {
  checkTensor('rsqrt', 'x', x);
  return backend.run1('rsqrt', [x], noAttrs);
}

/**
 * 1 / x. Integers and bool become float32.
 *
 * @example
 * import { reciprocal, tensor } from 'lanegrad';
 * reciprocal(tensor([2, 4])).tolist(); // => [0.5, 0.25]
 */
export function reciprocal(x: Tensor): Tensor {
  checkTensor('reciprocal', 'x', x);
  return backend.run1('reciprocal', [x], noAttrs);
}

/**
 * The sine of x in radians. Integers and bool become float32.
 *
 * @example
 * import { sin, tensor } from 'lanegrad';
 * sin(tensor([0.0])).tolist(); // => [0]
 */
export function sin(x: Tensor): Tensor {
  checkTensor('sin', 'x', x);
  return backend.run1('sin', [x], noAttrs);
}

/**
 * The cosine of x in radians. Integers and bool become float32.
 *
 * @example
 * import { cos, tensor } from 'lanegrad';
 * cos(tensor([0.0])).tolist(); // => [1]
 */
export function cos(x: Tensor): Tensor {
  checkTensor('cos', 'x', x);
  return backend.run1('cos', [x], noAttrs);
}

/**
 * The hyperbolic tangent. Integers and bool become float32.
 *
 * @example
 * import { tanh, tensor } from 'lanegrad';
 * tanh(tensor([0.0])).tolist(); // => [0]
 */
export function tanh(x: Tensor): Tensor {
  checkTensor('tanh', 'x', x);
  return backend.run1('tanh', [x], noAttrs);
}

/**
 * 1 / (1 + e^-x). Integers and bool become float32.
 *
 * @example
 * import { sigmoid, tensor } from 'lanegrad';
 * sigmoid(tensor([0.0])).tolist(); // => [0.5]
 */
export function sigmoid(x: Tensor): Tensor {
  checkTensor('sigmoid', 'x', x);
  return backend.run1('sigmoid', [x], noAttrs);
}

/**
 * The error function, 2/sqrt(pi) times the integral of e^(-t^2) from 0 to x. Integers and bool become float32.
 *
 * @example
 * import { erf, tensor } from 'lanegrad';
 * erf(tensor([0.0])).tolist(); // => [0]
 */
export function erf(x: Tensor): Tensor {
  checkTensor('erf', 'x', x);
  return backend.run1('erf', [x], noAttrs);
}

/**
 * x * sigmoid(x), also called swish. Integers and bool become float32.
 *
 * @example
 * import { silu, tensor } from 'lanegrad';
 * silu(tensor([0.0])).tolist(); // => [0]
 */
export function silu(x: Tensor): Tensor {
  checkTensor('silu', 'x', x);
  return backend.run1('silu', [x], noAttrs);
}

export interface GeluOptions {
  /** `none`: exact, by the error function. `tanh`: 0.5 x (1 + tanh(sqrt(2/pi) (x + 0.044715 x^3))). Default none. */
  approximate?: 'none' | 'tanh';
}

/**
 * The Gaussian error linear unit, x * Phi(x) with Phi the normal distribution function (Hendrycks and Gimpel 2016).
 * Integers and bool become float32.
 *
 * @example
 * import { gelu, tensor } from 'lanegrad';
 * gelu(tensor([0.0])).tolist(); // => [0]
 */
export function gelu(x: Tensor, options?: GeluOptions): Tensor {
  checkTensor('gelu', 'x', x);
  if (options !== undefined) checkOptions('gelu', options);
  if (options === undefined) return backend.run1('gelu', [x], noAttrs);
  const { approximate = 'none' } = options;
  checkChoice('gelu', 'approximate', approximate, ['none', 'tanh']);
  return backend.run1(approximate === 'tanh' ? 'geluTanh' : 'gelu', [x], noAttrs);
}

/**
 * true where x is 0 or false. Any dtype; gives bool.
 *
 * @example
 * import { logicalNot, tensor } from 'lanegrad';
 * logicalNot(tensor([0, 3])).tolist(); // => [true, false]
 */
export function logicalNot(x: Tensor): Tensor<'bool'> {
  checkTensor('logicalNot', 'x', x);
  return backend.run1('logicalNot', [x], noAttrs) as Tensor<'bool'>;
}

/**
 * true where x is NaN. Any dtype; gives bool.
 *
 * @example
 * import { isnan, tensor } from 'lanegrad';
 * isnan(tensor([1, NaN])).tolist(); // => [false, true]
 */
export function isnan(x: Tensor): Tensor<'bool'> {
  checkTensor('isnan', 'x', x);
  return backend.run1('isnan', [x], noAttrs) as Tensor<'bool'>;
}
