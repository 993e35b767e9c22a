import { backend } from '../backend/current.js';
import { checkFlag, checkInt, checkNumber, checkOptions, checkTensor, wrapDim } from '../check.js';
import { isFloat } from '../dtype.js';
import { DTypeError, ShapeError, ValueError } from '../errors.js';
import { noGrad } from '../grad-mode.js';
import { scoped } from '../scope.js';
import type { Tensor } from '../tensor.js';
import { div, eq, le, ge, mul, ne, sub, where } from './binary.js';
import { clampMax } from './clamp.js';
import { contiguous, detach, to } from './convert.js';
import { full, ones, zeros } from './creation.js';
import { linspace } from './ranges.js';
import { refuseGradient } from './refuse-gradient.js';
import { indexSelect, scatterAdd } from './indexing.js';
import { cat, unbind } from './join.js';
import { countNonzero } from './nan-reduction.js';
import { cumsum, diff } from './cumulative.js';
import { amax, amin, sum } from './reduction.js';
import { argsort, searchsorted, sort } from './sorting.js';
import { any } from './truth.js';
import { isnan } from './unary.js';
import { expand, flatten, narrow, permute, reshape } from './view.js';

// Functions whose result has a shape that depends on values. Each first counts, reads the count, and runs ops of known
// shapes with it: reading is what cannot be recorded, so no op needs to be an exception.

/**
 * The coordinates of the elements that are not 0, in row-major order. NaN is not 0.
 *
 * Gives int64 [K, rank], or with `asTuple` one [K] a dim.
 * @example
 * import { nonzero, tensor } from 'lanegrad';
 * nonzero(tensor([[0, 5], [7, 0]])).tolist(); // => [[0, 1], [1, 0]]
 * nonzero(tensor([0, 5, 7]), { asTuple: true })[0]?.tolist(); // => [1, 2]
 */
export function nonzero(x: Tensor, options: { asTuple: true }): Tensor<'int64'>[];
export function nonzero(x: Tensor, options?: { asTuple?: false }): Tensor<'int64'>;
export function nonzero(x: Tensor, options: { asTuple?: boolean } = {}): Tensor<'int64'> | Tensor<'int64'>[] {
  checkTensor('nonzero', 'x', x);
  checkOptions('nonzero', options);
  const asTuple = checkFlag('nonzero', 'asTuple', options.asTuple);
  return scoped(() => {
    // As PyTorch: a 0-dim tensor in a tuple counts as one of shape [1].
    const given = asTuple && x.shape.length === 0 ? reshape(x, [1]) : x;
    const places = coordinates(given);
    return asTuple ? (unbind(places, 1) as Tensor<'int64'>[]) : places;
  });
}

function coordinates(x: Tensor): Tensor<'int64'> {
  return backend.run1('nonzero', [x], { count: countNonzero(x).item() }) as Tensor<'int64'>;
}

/**
 * The coordinates of the elements that are not 0: {@link nonzero}.
 *
 * @example
 * import { argwhere, tensor } from 'lanegrad';
 * argwhere(tensor([[0, 5], [7, 0]])).tolist(); // => [[0, 1], [1, 0]]
 */
export function argwhere(x: Tensor): Tensor<'int64'> {
  checkTensor('argwhere', 'x', x);
  return scoped(() => coordinates(x));
}

export interface UniqueConsecutiveOptions {
  /** Give also, for each element of x, the place of its value. Default false. */
  returnInverse?: boolean;
  /** Give also how often each value stands there. Default false. */
  returnCounts?: boolean;
  /** Compare the slices along this dim. Default: the elements. */
  dim?: number;
}

export interface UniqueOptions extends UniqueConsecutiveOptions {
  /** In order. They are in any case. */
  sorted?: boolean;
}

/** `inverse` and `counts` are there if they were asked for. int64. */
export interface UniqueResult {
  /** The different elements, or slices. */
  readonly values: Tensor;
  /** For each element or slice of x, the place of its value. */
  readonly inverse?: Tensor<'int64'>;
  /** How often each value stands in x. */
  readonly counts?: Tensor<'int64'>;
}

type Asked = { returnInverse: true } | { returnCounts: true };

/**
 * The different elements of x in order, or its different slices along `dim` in lexicographic order. Every NaN differs from
 * every other.
 *
 * Gives values: [K], or with `dim` [..., K, ...]; on request an object with inverse: the shape of x, or [N] along `dim`;
 * counts: [K].
 * @throws IndexError for a dim out of range.
 * @example
 * import { tensor, unique } from 'lanegrad';
 * unique(tensor([3, 1, 3, 2])).tolist(); // => [1, 2, 3]
 * unique(tensor([3, 1, 3, 2]), { returnCounts: true }).counts?.tolist(); // => [1, 1, 2]
 */
export function unique(x: Tensor, options: UniqueOptions & Asked): UniqueResult;
export function unique(x: Tensor, options?: UniqueOptions): Tensor;
export function unique(x: Tensor, options: UniqueOptions = {}): Tensor | UniqueResult {
  checkFlag('unique', 'sorted', options.sorted);
  return distinct('unique', x, options, true);
}

/**
 * x without the elements, or slices along `dim`, that equal the one before. See {@link unique}. PyTorch: unique_consecutive.
 *
 * @throws AutogradError in backward if x requires a gradient.
 * @throws IndexError for a dim out of range.
 * @example
 * import { tensor, uniqueConsecutive } from 'lanegrad';
 * uniqueConsecutive(tensor([1, 1, 2, 2, 1])).tolist(); // => [1, 2, 1]
 */
export function uniqueConsecutive(x: Tensor, options: UniqueConsecutiveOptions & Asked): UniqueResult;
export function uniqueConsecutive(x: Tensor, options?: UniqueConsecutiveOptions): Tensor;
export function uniqueConsecutive(x: Tensor, options: UniqueConsecutiveOptions = {}): Tensor | UniqueResult {
  return distinct('uniqueConsecutive', x, options, false);
}

function distinct(
  op: string,
  x: Tensor,
  options: UniqueConsecutiveOptions,
  inOrder: boolean,
): Tensor | UniqueResult {
  checkTensor(op, 'x', x);
  checkOptions(op, options);
  const { dim } = options;
  const returnInverse = checkFlag(op, 'returnInverse', options.returnInverse);
  const returnCounts = checkFlag(op, 'returnCounts', options.returnCounts);
  const at = dim === undefined ? undefined : wrapDim(op, dim, x.shape.length);
  const found = noGrad(() =>
    scoped(() => {
      // [N] elements, or [N, M] slices.
      const order = at === undefined ? [] : [at, ...x.shape.map((_, d) => d).filter((d) => d !== at)];
      const moved = at === undefined || x.shape.length === 0 ? flatten(x) : permute(x, order);
      const rows = at === undefined ? contiguous(detach(moved)) : reshape(moved, [moved.shape[0]!, -1]);
      const places = inOrder ? orderOf(rows) : undefined;
      const lined = places ? indexSelect(rows, 0, places) : rows;
      const starts = startsOf(lined);
      const kept = reshape(coordinates(starts), [-1]);
      const picked = indexSelect(lined, 0, kept);
      const sizes = [kept.shape[0]!, ...moved.shape.slice(1)];
      const values =
        at === undefined || x.shape.length === 0
          ? picked
          : permute(
              reshape(picked, sizes),
              x.shape.map((_, d) => order.indexOf(d)),
            );
      const inverse = returnInverse && inverseOf(starts, places);
      return {
        values: contiguous(values),
        ...(inverse && { inverse: reshape(inverse, at === undefined ? x.shape : [-1]) as Tensor<'int64'> }),
        ...(returnCounts && { counts: countsOf(kept, rows.shape[0]!) }),
      };
    }),
  );
  const values = refuseGradient(op, 'x', 'which elements are equal is no smooth function', x, found.values);
  return returnInverse || returnCounts ? { ...found, values } : values;
}

/** What puts elements, or rows by their columns from the first on, in order. */
function orderOf(rows: Tensor): Tensor<'int64'> {
  if (rows.shape.length === 1) return argsort(rows);
  // From the last column to the first: a stable sort keeps the order of the later ones.
  let places = to(cumsum(ones([rows.shape[0]!], { dtype: 'int64' }), 0), 'int64');
  places = to(sub(places, 1), 'int64');
  for (let column = rows.shape[1]! - 1; column >= 0; --column) {
    const keys = indexSelect(reshape(narrow(rows, 1, column, 1), [-1]), 0, places);
    places = indexSelect(places, 0, sort(keys).indices) as Tensor<'int64'>;
  }
  return places;
}

/** Which elements or rows differ from the one before; the first does. */
function startsOf(lined: Tensor): Tensor {
  const n = lined.shape[0]!;
  if (n === 0) return zeros([0], { dtype: 'bool' });
  const changed = ne(narrow(lined, 0, 1, n - 1), narrow(lined, 0, 0, n - 1));
  const first = ones([1], { dtype: 'bool' });
  return cat([first, lined.shape.length === 1 ? changed : any(changed, { dim: 1 })], 0);
}

/** For each element the number of the run that it is in; `places` says where the elements were. */
function inverseOf(starts: Tensor, places: Tensor | undefined): Tensor {
  const runs = sub(cumsum(starts, 0), 1);
  if (!places) return runs;
  return scatterAdd(zeros([starts.shape[0]!], { dtype: 'int64' }), 0, places, runs);
}

function countsOf(kept: Tensor, n: number): Tensor<'int64'> {
  return diff(cat([kept, full([1], n, { dtype: 'int64' })], 0)) as Tensor<'int64'>;
}

export interface BincountOptions {
  /** What each element counts. Default 1. */
  weights?: Tensor;
  /** At least so many bins. Default 0. */
  minlength?: number;
}

/**
 * How often each of 0, 1, 2 ... stands in x, or the sum of its weights: as many bins as the largest element needs. int64; with
 * weights float32 if they are, else float64.
 *
 * x: [N] of integers; gives [max(max x + 1, minlength)].
 * @throws ValueError for a negative element.
 * @throws AutogradError in backward if weights require a gradient.
 * @throws DTypeError for floats.
 * @throws ShapeError if x is not 1-D, or weights differ in shape.
 * @example
 * import { bincount, tensor } from 'lanegrad';
 * bincount(tensor([0, 2, 2])).tolist(); // => [1, 0, 2]
 */
export function bincount(x: Tensor, options: BincountOptions = {}): Tensor {
  checkTensor('bincount', 'x', x);
  checkOptions('bincount', options);
  const { weights, minlength = 0 } = options;
  checkInt('bincount', 'minlength', minlength);
  if (minlength < 0) throw new ValueError(`[bincount] minlength: got ${minlength}, wanted 0 or more`);
  if (isFloat(x.dtype) || x.dtype === 'bool')
    throw new DTypeError(`[bincount] x: got ${x.dtype}, wanted integers`);
  if (x.shape.length !== 1 && x.numel() > 0)
    throw new ShapeError(`[bincount] x: got [${x.shape.join(', ')}], wanted 1 dim`);
  if (weights !== undefined) {
    checkTensor('bincount', 'weights', weights);
    if (String(weights.shape) !== String(x.shape)) {
      throw new ShapeError(
        `[bincount] weights: got [${weights.shape.join(', ')}] for x of [${x.shape.join(', ')}]`,
      );
    }
  }
  const counts = noGrad(() =>
    scoped(() => {
      const dtype = weights === undefined ? 'int64' : weights.dtype === 'float32' ? 'float32' : 'float64';
      if (x.numel() === 0) return zeros([minlength], { dtype: 'int64' });
      const places = to(x, 'int64');
      const least = amin(places).item();
      if (least < 0) throw new ValueError(`[bincount] x: got ${least}, wanted no negative element`);
      const bins = Math.max(amax(places).item() + 1, minlength);
      const counted =
        weights === undefined ? expand(full([1], 1, { dtype }), x.shape) : to(detach(weights), dtype);
      return scatterAdd(zeros([bins], { dtype }), 0, places, counted);
    }),
  );
  return refuseGradient('bincount', 'weights', 'only counts are computed', weights, counts);
}

export interface HistcOptions {
  /** Default 100. */
  bins?: number;
  /** Lower end of the range; with both ends 0, from the smallest to the largest element. Default 0. */
  min?: number;
  /** Upper end of the range. Default 0. */
  max?: number;
}

/**
 * How many elements fall into each of `bins` bins of equal width from min to max. Elements outside are left out; max belongs to
 * the last bin. Floats only; the result has the dtype of x.
 *
 * @throws DTypeError for integers and bool.
 * @throws ValueError if bins is not positive or max is below min.
 * @example
 * import { histc, tensor } from 'lanegrad';
 * histc(tensor([1.2, 2, 1]), { bins: 4, min: 0, max: 3 }).tolist(); // => [0, 2, 1, 0]
 */
export function histc(x: Tensor, options: HistcOptions = {}): Tensor {
  checkTensor('histc', 'x', x);
  checkOptions('histc', options);
  const { bins = 100, min = 0, max = 0 } = options;
  checkBins('histc', bins);
  checkNumber('histc', 'min', min);
  checkNumber('histc', 'max', max);
  if (!(max >= min)) throw new ValueError(`[histc] max: got ${max} with min ${min}`);
  if (!isFloat(x.dtype)) throw new DTypeError(`[histc] x: got ${x.dtype}, wanted a floating dtype; cast it`);
  const { dtype } = x;
  return noGrad(() =>
    scoped(() => {
      const row = flatten(detach(x));
      const [low, high] = rangeOf('histc', row, min, max, 1);
      // The upper end belongs to the last bin.
      const scaled = clampMax(div(mul(sub(row, low), bins), high - low), bins - 1);
      const everything = min === max;
      const place = everything ? scaled : where(mul(ge(row, low), le(row, high)), scaled, bins);
      // The last, which is cut off, takes what is outside.
      const places = to(place, 'int64');
      return narrow(
        scatterAdd(zeros([bins + 1], { dtype }), 0, places, expand(full([1], 1, { dtype }), row.shape)),
        0,
        0,
        bins,
      );
    }),
  );
}

function checkBins(op: string, bins: number): void {
  checkInt(op, 'bins', bins);
  if (bins < 1) throw new ValueError(`[${op}] bins: got ${bins}, wanted 1 or more`);
}

/** The range of bins: that of the elements if none is given. Of width 0 it grows by `margin` on either side. */
function rangeOf(op: string, row: Tensor, min: number, max: number, margin: number): [number, number] {
  let low = min;
  let high = max;
  if (low === high && row.numel() > 0) {
    low = Number(amin(row).item());
    high = Number(amax(row).item());
  }
  if (!Number.isFinite(low) || !Number.isFinite(high))
    throw new ValueError(`[${op}] the range from ${low} to ${high} is not finite`);
  return low === high ? [low - margin, high + margin] : [low, high];
}

export interface HistogramOptions {
  /** Where `bins` is a number. Default: from the smallest to the largest element. */
  range?: readonly [number, number];
  /** What each element counts: the shape of x. Default 1. */
  weight?: Tensor;
  /** Divide by the sum and the width, so that the area is 1. Default false. */
  density?: boolean;
}

/**
 * How many elements, or how much weight, each bin has; a bin goes from its edge to before the next, the last one includes its
 * end. `bins` is their number or their edges in order. Floats only. binEdges is PyTorch's bin_edges.
 *
 * @throws AutogradError in backward if x or the weights require a gradient.
 * @throws DTypeError for integers and bool.
 * @throws ShapeError if the weights or edges do not fit.
 * @example
 * import { histogram, tensor } from 'lanegrad';
 * const { hist, binEdges } = histogram(tensor([1.2, 2, 1]), 4, { range: [0, 3] });
 * hist.tolist(); // => [0, 2, 1, 0]
 * binEdges.tolist(); // => [0, 0.75, 1.5, 2.25, 3]
 */
export function histogram(
  x: Tensor,
  bins: Tensor | number,
  options: HistogramOptions = {},
): { readonly hist: Tensor; readonly binEdges: Tensor } {
  checkTensor('histogram', 'x', x);
  checkOptions('histogram', options);
  const { range, weight } = options;
  const density = checkFlag('histogram', 'density', options.density);
  if (!isFloat(x.dtype))
    throw new DTypeError(`[histogram] x: got ${x.dtype}, wanted a floating dtype; cast it`);
  const { dtype } = x;
  if (typeof bins === 'number') checkBins('histogram', bins);
  else checkEdges(bins, x);
  if (weight !== undefined) {
    checkTensor('histogram', 'weight', weight);
    if (String(weight.shape) !== String(x.shape))
      throw new ShapeError(
        `[histogram] weight: got [${weight.shape.join(', ')}] for x of [${x.shape.join(', ')}]`,
      );
  }
  const { hist, binEdges } = noGrad(() =>
    scoped(() => {
      const row = flatten(detach(x));
      const edges =
        typeof bins === 'number'
          ? linspace(...edgesOf(row, range), bins + 1, { dtype })
          : contiguous(detach(bins));
      const count = edges.shape[0]! - 1;
      const weights = weight === undefined ? ones(row.shape, { dtype }) : flatten(to(detach(weight), dtype));
      // The first and the last of count + 2 places take what is outside.
      const last = narrow(edges, 0, count, 1);
      const inside = searchsorted(edges, row, { right: true });
      const closed = where(eq(row, last), count, inside);
      const places = to(where(isnan(row), 0, closed), 'int64');
      const summed = scatterAdd(zeros([count + 2], { dtype }), 0, places, weights);
      const counts = narrow(summed, 0, 1, count);
      const hist = density ? div(div(counts, diff(edges)), sum(counts)) : contiguous(counts);
      return { hist, binEdges: edges };
    }),
  );
  const counted = refuseGradient('histogram', 'x', 'a count is a step', x, hist);
  return {
    hist: refuseGradient('histogram', 'weight', 'only counts are computed', weight, counted),
    binEdges,
  };
}

function edgesOf(row: Tensor, range: readonly [number, number] | undefined): [number, number] {
  if (range === undefined && row.numel() === 0) return [0, 1];
  const [low, high] = range ?? [0, 0];
  if (!(high >= low)) throw new ValueError(`[histogram] range: got [${low}, ${high}]`);
  return rangeOf('histogram', row, low, high, 0.5);
}

function checkEdges(edges: Tensor, x: Tensor): void {
  checkTensor('histogram', 'bins', edges);
  if (edges.shape.length !== 1 || edges.shape[0]! < 1) {
    throw new ShapeError(`[histogram] bins: got [${edges.shape.join(', ')}], wanted a row of edges`);
  }
  if (edges.dtype !== x.dtype)
    throw new DTypeError(`[histogram] bins: got ${edges.dtype}, wanted the dtype of x, ${x.dtype}`);
}
