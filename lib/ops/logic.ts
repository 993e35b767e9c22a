import { backend } from '../backend/current.js';
import { checkFlag, checkPair, checkRange, checkTensor, noAttrs, checkOptions } from '../check.js';
import type { Operand } from '../check.js';
import { isFloat, promoteTypes } from '../dtype.js';
import { DTypeError } from '../errors.js';
import { scoped } from '../scope.js';
import type { Tensor } from '../tensor.js';
import { eq } from './binary.js';
import { runComposite1 } from './composite.js';
import { detach, to } from './convert.js';
import { onesLike, zeros } from './creation.js';
import { gather } from './indexing.js';
import { cat } from './join.js';
import { searchsorted, sort } from './sorting.js';
import { any } from './truth.js';
import { logicalNot } from './unary.js';
import { flatten, narrow, reshape, select } from './view.js';

// Tests, logic and bits.

/**
 * Whether a and b are both true; true is what is not 0, NaN too. Any dtypes; gives bool. Shapes broadcast.
 *
 * @throws ShapeError if the shapes do not broadcast.
 * @example
 * import { logicalAnd, tensor } from 'lanegrad';
 * logicalAnd(tensor([1, 0]), tensor([2, 3])).tolist(); // => [true, false]
 */
export function logicalAnd(a: Tensor, b: Tensor): Tensor<'bool'> {
  checkTensor('logicalAnd', 'a', a);
  checkTensor('logicalAnd', 'b', b);
  return backend.run1('logicalAnd', [a, b], noAttrs) as Tensor<'bool'>;
}

/**
 * Whether a or b is true, or both; true is what is not 0, NaN too. Any dtypes; gives bool. Shapes broadcast.
 *
 * @throws ShapeError if the shapes do not broadcast.
 * @example
 * import { logicalOr, tensor } from 'lanegrad';
 * logicalOr(tensor([1, 0]), tensor([2, 3])).tolist(); // => [true, true]
 */
export function logicalOr(a: Tensor, b: Tensor): Tensor<'bool'> {
  checkTensor('logicalOr', 'a', a);
  checkTensor('logicalOr', 'b', b);
  return backend.run1('logicalOr', [a, b], noAttrs) as Tensor<'bool'>;
}

/**
 * Whether one of a and b is true, and not both; true is what is not 0, NaN too. Any dtypes; gives bool. Shapes
 * broadcast.
 *
 * @throws ShapeError if the shapes do not broadcast.
 * @example
 * import { logicalXor, tensor } from 'lanegrad';
 * logicalXor(tensor([1, 0]), tensor([2, 3])).tolist(); // => [false, true]
 */
export function logicalXor(a: Tensor, b: Tensor): Tensor<'bool'> {
  checkTensor('logicalXor', 'a', a);
  checkTensor('logicalXor', 'b', b);
  return backend.run1('logicalXor', [a, b], noAttrs) as Tensor<'bool'>;
}

/**
 * The bits that a and b both have; of bools the logical operation. Integers and bool. Shapes broadcast, dtypes
 * promote.
 *
 * @throws DTypeError for floats.
 * @throws ShapeError if the shapes do not broadcast.
 * @example
 * import { bitwiseAnd, tensor } from 'lanegrad';
 * bitwiseAnd(tensor([6, 5]), 3).tolist(); // => [2, 1]
 */
export function bitwiseAnd(a: Operand, b: Operand): Tensor {
  checkPair('bitwiseAnd', a, b);
  return backend.run1('bitwiseAnd', [a, b], noAttrs);
}

/**
 * The bits that a or b has; of bools the logical operation. Integers and bool. Shapes broadcast, dtypes promote.
 *
 * @throws DTypeError for floats.
 * @throws ShapeError if the shapes do not broadcast.
 * @example
 * import { bitwiseOr, tensor } from 'lanegrad';
 * bitwiseOr(tensor([6, 5]), 3).tolist(); // => [7, 7]
 */
export function bitwiseOr(a: Operand, b: Operand): Tensor {
  checkPair('bitwiseOr', a, b);
  return backend.run1('bitwiseOr', [a, b], noAttrs);
}

/**
 * The bits that one of a and b has, and not both; of bools the logical operation. Integers and bool. Shapes broadcast,
 * dtypes promote.
 *
 * @throws DTypeError for floats.
 * @throws ShapeError if the shapes do not broadcast.
 * @example
 * import { bitwiseXor, tensor } from 'lanegrad';
 * bitwiseXor(tensor([6, 5]), 3).tolist(); // => [5, 6]
 */
export function bitwiseXor(a: Operand, b: Operand): Tensor {
  checkPair('bitwiseXor', a, b);
  return backend.run1('bitwiseXor', [a, b], noAttrs);
}

/**
 * a 2^b: bits beyond the width are lost, and all of them if b is negative or at least the width. Integers. Shapes
 * broadcast, dtypes promote.
 *
 * @throws DTypeError for floats and bool.
 * @throws ShapeError if the shapes do not broadcast.
 * @example
 * import { bitwiseLeftShift, tensor } from 'lanegrad';
 * bitwiseLeftShift(tensor([1, 3]), 2).tolist(); // => [4, 12]
 */
export function bitwiseLeftShift(a: Operand, b: Operand): Tensor {
  checkPair('bitwiseLeftShift', a, b);
  return backend.run1('bitwiseLeftShift', [a, b], noAttrs);
}

/**
 * a / 2^b rounded down; 0 or -1 if b is negative or at least the width. Integers. Shapes broadcast, dtypes promote.
 *
 * @throws DTypeError for floats and bool.
 * @throws ShapeError if the shapes do not broadcast.
 * @example
 * import { bitwiseRightShift, tensor } from 'lanegrad';
 * bitwiseRightShift(tensor([8, -8]), 2).tolist(); // => [2, -2]
 */
export function bitwiseRightShift(a: Operand, b: Operand): Tensor {
  checkPair('bitwiseRightShift', a, b);
  return backend.run1('bitwiseRightShift', [a, b], noAttrs);
}

/**
 * Every bit inverted, -x - 1; of bools the negation. Integers and bool.
 *
 * @example
 * import { bitwiseNot, tensor } from 'lanegrad';
 * bitwiseNot(tensor([0, 5])).tolist(); // => [-1, -6]
 */
export function bitwiseNot(x: Tensor): Tensor {
  checkTensor('bitwiseNot', 'x', x);
  return backend.run1('bitwiseNot', [x], noAttrs);
}

/**
 * true where x is negative, -0 and NaN with the sign bit included. Any dtype; gives bool.
 *
 * @example
 * import { signbit, tensor } from 'lanegrad';
 * signbit(tensor([-2, 3])).tolist(); // => [true, false]
 */
export function signbit(x: Tensor): Tensor<'bool'> {
  checkTensor('signbit', 'x', x);
  return backend.run1('signbit', [x], noAttrs) as Tensor<'bool'>;
}

/**
 * true where x is Infinity or -Infinity. Any dtype; gives bool.
 *
 * @example
 * import { isinf, tensor } from 'lanegrad';
 * isinf(tensor([1, Infinity])).tolist(); // => [false, true]
 */
export function isinf(x: Tensor): Tensor<'bool'> {
  checkTensor('isinf', 'x', x);
  return runComposite1('isinf', [x], noAttrs) as Tensor<'bool'>;
}

/**
 * true where x is Infinity. Any dtype; gives bool.
 *
 * @example
 * import { isposinf, tensor } from 'lanegrad';
 * isposinf(tensor([1, Infinity])).tolist(); // => [false, true]
 */
export function isposinf(x: Tensor): Tensor<'bool'> {
  checkTensor('isposinf', 'x', x);
  // No integer is infinite, but one compared with a float would be rounded.
  return isFloat(x.dtype) ? eq(x, Infinity) : (backend.run1('ne', [x, x], noAttrs) as Tensor<'bool'>);
}

/**
 * true where x is -Infinity. Any dtype; gives bool.
 *
 * @example
 * import { isneginf, tensor } from 'lanegrad';
 * isneginf(tensor([1, Infinity])).tolist(); // => [false, false]
 */
export function isneginf(x: Tensor): Tensor<'bool'> {
  checkTensor('isneginf', 'x', x);
  // No integer is infinite, but one compared with a float would be rounded.
  return isFloat(x.dtype) ? eq(x, -Infinity) : (backend.run1('ne', [x, x], noAttrs) as Tensor<'bool'>);
}

/**
 * true where x is neither infinite nor NaN. Any dtype; gives bool.
 *
 * @example
 * import { isfinite, tensor } from 'lanegrad';
 * isfinite(tensor([1, Infinity])).tolist(); // => [true, false]
 */
export function isfinite(x: Tensor): Tensor<'bool'> {
  checkTensor('isfinite', 'x', x);
  return runComposite1('isfinite', [x], noAttrs) as Tensor<'bool'>;
}

/**
 * true everywhere: no dtype is complex. Gives bool.
 *
 * @example
 * import { isreal, tensor } from 'lanegrad';
 * isreal(tensor([1, 2])).tolist(); // => [true, true]
 */
export function isreal(x: Tensor): Tensor<'bool'> {
  checkTensor('isreal', 'x', x);
  return onesLike(x, { dtype: 'bool' }) as Tensor<'bool'>;
}

export interface CloseOptions {
  /** Relative tolerance. Default 1e-5. */
  rtol?: number;
  /** Absolute tolerance. Default 1e-8. */
  atol?: number;
  /** Whether NaN equals NaN. Default false. */
  equalNan?: boolean;
}

/**
 * Whether |a - b| <= atol + rtol |b|, elementwise; infinities are close if equal. Both of one dtype, any. Gives bool.
 *
 * @throws DTypeError if the dtypes differ.
 * @throws ShapeError if the shapes do not broadcast.
 * @throws ValueError for a negative tolerance.
 * @example
 * import { isclose, tensor } from 'lanegrad';
 * isclose(tensor([1, 2.5]), tensor([1.000001, 2])).tolist(); // => [true, false]
 */
export function isclose(a: Tensor, b: Tensor, options: CloseOptions = {}): Tensor<'bool'> {
  checkTensor('isclose', 'a', a);
  checkTensor('isclose', 'b', b);
  checkOptions('isclose', options);
  const { rtol = 1e-5, atol = 1e-8 } = options;
  checkRange('isclose', 'rtol', rtol, 0, Infinity);
  checkRange('isclose', 'atol', atol, 0, Infinity);
  const equalNan = checkFlag('isclose', 'equalNan', options.equalNan);
  if (a.dtype !== b.dtype) {
    throw new DTypeError(`[isclose] got ${a.dtype} and ${b.dtype}, wanted tensors of one dtype`);
  }
  return scoped(() => {
    const wide = (x: Tensor): Tensor =>
      isFloat(x.dtype) ? x : backend.run1('to', [x], { dtype: 'float64' });
    const close = runComposite1('isclose', [wide(a), wide(b)], { rtol, atol });
    if (!equalNan || !isFloat(a.dtype)) return close;
    const bothNaN = logicalAnd(backend.run1('isnan', [a], noAttrs), backend.run1('isnan', [b], noAttrs));
    return logicalOr(close, bothNaN);
  }) as Tensor<'bool'>;
}

export interface IsinOptions {
  /** Taken note of for PyTorch's sake: the result is the same. Default false. */
  assumeUnique?: boolean;
  /** Whether to tell which are not among them. Default false. */
  invert?: boolean;
}

// Up to so many are compared one by one: each costs a pass, a search costs some.
const fewTests = 3;

/**
 * Whether each element is among `test`, by a search in the sorted test elements. NaN is among nothing. One of the two may
 * be a number. Gives bool of the shape of `elements`.
 *
 * @throws DTypeError if neither is a tensor.
 * @example
 * import { isin, tensor } from 'lanegrad';
 * isin(tensor([1, 2, 3]), tensor([3, 1])).tolist(); // => [true, false, true]
 */
export function isin(elements: Operand, test: Operand, options: IsinOptions = {}): Tensor<'bool'> {
  checkPair('isin', elements, test, ['elements', 'test']);
  checkOptions('isin', options);
  const invert = checkFlag('isin', 'invert', options.invert);
  checkFlag('isin', 'assumeUnique', options.assumeUnique);
  return scoped(() => {
    const found = among(elements, test);
    return invert ? logicalNot(found) : found;
  }) as Tensor<'bool'>;
}

function among(elements: Operand, test: Operand): Tensor {
  if (typeof test !== 'object') return eq(elements as Tensor, test);
  if (typeof elements !== 'object') return any(eq(test, elements));
  const common = promoteTypes(elements.dtype, test.dtype);
  const dtype = common === 'bool' ? 'uint8' : common;
  const wanted = to(detach(elements), dtype);
  const list = flatten(to(detach(test), dtype));
  const count = list.shape[0]!;
  if (count === 0) return zeros(elements.shape, { dtype: 'bool' });
  if (count <= fewTests) {
    const found = Array.from({ length: count }, (_, i) => eq(wanted, select(list, 0, i)));
    return found.reduce((any, next) => logicalOr(any, next));
  }
  const sorted = sort(list).values;
  const row = flatten(wanted);
  // What is larger than all finds its place behind the last, where that one stands once more.
  const places = searchsorted(sorted, row);
  const nearest = gather(cat([sorted, narrow(sorted, 0, count - 1, 1)]), 0, places);
  return reshape(eq(nearest, row), elements.shape);
}
