import { backend } from '../backend/current.js';
import {
  checkChoice,
  checkInt,
  checkInts,
  checkNumber,
  checkOptions,
  checkTensor,
  noAttrs,
  product,
  shapeText,
  wrapDim,
} from '../check.js';
import { DTypeError, ShapeError, ValueError } from '../errors.js';
import { isFloat } from '../dtype.js';
import { scoped } from '../scope.js';
import { fromNumbers } from '../tensor.js';
import type { Tensor } from '../tensor.js';
import { scatterReduce } from './scatter.js';
import { expand, reshape } from './view.js';

/**
 * The coordinates in a tensor of `shape` of places in its row-major order: one tensor for each dim, of the shape of indices.
 *
 * @throws DTypeError unless indices are integers.
 * @throws ValueError for a negative size.
 * @example
 * import { tensor, unravelIndex } from 'lanegrad';
 * unravelIndex(tensor([5, 2]), [2, 3]).map((x) => x.tolist()); // => [[1, 0], [2, 2]]
 */
export function unravelIndex(indices: Tensor, shape: number | readonly number[]): Tensor[] {
  checkTensor('unravelIndex', 'indices', indices);
  const sizes = typeof shape === 'number' ? [shape] : shape;
  checkInts('unravelIndex', 'shape', sizes);
  if (sizes.some((size) => size < 0))
    throw new ValueError(`[unravelIndex] shape: got ${shapeText(sizes)}, wanted sizes of at least 0`);
  if (isFloat(indices.dtype) || indices.dtype === 'bool')
    throw new DTypeError(`[unravelIndex] indices: got ${indices.dtype}, wanted integers`);
  return scoped(() => {
    const whole = backend.run1('to', [indices], { dtype: 'int64' });
    return sizes.map((size, i) => {
      const step = product(sizes.slice(i + 1));
      const steps = backend.run1('floorDivide', [whole, step], noAttrs);
      return backend.run1('remainder', [steps, size], noAttrs);
    });
  });
}

export interface SegmentReduceOptions {
  /** Sizes of the segments, [..., S]: one list for each index of the dims before `axis`. Their values are read. */
  lengths?: Tensor;
  /** In place of lengths, where the segments start, and the end of the last one: [..., S + 1]. */
  offsets?: Tensor;
  /** The dim that is cut into segments. Default 0. */
  axis?: number;
  /** What each segment starts with. */
  initial?: number;
}

/**
 * Each segment of a dim reduced to one element. A segment without elements gives `initial`; without that 0 for the sum, 1
 * for the product, an infinity for the extrema and NaN for the mean.
 *
 * x: [..., N, ...]; gives [..., S, ...].
 * @throws DTypeError unless x is floating and the lengths are integers.
 * @throws ShapeError if the lengths are not one list for each index of the dims before `axis`.
 * @throws ValueError if the lengths do not add up to N, or neither lengths nor offsets are given.
 * @example
 * import { segmentReduce, tensor } from 'lanegrad';
 * const x = tensor([1, 2, 3, 4], { dtype: 'float32' });
 * segmentReduce(x, 'sum', { lengths: tensor([1, 3]) }).tolist(); // => [1, 9]
 */
export function segmentReduce(
  x: Tensor,
  reduce: 'sum' | 'mean' | 'max' | 'min' | 'prod',
  options: SegmentReduceOptions,
): Tensor {
  checkTensor('segmentReduce', 'x', x);
  checkChoice('segmentReduce', 'reduce', reduce, ['sum', 'mean', 'max', 'min', 'prod']);
  checkOptions('segmentReduce', options);
  const { dtype } = x;
  if (!isFloat(dtype)) throw new DTypeError(`[segmentReduce] x: got ${dtype}, wanted a floating dtype`);
  const { axis = 0, initial } = options;
  checkInt('segmentReduce', 'axis', axis);
  if (initial !== undefined) checkNumber('segmentReduce', 'initial', initial);
  const dim = wrapDim('segmentReduce', axis, x.ndim);
  const { segments, lengths, places } = segmentsOf(x, dim, options);
  const shape = [...x.shape.slice(0, dim), segments, ...x.shape.slice(dim + 1)];
  return scoped(() => {
    const start = { sum: 0, mean: 0, prod: 1, max: -Infinity, min: Infinity }[reduce];
    const base = backend.run1('full', [], { shape, value: initial ?? start, dtype });
    const open = (list: readonly number[], size: number, of: 'int64' | typeof dtype) => {
      const own = [...x.shape.slice(0, dim), size, ...x.shape.slice(dim + 1).map(() => 1)];
      return reshape(fromNumbers(of, [list.length], list), own);
    };
    const index = expand(open(places, x.shape[dim] ?? 1, 'int64'), x.shape);
    const op = { sum: 'sum', mean: 'sum', prod: 'prod', max: 'amax', min: 'amin' } as const;
    const reduced = scatterReduce(base, dim, index, x, op[reduce]);
    if (reduce !== 'mean') return reduced;
    // An empty segment keeps what it started with; the mean of nothing is 0 / 0.
    const counts = lengths.map((length) => (length === 0 && initial !== undefined ? 1 : length));
    return backend.run1('div', [reduced, open(counts, segments, dtype)], noAttrs);
  });
}

/** The number of segments, their lengths and the segment of each element, as lists for all rows. */
function segmentsOf(
  x: Tensor,
  dim: number,
  { lengths, offsets }: SegmentReduceOptions,
): { segments: number; lengths: number[]; places: number[] } {
  const given = lengths ?? offsets;
  if (given === undefined) throw new ValueError('[segmentReduce] got neither lengths nor offsets');
  checkTensor('segmentReduce', 'lengths', given);
  if (given.dtype !== 'int64' && given.dtype !== 'int32')
    throw new DTypeError(`[segmentReduce] lengths: got ${given.dtype}, wanted int64 or int32`);
  const before = x.shape.slice(0, dim);
  if (shapeText(given.shape.slice(0, -1)) !== shapeText(before) || given.ndim !== dim + 1) {
    throw new ShapeError(
      `[segmentReduce] lengths: got shape ${shapeText(given.shape)} for ${shapeText(x.shape)}, wanted one list ` +
        `for each index of the dims before ${dim}`,
    );
  }
  const [width, size] = [given.shape.at(-1)!, x.shape[dim] ?? 1];
  const values = Array.from(given.data, Number);
  const all: number[] = [];
  const places: number[] = [];
  for (let row = 0; row < product(before); ++row) {
    const own = values.slice(row * width, (row + 1) * width);
    const sizes = lengths === undefined ? own.slice(1).map((end, i) => end - own[i]!) : own;
    const total = sizes.reduce((sum, length) => sum + length, 0);
    if (total !== size || sizes.some((length) => length < 0))
      throw new ValueError(`[segmentReduce] lengths: got [${sizes.join(', ')}] for ${size} elements`);
    sizes.forEach((length, segment) => {
      all.push(length);
      for (let k = 0; k < length; ++k) places.push(segment);
    });
  }
  return { segments: lengths === undefined ? Math.max(0, width - 1) : width, lengths: all, places };
}
