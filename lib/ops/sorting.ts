import { backend } from '../backend/current.js';
import {
  checkChoice,
  checkFlag,
  checkInt,
  checkOperand,
  checkOptions,
  checkTensor,
  type Operand,
} from '../check.js';
import { ShapeError, ValueError } from '../errors.js';
import { scoped } from '../scope.js';
import type { Tensor } from '../tensor.js';
import { to } from './convert.js';
import { gather } from './indexing.js';
import type { ValuesAndIndices } from './reduction.js';
import { runComposite } from './composite.js';

// Ordering elements along a dim, and searching what is in order. NaN counts as the largest.

export interface SortOptions {
  /** Default -1. */
  dim?: number;
  /** From the largest down. Default false. */
  descending?: boolean;
  /** Equals keep their order; they do in any case. */
  stable?: boolean;
}

/**
 * The elements in order along a dim, and where they were. NaN comes last, descending first. Equals keep their order.
 *
 * @throws IndexError for a dim out of range.
 * @example
 * import { sort, tensor } from 'lanegrad';
 * const { values, indices } = sort(tensor([3, 1, 2]));
 * values.tolist(); // => [1, 2, 3]
 * indices.tolist(); // => [1, 2, 0]
 */
export function sort(x: Tensor, options: SortOptions = {}): ValuesAndIndices {
  return sorted('sort', x, options);
}

function sorted(op: string, x: Tensor, options: SortOptions): ValuesAndIndices {
  checkTensor(op, 'x', x);
  checkOptions(op, options);
  const { dim = -1 } = options;
  checkInt(op, 'dim', dim);
  checkFlag(op, 'stable', options.stable);
  const descending = checkFlag(op, 'descending', options.descending);
  return pair(backend.run('sort', [x], { dim, descending }));
}

function pair([values, indices]: readonly Tensor[]): ValuesAndIndices {
  return { values: values!, indices: indices as Tensor<'int64'> };
}

/**
 * Where the elements are that {@link sort} gives. int64.
 *
 * @throws IndexError for a dim out of range.
 * @example
 * import { argsort, tensor } from 'lanegrad';
 * argsort(tensor([3, 1, 2]), { descending: true }).tolist(); // => [0, 2, 1]
 */
export function argsort(x: Tensor, options: SortOptions = {}): Tensor<'int64'> {
  return scoped(() => sorted('argsort', x, options).indices);
}

/**
 * The elements in order along dim 0: the values of {@link sort}.
 *
 * @example
 * import { msort, tensor } from 'lanegrad';
 * msort(tensor([[3, 1], [2, 4]])).tolist(); // => [[2, 1], [3, 4]]
 */
export function msort(x: Tensor): Tensor {
  return scoped(() => sorted('msort', x, { dim: 0 }).values);
}

export interface TopkOptions {
  /** Default -1. */
  dim?: number;
  /** The largest; false: the smallest. Default true. */
  largest?: boolean;
  /** In order. They are in any case. */
  sorted?: boolean;
}

/**
 * The k largest or smallest elements along a dim, in order, and where they are; of equals the first ones.
 *
 * x: [..., N, ...]; gives [..., k, ...].
 * @throws ValueError if k is negative or above N.
 * @example
 * import { tensor, topk } from 'lanegrad';
 * const { values, indices } = topk(tensor([3, 1, 4, 1, 5]), 2);
 * values.tolist(); // => [5, 4]
 * indices.tolist(); // => [4, 2]
 */
export function topk(x: Tensor, k: number, options: TopkOptions = {}): ValuesAndIndices {
  checkTensor('topk', 'x', x);
  checkInt('topk', 'k', k);
  checkOptions('topk', options);
  const { dim = -1 } = options;
  checkInt('topk', 'dim', dim);
  checkFlag('topk', 'sorted', options.sorted);
  const largest = options.largest === undefined || checkFlag('topk', 'largest', options.largest);
  return pair(runComposite('topk', [x], { k, dim, largest }));
}

export interface PickOptions {
  /** Default -1. */
  dim?: number;
  /** Keep the dim with size 1. Default false. */
  keepdim?: boolean;
}

/**
 * The k-th smallest element along a dim, counted from 1, and where it is.
 *
 * @throws ValueError if k is below 1 or above the size of the dim.
 * @throws IndexError for a dim out of range, or of size 0.
 * @example
 * import { kthvalue, tensor } from 'lanegrad';
 * kthvalue(tensor([3, 1, 2]), 2).values.item(); // => 2
 */
export function kthvalue(x: Tensor, k: number, options: PickOptions = {}): ValuesAndIndices {
  checkTensor('kthvalue', 'x', x);
  checkInt('kthvalue', 'k', k);
  checkOptions('kthvalue', options);
  const { dim = -1 } = options;
  checkInt('kthvalue', 'dim', dim);
  const keepdim = checkFlag('kthvalue', 'keepdim', options.keepdim);
  return pair(runComposite('kthvalue', [x], { k, dim, keepdim }));
}

export interface SearchOptions {
  /** The place behind equals; false: before them. Default false. */
  right?: boolean;
  /** 'right' is `right: true`. */
  side?: 'left' | 'right';
  /** Give int32. Default int64. */
  outInt32?: boolean;
}

export interface SearchsortedOptions extends SearchOptions {
  /** What puts the rows in order, as `argsort` gives it; without it they are in order. */
  sorter?: Tensor;
}

/**
 * The place of each value in a row that is in order: how many elements are below it (`right`: not above it).
 *
 * sorted: [N], or [..., N] with a row for each row of values; gives the shape of values.
 * @throws ShapeError if the rows do not fit.
 * @example
 * import { searchsorted, tensor } from 'lanegrad';
 * searchsorted(tensor([1, 3, 5]), tensor([3, 4, 9])).tolist(); // => [1, 2, 3]
 * searchsorted(tensor([1, 3, 5]), 3, { right: true }).item(); // => 2
 */
export function searchsorted(
  sorted: Tensor,
  values: Operand,
  options: SearchsortedOptions = {},
): Tensor<'int32' | 'int64'> {
  checkTensor('searchsorted', 'sorted', sorted);
  checkOptions('searchsorted', options);
  const { sorter } = options;
  if (sorter === undefined) return search('searchsorted', sorted, values, options);
  checkTensor('searchsorted', 'sorter', sorter);
  if (String(sorter.shape) !== String(sorted.shape)) {
    throw new ShapeError(
      `[searchsorted] sorter: got [${sorter.shape.join(', ')}], wanted the shape of sorted, [${sorted.shape.join(', ')}]`,
    );
  }
  return scoped(() => search('searchsorted', gather(sorted, -1, sorter), values, options));
}

/**
 * {@link searchsorted} with one row of boundaries, arguments the other way round: the bucket of each element of x.
 *
 * @throws ShapeError if the boundaries are not one row.
 * @example
 * import { bucketize, tensor } from 'lanegrad';
 * bucketize(tensor([0, 3, 9]), tensor([1, 3, 5])).tolist(); // => [0, 1, 3]
 */
export function bucketize(
  x: Operand,
  boundaries: Tensor,
  options: SearchOptions = {},
): Tensor<'int32' | 'int64'> {
  checkTensor('bucketize', 'boundaries', boundaries);
  checkOptions('bucketize', options);
  if (boundaries.shape.length !== 1) {
    throw new ShapeError(`[bucketize] boundaries: got [${boundaries.shape.join(', ')}], wanted one row`);
  }
  return search('bucketize', boundaries, x, options);
}

function search(op: string, row: Tensor, values: Operand, options: SearchOptions): Tensor<'int32' | 'int64'> {
  checkOperand(op, typeof values === 'object' ? 'values' : 'value', values);
  const { side } = options;
  let right = checkFlag(op, 'right', options.right);
  const short = checkFlag(op, 'outInt32', options.outInt32);
  if (side !== undefined) {
    checkChoice(op, 'side', side, ['left', 'right']);
    if (right && side === 'left') throw new ValueError(`[${op}] got side 'left' and right true`);
    right = side === 'right';
  }
  return scoped(() => {
    const places = backend.run1('searchsorted', [row, values], { right }) as Tensor<'int64'>;
    return short ? to(places, 'int32') : places;
  });
}
