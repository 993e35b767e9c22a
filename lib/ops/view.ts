import { Handle } from '../backend/backend.js';
import { backend } from '../backend/current.js';
import { checkInt, checkInts, checkOptions, checkTensor, describe, wrapDim, wrapDims } from '../check.js';
import { isFloat } from '../dtype.js';
import { DTypeError, IndexError, ShapeError, ValueError } from '../errors.js';
import { product } from '../check.js';
import type { Tensor } from '../tensor.js';

// Functions that show the same elements in another shape. All but reshape and flatten, which may have to copy, give views:
// storage is shared, and a write through one is seen by all.

/**
 * The elements, in row-major order, in another shape; one size may be -1. A view where the strides permit, else a copy.
 *
 * @throws ShapeError if the number of elements differs.
 * @example
 * import { arange, reshape } from 'lanegrad';
 * reshape(arange(6), [2, -1]).tolist(); // => [[0, 1, 2], [3, 4, 5]]
 */
export function reshape(x: Tensor, shape: readonly number[]): Tensor {
  checkTensor('reshape', 'x', x);
  checkInts('reshape', 'shape', shape);
  return backend.run1('reshape', [x], { shape, strict: false });
}

/**
 * As {@link reshape}, but always a view.
 *
 * @throws ShapeError if the number of elements differs, or the strides do not permit a view.
 * @example
 * import { arange, view } from 'lanegrad';
 * view(arange(4), [2, 2]).tolist(); // => [[0, 1], [2, 3]]
 */
export function view(x: Tensor, shape: readonly number[]): Tensor {
  checkTensor('view', 'x', x);
  checkInts('view', 'shape', shape);
  return backend.run1('reshape', [x], { shape, strict: true });
}

/**
 * Reorders the dims: dim i of the result is dim dims[i] of x.
 *
 * @throws ValueError if `dims` does not name each dim once.
 * @example
 * import { permute, zeros } from 'lanegrad';
 * permute(zeros([2, 3, 4]), [2, 0, 1]).shape; // => [4, 2, 3]
 */
export function permute(x: Tensor, dims: readonly number[]): Tensor {
  checkTensor('permute', 'x', x);
  checkInts('permute', 'dims', dims);
  return backend.run1('permute', [x], { dims });
}

/**
 * Swaps two dims.
 *
 * @throws IndexError for a dim out of range.
 * @example
 * import { transpose, zeros } from 'lanegrad';
 * transpose(zeros([2, 3, 4]), 0, -1).shape; // => [4, 3, 2]
 */
export function transpose(x: Tensor, dim0: number, dim1: number): Tensor {
  checkTensor('transpose', 'x', x);
  const rank = x.shape.length;
  const first = wrapDim('transpose', dim0, rank);
  const second = wrapDim('transpose', dim1, rank);
  const dims = Array.from({ length: rank }, (_, i) => i);
  if (rank > 0) {
    dims[first] = second;
    dims[second] = first;
  }
  return backend.run1('permute', [x], { dims });
}

/**
 * The transpose of a matrix; a tensor of fewer dims as it is.
 *
 * @throws ShapeError for more than two dims.
 * @example
 * import { t, tensor } from 'lanegrad';
 * t(tensor([[1, 2], [3, 4]])).tolist(); // => [[1, 3], [2, 4]]
 */
export function t(x: Tensor): Tensor {
  checkTensor('t', 'x', x);
  const rank = x.shape.length;
  if (rank > 2)
    throw new ShapeError(`[t] got a tensor of ${rank} dims, wanted at most 2; use transpose or permute`);
  return backend.run1('permute', [x], { dims: rank === 2 ? [1, 0] : rank === 1 ? [0] : [] });
}

/**
 * Repeats dims of size 1 without copying: -1 keeps a size, and new dims may come in front.
 *
 * @throws ShapeError if a size other than 1 would change.
 * @example
 * import { expand, tensor } from 'lanegrad';
 * expand(tensor([[1], [2]]), [-1, 3]).tolist(); // => [[1, 1, 1], [2, 2, 2]]
 */
export function expand(x: Tensor, shape: readonly number[]): Tensor {
  checkTensor('expand', 'x', x);
  checkInts('expand', 'shape', shape);
  return backend.run1('expand', [x], { shape });
}

/**
 * Drops the dims of size 1, or the named ones where they have size 1.
 *
 * @throws IndexError for a dim out of range.
 * @example
 * import { squeeze, zeros } from 'lanegrad';
 * squeeze(zeros([1, 2, 1])).shape; // => [2]
 * squeeze(zeros([1, 2, 1]), 0).shape; // => [2, 1]
 */
export function squeeze(x: Tensor, dim?: number | readonly number[]): Tensor {
  checkTensor('squeeze', 'x', x);
  const { shape } = x;
  const named = dim === undefined ? undefined : wrapDims('squeeze', dim, shape.length);
  const rest = shape.filter((size, i) => size !== 1 || (named !== undefined && !named.includes(i)));
  return reviewed(x, rest);
}

/**
 * Inserts a dim of size 1 before `dim`; -1 appends one.
 *
 * @throws IndexError for a dim out of range.
 * @example
 * import { unsqueeze, zeros } from 'lanegrad';
 * unsqueeze(zeros([2, 3]), 1).shape; // => [2, 1, 3]
 */
export function unsqueeze(x: Tensor, dim: number): Tensor {
  checkTensor('unsqueeze', 'x', x);
  const shape = x.shape.slice();
  shape.splice(wrapDim('unsqueeze', dim, shape.length + 1), 0, 1);
  return reviewed(x, shape);
}

/**
 * Joins the dims from `startDim` to `endDim`, both included, into one. A view where the strides permit, else a copy.
 *
 * @throws IndexError for a dim out of range.
 * @example
 * import { flatten, zeros } from 'lanegrad';
 * flatten(zeros([2, 3, 4]), 1).shape; // => [2, 12]
 */
export function flatten(x: Tensor, startDim = 0, endDim = -1): Tensor {
  checkTensor('flatten', 'x', x);
  const { shape } = x;
  const start = wrapDim('flatten', startDim, shape.length);
  const end = wrapDim('flatten', endDim, shape.length);
  if (start > end)
    throw new ValueError(`[flatten] startDim: got ${startDim}, which comes after endDim, ${endDim}`);
  const joined = [...shape.slice(0, start), product(shape.slice(start, end + 1)), ...shape.slice(end + 1)];
  return backend.run1('reshape', [x], { shape: joined, strict: false });
}

/**
 * Splits one dim into several; one of the sizes may be -1.
 *
 * @throws ShapeError if the sizes do not multiply to that of the dim.
 * @example
 * import { unflatten, zeros } from 'lanegrad';
 * unflatten(zeros([2, 12]), 1, [3, -1]).shape; // => [2, 3, 4]
 */
export function unflatten(x: Tensor, dim: number, sizes: readonly number[]): Tensor {
  checkTensor('unflatten', 'x', x);
  checkInts('unflatten', 'sizes', sizes);
  const { shape } = x;
  const at = wrapDim('unflatten', dim, shape.length);
  const known = product(sizes.filter((size) => size !== -1));
  const whole = shape[at]!;
  const full = sizes.map((size) => (size === -1 ? whole / known : size));
  if (product(full) !== whole || !full.every((size) => Number.isInteger(size) && size >= 0)) {
    throw new ShapeError(`[unflatten] sizes: got [${sizes.join(', ')}] for a dim of size ${whole}`);
  }
  return reviewed(x, [...shape.slice(0, at), ...full, ...shape.slice(at + 1)]);
}

/**
 * `length` elements of one dim from `start` on; a negative start counts from the end. Start may be a 0-dim integer tensor,
 * whose value is read.
 *
 * @throws IndexError if the range leaves the dim.
 * @example
 * import { arange, narrow } from 'lanegrad';
 * narrow(arange(5), 0, 1, 3).tolist(); // => [1, 2, 3]
 */
export function narrow(x: Tensor, dim: number, start: number | Tensor, length: number): Tensor {
  checkTensor('narrow', 'x', x);
  if (Handle.is(start)) return narrow(x, dim, startOf(start), length);
  checkInt('narrow', 'start', start);
  checkInt('narrow', 'length', length);
  const at = dimOf('narrow', x, dim);
  const size = x.shape[at]!;
  const from = start < 0 ? start + size : start;
  if (from < 0 || length < 0 || from + length > size) {
    throw new IndexError(`[narrow] got start ${start} and length ${length} for dim ${dim} of size ${size}`);
  }
  return backend.run1('slice', [x], { dim: at, start: from, length, step: 1 });
}

function startOf(start: Tensor): number {
  if (start.ndim > 0 || isFloat(start.dtype) || start.dtype === 'bool')
    throw new DTypeError(
      `[narrow] start: got a tensor of ${start.ndim} dims and ${start.dtype}, wanted a 0-dim one of integers`,
    );
  return Number(start.item());
}

/**
 * The part of x at one index of a dim, which is dropped; a negative index counts from the end.
 *
 * @throws IndexError for an index out of range.
 * @example
 * import { select, tensor } from 'lanegrad';
 * select(tensor([[1, 2], [3, 4]]), 0, -1).tolist(); // => [3, 4]
 */
export function select(x: Tensor, dim: number, index: number): Tensor {
  checkTensor('select', 'x', x);
  checkInt('select', 'index', index);
  const at = dimOf('select', x, dim);
  const { shape } = x;
  const size = shape[at]!;
  if (index < -size || index >= size) {
    throw new IndexError(`[select] index: got ${index} for dim ${dim} of size ${size}`);
  }
  const part = backend.run1('slice', [x], {
    dim: at,
    start: index < 0 ? index + size : index,
    length: 1,
    step: 1,
  });
  const result = reviewed(part, [...shape.slice(0, at), ...shape.slice(at + 1)]);
  backend.release(part);
  return result;
}

/** A range of a dim, as in `x[start:stop:step]`. */
export interface SliceRange {
  /** Negative counts from the end. Default 0. */
  start?: number;
  /** Exclusive; negative counts from the end. Default: the end. */
  stop?: number;
  /** At least 1. Default 1. */
  step?: number;
}

/**
 * Every step-th element of one dim from start to before stop, clipped to the dim.
 *
 * @throws ValueError for a step below 1.
 * @example
 * import { arange, slice } from 'lanegrad';
 * slice(arange(6), 0, { start: 1, stop: -1, step: 2 }).tolist(); // => [1, 3]
 */
export function slice(x: Tensor, dim: number, range: SliceRange): Tensor {
  checkTensor('slice', 'x', x);
  const at = dimOf('slice', x, dim);
  return backend.run1('slice', [x], { dim: at, ...resolveRange('slice', range, x.shape[at]!) });
}

/** A range clipped to a dim of this size, as the slice op takes it. */
export function resolveRange(
  op: string,
  range: SliceRange,
  size: number,
): { start: number; length: number; step: number } {
  if (typeof range !== 'object' || range === null)
    throw new ValueError(`[${op}] range: got ${describe(range)}, wanted { start, stop, step }`);
  checkOptions(op, range, ['start', 'stop', 'step']);
  const { start = 0, stop = size, step = 1 } = range;
  checkInt(op, 'start', start);
  checkInt(op, 'stop', stop);
  checkInt(op, 'step', step);
  if (step < 1) throw new ValueError(`[${op}] step: got ${step}, wanted at least 1`);
  const clip = (at: number) => Math.min(Math.max(at < 0 ? at + size : at, 0), size);
  const from = clip(start);
  return { start: from, length: Math.max(0, Math.ceil((clip(stop) - from) / step)), step };
}

/** The dim, from 0, of a tensor that has dims. */
function dimOf(op: string, x: Tensor, dim: number): number {
  if (x.shape.length === 0) throw new ShapeError(`[${op}] got a 0-dim tensor, wanted at least one dim`);
  return wrapDim(op, dim, x.shape.length);
}

/** A view in a shape that differs by dims of size 1, or by splitting one. */
function reviewed(x: Tensor, shape: readonly number[]): Tensor {
  return backend.run1('reshape', [x], { shape, strict: true });
}
