import { backend } from '../backend/current.js';
import { checkFlag, checkInt, checkListLength, checkOptions, checkTensor, shapeText } from '../check.js';
import { isFloat } from '../dtype.js';
import type { DType } from '../dtype.js';
import { DTypeError, ShapeError, ValueError } from '../errors.js';
import { scoped } from '../scope.js';
import type { Tensor } from '../tensor.js';
import { to } from './convert.js';
import { creationDType, finish } from './creation.js';
import type { CreationOptions } from './creation.js';
import { rand } from './random.js';

// Sampling whose steps depend on the numbers drawn: in JavaScript, from uniform numbers of the generator, as many as the
// shape says. The same for any number of threads and on either backend, but no op that a recorded step could run again.

/** Uniform numbers in [0, 1) of 53 bits. */
function uniforms(count: number): Float64Array {
  return scoped(() => backend.read(rand([count], { dtype: 'float64' })) as Float64Array).slice();
}

/** The elements of x, row-major, as doubles. */
function doubles(x: Tensor): Float64Array {
  return scoped(() => Float64Array.from(backend.read(to(x, 'float64')) as Float64Array));
}

/**
 * A random permutation of 0 to n - 1, by the shuffle of Fisher and Yates. Gives int64 unless told otherwise.
 *
 * @throws ValueError for a negative n.
 * @example
 * import { randperm } from 'lanegrad';
 * randperm(5).sum().item(); // => 10
 */
export function randperm<D extends DType = 'int64'>(n: number, options: CreationOptions<D> = {}): Tensor<D> {
  checkInt('randperm', 'n', n);
  if (n < 0) throw new ValueError(`[randperm] n: got ${n}, wanted at least 0`);
  const dtype = creationDType('randperm', options, 'int64');
  const draws = uniforms(n);
  const order = Float64Array.from(draws, (_, i) => i);
  for (let i = n - 1; i > 0; i--) {
    const j = Math.floor(draws[i]! * (i + 1));
    const kept = order[i]!;
    order[i] = order[j]!;
    order[j] = kept;
  }
  return finish(
    scoped(() => to(backend.create('float64', [n], order), dtype)),
    options,
  );
}

/** Sums of weights by halves, halves of halves and so on: finds by a partial sum, and changes a weight, in log C steps. */
class SumTree {
  private readonly sums: Float64Array;
  private readonly leaves: number;

  constructor(count: number) {
    this.leaves = 2 ** Math.ceil(Math.log2(Math.max(count, 1)));
    this.sums = new Float64Array(2 * this.leaves);
  }

  load(weights: Float64Array): void {
    this.sums.fill(0);
    this.sums.set(weights, this.leaves);
    for (let i = this.leaves - 1; i > 0; i--) this.sums[i] = this.sums[2 * i]! + this.sums[2 * i + 1]!;
  }

  /** The place of a share of the sum, u in [0, 1); never one of weight 0. */
  find(u: number): number {
    const { sums, leaves } = this;
    let left = u * sums[1]!;
    let node = 1;
    while (node < leaves) {
      node *= 2;
      if (sums[node + 1]! > 0 && left >= sums[node]!) left -= sums[node++]!;
    }
    return node - leaves;
  }

  remove(place: number): void {
    const { sums } = this;
    let node = place + this.leaves;
    sums[node] = 0;
    for (node >>= 1; node > 0; node >>= 1) sums[node] = sums[2 * node]! + sums[2 * node + 1]!;
  }
}

function checkWeights(weights: Float64Array, wanted: number): void {
  let positive = 0;
  for (const weight of weights) {
    if (!(weight >= 0 && weight < Infinity)) {
      throw new ValueError(`[multinomial] got the probability ${weight}, wanted finite ones of at least 0`);
    }
    if (weight > 0) positive++;
  }
  if (positive < wanted) {
    throw new ValueError(`[multinomial] got ${positive} probabilities above 0, wanted at least ${wanted}`);
  }
}

/**
 * Places drawn with the probabilities in each row of x, which need not sum to 1. x: [C] or [N, C], floating; gives int64
 * [numSamples] or [N, numSamples]; replacement: whether a place may be drawn again, default false.
 *
 * @throws ShapeError unless x has one dim or two.
 * @throws ValueError for a negative or infinite probability, or fewer above 0 than are to be drawn.
 * @example
 * import { multinomial, tensor } from 'lanegrad';
 * multinomial(tensor([0, 0.5, 0]), 3, { replacement: true }).tolist(); // => [1, 1, 1]
 */
export function multinomial(
  x: Tensor,
  numSamples: number,
  options: { readonly replacement?: boolean } = {},
): Tensor<'int64'> {
  const op = 'multinomial';
  checkTensor(op, 'x', x);
  checkInt(op, 'numSamples', numSamples);
  checkOptions(op, options);
  const replacement = checkFlag(op, 'replacement', options.replacement);
  if (!isFloat(x.dtype)) throw new DTypeError(`[${op}] x is ${x.dtype}, wanted a float`);
  if (x.ndim < 1 || x.ndim > 2)
    throw new ShapeError(`[${op}] x is ${shapeText(x.shape)}, wanted [C] or [N, C]`);
  const classes = x.shape.at(-1)!;
  const rows = x.ndim === 2 ? x.shape[0]! : 1;
  if (numSamples < 1 || (!replacement && numSamples > classes)) {
    throw new ValueError(`[${op}] numSamples: got ${numSamples}, wanted 1 to ${classes}, or replacement`);
  }
  const weights = doubles(x);
  checkListLength(op, rows * numSamples);
  const draws = uniforms(rows * numSamples);
  const places = new BigInt64Array(rows * numSamples);
  const tree = new SumTree(classes);
  for (let row = 0; row < rows; row++) {
    const own = weights.subarray(row * classes, (row + 1) * classes);
    checkWeights(own, replacement ? 1 : numSamples);
    tree.load(own);
    for (let i = row * numSamples; i < (row + 1) * numSamples; i++) {
      const place = tree.find(draws[i]!);
      places[i] = BigInt(place);
      if (!replacement) tree.remove(place);
    }
  }
  const shape = x.ndim === 2 ? [rows, numSamples] : [numSamples];
  return to(backend.create('int64', shape, places), 'int64');
}

/** log n! by Stirling's series from n = 16, below it by the product. */
function logFactorial(n: number): number {
  if (n < 16) {
    let product = 1;
    for (let i = 2; i <= n; i++) product *= i;
    return Math.log(product);
  }
  const inverse = 1 / n;
  const series = inverse * (1 / 12 - inverse * inverse * (1 / 360 - (inverse * inverse) / 1260));
  return n * Math.log(n) - n + 0.5 * Math.log(2 * Math.PI * n) + series;
}

/** Above it a rounded normal number is as good: the skewness is below 1e-4. */
const largeRate = 1e8;

/** The quantile function of outcomes in the order of their distance from the most likely one: some √rate steps. */
function poissonOf(rate: number, u: number, v: number): number {
  if (rate === 0) return 0;
  if (rate > largeRate) {
    const z = Math.sqrt(-2 * Math.log(1 - u)) * Math.cos(2 * Math.PI * v);
    return Math.max(0, Math.round(rate + Math.sqrt(rate) * z));
  }
  const mode = Math.floor(rate);
  const peak = Math.exp(mode * Math.log(rate) - rate - logFactorial(mode));
  let left = u - peak;
  let above = peak;
  let below = peak;
  for (let step = 1; left >= 0; step++) {
    above *= rate / (mode + step);
    left -= above;
    if (left < 0) return mode + step;
    const low = mode - step;
    if (low >= 0) {
      below *= (low + 1) / rate;
      left -= below;
      if (left < 0) return low;
    } else if (above < Number.MIN_VALUE) {
      // The probabilities sum to a little less than u by rounding.
      return mode;
    }
  }
  return mode;
}

/**
 * Counts of a Poisson distribution with the rates in x. x: any shape, floating, at least 0; gives its shape and dtype. No
 * gradient.
 *
 * @throws ValueError for a negative rate, or NaN.
 * @example
 * import { poisson, zeros } from 'lanegrad';
 * poisson(zeros([2])).tolist(); // => [0, 0]
 */
export function poisson(x: Tensor): Tensor {
  checkTensor('poisson', 'x', x);
  if (!isFloat(x.dtype)) throw new DTypeError(`[poisson] x is ${x.dtype}, wanted a float`);
  const rates = doubles(x);
  const draws = uniforms(2 * rates.length);
  const counts = rates.map((rate, i) => {
    if (!(rate >= 0)) throw new ValueError(`[poisson] got the rate ${rate}, wanted at least 0`);
    return poissonOf(rate, draws[2 * i]!, draws[2 * i + 1]!);
  });
  return scoped(() => to(backend.create('float64', x.shape, counts), x.dtype));
}
