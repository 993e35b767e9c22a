import { backend } from '../backend/current.js';
import {
  checkFlag,
  checkInt,
  checkInts,
  checkOptions,
  checkRange,
  checkTensor,
  noAttrs,
  wrapDims,
} from '../check.js';
import { isFloat, type DType } from '../dtype.js';
import { scoped } from '../scope.js';
import type { Tensor } from '../tensor.js';
import { add, eq, sub, where } from './binary.js';
import { runComposite1 } from './composite.js';
import { detach, to } from './convert.js';
import { abs, exp, log } from './unary.js';
import { squeeze } from './view.js';

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

interface ReduceAttrs {
  readonly dims: readonly number[];
  readonly keepdim: boolean;
}

const allDims: ReduceAttrs = Object.freeze({ dims: [], keepdim: false });
const allDimsKept: ReduceAttrs = Object.freeze({ dims: [], keepdim: true });

function reduceAttrs(op: string, options: ReduceOptions | undefined): ReduceAttrs {
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
  checkTensor('sum', 'x', x);
  const attrs = reduceAttrs('sum', options);
  if (options?.dtype === undefined || options.dtype === x.dtype) return backend.run1('sum', [x], attrs);
  const { dtype } = options;
  return scoped(() => backend.run1('sum', [to(x, dtype)], attrs));
}

/**
 * The arithmetic mean. Floats only; of no elements: NaN.
 *
 * @throws DTypeError for integers and bool: cast first.
 * @example
 * import { mean, tensor } from 'lanegrad';
 * mean(tensor([[1.5, 2.5], [3.5, 4.5]]), { dim: 1, keepdim: true }).tolist(); // => [[2], [4]]
 */
export function mean(x: Tensor, options?: ReduceOptions): Tensor {
  checkTensor('mean', 'x', x);
  return backend.run1('mean', [x], reduceAttrs('mean', options));
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

/** The smallest elements over dims; NaN wins. See {@link amax}. */
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
  if ('dtype' in second) {
    checkTensor(op, 'other', second);
    return backend.run1(op === 'max' ? 'maximum' : 'minimum', [x, second], noAttrs);
  }
  checkOptions(op, second);
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

/** The index of the smallest element. See {@link argmax}. */
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
  checkRange(op, 'correction', correction, 0, Number.MAX_VALUE);
  return runComposite1('var', [x], { dims, keepdim, correction });
}

/**
 * Whether any element is nonzero. Gives bool.
 *
 * @example
 * import { any, tensor } from 'lanegrad';
 * any(tensor([0, 2])).item(); // => true
 */
export function any(x: Tensor, options?: ReduceOptions): Tensor<'bool'> {
  return truth('any', x, options);
}

/**
 * Whether all elements are nonzero; of none: true. Gives bool.
 *
 * @example
 * import { all, tensor } from 'lanegrad';
 * all(tensor([0, 2])).item(); // => false
 */
export function all(x: Tensor, options?: ReduceOptions): Tensor<'bool'> {
  return truth('all', x, options);
}

// By counting, since an extremum over nothing is an error.
function truth(op: 'any' | 'all', x: Tensor, options: ReduceOptions | undefined): Tensor<'bool'> {
  checkTensor(op, 'x', x);
  const attrs = reduceAttrs(op, options);
  return scoped(() => {
    const hits = backend.run1('ne', [x, 0], noAttrs);
    if (op === 'any')
      return backend.run1('ne', [backend.run1('sum', [hits], attrs), 0], noAttrs) as Tensor<'bool'>;
    const misses = backend.run1('logicalNot', [hits], noAttrs);
    return backend.run1('eq', [backend.run1('sum', [misses], attrs), 0], noAttrs) as Tensor<'bool'>;
  });
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
 * logsumexp(tensor([[1000.0, 1000.0]]), { dim: 1 }).tolist(); // => [1000.6931...]
 */
export function logsumexp(x: Tensor, options: LogsumexpOptions): Tensor {
  checkTensor('logsumexp', 'x', x);
  checkOptions('logsumexp', options);
  const dim = wrapDims('logsumexp', options.dim, x.shape.length);
  const keepdim = checkFlag('logsumexp', 'keepdim', options.keepdim);
  return scoped(() => {
    const terms = isFloat(x.dtype) ? x : to(x, 'float32');
    if (x.numel() === 0) return log(sum(exp(terms), { dim, keepdim }));
    // Any m gives the same result and gradient, so none flows through it. An infinite one would give Infinity - Infinity.
    const largest = amax(detach(terms), { dim, keepdim: true });
    const shift = where(eq(abs(largest), Infinity), 0, largest);
    const logarithm = log(sum(exp(sub(terms, shift)), { dim, keepdim }));
    return add(logarithm, keepdim ? shift : squeeze(shift, dim));
  });
}

/**
 * Whether all elements agree: |a - b| <= atol + rtol |b|. NaN differs from everything, unless `equalNan` is set.
 *
 * @throws ShapeError if the shapes do not broadcast.
 * @example
 * import { allclose, tensor } from 'lanegrad';
 * allclose(tensor([1.0]), tensor([1.0000001])); // => true
 */
export function allclose(
  a: Tensor,
  b: Tensor,
  options: { atol?: number; rtol?: number; equalNan?: boolean } = {},
): boolean {
  checkTensor('allclose', 'a', a);
  checkTensor('allclose', 'b', b);
  checkOptions('allclose', options);
  const { atol = 1e-8, rtol = 1e-5 } = options;
  checkRange('allclose', 'atol', atol, 0, Infinity);
  checkRange('allclose', 'rtol', rtol, 0, Infinity);
  const equalNan = checkFlag('allclose', 'equalNan', options.equalNan);
  const former = backend.setGradMode(false);
  try {
    return scoped(() => {
      const left = to(a, 'float64');
      const right = to(b, 'float64');
      const same = backend.run1('eq', [left, right], noAttrs);
      const distance = backend.run1('abs', [backend.run1('sub', [left, right], noAttrs)], noAttrs);
      const scaled = backend.run1('mul', [backend.run1('abs', [right], noAttrs), rtol], noAttrs);
      const near = backend.run1('le', [distance, backend.run1('add', [scaled, atol], noAttrs)], noAttrs);
      // An infinity is near its equal only; the tolerance around one is infinite.
      const finite = backend.run1('lt', [distance, Infinity], noAttrs);
      let close = backend.run1('add', [same, backend.run1('mul', [near, finite], noAttrs)], noAttrs);
      if (equalNan) {
        const bothNaN = [left, right].map((x) => backend.run1('isnan', [x], noAttrs));
        close = backend.run1('add', [close, backend.run1('mul', bothNaN, noAttrs)], noAttrs);
      }
      return truth('all', close, undefined).item();
    });
  } finally {
    backend.setGradMode(former);
  }
}

/** Whether two tensors have the same shape and the same values. */
export function equal(a: Tensor, b: Tensor): boolean {
  checkTensor('equal', 'a', a);
  checkTensor('equal', 'b', b);
  const left = a.shape;
  const right = b.shape;
  if (left.length !== right.length || left.some((size, i) => size !== right[i])) return false;
  return scoped(() => truth('all', backend.run1('eq', [a, b], noAttrs), undefined).item());
}
