import { backend } from '../backend/current.js';
import { checkInt, checkInts, checkOptions, checkTensor, shapeText, wrapDim } from '../check.js';
import { IndexError, ShapeError, ValueError } from '../errors.js';
import { scoped } from '../scope.js';
import type { Tensor } from '../tensor.js';
import { cat } from './join.js';
import { narrow, reshape, transpose } from './view.js';

// The same elements in another order, as copies.

const noOptions = Object.freeze({});

/**
 * x with the given dims backwards.
 *
 * @throws IndexError for a dim out of range.
 * @throws ValueError for a dim given twice.
 * @example
 * import { flip, tensor } from 'lanegrad';
 * flip(tensor([[1, 2], [3, 4]]), [1]).tolist(); // => [[2, 1], [4, 3]]
 */
export function flip(x: Tensor, dims: number | readonly number[]): Tensor {
  checkTensor('flip', 'x', x);
  const list = typeof dims === 'number' ? [dims] : dims;
  checkInts('flip', 'dims', list);
  return backend.run1('flip', [x], { dims: list });
}

/**
 * x with dim 1 backwards: the columns of a matrix from right to left.
 *
 * @throws ShapeError for fewer than two dims.
 * @example
 * import { fliplr, tensor } from 'lanegrad';
 * fliplr(tensor([[1, 2], [3, 4]])).tolist(); // => [[2, 1], [4, 3]]
 */
export function fliplr(x: Tensor): Tensor {
  checkTensor('fliplr', 'x', x);
  if (x.ndim < 2) throw new ShapeError(`[fliplr] got shape ${shapeText(x.shape)}, wanted at least two dims`);
  return backend.run1('flip', [x], { dims: [1] });
}

/**
 * x with dim 0 backwards: the rows of a matrix from the last up.
 *
 * @throws ShapeError for a 0-dim tensor.
 * @example
 * import { flipud, tensor } from 'lanegrad';
 * flipud(tensor([[1, 2], [3, 4]])).tolist(); // => [[3, 4], [1, 2]]
 */
export function flipud(x: Tensor): Tensor {
  checkTensor('flipud', 'x', x);
  if (x.ndim < 1) throw new ShapeError('[flipud] got a 0-dim tensor, wanted at least one dim');
  return backend.run1('flip', [x], { dims: [0] });
}

export interface Rot90Options {
  /** Quarter turns from the first dim towards the second. Default 1. */
  k?: number;
  /** The plane. Default [0, 1]. */
  dims?: readonly [number, number];
}

/**
 * x turned by quarters in the plane of two dims.
 *
 * @throws ValueError unless `dims` are two different dims.
 * @throws IndexError for a dim out of range.
 * @throws ShapeError for fewer than two dims.
 * @example
 * import { rot90, tensor } from 'lanegrad';
 * rot90(tensor([[1, 2], [3, 4]])).tolist(); // => [[2, 4], [1, 3]]
 */
export function rot90(x: Tensor, options: Rot90Options = noOptions): Tensor {
  checkTensor('rot90', 'x', x);
  checkOptions('rot90', options);
  const { k = 1, dims = [0, 1] } = options;
  checkInt('rot90', 'k', k);
  checkInts('rot90', 'dims', dims);
  if ((dims as readonly number[]).length !== 2)
    throw new ValueError(`[rot90] dims: got [${String(dims)}], wanted two`);
  if (x.ndim < 2) throw new ShapeError(`[rot90] got shape ${shapeText(x.shape)}, wanted at least two dims`);
  const [from, towards] = dims.map((dim) => wrapDim('rot90', dim, x.ndim)) as [number, number];
  if (from === towards) throw new ValueError(`[rot90] dims: got ${from} twice, wanted two dims`);
  return scoped(() => {
    switch (((k % 4) + 4) % 4) {
      case 1:
        return transpose(flip(x, [towards]), from, towards);
      case 2:
        return flip(x, [from, towards]);
      case 3:
        return transpose(flip(x, [from]), from, towards);
      default:
        return backend.run1('clone', [x], {});
    }
  });
}

export interface RollOptions {
  /** One dim for each shift. Default: the elements in row-major order are shifted as one row. */
  dims?: number | readonly number[];
}

/**
 * x shifted along dims; what leaves at the end comes back at the start.
 *
 * @throws ValueError unless there are as many shifts as dims.
 * @throws IndexError for a dim out of range.
 * @example
 * import { arange, roll } from 'lanegrad';
 * roll(arange(4), 1).tolist(); // => [3, 0, 1, 2]
 */
export function roll(
  x: Tensor,
  shifts: number | readonly number[],
  options: RollOptions = noOptions,
): Tensor {
  checkTensor('roll', 'x', x);
  checkOptions('roll', options);
  const by = typeof shifts === 'number' ? [shifts] : shifts;
  checkInts('roll', 'shifts', by);
  if (by.length === 0) throw new ValueError('[roll] shifts: got none, wanted at least one');
  const { dims = [] } = options;
  const along = typeof dims === 'number' ? [dims] : dims;
  checkInts('roll', 'dims', along);
  if (along.length === 0 && by.length === 1)
    return scoped(() => reshape(rolled(reshape(x, [-1]), by[0]!, 0), x.shape));
  if (along.length !== by.length) {
    throw new ValueError(`[roll] got ${by.length} shifts and ${along.length} dims, wanted as many`);
  }
  if (x.ndim === 0) throw new IndexError(`[roll] dims: got ${along.join(', ')} for a 0-dim tensor`);
  const places = along.map((dim) => wrapDim('roll', dim, x.ndim));
  return scoped(() => places.reduce((result, dim, i) => rolled(result, by[i]!, dim), x));
}

/** A copy, shifted along one dim. */
function rolled(x: Tensor, shift: number, dim: number): Tensor {
  const size = x.shape[dim]!;
  const start = size === 0 ? 0 : (((size - shift) % size) + size) % size;
  if (start === 0) return backend.run1('clone', [x], {});
  return cat([narrow(x, dim, start, size - start), narrow(x, dim, 0, start)], dim);
}
