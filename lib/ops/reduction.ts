import { Handle } from '../backend/backend.js';
import { backend } from '../backend/current.js';
import {
  checkFlag,
  checkInt,
  checkInts,
  checkOptions,
  checkRange,
  checkTensor,
  checkDType,
  noAttrs,
  wrapDims,
} from '../check.js';
import { isFloat, type DType } from '../dtype.js';
import { DTypeError } from '../errors.js';
import { scoped } from '../scope.js';
import type { Tensor } from '../tensor.js';
import { runComposite1 } from './composite.js';
import { to } from './convert.js';

// Functions that reduce dims. Without `dim` they reduce all of them.

export interface ReduceOptions {
  /** The dim or dims to reduce; negative ones count from the end. Default: all. */
  dim?: number | readonly number[];
  /** Keep reduced dims with size 1. Default false. */
  keepdim?: boolean;
}

export interface DimOptions {
  /** The dim to reduce; negative counts from the end. Default: all, as one row-major row. */
  dim?: number;
  /** Keep the reduced dim with size 1. Default false. */
  keepdim?: boolean;
}

export interface SumOptions extends ReduceOptions {
  /** Cast to this dtype first. */
  dtype?: DType;
}

export interface VarOptions extends ReduceOptions {
  /** The divisor is the number of elements less this. Default 1. */
  correction?: number;
}

/** The extremum of each row and where it is. */
export interface ValuesAndIndices {
  /** In the dtype of x. */
  readonly values: Tensor;
  /** int64. */
  readonly indices: Tensor<'int64'>;
}

export interface LogsumexpOptions {
  /** The dim or dims to reduce; negative ones count from the end. */
  dim: number | readonly number[];
  /** Keep reduced dims with size 1. Default false. */
  keepdim?: boolean;
}

/** @internal */
export interface ReduceAttrs {
  readonly dims: readonly number[];
  readonly keepdim: boolean;
}

const allDims: ReduceAttrs = Object.freeze({ dims: [], keepdim: false });
const allDimsKept: ReduceAttrs = Object.freeze({ dims: [], keepdim: true });

const reduceNames = ['dim', 'keepdim'];

/** @internal */
export function reduceAttrs(op: string, options: ReduceOptions | undefined): ReduceAttrs {
  if (options === undefined) return allDims;
  checkOptions(op, options);
  const { dim } = options;
  const keepdim = checkFlag(op, 'keepdim', options.keepdim);
  if (dim === undefined) return keepdim ? allDimsKept : allDims;
  if (typeof dim === 'number') {
    checkInt(op, 'dim', dim);
    return { dims: [dim], keepdim };
  }
  checkInts(op, 'dim', dim);
  return { dims: dim, keepdim };
}

/**
 * The sum of elements. Integers and bool give int64, floats their own dtype; a float32 sum's relative error grows with the
 * logarithm of the count.
 *
 * @throws IndexError for a dim out of range.
 * @throws ValueError for a repeated dim.
 * @example
 * import { sum, tensor } from 'lanegrad';
 * sum(tensor([[1, 2], [3, 4]]), { dim: 0 }).tolist(); // => [4, 6]
 */
export function sum(x: Tensor, options?: SumOptions): Tensor {
  return folded('sum', x, reduceAttrs('sum', options), options?.dtype);
}

/** Casts, folds, and casts back where the fold widened: an int32 sum that was asked for is an int32. */
function folded(op: 'prod' | 'sum', x: Tensor, attrs: ReduceAttrs, dtype: DType | undefined): Tensor {
  checkTensor(op, 'x', x);
  if (dtype === undefined) return backend.run1(op, [x], attrs);
  checkDType(op, dtype);
  return scoped(() => to(backend.run1(op, [to(x, dtype)], attrs), dtype));
}

export interface ProdOptions extends DimOptions {
  /** Cast to this dtype first. */
  dtype?: DType;
}

/**
 * The product of elements along one dim, or of all. Integers and bool give int64, floats their own dtype. Zeros have the
 * gradient that they should: the product of the others.
 *
 * @throws IndexError for a dim out of range.
 * @example
 * import { prod, tensor } from 'lanegrad';
 * prod(tensor([[1, 2], [3, 4]]), { dim: 1 }).tolist(); // => [2, 12]
 */
export function prod(x: Tensor, options: ProdOptions = {}): Tensor {
  checkTensor('prod', 'x', x);
  return folded('prod', x, reduceAttrs('prod', options), options.dtype);
}

/**
 * The arithmetic mean. Floats only; of no elements: NaN.
 *
 * @throws DTypeError for integers and bool: cast first.
 * @example
 * import { mean, tensor } from 'lanegrad';
 * mean(tensor([[1.5, 2.5], [3.5, 4.5]]), { dim: 1, keepdim: true }).tolist(); // => [[2], [4]]
 */
export function mean(x: Tensor, options?: SumOptions): Tensor {
  checkTensor('mean', 'x', x);
  const attrs = reduceAttrs('mean', options);
  const { dtype } = options ?? {};
  return dtype === undefined
    ? backend.run1('mean', [x], attrs)
    : scoped(() => backend.run1('mean', [to(x, dtype)], attrs));
}

/**
 * The largest elements over dims; NaN wins. The gradient is shared evenly among ties.
 *
 * @throws ShapeError or IndexError if a reduced dim has size 0.
 * @example
 * import { amax, tensor } from 'lanegrad';
 * amax(tensor([[1, 7], [5, 3]]), { dim: 1 }).tolist(); // => [7, 5]
 */
export function amax(x: Tensor, options?: ReduceOptions): Tensor {
  checkTensor('amax', 'x', x);
  return backend.run1('amax', [x], reduceAttrs('amax', options));
}

/**
 * The smallest elements over dims; NaN wins. See {@link amax}.
 *
 * @example
 * import { amin, tensor } from 'lanegrad';
 * amin(tensor([[1, 7], [5, 3]]), { dim: 1 }).tolist(); // => [1, 3]
 */
export function amin(x: Tensor, options?: ReduceOptions): Tensor {
  checkTensor('amin', 'x', x);
  return backend.run1('amin', [x], reduceAttrs('amin', options));
}

/**
 * The largest element; with a tensor, the larger of each pair ({@link maximum}); with `dim`, the largest of each row and
 * the index of its first occurrence, where the gradient goes. NaN counts as largest.
 *
 * @throws ShapeError or IndexError if the reduced dim has size 0.
 * @example
 * import { max, tensor } from 'lanegrad';
 * const x = tensor([[1, 7], [5, 3]]);
 * max(x).item(); // => 7
 * max(x, { dim: 0 }).values.tolist(); // => [5, 7]
 * max(x, { dim: 0 }).indices.tolist(); // => [1, 0]
 */
export function max(x: Tensor, options: DimOptions & { dim: number }): ValuesAndIndices;
export function max(x: Tensor, other?: Tensor): Tensor;
export function max(x: Tensor, second?: Tensor | (DimOptions & { dim: number })): Tensor | ValuesAndIndices {
  return extremum('max', x, second);
}

/**
 * The smallest element; with a tensor, the smaller of each pair ({@link minimum}); with `dim`, the smallest of each row and
 * its index. See {@link max}.
 *
 * @example
 * import { min, tensor } from 'lanegrad';
 * const x = tensor([[1, 7], [5, 3]]);
 * min(x).item(); // => 1
 * min(x, { dim: 1 }).values.tolist(); // => [1, 3]
 * min(x, { dim: 1 }).indices.tolist(); // => [0, 1]
 */
export function min(x: Tensor, options: DimOptions & { dim: number }): ValuesAndIndices;
export function min(x: Tensor, other?: Tensor): Tensor;
export function min(x: Tensor, second?: Tensor | (DimOptions & { dim: number })): Tensor | ValuesAndIndices {
  return extremum('min', x, second);
}

function extremum(
  op: 'max' | 'min',
  x: Tensor,
  second: Tensor | (DimOptions & { dim: number }) | undefined,
): Tensor | ValuesAndIndices {
  checkTensor(op, 'x', x);
  if (second === undefined) return backend.run1(op === 'max' ? 'amax' : 'amin', [x], allDims);
  if (typeof second !== 'object' || second === null || Handle.is(second)) {
    const given: unknown = second;
    if (typeof given === 'number')
      throw new DTypeError(
        `[${op}] other: got ${given}, wanted a tensor, or { dim: ${given} } for a dim of x`,
      );
    checkTensor(op, 'other', second);
    return backend.run1(op === 'max' ? 'maximum' : 'minimum', [x, second], noAttrs);
  }
  checkOptions(op, second, reduceNames);
  checkInt(op, 'dim', second.dim);
  const keepdim = checkFlag(op, 'keepdim', second.keepdim);
  const [values, indices] = backend.run(op === 'max' ? 'maxDim' : 'minDim', [x], {
    dim: second.dim,
    keepdim,
  });
  return { values: values!, indices: indices as Tensor<'int64'> };
}

/**
 * The index of the largest element: of each row along `dim`, or in the row-major order of all. The first of equals; the
 * first NaN if there is one. int64.
 *
 * @throws ShapeError or IndexError if the reduced dim has size 0.
 * @example
 * import { argmax, tensor } from 'lanegrad';
 * argmax(tensor([[1, 7], [5, 3]]), { dim: 1 }).tolist(); // => [1, 0]
 */
export function argmax(x: Tensor, options?: DimOptions): Tensor<'int64'> {
  return position('argmax', x, options);
}

/**
 * The index of the smallest element. See {@link argmax}.
 *
 * @example
 * import { argmin, tensor } from 'lanegrad';
 * argmin(tensor([[4, 1], [5, 9]]), { dim: 1 }).tolist(); // => [1, 0]
 */
export function argmin(x: Tensor, options?: DimOptions): Tensor<'int64'> {
  return position('argmin', x, options);
}

function position(op: 'argmax' | 'argmin', x: Tensor, options: DimOptions = {}): Tensor<'int64'> {
  checkTensor(op, 'x', x);
  checkOptions(op, options);
  const { dim } = options;
  const keepdim = checkFlag(op, 'keepdim', options.keepdim);
  if (dim !== undefined) {
    checkInt(op, 'dim', dim);
    return backend.run1(op, [x], { dim, keepdim }) as Tensor<'int64'>;
  }
  return scoped(() => {
    const row = backend.run1('reshape', [x], { shape: [-1], strict: false });
    const result = backend.run1(op, [row], { dim: 0, keepdim: false });
    if (!keepdim) return result as Tensor<'int64'>;
    return backend.run1('reshape', [result], {
      shape: x.shape.map(() => 1),
      strict: false,
    }) as Tensor<'int64'>;
  });
}

/**
 * The variance, sum((x - mean)^2) / max(0, n - correction), in two passes. Floats only.
 *
 * @throws DTypeError for integers and bool.
 * @example
 * import { tensor, variance } from 'lanegrad';
 * variance(tensor([1.5, 2.5, 3.5])).item(); // => 1
 */
export function variance(x: Tensor, options: VarOptions = {}): Tensor {
  return varOf('var', x, options);
}

/**
 * The standard deviation, the root of the {@link variance}.
 *
 * @example
 * import { std, tensor } from 'lanegrad';
 * std(tensor([1.5, 3.5, 5.5])).item(); // => 2
 */
export function std(x: Tensor, options: VarOptions = {}): Tensor {
  return scoped(() => backend.run1('sqrt', [varOf('std', x, options)], noAttrs));
}

function varOf(op: string, x: Tensor, options: VarOptions): Tensor {
  checkTensor(op, 'x', x);
  const { dims, keepdim } = reduceAttrs(op, options);
  const { correction = 1 } = options;
  checkRange(op, 'correction', correction, -Number.MAX_VALUE, Number.MAX_VALUE);
  return runComposite1('var', [x], { dims, keepdim, correction });
}

export interface SoftmaxOptions {
  /** Cast to this dtype first. */
  dtype?: DType;
}

/**
 * The probabilities e^x / sum(e^x) along `dim`, computed stably.
 *
 * @throws IndexError for a dim out of range.
 * @example
 * import { softmax, tensor } from 'lanegrad';
 * softmax(tensor([0.0, 0.0]), 0).tolist(); // => [0.5, 0.5]
 */
export function softmax(x: Tensor, dim: number, options?: SoftmaxOptions): Tensor {
  checkTensor('softmax', 'x', x);
  if (options !== undefined) checkOptions('softmax', options);
  checkInt('softmax', 'dim', dim);
  const dtype = options?.dtype;
  if (dtype !== undefined && dtype !== x.dtype) {
    return scoped(() => backend.run1('softmax', [to(x, dtype)], { dim }));
  }
  return backend.run1('softmax', [x], { dim });
}

/**
 * The logarithm of {@link softmax}, computed stably.
 *
 * @throws IndexError for a dim out of range.
 * @example
 * import { logSoftmax, tensor } from 'lanegrad';
 * logSoftmax(tensor([[3.0]]), 1).tolist(); // => [[0]]
 */
export function logSoftmax(x: Tensor, dim: number, options?: SoftmaxOptions): Tensor {
  checkTensor('logSoftmax', 'x', x);
  if (options !== undefined) checkOptions('logSoftmax', options);
  checkInt('logSoftmax', 'dim', dim);
  const dtype = options?.dtype;
  if (dtype !== undefined && dtype !== x.dtype) {
    return scoped(() => backend.run1('logSoftmax', [to(x, dtype)], { dim }));
  }
  return backend.run1('logSoftmax', [x], { dim });
}

/**
 * log(Σ e^x) over dims, as m + log(Σ e^(x - m)) with m = max x, which cannot overflow. Of a row of -Infinity, or of
 * nothing: -Infinity; of a row with Infinity: Infinity. Integers and bool give float32.
 *
 * @throws IndexError for a dim out of range.
 * @throws ValueError for a repeated dim.
 * @example
 * import { logsumexp, tensor } from 'lanegrad';
 * logsumexp(tensor([[1000, 1000]]), { dim: 1 }).tolist(); // => [1000.6932]
 */
export function logsumexp(x: Tensor, options: LogsumexpOptions): Tensor {
  checkTensor('logsumexp', 'x', x);
  checkOptions('logsumexp', options);
  const dim = wrapDims('logsumexp', options.dim, x.shape.length);
  const keepdim = checkFlag('logsumexp', 'keepdim', options.keepdim);
  return scoped(() => {
    const terms = isFloat(x.dtype) ? x : to(x, 'float32');
    return runComposite1('logsumexp', [terms], { dims: dim, keepdim });
  });
}
