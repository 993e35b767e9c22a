import { backend } from '../backend/current.js';
import {
  checkChoice,
  checkNumber,
  checkOperand,
  checkPair,
  checkTensor,
  noAttrs,
  checkOptions,
} from '../check.js';
import type { Operand } from '../check.js';
import { isFloat } from '../dtype.js';
import { DTypeError } from '../errors.js';
import { scoped } from '../scope.js';
import type { Tensor } from '../tensor.js';
import { runComposite1 } from './composite.js';

// Elementwise functions of two operands. Shapes broadcast: aligned at the last dim, a size of 1 stretches. dtypes promote
// (bool < integers < floats, the wider within a kind); a JavaScript number counts as an int if it is an integer, else as a
// float, and never widens a tensor of its own kind.

export interface AlphaOptions {
  /** Factor of the second operand. Default 1. */
  alpha?: number;
}

/** Whether a sum of these is one of floats. */
export function sumsFloats(op: string, a: Operand, b: Operand, alpha: number): boolean {
  checkNumber(op, 'alpha', alpha);
  const floating = (x: Operand): boolean =>
    typeof x === 'object' ? isFloat(x.dtype) : typeof x === 'number' && !Number.isInteger(x);
  if (floating(a) || floating(b)) return true;
  if (!Number.isInteger(alpha)) {
    throw new DTypeError(`[${op}] alpha: got ${alpha} with integers, wanted an integer`);
  }
  return false;
}

/** b times alpha, which of bools is b or false. */
export function scaledOperand(a: Operand, b: Operand, alpha: number): Tensor {
  const bool = (x: Operand): boolean =>
    typeof x === 'boolean' || (typeof x === 'object' && x.dtype === 'bool');
  return backend.run1('mul', [b, bool(a) && bool(b) ? alpha !== 0 : alpha], noAttrs);
}

/**
 * a + alpha b. Of bools: or. Shapes broadcast, dtypes promote.
 *
 * @throws DTypeError for an alpha that is no integer with integers.
 * @throws ShapeError if the shapes do not broadcast.
 * @example
 * import { add, tensor } from 'lanegrad';
 * add(tensor([1, 2]), 10).tolist(); // => [11, 12]
 */
export function add(a: Operand, b: Operand, options?: AlphaOptions): Tensor {
  checkPair('add', a, b);
  if (options !== undefined) checkOptions('add', options);
  const alpha = options?.alpha ?? 1;
  if (alpha !== 1) {
    if (sumsFloats('add', a, b, alpha)) return runComposite1('addScaled', [a, b], { alpha });
    return scoped(() => backend.run1('add', [a, scaledOperand(a, b, alpha)], noAttrs));
  }
  return backend.run1('add', [a, b], noAttrs);
}

/**
 * a - alpha b. Not of bools. Shapes broadcast, dtypes promote.
 *
 * @throws DTypeError for bools, and for an alpha that is no integer with integers.
 * @throws ShapeError if the shapes do not broadcast.
 * @example
 * import { sub, tensor } from 'lanegrad';
 * sub(tensor([5, 7]), tensor([1, 2])).tolist(); // => [4, 5]
 */
export function sub(a: Operand, b: Operand, options?: AlphaOptions): Tensor {
  checkPair('sub', a, b);
  if (options !== undefined) checkOptions('sub', options);
  checkNoBool('sub', a, b);
  const alpha = options?.alpha ?? 1;
  if (alpha !== 1) {
    if (sumsFloats('sub', a, b, alpha)) return runComposite1('addScaled', [a, b], { alpha: -alpha });
    return scoped(() => backend.run1('sub', [a, scaledOperand(a, b, alpha)], noAttrs));
  }
  return backend.run1('sub', [a, b], noAttrs);
}

/** Subtraction takes no bool operand, not even beside numbers. */
export function checkNoBool(op: string, ...values: Operand[]): void {
  for (const value of values) {
    if (typeof value === 'boolean' || (typeof value === 'object' && value.dtype === 'bool')) {
      throw new DTypeError(`[${op}] got a bool operand: use logicalXor or logicalNot, or cast it first`);
    }
  }
}

/**
 * a * b. Of bools: and. Shapes broadcast, dtypes promote; a number beside 16-bit floats is not rounded to 16 bits.
 *
 * @throws ShapeError if the shapes do not broadcast.
 * @example
 * import { mul, tensor } from 'lanegrad';
 * mul(tensor([2, 3]), tensor([[1], [10]])).tolist(); // => [[2, 3], [20, 30]]
 */
export function mul(a: Operand, b: Operand): Tensor {
  checkPair('mul', a, b);
  return backend.run1('mul', [a, b], noAttrs);
}

export interface DivOptions {
  /** Rounds the quotient towards zero (`trunc`) or down (`floor`); integers then stay integers. Default: not at all. */
  roundingMode?: 'trunc' | 'floor';
}

export function quotientOp(
  op: string,
  mode: DivOptions['roundingMode'],
): 'div' | 'truncDivide' | 'floorDivide' {
  if (mode === undefined) return 'div';
  checkChoice(op, 'roundingMode', mode, ['trunc', 'floor']);
  return mode === 'trunc' ? 'truncDivide' : 'floorDivide';
}

/**
 * a / b, the true quotient: integers become float32. With a rounding mode the quotient is rounded, and has no gradient.
 * Shapes broadcast, dtypes promote; a number beside 16-bit floats is not rounded to 16 bits.
 *
 * @throws ValueError with a rounding mode, if integers are divided by 0.
 * @throws ShapeError if the shapes do not broadcast.
 * @example
 * import { div, tensor } from 'lanegrad';
 * div(tensor([1, 3]), 2).tolist(); // => [0.5, 1.5]
 * div(tensor([7, -7]), 2, { roundingMode: 'floor' }).tolist(); // => [3, -4]
 */
export function div(a: Operand, b: Operand, options?: DivOptions): Tensor {
  checkPair('div', a, b);
  if (options !== undefined) checkOptions('div', options);
  const op = options === undefined ? 'div' : quotientOp('div', options.roundingMode);
  return backend.run1(op, [a, b], noAttrs);
}

/**
 * a to the power b. Integers stay integers. Shapes broadcast, dtypes promote.
 *
 * @throws ValueError for a negative integer power of integers.
 * @throws ShapeError if the shapes do not broadcast.
 * @example
 * import { pow, tensor } from 'lanegrad';
 * pow(tensor([2, 3]), 2).tolist(); // => [4, 9]
 */
export function pow(a: Operand, b: Operand): Tensor {
  checkPair('pow', a, b);
  return backend.run1('pow', [a, b], noAttrs);
}

/**
 * The larger of a and b; NaN if either is. Shapes broadcast, dtypes promote.
 *
 * @throws ShapeError if the shapes do not broadcast.
 * @example
 * import { maximum, tensor } from 'lanegrad';
 * maximum(tensor([1, 5]), tensor([3, 2])).tolist(); // => [3, 5]
 */
export function maximum(a: Tensor, b: Tensor): Tensor {
  checkTensor('maximum', 'a', a);
  checkTensor('maximum', 'b', b);
  return backend.run1('maximum', [a, b], noAttrs);
}

/**
 * The smaller of a and b; NaN if either is. Shapes broadcast, dtypes promote.
 *
 * @throws ShapeError if the shapes do not broadcast.
 * @example
 * import { minimum, tensor } from 'lanegrad';
 * minimum(tensor([1, 5]), tensor([3, 2])).tolist(); // => [1, 2]
 */
export function minimum(a: Tensor, b: Tensor): Tensor {
  checkTensor('minimum', 'a', a);
  checkTensor('minimum', 'b', b);
  return backend.run1('minimum', [a, b], noAttrs);
}

/**
 * Whether a = b. NaN equals nothing. Gives bool. Shapes broadcast, dtypes promote.
 *
 * @throws ShapeError if the shapes do not broadcast.
 * @example
 * import { eq, tensor } from 'lanegrad';
 * eq(tensor([1, 2]), 2).tolist(); // => [false, true]
 */
export function eq(a: Tensor, b: Operand): Tensor<'bool'> {
  checkTensor('eq', 'a', a);
  checkOperand('eq', 'b', b);
  return backend.run1('eq', [a, b], noAttrs) as Tensor<'bool'>;
}

/**
 * Whether a differs from b. NaN differs from everything. Gives bool. Shapes broadcast, dtypes promote.
 *
 * @throws ShapeError if the shapes do not broadcast.
 * @example
 * import { ne, tensor } from 'lanegrad';
 * ne(tensor([1, 2]), 2).tolist(); // => [true, false]
 */
export function ne(a: Tensor, b: Operand): Tensor<'bool'> {
  checkTensor('ne', 'a', a);
  checkOperand('ne', 'b', b);
  return backend.run1('ne', [a, b], noAttrs) as Tensor<'bool'>;
}

/**
 * Whether a < b. Gives bool. Shapes broadcast, dtypes promote.
 *
 * @throws ShapeError if the shapes do not broadcast.
 * @example
 * import { lt, tensor } from 'lanegrad';
 * lt(tensor([1, 2]), 2).tolist(); // => [true, false]
 */
export function lt(a: Tensor, b: Operand): Tensor<'bool'> {
  checkTensor('lt', 'a', a);
  checkOperand('lt', 'b', b);
  return backend.run1('lt', [a, b], noAttrs) as Tensor<'bool'>;
}

/**
 * Whether a <= b. Gives bool. Shapes broadcast, dtypes promote.
 *
 * @throws ShapeError if the shapes do not broadcast.
 * @example
 * import { le, tensor } from 'lanegrad';
 * le(tensor([1, 3]), 2).tolist(); // => [true, false]
 */
export function le(a: Tensor, b: Operand): Tensor<'bool'> {
  checkTensor('le', 'a', a);
  checkOperand('le', 'b', b);
  return backend.run1('le', [a, b], noAttrs) as Tensor<'bool'>;
}

/**
 * Whether a > b. Gives bool. Shapes broadcast, dtypes promote.
 *
 * @throws ShapeError if the shapes do not broadcast.
 * @example
 * import { gt, tensor } from 'lanegrad';
 * gt(tensor([1, 3]), 2).tolist(); // => [false, true]
 */
export function gt(a: Tensor, b: Operand): Tensor<'bool'> {
  checkTensor('gt', 'a', a);
  checkOperand('gt', 'b', b);
  return backend.run1('gt', [a, b], noAttrs) as Tensor<'bool'>;
}

/**
 * Whether a >= b. Gives bool. Shapes broadcast, dtypes promote.
 *
 * @throws ShapeError if the shapes do not broadcast.
 * @example
 * import { ge, tensor } from 'lanegrad';
 * ge(tensor([1, 2]), 2).tolist(); // => [false, true]
 */
export function ge(a: Tensor, b: Operand): Tensor<'bool'> {
  checkTensor('ge', 'a', a);
  checkOperand('ge', 'b', b);
  return backend.run1('ge', [a, b], noAttrs) as Tensor<'bool'>;
}

/**
 * a where the condition holds, else b. All three broadcast; a and b promote.
 *
 * @throws DTypeError if the condition is not bool.
 * @throws ShapeError if the shapes do not broadcast.
 * @example
 * import { tensor, where } from 'lanegrad';
 * where(tensor([true, false]), tensor([1, 2]), 0).tolist(); // => [1, 0]
 */
export function where(condition: Tensor, a: Operand, b: Operand): Tensor {
  checkTensor('where', 'condition', condition);
  checkOperand('where', 'a', a);
  checkOperand('where', 'b', b);
  return backend.run1('where', [condition, a, b], noAttrs);
}
