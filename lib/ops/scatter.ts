import { Handle } from '../backend/backend.js';
import { backend } from '../backend/current.js';
import {
  checkChoice,
  checkFlag,
  checkInt,
  checkOptions,
  checkTensor,
  noAttrs,
  shapeText,
  wrapDim,
} from '../check.js';
import type { Operand } from '../check.js';
import { isFloat } from '../dtype.js';
import type { DType } from '../dtype.js';
import { ShapeError } from '../errors.js';
import { scoped } from '../scope.js';
import type { Tensor } from '../tensor.js';
import { writeInto } from './composite.js';
import { placesOf } from './indexing.js';
import { valueIn } from './mask.js';
import { expand, narrow, reshape } from './view.js';

// Writing at places that integer tensors name. Where several elements go to one place, they do so in the order of the index.
// Sums of many elements into few places go in pieces of the index.

export interface ScatterOptions {
  /** Combine with what is there. Default: replace it. */
  reduce?: 'add' | 'multiply';
}

/**
 * A copy of x with the elements of source at the places of `index`: out[index[i][j]][j] = source[i][j] along dim 0, and so
 * on. Of several elements for one place the last one stays; each of them gets the gradient of the place.
 *
 * x: [..., N, ...], index (int64 or int32): sizes at most those of x but for `dim`, and those of source; source: a tensor of
 * the dtype of x, or a number.
 * @throws IndexError for an index out of range; negative ones are.
 * @throws ShapeError if ranks or sizes do not fit.
 * @throws DTypeError if source has another dtype.
 * @example
 * import { scatter, tensor, zeros } from 'lanegrad';
 * scatter(zeros([3]), 0, tensor([2, 0]), tensor([1.5, 2.5])).tolist(); // => [2.5, 0, 1.5]
 * scatter(zeros([3]), 0, tensor([1]), 5).tolist(); // => [0, 5, 0]
 */
export function scatter(
  x: Tensor,
  dim: number,
  index: Tensor,
  source: Operand,
  options: ScatterOptions = {},
): Tensor {
  checkTensor('scatter', 'x', x);
  return scoped(() => {
    const { op, inputs, attrs } = scatterCall('scatter', x, dim, index, source, options);
    return backend.run1(op, [x, ...inputs], attrs);
  });
}

/** The op that a scatter is, with its operands besides x. */
export function scatterCall(
  name: string,
  x: Tensor,
  dim: number,
  index: Tensor,
  source: Operand,
  options: ScatterOptions,
): {
  op: 'scatter' | 'scatterAdd' | 'scatterReduce';
  inputs: [Tensor, Tensor];
  attrs: { dim: number; reduce: 'prod' };
} {
  checkInt(name, 'dim', dim);
  checkTensor(name, 'index', index);
  checkOptions(name, options);
  const { reduce } = options;
  if (reduce !== undefined) checkChoice(name, 'reduce', reduce, ['add', 'multiply']);
  const places = placesOf(index);
  const values = Handle.is(source) ? source : expand(valueIn(name, source, x.dtype), index.shape);
  checkTensor(name, 'source', values);
  const op = reduce === undefined ? 'scatter' : reduce === 'add' ? 'scatterAdd' : 'scatterReduce';
  const inputs: [Tensor, Tensor] = [places, op === 'scatterReduce' ? partFor(name, values, places) : values];
  const attrs = op === 'scatterReduce' ? { dim, reduce: 'prod' } : { dim };
  return { op, inputs, attrs: attrs as { dim: number; reduce: 'prod' } };
}

/** The part of the source that an index of this shape reads. */
function partFor(op: string, source: Tensor, index: Tensor): Tensor {
  const [have, wanted] = [source.shape, index.shape];
  if (have.length !== wanted.length || wanted.some((size, i) => size > have[i]!)) {
    throw new ShapeError(
      `[${op}] index ${shapeText(wanted)} is larger than source ${shapeText(have)} or of another rank`,
    );
  }
  return wanted.reduce((part, size, dim) => (size === have[dim] ? part : narrow(part, dim, 0, size)), source);
}

export type ScatterReduction = 'sum' | 'prod' | 'mean' | 'amax' | 'amin';

export interface ScatterReduceOptions {
  /** Whether what stands in x takes part, or only what goes to its place. Default true. */
  includeSelf?: boolean;
}

/**
 * A copy of x where each place that `index` names holds the sum, product, mean, largest or smallest of itself and all
 * elements of source that go there; see {@link scatter}. Means of integers are rounded down. Ties for the largest or smallest
 * share the gradient.
 *
 * x: [..., N, ...], index (int64 or int32), source (the dtype of x): as for {@link scatter}.
 * @throws IndexError for an index out of range; negative ones are.
 * @throws ShapeError if ranks or sizes do not fit.
 * @throws DTypeError if source has another dtype.
 * @example
 * import { scatterReduce, tensor } from 'lanegrad';
 * const x = tensor([1, 2]);
 * scatterReduce(x, 0, tensor([0, 0]), tensor([3, 4]), 'prod').tolist(); // => [12, 2]
 * scatterReduce(x, 0, tensor([0, 0]), tensor([3, 5]), 'mean', { includeSelf: false }).tolist(); // => [4, 2]
 */
export function scatterReduce(
  x: Tensor,
  dim: number,
  index: Tensor,
  source: Tensor,
  reduce: ScatterReduction,
  options: ScatterReduceOptions = {},
): Tensor {
  return scoped(() => reduced(reduction('scatterReduce', x, dim, index, source, reduce, options)));
}

interface Reduction {
  readonly x: Tensor;
  readonly dim: number;
  readonly places: Tensor;
  readonly part: Tensor;
  readonly reduce: ScatterReduction;
  readonly includeSelf: boolean;
}

/** The arguments, checked; the part of the source that is read. */
function reduction(
  op: string,
  x: Tensor,
  dim: number,
  index: Tensor,
  source: Tensor,
  reduce: ScatterReduction,
  options: ScatterReduceOptions,
): Reduction {
  checkTensor(op, 'x', x);
  checkInt(op, 'dim', dim);
  checkTensor(op, 'index', index);
  checkTensor(op, 'source', source);
  checkChoice(op, 'reduce', reduce, ['sum', 'prod', 'mean', 'amax', 'amin']);
  checkOptions(op, options);
  const { includeSelf = true } = options;
  checkFlag(op, 'includeSelf', includeSelf);
  const places = placesOf(index);
  return { x, dim, places, part: partFor(op, source, places), reduce, includeSelf };
}

function reduced({ x, dim, places, part, reduce, includeSelf }: Reduction): Tensor {
  const base = includeSelf ? x : scatter(x, dim, places, neutral(reduce, x.dtype));
  if (reduce !== 'sum' && reduce !== 'mean')
    return backend.run1('scatterReduce', [base, places, part], { dim, reduce });
  const sums = backend.run1('scatterAdd', [base, places, part], { dim });
  if (reduce === 'sum') return sums;
  const counts = countAt(x, dim, places, includeSelf);
  return backend.run1(isFloat(x.dtype) ? 'div' : 'floorDivide', [sums, counts], noAttrs);
}

/** The same, into x. */
function reduceInto(op: string, given: Reduction): void {
  const { x, dim, places, part, reduce, includeSelf } = given;
  if (!includeSelf || reduce === 'mean') writeInto(op, x, () => reduced(given));
  else if (reduce === 'sum') backend.runInPlace('scatterAdd', [x, places, part], { dim });
  else backend.runInPlace('scatterReduce', [x, places, part], { dim, reduce });
}

/** {@link scatterReduce} in place. */
export function scatterReduceInto(
  x: Tensor,
  dim: number,
  index: Tensor,
  source: Tensor,
  reduce: ScatterReduction,
  options: ScatterReduceOptions = {},
): void {
  const op = 'scatterReduce_';
  scoped(() => reduceInto(op, reduction(op, x, dim, index, source, reduce, options)));
}

/** How many elements meet at each place. */
function countAt(x: Tensor, dim: number, places: Tensor, includeSelf: boolean): Tensor {
  const ones = (shape: readonly number[]) => backend.run1('full', [], { shape, value: 1, dtype: x.dtype });
  const own = includeSelf ? ones(x.shape) : scatter(ones(x.shape), dim, places, 0);
  return backend.run1('scatterAdd', [own, places, ones(places.shape)], { dim });
}

/** What changes nothing that it is combined with. */
function neutral(reduce: ScatterReduction, dtype: DType): number {
  if (reduce === 'sum' || reduce === 'mean') return 0;
  if (reduce === 'prod') return 1;
  const [low, high] = isFloat(dtype) ? [-Infinity, Infinity] : integerBounds[dtype];
  return reduce === 'amax' ? low : high;
}

const integerBounds = {
  bool: [0, 1],
  uint8: [0, 255],
  int8: [-128, 127],
  int16: [-32768, 32767],
  int32: [-2147483648, 2147483647],
  // The upper one is rounded up here, and clipped by the conversion.
  int64: [-(2 ** 63), 2 ** 63],
} as const;

/**
 * A copy of x where each slice that `index` names is combined with all slices of source that go there, as
 * {@link scatterReduce} does with elements.
 *
 * x: [..., N, ...], index (int64 or int32): [K], source: [..., K, ...].
 * @throws IndexError for an index out of range; negative ones are.
 * @throws ShapeError if sizes do not fit.
 * @throws DTypeError if source has another dtype.
 * @example
 * import { indexReduce, tensor } from 'lanegrad';
 * indexReduce(tensor([1, 2]), 0, tensor([1, 1]), tensor([5, 4]), 'amax').tolist(); // => [1, 5]
 */
export function indexReduce(
  x: Tensor,
  dim: number,
  index: Tensor,
  source: Tensor,
  reduce: Exclude<ScatterReduction, 'sum'>,
  options: ScatterReduceOptions = {},
): Tensor {
  return scoped(() => reduced(sliceReduction('indexReduce', x, dim, index, source, reduce, options)));
}

/** {@link indexReduce} in place. */
export function indexReduceInto(
  x: Tensor,
  dim: number,
  index: Tensor,
  source: Tensor,
  reduce: Exclude<ScatterReduction, 'sum'>,
  options: ScatterReduceOptions = {},
): void {
  const op = 'indexReduce_';
  scoped(() => reduceInto(op, sliceReduction(op, x, dim, index, source, reduce, options)));
}

function sliceReduction(
  op: string,
  x: Tensor,
  dim: number,
  index: Tensor,
  source: Tensor,
  reduce: Exclude<ScatterReduction, 'sum'>,
  options: ScatterReduceOptions,
): Reduction {
  checkTensor(op, 'x', x);
  checkTensor(op, 'source', source);
  checkChoice(op, 'reduce', reduce, ['prod', 'mean', 'amax', 'amin']);
  const at = wrapDim(op, dim, x.ndim);
  const places = slicePlaces(op, index, at, source.shape);
  const wanted = x.shape.slice();
  if (x.ndim > 0) wanted[at] = index.numel();
  if (shapeText(wanted) !== shapeText(source.shape)) {
    throw new ShapeError(`[${op}] source: got shape ${shapeText(source.shape)}, wanted ${shapeText(wanted)}`);
  }
  return reduction(op, x, at, places, source, reduce, options);
}

/** An index of slices as one of elements: the same place for a whole slice, without a copy. */
export function slicePlaces(op: string, index: Tensor, dim: number, shape: readonly number[]): Tensor {
  checkTensor(op, 'index', index);
  if (index.ndim > 1)
    throw new ShapeError(`[${op}] index: got shape ${shapeText(index.shape)}, wanted at most one dim`);
  if (shape.length > 0 && shape[dim] !== index.numel())
    throw new ShapeError(`[${op}] got ${index.numel()} places for ${shape[dim]} slices, wanted as many`);
  const own = shape.map((_, i) => (i === dim ? index.numel() : 1));
  return expand(reshape(index, own), shape);
}

/**
 * A copy of x with the slices of source in the given places of a dim. Of several for one place the last one stays.
 *
 * x: [..., N, ...], index (int64 or int32): [K], source: [..., K, ...], of the dtype of x.
 * @throws IndexError for an index out of range; negative ones are.
 * @throws ShapeError if sizes do not fit.
 * @throws DTypeError if source has another dtype.
 * @example
 * import { indexCopy, tensor, zeros } from 'lanegrad';
 * indexCopy(zeros([3]), 0, tensor([2, 0]), tensor([1.5, 2.5])).tolist(); // => [2.5, 0, 1.5]
 */
export function indexCopy(x: Tensor, dim: number, index: Tensor, source: Tensor): Tensor {
  checkTensor('indexCopy', 'x', x);
  return scoped(() => backend.run1('indexCopy', [x, ...slicesFor(x, dim, index, source)], { dim }));
}

/** The checked operands of indexCopy besides x: a number may stand for the one element of a row. */
export function slicesFor(x: Tensor, dim: number, index: Tensor, source: Tensor): [Tensor, Tensor] {
  checkInt('indexCopy', 'dim', dim);
  checkTensor('indexCopy', 'index', index);
  checkTensor('indexCopy', 'source', source);
  return [index, source.ndim === 0 && x.ndim === 1 ? reshape(source, [1]) : source];
}

/**
 * A copy of x with `value` in the given places of a dim, which may be negative.
 *
 * x: [..., N, ...], index (int64 or int32): [K]; value: a number or 0-dim tensor, cast to the dtype of x.
 * @throws IndexError for an index out of range.
 * @throws ShapeError if index has more than one dim, or value any.
 * @throws ValueError for a number that the dtype of x cannot hold.
 * @example
 * import { indexFill, tensor, zeros } from 'lanegrad';
 * indexFill(zeros([3]), 0, tensor([0, -1]), 5).tolist(); // => [5, 0, 5]
 */
export function indexFill(x: Tensor, dim: number, index: Tensor, value: Operand): Tensor {
  checkTensor('indexFill', 'x', x);
  return scoped(() => {
    const row = x.ndim === 0 ? reshape(x, [1]) : x;
    const at = wrapDim('indexFill', dim, x.ndim);
    return reshape(
      backend.run1('scatter', [row, ...fillingOf('indexFill', row, at, index, value)], { dim: at }),
      x.shape,
    );
  });
}

/** The places and values of indexFill as scatter takes them. */
export function fillingOf(
  op: string,
  x: Tensor,
  dim: number,
  index: Tensor,
  value: Operand,
): [Tensor, Tensor] {
  checkTensor(op, 'index', index);
  const wrapped = backend.run1('wrapIndex', [placesOf(index)], { size: x.shape[dim]! });
  const shape = x.shape.slice();
  shape[dim] = index.numel();
  return [slicePlaces(op, wrapped, dim, shape), expand(valueIn(op, value, x.dtype), shape)];
}
