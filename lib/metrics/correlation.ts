import { ShapeError } from '../errors.js';
import { Metric, readPair } from './metric.js';
import type { Batch, Numbers } from './metric.js';

type Inputs = [predictions: Numbers, targets: Numbers];

/** Means and sums of products about them of pairs, kept as Chan, Golub and LeVeque (1983) do: no difference of large sums. */
class Moments {
  count = 0;
  x = 0;
  y = 0;
  xx = 0;
  yy = 0;
  xy = 0;

  push(x: number, y: number): void {
    this.count += 1;
    const [dx, dy] = [x - this.x, y - this.y];
    this.x += dx / this.count;
    this.y += dy / this.count;
    this.xx += dx * (x - this.x);
    this.yy += dy * (y - this.y);
    this.xy += dx * (y - this.y);
  }

  merge(other: Moments): void {
    if (other.count === 0) return;
    const count = this.count + other.count;
    const [dx, dy] = [other.x - this.x, other.y - this.y];
    const between = (this.count * other.count) / count;
    this.xx += other.xx + dx * dx * between;
    this.yy += other.yy + dy * dy * between;
    this.xy += other.xy + dx * dy * between;
    this.x += (dx * other.count) / count;
    this.y += (dy * other.count) / count;
    this.count = count;
  }

  correlation(): number {
    // Rounding must not lead beyond 1.
    return Math.max(-1, Math.min(1, this.xy / Math.sqrt(this.xx * this.yy)));
  }
}

/** What is computed from the moments of all pairs. */
abstract class OfMoments extends Metric<Inputs, number> {
  protected moments = new Moments();

  constructor(private readonly op: string) {
    super();
  }

  update(predictions: Numbers, targets: Numbers): void {
    const [x, y] = readPair(this.op, predictions, targets);
    for (let i = 0; i < x.values.length; ++i) this.moments.push(x.values[i]!, y.values[i]!);
  }

  reset(): void {
    this.moments = new Moments();
  }

  protected override add(other: this): void {
    this.moments.merge(other.moments);
  }
}

/**
 * Pearson's correlation of predictions and targets: cov(x, y) / (σ_x σ_y), over all elements as one sample. NaN where all of
 * one side are equal.
 *
 * predictions and targets: any shape, the same.
 * @throws ShapeError for shapes that differ.
 * @example
 * import { metrics } from 'lanegrad';
 * const pearson = new metrics.PearsonCorrelation();
 * pearson.update([1, 2, 3], [1, 3, 2]);
 * pearson.compute(); // => 0.5
 */
export class PearsonCorrelation extends OfMoments {
  constructor() {
    super('PearsonCorrelation');
  }

  compute(): number {
    return this.moments.correlation();
  }
}

/**
 * Lin's concordance (1989), which unlike Pearson's correlation wants the same scale too:
 * 2 cov(x, y) / (σ_x² + σ_y² + (x̄ - ȳ)²), over all elements as one sample.
 *
 * predictions and targets: any shape, the same.
 * @throws ShapeError for shapes that differ.
 * @example
 * import { metrics } from 'lanegrad';
 * const concordance = new metrics.ConcordanceCorrelation();
 * concordance.update([2, 4, 6], [1, 2, 3]);
 * concordance.compute(); // => 0.363636
 */
export class ConcordanceCorrelation extends OfMoments {
  constructor() {
    super('ConcordanceCorrelation');
  }

  compute(): number {
    const { count, x, y, xx, yy, xy } = this.moments;
    return (2 * xy) / (xx + yy + count * (x - y) ** 2);
  }
}

/**
 * Spearman's correlation: Pearson's of the ranks, equal values sharing the mean of theirs. Keeps all values.
 *
 * predictions and targets: any shape, the same.
 * @throws ShapeError for shapes that differ.
 * @example
 * import { metrics } from 'lanegrad';
 * const spearman = new metrics.SpearmanCorrelation();
 * spearman.update([0.1, 0.2, 10, 5], [1, 2, 3, 4]);
 * spearman.compute(); // => 0.8
 */
export class SpearmanCorrelation extends Metric<Inputs, number> {
  #predictions: number[] = [];
  #targets: number[] = [];

  update(predictions: Numbers, targets: Numbers): void {
    const [x, y] = readPair('SpearmanCorrelation', predictions, targets);
    for (let i = 0; i < x.values.length; ++i) {
      this.#predictions.push(x.values[i]!);
      this.#targets.push(y.values[i]!);
    }
  }

  compute(): number {
    const values = [...this.#predictions, ...this.#targets];
    if (values.some(Number.isNaN)) return NaN;
    const [x, y] = [ranks(this.#predictions), ranks(this.#targets)];
    const moments = new Moments();
    x.forEach((rank, i) => moments.push(rank, y[i]!));
    return moments.correlation();
  }

  reset(): void {
    this.#predictions = [];
    this.#targets = [];
  }

  protected override add(other: this): void {
    for (const value of other.#predictions) this.#predictions.push(value);
    for (const value of other.#targets) this.#targets.push(value);
  }
}

/** The place of each value in their order, from 1; equal ones share the mean of theirs. */
function ranks(values: readonly number[]): Float64Array {
  const order = Float64Array.from(values, (_, i) => i).sort((a, b) => values[a]! - values[b]!);
  const found = new Float64Array(values.length);
  for (let first = 0; first < order.length;) {
    let last = first;
    while (last + 1 < order.length && values[order[last + 1]!] === values[order[first]!]) last += 1;
    for (let i = first; i <= last; ++i) found[order[i]!] = (first + last) / 2 + 1;
    first = last + 1;
  }
  return found;
}

/**
 * The mean over rows of the cosine of prediction and target: x · y / (|x| |y|), 0 where one of them is 0.
 *
 * predictions and targets: [..., D], the same; all but the last dim are rows.
 * @throws ShapeError for shapes that differ, or no dims.
 * @example
 * import { metrics, tensor } from 'lanegrad';
 * const cosine = new metrics.CosineSimilarity();
 * cosine.update(tensor([[3, 4], [1, 0]]), tensor([[4, 3], [0, 1]]));
 * cosine.compute(); // => 0.48
 */
export class CosineSimilarity extends Metric<Inputs, number> {
  #sum = 0;
  #count = 0;

  update(predictions: Numbers, targets: Numbers): void {
    const [x, y] = readPair('CosineSimilarity', predictions, targets);
    const width = x.shape.at(-1);
    if (width === undefined) throw new ShapeError('[CosineSimilarity] predictions are [], wanted [..., D]');
    const rows = width === 0 ? 0 : x.values.length / width;
    for (let r = 0; r < rows; ++r) this.#sum += cosine(x, y, r * width, width);
    this.#count += rows;
  }

  compute(): number {
    return this.#sum / this.#count;
  }

  reset(): void {
    this.#sum = this.#count = 0;
  }

  protected override add(other: this): void {
    this.#sum += other.#sum;
    this.#count += other.#count;
  }
}

function cosine(x: Batch, y: Batch, from: number, width: number): number {
  let [xx, yy, xy] = [0, 0, 0];
  for (let i = from; i < from + width; ++i) {
    const [a, b] = [x.values[i]!, y.values[i]!];
    xx += a * a;
    yy += b * b;
    xy += a * b;
  }
  return xx === 0 || yy === 0 ? 0 : xy / Math.sqrt(xx * yy);
}
