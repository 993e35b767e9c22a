import { backend } from '../backend/current.js';
import { checkFlag, checkOptions, checkTensor, shapeText, wrapDim } from '../check.js';
import { ShapeError } from '../errors.js';
import { scoped } from '../scope.js';
import type { Tensor } from '../tensor.js';
import { commonShape } from './broadcast.js';
import { gather } from './indexing.js';
import { expand, reshape } from './view.js';

// Places in the row-major order of all elements, and gather that broadcasts.

/**
 * The elements at the given places of x in row-major order. Places may be negative.
 *
 * index (int64 or int32): any shape; gives that shape.
 * @throws IndexError for an index out of range.
 * @example
 * import { take, tensor } from 'lanegrad';
 * take(tensor([[1, 2], [3, 4]]), tensor([0, -1])).tolist(); // => [1, 4]
 */
export function take(x: Tensor, index: Tensor): Tensor {
  checkTensor('take', 'x', x);
  checkTensor('take', 'index', index);
  return scoped(() => {
    const places = flatPlaces(x, index);
    return reshape(backend.run1('indexSelect', [reshape(x, [-1]), places], { dim: 0 }), index.shape);
  });
}

/** Places in the row-major order of x, from 0, as one row. */
function flatPlaces(x: Tensor, index: Tensor): Tensor {
  return reshape(backend.run1('wrapIndex', [index], { size: x.numel() }), [-1]);
}

export interface PutOptions {
  /** Add to what is there; repeated places add up. Default false: the last one stays. */
  accumulate?: boolean;
}

/**
 * A copy of x with the elements of source at the given places of x in row-major order. Places may be negative.
 *
 * index (int64 or int32), source: any shapes with as many elements.
 * @throws IndexError for an index out of range.
 * @throws ShapeError unless there are as many elements as places.
 * @throws DTypeError if source has another dtype.
 * @example
 * import { put, tensor, zeros } from 'lanegrad';
 * put(zeros([2, 2]), tensor([1, -1]), tensor([1.5, 2.5])).tolist(); // => [[0, 1.5], [0, 2.5]]
 */
export function put(x: Tensor, index: Tensor, source: Tensor, options: PutOptions = {}): Tensor {
  checkTensor('put', 'x', x);
  checkTensor('put', 'index', index);
  checkTensor('put', 'source', source);
  checkOptions('put', options);
  const accumulate = checkFlag('put', 'accumulate', options.accumulate);
  if (index.numel() !== source.numel()) {
    throw new ShapeError(
      `[put] source: got shape ${shapeText(source.shape)} for an index of ${shapeText(index.shape)}, wanted as many elements`,
    );
  }
  return scoped(() => {
    const inputs = [reshape(x, [-1]), flatPlaces(x, index), reshape(source, [-1])];
    return reshape(backend.run1(accumulate ? 'indexAdd' : 'indexCopy', inputs, { dim: 0 }), x.shape);
  });
}

export interface TakeAlongDimOptions {
  /** Default: both are taken as rows of all their elements. */
  dim?: number;
}

/**
 * {@link gather} whose index broadcasts with x in all dims but one: made for what `argsort` and `argmax` give.
 *
 * x: [..., N, ...], indices (int64 or int32): [..., K, ...], may be negative; gives [..., K, ...].
 * @throws IndexError for an index out of range.
 * @throws ShapeError if ranks differ or sizes do not broadcast.
 * @example
 * import { takeAlongDim, tensor } from 'lanegrad';
 * takeAlongDim(tensor([[1, 2], [3, 4]]), tensor([[1]]), { dim: 1 }).tolist(); // => [[2], [4]]
 */
export function takeAlongDim(x: Tensor, indices: Tensor, options: TakeAlongDimOptions = {}): Tensor {
  checkTensor('takeAlongDim', 'x', x);
  checkTensor('takeAlongDim', 'indices', indices);
  checkOptions('takeAlongDim', options);
  if (options.dim === undefined) return scoped(() => gather(reshape(x, [-1]), 0, flatPlaces(x, indices)));
  if (x.ndim !== indices.ndim) {
    throw new ShapeError(
      `[takeAlongDim] x is ${shapeText(x.shape)} and indices ${shapeText(indices.shape)}, wanted as many dims`,
    );
  }
  const dim = wrapDim('takeAlongDim', options.dim, x.ndim);
  const without = (shape: readonly number[]) => shape.map((size, i) => (i === dim ? 1 : size));
  const shape = commonShape('takeAlongDim', [without(x.shape), without(indices.shape)]);
  const withSize = (size: number | undefined) => shape.map((own, i) => (i === dim ? (size ?? own) : own));
  return scoped(() => {
    const places = backend.run1('wrapIndex', [indices], { size: x.shape[dim] ?? 1 });
    return gather(expand(x, withSize(x.shape[dim])), dim, expand(places, withSize(indices.shape[dim])));
  });
}
