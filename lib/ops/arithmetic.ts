import { backend } from '../backend/current.js';
import { checkNumber, checkOperand, checkPair, checkTensor, noAttrs, checkOptions } from '../check.js';
import type { Operand } from '../check.js';
import { isFloat } from '../dtype.js';
import { DTypeError } from '../errors.js';
import { scoped } from '../scope.js';
import type { Tensor } from '../tensor.js';
import { div, mul, pow, sub } from './binary.js';
import type { AlphaOptions } from './binary.js';
import { runComposite1 } from './composite.js';
import { refuseGradient } from './refuse-gradient.js';

// More elementwise functions of two and three operands. Shapes broadcast, dtypes promote as binary.ts says.

/**
 * The quotient rounded down: that of 7 and -2 is -4. Integers stay integers; the least one by -1 wraps. Shapes
 * broadcast, dtypes promote. No gradient flows.
 *
 * @throws ValueError for integers, if a divisor is 0.
 * @throws ShapeError if the shapes do not broadcast.
 * @example
 * import { floorDivide, tensor } from 'lanegrad';
 * floorDivide(tensor([7, -7]), 2).tolist(); // => [3, -4]
 */
export function floorDivide(a: Operand, b: Operand): Tensor {
  checkPair('floorDivide', a, b);
  return backend.run1('floorDivide', [a, b], noAttrs);
}

/**
 * a - b floor(a / b): the rest with the sign of b. Shapes broadcast, dtypes promote.
 *
 * @throws ValueError for integers, if a divisor is 0.
 * @throws ShapeError if the shapes do not broadcast.
 * @example
 * import { remainder, tensor } from 'lanegrad';
 * remainder(tensor([7, -7]), 3).tolist(); // => [1, 2]
 */
export function remainder(a: Operand, b: Operand): Tensor {
  checkPair('remainder', a, b);
  return backend.run1('remainder', [a, b], noAttrs);
}

/**
 * a - b trunc(a / b): the rest with the sign of a. Shapes broadcast, dtypes promote.
 *
 * @throws ValueError for integers, if a divisor is 0.
 * @throws ShapeError if the shapes do not broadcast.
 * @example
 * import { fmod, tensor } from 'lanegrad';
 * fmod(tensor([7, -7]), 3).tolist(); // => [1, -1]
 */
export function fmod(a: Tensor, b: Operand): Tensor {
  checkTensor('fmod', 'a', a);
  checkOperand('fmod', 'b', b);
  return backend.run1('fmod', [a, b], noAttrs);
}

/**
 * The larger of a and b; where one is NaN, the other. At ties the gradient goes to a. Shapes broadcast, dtypes
 * promote.
 *
 * @throws ShapeError if the shapes do not broadcast.
 * @example
 * import { fmax, tensor } from 'lanegrad';
 * fmax(tensor([1, NaN]), tensor([3, 2])).tolist(); // => [3, 2]
 */
export function fmax(a: Tensor, b: Tensor): Tensor {
  checkTensor('fmax', 'a', a);
  checkTensor('fmax', 'b', b);
  return runComposite1('fmax', [a, b], noAttrs);
}

/**
 * The smaller of a and b; where one is NaN, the other. At ties the gradient goes to a. Shapes broadcast, dtypes
 * promote.
 *
 * @throws ShapeError if the shapes do not broadcast.
 * @example
 * import { fmin, tensor } from 'lanegrad';
 * fmin(tensor([1, NaN]), tensor([3, 2])).tolist(); // => [1, 2]
 */
export function fmin(a: Tensor, b: Tensor): Tensor {
  checkTensor('fmin', 'a', a);
  checkTensor('fmin', 'b', b);
  return runComposite1('fmin', [a, b], noAttrs);
}

/**
 * The angle of the point (b, a) in [-pi, pi]: atan(a / b) in the right quadrant. Integers and bool become float32;
 * shapes broadcast.
 *
 * @throws ShapeError if the shapes do not broadcast.
 * @example
 * import { atan2, tensor } from 'lanegrad';
 * atan2(tensor([0, 0]), tensor([1, 2])).tolist(); // => [0, 0]
 */
export function atan2(a: Tensor, b: Tensor): Tensor {
  checkTensor('atan2', 'a', a);
  checkTensor('atan2', 'b', b);
  return backend.run1('atan2', [a, b], noAttrs);
}

/**
 * sqrt(a^2 + b^2) without overflow on the way. Floats only. Shapes broadcast, dtypes promote.
 *
 * @throws DTypeError for integers and bool.
 * @throws ShapeError if the shapes do not broadcast.
 * @example
 * import { hypot, tensor } from 'lanegrad';
 * hypot(tensor([3.5, 0]), tensor([0, 2.5])).tolist(); // => [3.5, 2.5]
 */
export function hypot(a: Tensor, b: Tensor): Tensor {
  checkTensor('hypot', 'a', a);
  checkTensor('hypot', 'b', b);
  return backend.run1('hypot', [a, b], noAttrs);
}

/**
 * log(e^a + e^b) without overflow. Floats only. Shapes broadcast, dtypes promote.
 *
 * @throws DTypeError for integers and bool.
 * @throws ShapeError if the shapes do not broadcast.
 * @example
 * import { logaddexp, tensor } from 'lanegrad';
 * logaddexp(tensor([-Infinity]), tensor([1.5])).tolist(); // => [1.5]
 */
export function logaddexp(a: Tensor, b: Tensor): Tensor {
  checkTensor('logaddexp', 'a', a);
  checkTensor('logaddexp', 'b', b);
  return backend.run1('logaddexp', [a, b], noAttrs);
}

/**
 * log2(2^a + 2^b) without overflow. Floats only. Shapes broadcast, dtypes promote.
 *
 * @throws DTypeError for integers and bool.
 * @throws ShapeError if the shapes do not broadcast.
 * @example
 * import { logaddexp2, tensor } from 'lanegrad';
 * logaddexp2(tensor([1.5]), tensor([1.5])).tolist(); // => [2.5]
 */
export function logaddexp2(a: Tensor, b: Tensor): Tensor {
  checkTensor('logaddexp2', 'a', a);
  checkTensor('logaddexp2', 'b', b);
  return backend.run1('logaddexp2', [a, b], noAttrs);
}

/**
 * The magnitude of a with the sign of b, that of -0 included. Integers and bool become float32; shapes broadcast.
 *
 * @throws ShapeError if the shapes do not broadcast.
 * @example
 * import { copysign, tensor } from 'lanegrad';
 * copysign(tensor([1, -2]), -1).tolist(); // => [-1, -2]
 */
export function copysign(a: Tensor, b: Operand): Tensor {
  checkTensor('copysign', 'a', a);
  checkOperand('copysign', 'b', b);
  return backend.run1('copysign', [a, b], noAttrs);
}

/**
 * The next number after a towards b that the dtype has. Floats of any width. Shapes broadcast, dtypes promote. The
 * gradient is that of a.
 *
 * @throws DTypeError for other dtypes.
 * @throws ShapeError if the shapes do not broadcast.
 * @example
 * import { nextafter, tensor } from 'lanegrad';
 * nextafter(tensor([0.5]), tensor([0.5])).tolist(); // => [0.5]
 */
export function nextafter(a: Tensor, b: Tensor): Tensor {
  checkTensor('nextafter', 'a', a);
  checkTensor('nextafter', 'b', b);
  return backend.run1('nextafter', [a, b], noAttrs);
}

/**
 * x log(y), and 0 where x is 0 unless y is NaN. Integers and bool become float32; shapes broadcast.
 *
 * @throws ShapeError if the shapes do not broadcast.
 * @example
 * import { tensor, xlogy } from 'lanegrad';
 * xlogy(tensor([0, 0]), tensor([0, NaN])).tolist(); // => [0, NaN]
 */
export function xlogy(x: Operand, y: Operand): Tensor {
  checkPair('xlogy', x, y, ['x', 'y']);
  return backend.run1('xlogy', [x, y], noAttrs);
}

/**
 * The greatest common divisor, not negative. Integers. Shapes broadcast, dtypes promote.
 *
 * @throws DTypeError for floats and bool.
 * @throws ShapeError if the shapes do not broadcast.
 * @example
 * import { gcd, tensor } from 'lanegrad';
 * gcd(tensor([12, -18]), tensor(8)).tolist(); // => [4, 2]
 */
export function gcd(a: Tensor, b: Tensor): Tensor {
  checkTensor('gcd', 'a', a);
  checkTensor('gcd', 'b', b);
  return backend.run1('gcd', [a, b], noAttrs);
}

/**
 * The least common multiple, not negative. Integers. Shapes broadcast, dtypes promote.
 *
 * @throws DTypeError for floats and bool.
 * @throws ShapeError if the shapes do not broadcast.
 * @example
 * import { lcm, tensor } from 'lanegrad';
 * lcm(tensor([4, -6]), tensor(10)).tolist(); // => [20, 30]
 */
export function lcm(a: Tensor, b: Tensor): Tensor {
  checkTensor('lcm', 'a', a);
  checkTensor('lcm', 'b', b);
  return backend.run1('lcm', [a, b], noAttrs);
}

/**
 * The lower regularized incomplete gamma function P(a, x); `special.gammainc` too. No gradient for a. Floats only;
 * shapes broadcast.
 *
 * @throws DTypeError for integers and bool.
 * @throws ShapeError if the shapes do not broadcast.
 * @example
 * import { float, igamma, tensor } from 'lanegrad';
 * igamma(tensor([1.5]), float(0)).tolist(); // => [0]
 */
export function igamma(a: Tensor, x: Tensor): Tensor {
  checkTensor('igamma', 'a', a);
  checkTensor('igamma', 'x', x);
  return backend.run1('igamma', [a, x], noAttrs);
}

/**
 * 1 - P(a, x); `special.gammaincc` too. No gradient for a. Floats only; shapes broadcast.
 *
 * @throws DTypeError for integers and bool.
 * @throws ShapeError if the shapes do not broadcast.
 * @example
 * import { float, igammac, tensor } from 'lanegrad';
 * igammac(tensor([1.5]), float(0)).tolist(); // => [1]
 */
export function igammac(a: Tensor, x: Tensor): Tensor {
  checkTensor('igammac', 'a', a);
  checkTensor('igammac', 'x', x);
  return backend.run1('igammac', [a, x], noAttrs);
}

/**
 * b - alpha a: sub with the operands exchanged. Not of bools.
 *
 * @throws DTypeError for bools, and for an alpha that is no integer with integers.
 * @throws ShapeError if the shapes do not broadcast.
 * @example
 * import { rsub, tensor } from 'lanegrad';
 * rsub(tensor([1, 2]), 10).tolist(); // => [9, 8]
 */
export function rsub(a: Tensor, b: Operand, options?: AlphaOptions): Tensor {
  checkTensor('rsub', 'a', a);
  if (options !== undefined) checkOptions('rsub', options);
  checkOperand('rsub', 'b', b);
  return sub(b, a, options);
}

/**
 * a / b, the true quotient: {@link div} without a rounding mode.
 *
 * @throws ShapeError if the shapes do not broadcast.
 * @example
 * import { tensor, trueDivide } from 'lanegrad';
 * trueDivide(tensor([1, 3]), 2).tolist(); // => [0.5, 1.5]
 */
export function trueDivide(a: Operand, b: Operand): Tensor {
  return div(a, b);
}

/**
 * a to the power b in float64, whatever the dtypes. Shapes broadcast.
 *
 * @throws ShapeError if the shapes do not broadcast.
 * @example
 * import { floatPower, tensor } from 'lanegrad';
 * floatPower(tensor([2, 4]), -1).tolist(); // => [0.5, 0.25]
 */
export function floatPower(a: Operand, b: Operand): Tensor {
  checkPair('floatPower', a, b);
  return scoped(() => pow(asDouble(a), asDouble(b)));
}

function asDouble(x: Operand): Tensor {
  return backend.run1('to', [x], { dtype: 'float64' });
}

/**
 * a 2^b. Integers and bool become float32; shapes broadcast.
 *
 * @throws ShapeError if the shapes do not broadcast.
 * @example
 * import { ldexp, tensor } from 'lanegrad';
 * ldexp(tensor([1, 3]), tensor(2)).tolist(); // => [4, 12]
 */
export function ldexp(a: Tensor, b: Tensor): Tensor {
  checkTensor('ldexp', 'a', a);
  checkTensor('ldexp', 'b', b);
  return scoped(() => mul(a, backend.run1('exp2', [b], noAttrs)));
}

/**
 * 0 where x < 0 or NaN, 1 where x > 0, `values` at 0. Both of one dtype; shapes broadcast.
 *
 * @throws AutogradError in backward if x requires a gradient.
 * @throws DTypeError if the dtypes differ.
 * @throws ShapeError if the shapes do not broadcast.
 * @example
 * import { heaviside, tensor } from 'lanegrad';
 * heaviside(tensor([-1.5, 0, 2]), tensor([0.5])).tolist(); // => [0, 0.5, 1]
 */
export function heaviside(x: Tensor, values: Tensor): Tensor {
  checkTensor('heaviside', 'x', x);
  checkTensor('heaviside', 'values', values);
  const y = runComposite1('heaviside', [x, values], noAttrs);
  return refuseGradient('heaviside', 'x', 'it is a step', x, y);
}

/**
 * start + weight (end - start), computed from the nearer end so that the weights 0 and 1 give the ends exactly. Floats of
 * one dtype; shapes broadcast.
 *
 * @throws DTypeError for integers and bool, and if the dtypes of tensors differ.
 * @throws ShapeError if the shapes do not broadcast.
 * @example
 * import { lerp, tensor } from 'lanegrad';
 * lerp(tensor([0, 0.5]), tensor([1, 1.5]), 0.5).tolist(); // => [0.5, 1]
 */
export function lerp(start: Tensor, end: Tensor, weight: Tensor | number): Tensor {
  return runComposite1('lerp', lerpInputs('lerp', start, end, weight), noAttrs);
}

export function lerpInputs(op: string, start: Tensor, end: Tensor, weight: Tensor | number): Operand[] {
  checkTensor(op, 'start', start);
  checkTensor(op, 'end', end);
  checkOperand(op, 'weight', weight);
  const weightDType = typeof weight === 'object' ? weight.dtype : start.dtype;
  if (end.dtype !== start.dtype || weightDType !== start.dtype || !isFloat(start.dtype)) {
    const got = `${start.dtype}, ${end.dtype} and ${weightDType}`;
    throw new DTypeError(`[${op}] got start, end and weight of ${got}, wanted floats of one dtype`);
  }
  return [start, end, weight];
}

export interface ProductOptions {
  /** Factor of the product or quotient. Default 1. */
  value?: number;
}

/**
 * x + value a b. With integers the value is truncated. Shapes broadcast, dtypes promote. Not of bools.
 *
 * @throws DTypeError for bools.
 * @throws ShapeError if the shapes do not broadcast.
 * @example
 * import { addcmul, tensor } from 'lanegrad';
 * addcmul(tensor([1, 1]), tensor([2, 3]), tensor([4, 5]), { value: 10 }).tolist(); // => [81, 151]
 */
export function addcmul(x: Tensor, a: Tensor, b: Tensor, options?: ProductOptions): Tensor {
  return runComposite1('addcmul', [x, a, b], productValue('addcmul', x, a, b, options));
}

/**
 * x + value a / b. Floats only; shapes broadcast, dtypes promote.
 *
 * @throws DTypeError if a and b are integers or bool.
 * @throws ShapeError if the shapes do not broadcast.
 * @example
 * import { addcdiv, tensor } from 'lanegrad';
 * addcdiv(tensor([0.5]), tensor([3]), tensor([1.5])).tolist(); // => [2.5]
 */
export function addcdiv(x: Tensor, a: Tensor, b: Tensor, options?: ProductOptions): Tensor {
  return runComposite1('addcdiv', [x, a, b], productValue('addcdiv', x, a, b, options));
}

export function productValue(
  op: string,
  x: Tensor,
  a: Tensor,
  b: Tensor,
  options: ProductOptions | undefined,
): { value: number } {
  checkTensor(op, 'x', x);
  checkTensor(op, 'a', a);
  checkTensor(op, 'b', b);
  if (options !== undefined) checkOptions(op, options);
  const value = options?.value ?? 1;
  checkNumber(op, 'value', value);
  if (op.startsWith('addcdiv') && !isFloat(a.dtype) && !isFloat(b.dtype)) {
    throw new DTypeError(`[${op}] got a of ${a.dtype} and b of ${b.dtype}, wanted floats: cast one first`);
  }
  return { value };
}
