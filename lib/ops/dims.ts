import { backend } from '../backend/current.js';
import { checkInts, checkTensor, wrapDim } from '../check.js';
import { ValueError } from '../errors.js';
import type { Tensor } from '../tensor.js';
import { reshape, transpose, view } from './view.js';

// Views with the dims in another order or shape, by other names.

/**
 * All elements as one dim, in row-major order. A view where the strides permit, else a copy.
 *
 * @example
 * import { ravel, tensor } from 'lanegrad';
 * ravel(tensor([[1, 2], [3, 4]])).tolist(); // => [1, 2, 3, 4]
 */
export function ravel(x: Tensor): Tensor {
  return reshape(x, [-1]);
}

/**
 * x in the shape of another tensor, as a view. See {@link view}.
 *
 * @throws ShapeError if the number of elements differs, or the strides do not permit a view.
 * @example
 * import { arange, viewAs, zeros } from 'lanegrad';
 * viewAs(arange(4), zeros([2, 2])).tolist(); // => [[0, 1], [2, 3]]
 */
export function viewAs(x: Tensor, other: Tensor): Tensor {
  checkTensor('viewAs', 'other', other);
  return view(x, other.shape);
}

/**
 * x in the shape of another tensor. See {@link reshape}.
 *
 * @throws ShapeError if the number of elements differs.
 * @example
 * import { arange, reshapeAs, zeros } from 'lanegrad';
 * reshapeAs(arange(4), zeros([2, 2])).tolist(); // => [[0, 1], [2, 3]]
 */
export function reshapeAs(x: Tensor, other: Tensor): Tensor {
  checkTensor('reshapeAs', 'other', other);
  return reshape(x, other.shape);
}

/**
 * Swaps two dims: `transpose` under NumPy's name.
 *
 * @throws IndexError for a dim out of range.
 * @example
 * import { swapaxes, zeros } from 'lanegrad';
 * swapaxes(zeros([2, 3, 4]), 0, 2).shape; // => [4, 3, 2]
 */
export function swapaxes(x: Tensor, axis0: number, axis1: number): Tensor {
  return transpose(x, axis0, axis1);
}

/**
 * Moves dims to other places; the rest keep their order.
 *
 * @throws ValueError unless there are as many places as dims, each named once.
 * @throws IndexError for a dim out of range.
 * @example
 * import { movedim, zeros } from 'lanegrad';
 * movedim(zeros([2, 3, 4]), 0, 2).shape; // => [3, 4, 2]
 */
export function movedim(
  x: Tensor,
  source: number | readonly number[],
  destination: number | readonly number[],
): Tensor {
  checkTensor('movedim', 'x', x);
  const rank = x.ndim;
  const listed = (name: string, dims: number | readonly number[]): number[] => {
    const list = typeof dims === 'number' ? [dims] : dims;
    checkInts('movedim', name, list);
    const wrapped = list.map((dim) => wrapDim('movedim', dim, rank));
    if (new Set(wrapped).size !== wrapped.length)
      throw new ValueError(`[movedim] ${name}: got [${list.join(', ')}], which names a dim twice`);
    return wrapped;
  };
  const from = listed('source', source);
  const to = listed('destination', destination);
  if (from.length !== to.length)
    throw new ValueError(`[movedim] got ${from.length} dims and ${to.length} places, wanted as many`);
  const rest = x.shape.map((_, dim) => dim).filter((dim) => !from.includes(dim));
  const dims = x.shape.map((_, place) => {
    const moved = to.indexOf(place);
    return moved >= 0 ? from[moved]! : rest.shift()!;
  });
  return backend.run1('permute', [x], { dims });
}
