import { backend } from '../backend/current.js';
import { checkDType, checkInt, checkNumber, checkOptions, checkTensor, wrapDim } from '../check.js';
import type { DType } from '../dtype.js';
import { ShapeError, ValueError } from '../errors.js';
import { scoped } from '../scope.js';
import type { Tensor } from '../tensor.js';
import { add, div, mul, ne, sub } from './binary.js';
import { to } from './convert.js';
import { cat } from './join.js';
import { sum, type ValuesAndIndices } from './reduction.js';
import { narrow, reshape } from './view.js';

// Running folds: out[j] is of x[0] to x[j] along a dim; and differences and integrals along a dim.

export interface CumulativeOptions {
  /** Cast to this dtype first. Default: int64 for integers and bool, else that of x. */
  dtype?: DType;
}

/**
 * The running sum along `dim`: out[j] = x[0] + ... + x[j], of the shape of x. Integers and bool give int64. Floats are
 * added up in float64.
 *
 * @throws IndexError for a dim out of range.
 * @example
 * import { cumsum, tensor } from 'lanegrad';
 * cumsum(tensor([[1, 2, 3], [4, 5, 6]]), 1).tolist(); // => [[1, 3, 6], [4, 9, 15]]
 */
export function cumsum(x: Tensor, dim: number, options?: CumulativeOptions): Tensor {
  return running('cumsum', x, dim, options);
}

/**
 * The running product along `dim`: out[j] = x[0] ... x[j]. Integers and bool give int64. Zeros have the gradient that they
 * should.
 *
 * @throws IndexError for a dim out of range.
 * @example
 * import { cumprod, tensor } from 'lanegrad';
 * cumprod(tensor([1, 2, 3, 4]), 0).tolist(); // => [1, 2, 6, 24]
 */
export function cumprod(x: Tensor, dim: number, options?: CumulativeOptions): Tensor {
  return running('cumprod', x, dim, options);
}

function running(op: 'cumprod' | 'cumsum', x: Tensor, dim: number, options: CumulativeOptions = {}): Tensor {
  checkTensor(op, 'x', x);
  checkInt(op, 'dim', dim);
  checkOptions(op, options);
  const { dtype } = options;
  if (dtype === undefined) return backend.run1(op, [x], { dim, reverse: false });
  checkDType(op, dtype);
  return scoped(() => to(backend.run1(op, [to(x, dtype)], { dim, reverse: false }), dtype));
}

/**
 * log of the running sum of e^x along `dim`, computed stably. Floats only.
 *
 * @throws IndexError for a dim out of range.
 * @throws DTypeError for integers and bool.
 * @example
 * import { logcumsumexp, tensor } from 'lanegrad';
 * logcumsumexp(tensor([0.5, 0.5]), 0).tolist(); // => [0.5, 1.19315]
 */
export function logcumsumexp(x: Tensor, dim: number): Tensor {
  checkTensor('logcumsumexp', 'x', x);
  checkInt('logcumsumexp', 'dim', dim);
  return backend.run1('logcumsumexp', [x], { dim, reverse: false });
}

/**
 * The running maximum along `dim` and where it stands: the last of equals. A NaN stays from where it comes.
 *
 * @throws IndexError for a dim out of range.
 * @example
 * import { cummax, tensor } from 'lanegrad';
 * cummax(tensor([1, 3, 2, 3]), 0).values.tolist(); // => [1, 3, 3, 3]
 * cummax(tensor([1, 3, 2, 3]), 0).indices.tolist(); // => [0, 1, 1, 3]
 */
export function cummax(x: Tensor, dim: number): ValuesAndIndices {
  return runningExtremum('cummax', x, dim);
}

/**
 * The running minimum along `dim` and where it stands. See {@link cummax}.
 *
 * @throws IndexError for a dim out of range.
 * @example
 * import { cummin, tensor } from 'lanegrad';
 * const { values, indices } = cummin(tensor([3, 1, 2, 1]), 0);
 * values.tolist(); // => [3, 1, 1, 1]
 * indices.tolist(); // => [0, 1, 1, 3]
 */
export function cummin(x: Tensor, dim: number): ValuesAndIndices {
  return runningExtremum('cummin', x, dim);
}

function runningExtremum(op: 'cummax' | 'cummin', x: Tensor, dim: number): ValuesAndIndices {
  checkTensor(op, 'x', x);
  checkInt(op, 'dim', dim);
  const [values, indices] = backend.run(op, [x], { dim });
  return { values: values!, indices: indices as Tensor<'int64'> };
}

export interface DiffOptions {
  /** How often differences are taken. Default 1. */
  n?: number;
  /** Default -1. */
  dim?: number;
  /** Put before x along `dim` first. */
  prepend?: Tensor;
  /** Put behind x along `dim` first. */
  append?: Tensor;
}

/**
 * The n-th differences of neighbours along a dim: x[j + 1] - x[j], n times. Of bool: whether they differ. One element less
 * along the dim each time.
 *
 * x: [..., N, ...]; gives [..., max(N - n, 0), ...].
 * @throws ShapeError for a 0-dim tensor.
 * @throws ValueError for a negative n.
 * @example
 * import { diff, tensor } from 'lanegrad';
 * diff(tensor([1, 4, 9, 16])).tolist(); // => [3, 5, 7]
 * diff(tensor([1, 4, 9, 16]), { n: 2 }).tolist(); // => [2, 2]
 */
export function diff(x: Tensor, options: DiffOptions = {}): Tensor {
  checkTensor('diff', 'x', x);
  checkOptions('diff', options);
  const { n = 1, dim = -1, prepend, append } = options;
  checkInt('diff', 'n', n);
  if (n < 0) throw new ValueError(`[diff] n: got ${n}, wanted 0 or more`);
  if (x.shape.length === 0) throw new ShapeError('[diff] x: got a 0-dim tensor, wanted at least 1 dim');
  const at = wrapDim('diff', dim, x.shape.length);
  return scoped(() => {
    const parts = [prepend, x, append].filter((part) => part !== undefined);
    let rest = parts.length > 1 ? cat(parts, at) : x;
    for (let i = Math.min(n, rest.shape[at]!); i > 0; --i) {
      const length = rest.shape[at]! - 1;
      const later = narrow(rest, at, 1, length);
      const earlier = narrow(rest, at, 0, length);
      rest = rest.dtype === 'bool' ? ne(later, earlier) : sub(later, earlier);
    }
    return rest;
  });
}

export interface TrapezoidOptions {
  /** Where the samples are: one row for all, or of the shape of y. */
  x?: Tensor;
  /** The distance of samples where x is not given. Default 1. */
  dx?: number;
  /** Default -1. */
  dim?: number;
}

/** The areas of the trapezoids between neighbours along a dim. */
function trapezoids(op: string, y: Tensor, options: TrapezoidOptions): { areas: Tensor; at: number } {
  checkTensor(op, 'y', y);
  checkOptions(op, options);
  const { x, dx = 1, dim = -1 } = options;
  checkNumber(op, 'dx', dx);
  const at = wrapDim(op, dim, y.shape.length);
  if (y.shape.length === 0) throw new ShapeError(`[${op}] y: got a 0-dim tensor, wanted at least 1 dim`);
  const n = y.shape[at]!;
  const pairs = Math.max(n - 1, 0);
  const first = narrow(y, at, 0, pairs);
  const second = narrow(y, at, Math.min(1, n), pairs);
  const sums = add(first, second);
  if (x === undefined) return { areas: div(mul(sums, dx), 2), at };
  checkTensor(op, 'x', x);
  // A row lies along `dim`; fewer dims are the last ones.
  const rank = y.shape.length;
  const row = x.shape.length === 1 && rank > 1;
  const open = row
    ? y.shape.map((_, d) => (d === at ? x.shape[0]! : 1))
    : [...y.shape.slice(0, rank - x.shape.length).fill(1), ...x.shape];
  const steps = open[at] === 1 && n !== 1 ? undefined : diff(reshape(x, open), { dim: at });
  if (steps === undefined)
    throw new ShapeError(`[${op}] x: got [${x.shape.join(', ')}] for ${n} samples along dim ${at}`);
  return { areas: div(mul(sums, steps), 2), at };
}

/**
 * The integral of samples y along a dim by the trapezoidal rule: Σ (y[j] + y[j + 1]) (x[j + 1] - x[j]) / 2.
 *
 * @throws IndexError for a dim out of range.
 * @throws ShapeError if x does not fit y.
 * @example
 * import { tensor, trapezoid } from 'lanegrad';
 * trapezoid(tensor([1, 5, 10])).item(); // => 10.5
 * trapezoid(tensor([1, 5, 10]), { x: tensor([1, 3, 6]) }).item(); // => 28.5
 */
export function trapezoid(y: Tensor, options: TrapezoidOptions = {}): Tensor {
  return scoped(() => {
    const { areas, at } = trapezoids('trapezoid', y, options);
    return sum(areas, { dim: at });
  });
}

/**
 * The integrals of y up to each sample but the first: the running sum of what {@link trapezoid} sums. PyTorch:
 * cumulative_trapezoid.
 *
 * @throws IndexError for a dim out of range.
 * @throws ShapeError if x does not fit y.
 * @example
 * import { cumulativeTrapezoid, tensor } from 'lanegrad';
 * cumulativeTrapezoid(tensor([1, 5, 10])).tolist(); // => [3, 10.5]
 */
export function cumulativeTrapezoid(y: Tensor, options: TrapezoidOptions = {}): Tensor {
  return scoped(() => {
    const { areas, at } = trapezoids('cumulativeTrapezoid', y, options);
    return cumsum(areas, at);
  });
}
