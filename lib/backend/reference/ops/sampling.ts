import { DTypeError, ShapeError, ValueError } from '../../../errors.js';
import { isFloat } from '../../../dtype.js';
import { fail, fresh, show, type RefTensor } from '../array.js';
import { rowMajorOffsets } from '../walk.js';
import { castNumber } from '../cast.js';
import { fromTwoWords, philoxOf, wantCounter } from './creation.js';
import type { ReferenceOp } from './op.js';

// Random ops whose elements each take a walk of their own: the counterpart of native/ops/random/sampling.cc.

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

function wantFloats(op: string, x: RefTensor): void {
  if (!isFloat(x.dtype)) fail(DTypeError, op, `x is ${x.dtype}, wanted a float`);
}

function checkWeights(weights: Float64Array, wanted: number): void {
  let positive = 0;
  for (const weight of weights) {
    if (!(weight >= 0 && weight < Infinity)) {
      fail(ValueError, 'multinomial', `got the probability ${weight}, wanted finite ones of at least 0`);
    }
    if (weight > 0) positive++;
  }
  if (positive < wanted) {
    fail(ValueError, 'multinomial', `got ${positive} probabilities above 0, wanted at least ${wanted}`);
  }
}

export const multinomial: ReferenceOp<'multinomial'> = {
  infer([x, counter], { samples, replacement }) {
    wantCounter('multinomial', counter!);
    wantFloats('multinomial', x!);
    if (x!.rank < 1 || x!.rank > 2)
      fail(ShapeError, 'multinomial', `x is ${show(x!.shape)}, wanted [C] or [N, C]`);
    const classes = x!.shape.at(-1)!;
    if (samples < 1 || classes < 1 || (!replacement && samples > classes)) {
      const wanted = `wanted 1 to ${classes}, or replacement and at least one class`;
      fail(ValueError, 'multinomial', `numSamples: got ${samples}, ${wanted}`);
    }
    return [fresh('int64', [...x!.shape.slice(0, -1), samples])];
  },
  forward([x, counter], [out], { samples, replacement }) {
    const philox = philoxOf(counter!);
    const places = out!.data as BigInt64Array;
    const classes = x!.shape.at(-1)!;
    const offsets = rowMajorOffsets(x!.shape, x!.strides, x!.offset);
    const tree = new SumTree(classes);
    const weights = new Float64Array(classes);
    for (let row = 0; row * samples < out!.numel; row++) {
      for (let i = 0; i < classes; i++) weights[i] = x!.numbers[offsets[row * classes + i]!]!;
      checkWeights(weights, replacement ? 1 : samples);
      tree.load(weights);
      for (let i = row * samples; i < (row + 1) * samples; i++) {
        const words = philox.block(Math.floor(i / 2));
        const first = 2 * (i % 2);
        const place = tree.find(fromTwoWords(words[first]!, words[first + 1]!));
        places[i] = BigInt(place);
        if (!replacement) tree.remove(place);
      }
    }
  },
};

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
    return Math.max(0, Math.floor(rate + Math.sqrt(rate) * z + 0.5));
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

export const poisson: ReferenceOp<'poisson'> = {
  infer([x, counter]) {
    wantCounter('poisson', counter!);
    wantFloats('poisson', x!);
    return [fresh(x!.dtype, x!.shape)];
  },
  forward([x, counter], [out]) {
    const philox = philoxOf(counter!);
    const data = out!.numbers;
    rowMajorOffsets(x!.shape, x!.strides, x!.offset).forEach((offset, i) => {
      const rate = x!.numbers[offset]!;
      if (!(rate >= 0)) fail(ValueError, 'poisson', `got the rate ${rate}, wanted at least 0`);
      const words = philox.block(i);
      const count = poissonOf(rate, fromTwoWords(words[0]!, words[1]!), fromTwoWords(words[2]!, words[3]!));
      data[i] = castNumber(count, out!.dtype) as number;
    });
  },
};
