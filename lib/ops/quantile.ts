import { autocasting, inFloat32 } from '../autocast-policy.js';
import { clampMin } from './clamp.js';
import { checkChoice, checkFlag, checkNumber, checkOptions, checkTensor, wrapDim } from '../check.js';
import { isFloat } from '../dtype.js';
import { DTypeError, ShapeError, ValueError } from '../errors.js';
import { scoped } from '../scope.js';
import type { Tensor } from '../tensor.js';
import { add, lt, mul, sub, where } from './binary.js';
import { detach, to } from './convert.js';
import { full } from './creation.js';
import { gather } from './indexing.js';
import { sum } from './reduction.js';
import { sort } from './sorting.js';
import { any } from './truth.js';
import { ceil, floor, isnan, logicalNot, round } from './unary.js';
import { expand, flatten, permute, reshape, transpose } from './view.js';
import { within } from './within.js';

export interface QuantileOptions {
  /** Default: all elements as one row. */
  dim?: number;
  /** Keep the dim with size 1. Default false. */
  keepdim?: boolean;
  /** What is between two elements. Default 'linear'. */
  interpolation?: 'linear' | 'lower' | 'higher' | 'midpoint' | 'nearest';
}

const interpolations = ['linear', 'lower', 'higher', 'midpoint', 'nearest'] as const;

/**
 * The q-quantiles: the element q (N - 1) places from the smallest, and between two places what `interpolation` says. NaN where
 * a row has one.
 *
 * q: a number in [0, 1], or a tensor [Q] of the dtype of x, whose dim comes first in the result. Floats only.
 * @throws DTypeError for integers and bool.
 * @throws ValueError for q outside of [0, 1].
 * @example
 * import { quantile, tensor } from 'lanegrad';
 * quantile(tensor([4.5, 1, 2, 3]), 0.5).item(); // => 2.5
 * quantile(tensor([4.5, 1, 2, 3]), tensor([0.5, 0.75])).tolist(); // => [2.5, 3.375]
 */
export function quantile(x: Tensor, q: Tensor | number, options?: QuantileOptions): Tensor {
  return quantiles('quantile', x, q, options, false);
}

/**
 * The {@link quantile}s of the elements that are not NaN; NaN where there are none.
 *
 * @example
 * import { nanquantile, tensor } from 'lanegrad';
 * nanquantile(tensor([4.5, NaN, 1, 2]), 0.5).item(); // => 2
 */
export function nanquantile(x: Tensor, q: Tensor | number, options?: QuantileOptions): Tensor {
  return quantiles('nanquantile', x, q, options, true);
}

function quantiles(
  op: 'nanquantile' | 'quantile',
  x: Tensor,
  q: Tensor | number,
  options: QuantileOptions = {},
  skipNaN: boolean,
): Tensor {
  if (autocasting()) return inFloat32(quantiles, op, x, q, options, skipNaN);
  checkTensor(op, 'x', x);
  checkOptions(op, options);
  if (!isFloat(x.dtype)) throw new DTypeError(`[${op}] x: got ${x.dtype}, wanted a floating dtype; cast it`);
  if (x.numel() === 0) throw new ShapeError(`[${op}] x: got no elements`);
  const { dim, interpolation = 'linear' } = options;
  checkChoice(op, 'interpolation', interpolation, interpolations);
  const keepdim = checkFlag(op, 'keepdim', options.keepdim);
  return scoped(() => {
    const points = checkPoints(op, q, x);
    const at = dim === undefined ? 0 : wrapDim(op, dim, x.shape.length);
    const rows = dim === undefined || x.shape.length === 0 ? flatten(x) : transpose(x, at, -1);
    const picked = pick(rows, flatten(points), interpolation, skipNaN);
    // [..., Q], the dim last: Q comes first, and the dim back where it was, as 1 or not at all.
    const batch = rows.shape.slice(0, -1);
    const back = permute(picked, [batch.length, ...batch.map((_, i) => i)]);
    const open = reshape(back, [...back.shape, 1]);
    const placed = dim === undefined ? open : transpose(open, at + 1, -1);
    const kept = dim === undefined ? x.shape.map(() => 1) : placed.shape.slice(1);
    if (x.shape.length > 0 && dim !== undefined && !keepdim) kept.splice(at, 1);
    const sizes = keepdim || dim !== undefined ? (x.shape.length === 0 ? [] : kept) : [];
    return reshape(placed, points.shape.length === 0 ? sizes : [points.shape[0]!, ...sizes]);
  });
}

function checkPoints(op: 'nanquantile' | 'quantile', q: Tensor | number, x: Tensor): Tensor {
  if (typeof q === 'number') {
    checkNumber(op, 'q', q);
    if (!(q >= 0 && q <= 1)) throw new ValueError(`[${op}] q: got ${q}, wanted a number in [0, 1]`);
    return full([], q, { dtype: x.dtype });
  }
  checkTensor(op, 'q', q);
  if (q.dtype !== x.dtype)
    throw new DTypeError(`[${op}] q: got ${q.dtype}, wanted the dtype of x, ${x.dtype}`);
  if (q.shape.length > 1)
    throw new ShapeError(`[${op}] q: got [${q.shape.join(', ')}], wanted at most 1 dim`);
  return within(op, q, 0, 1, false);
}

/** Of rows [..., N] at points [Q]: [..., Q]. */
function pick(
  rows: Tensor,
  points: Tensor,
  interpolation: NonNullable<QuantileOptions['interpolation']>,
  skipNaN: boolean,
): Tensor {
  const { values } = sort(rows);
  const last = rows.shape.at(-1)! - 1;
  const missing = isnan(detach(rows));
  const shape = [...rows.shape.slice(0, -1), points.shape[0]!];
  // How far from the smallest. NaNs are sorted last: to point at the last element gives one.
  const ends = skipNaN
    ? clampMin(sub(sum(logicalNot(missing), { dim: -1, keepdim: true }), 1), 0)
    : full([1], last, { dtype: 'int64' });
  const free = expand(mul(points, to(ends, rows.dtype)), shape);
  const ranks = skipNaN ? free : where(any(missing, { dim: -1, keepdim: true }), last, free);
  const take = (at: Tensor): Tensor => gather(values, -1, to(at, 'int64'));
  if (interpolation === 'lower') return take(floor(ranks));
  if (interpolation === 'higher') return take(ceil(ranks));
  if (interpolation === 'nearest') return take(round(ranks));
  const below = floor(ranks);
  const low = take(below);
  const high = take(ceil(ranks));
  if (interpolation === 'midpoint') return mix(low, high, full([], 0.5, { dtype: rows.dtype }));
  return mix(low, high, sub(ranks, below));
}

/** low + weight (high - low), from the nearer end. */
function mix(low: Tensor, high: Tensor, weight: Tensor): Tensor {
  const step = sub(high, low);
  return where(lt(weight, 0.5), add(low, mul(step, weight)), sub(high, mul(step, sub(1, weight))));
}
