import type { DType } from '../../dtype.js';

// Where the elements of a resized dim come from: for each one the places of the input, and their weights. The arithmetic is
// PyTorch's, in the precision that it has there: an index next to a whole number falls to the same side.

/** Rounds as PyTorch computes positions: in float64 for float64 data, else in float32. */
export type Precision = (value: number) => number;

export function precisionOf(dtype: DType): Precision {
  return dtype === 'float64' ? (value) => value : Math.fround;
}

/** How one dim is resized. */
export interface Resized {
  readonly size: number;
  readonly count: number;
  /** The factor that was asked for, if positions follow it and not the sizes. */
  readonly factor: number | undefined;
  readonly alignCorners: boolean;
}

/** `count` times `taps` places and weights. */
export interface Taps {
  readonly taps: number;
  readonly index: number[];
  readonly weights: number[];
}

/** The distance, in the input, of neighbours of the output. */
function stepOf(r: Resized, round: Precision): number {
  if (r.alignCorners) return r.count > 1 ? round((r.size - 1) / (r.count - 1)) : 0;
  return round(r.factor === undefined ? r.size / r.count : 1 / r.factor);
}

/** The position, in the input, of the centre of output element i. */
function positionOf(i: number, step: number, alignCorners: boolean, round: Precision): number {
  return alignCorners ? round(step * i) : round(round(step * round(i + 0.5)) - 0.5);
}

/** The places of `nearest`, and of `nearest-exact`, which takes the element that the centre lies in. */
export function nearestPlaces(r: Resized, exact: boolean, round: Precision): number[] {
  const step = stepOf({ ...r, alignCorners: false }, round);
  return Array.from({ length: r.count }, (_, i) => {
    const position = exact ? round(Math.max(positionOf(i, step, false, round), 0) + 0.5) : round(step * i);
    return Math.min(Math.floor(Math.fround(position)), r.size - 1);
  });
}

/** Two neighbours, weighted by their distance. */
export function linearTaps(r: Resized, round: Precision): Taps {
  const step = stepOf(r, round);
  const index: number[] = [];
  const weights: number[] = [];
  for (let i = 0; i < r.count; ++i) {
    const position = r.size === r.count ? i : Math.max(positionOf(i, step, r.alignCorners, round), 0);
    const low = Math.min(Math.floor(position), r.size - 1);
    const fraction = Math.min(round(position - low), 1);
    index.push(low, Math.min(low + 1, r.size - 1));
    weights.push(round(1 - fraction), fraction);
  }
  return { taps: 2, index, weights };
}

/** Four neighbours, weighted by Keys' cubic convolution (1981) with a = -0.75. */
export function cubicTaps(r: Resized, round: Precision): Taps {
  const step = stepOf(r, round);
  const index: number[] = [];
  const weights: number[] = [];
  for (let i = 0; i < r.count; ++i) {
    const position = positionOf(i, step, r.alignCorners, round);
    const low = Math.min(Math.floor(position), r.size - 1);
    const t = Math.min(round(position - low), 1);
    for (let k = -1; k <= 2; ++k) {
      index.push(Math.min(Math.max(low + k, 0), r.size - 1));
      weights.push(keys(k - t, -0.75));
    }
  }
  return { taps: 4, index, weights };
}

/** Keys' kernel at distance x. */
export function keys(x: number, a: number): number {
  const d = Math.abs(x);
  if (d <= 1) return ((a + 2) * d - (a + 3)) * d * d + 1;
  return d < 2 ? ((a * d - 5 * a) * d + 8 * a) * d - 4 * a : 0;
}

const triangle = (x: number): number => Math.max(0, 1 - Math.abs(x));

/**
 * All elements under a kernel that is widened by the reduction, so that none is skipped: the triangle, or Keys' with a = -0.5
 * as image programs have it.
 */
export function antialiasTaps(r: Resized, mode: 'linear' | 'cubic', round: Precision): Taps {
  const step = stepOf(r, round);
  const widened = Math.max(step, 1);
  const support = (mode === 'linear' ? 1 : 2) * widened;
  const spans = Array.from({ length: r.count }, (_, i) => {
    const centre = round(step * (i + 0.5));
    const begin = Math.max(Math.trunc(centre - support + 0.5), 0);
    const end = Math.min(Math.trunc(centre + support + 0.5), r.size);
    const raw = Array.from({ length: Math.max(end - begin, 1) }, (_, k) => {
      const x = (begin + k - centre + 0.5) / widened;
      return mode === 'linear' ? triangle(x) : keys(x, -0.5);
    });
    const total = raw.reduce((sum, weight) => sum + weight, 0);
    return { begin, weights: total === 0 ? raw : raw.map((weight) => weight / total) };
  });
  const taps = Math.max(...spans.map((span) => span.weights.length), 1);
  const index: number[] = [];
  const weights: number[] = [];
  for (const span of spans) {
    for (let k = 0; k < taps; ++k) {
      index.push(Math.min(span.begin + k, r.size - 1));
      weights.push(span.weights[k] ?? 0);
    }
  }
  return { taps, index, weights };
}
