import { ValueError } from '../errors.js';
import { Metric, readPair } from './metric.js';
import type { Numbers } from './metric.js';

/** How many positives and negatives have one score, from the highest score down. */
interface Step {
  readonly positives: number;
  readonly negatives: number;
}

/** Keeps every score, since order is all that counts. */
abstract class Ranking extends Metric<[scores: Numbers, targets: Numbers], number> {
  private scores: number[] = [];
  private truths: boolean[] = [];

  constructor(private readonly op: string) {
    super();
  }

  update(scores: Numbers, targets: Numbers): void {
    const [score, target] = readPair(this.op, scores, targets);
    for (let i = 0; i < score.values.length; ++i) {
      const truth = target.values[i]!;
      if (truth !== 0 && truth !== 1)
        throw new ValueError(`[${this.op}] targets: got ${truth}, wanted 0 or 1`);
      if (Number.isNaN(score.values[i])) throw new ValueError(`[${this.op}] predictions: got NaN`);
    }
    for (let i = 0; i < score.values.length; ++i) {
      this.scores.push(score.values[i]!);
      this.truths.push(target.values[i] === 1);
    }
  }

  reset(): void {
    this.scores = [];
    this.truths = [];
  }

  protected override add(other: this): void {
    for (const score of other.scores) this.scores.push(score);
    for (const truth of other.truths) this.truths.push(truth);
  }

  protected steps(): Step[] {
    const order = Float64Array.from(this.scores, (_, i) => i).sort(
      (a, b) => this.scores[b]! - this.scores[a]!,
    );
    const found: { positives: number; negatives: number }[] = [];
    let former: number | undefined;
    for (const i of order) {
      if (this.scores[i] !== former) found.push({ positives: 0, negatives: 0 });
      former = this.scores[i];
      const step = found.at(-1)!;
      if (this.truths[i] === true) step.positives += 1;
      else step.negatives += 1;
    }
    return found;
  }
}

/**
 * The area under the ROC curve: how probable it is that a positive scores higher than a negative, ties half (Hanley and
 * McNeil, 1982). NaN without positives or negatives. Keeps all scores.
 *
 * scores: any shape; targets: of that shape, 0 or 1.
 * @throws ShapeError for shapes that differ.
 * @throws ValueError for other targets, or a score that is NaN.
 * @example
 * import { metrics, tensor } from 'lanegrad';
 * const auc = new metrics.RocAuc();
 * auc.update(tensor([0.1, 0.4, 0.35, 0.8]), tensor([0, 0, 1, 1]));
 * auc.compute(); // => 0.75
 */
export class RocAuc extends Ranking {
  constructor() {
    super('RocAuc');
  }

  compute(): number {
    let [above, pairs, negatives] = [0, 0, 0];
    for (const step of this.steps()) {
      // The area of a trapezoid under the curve, for each negative the positives above it.
      pairs += step.negatives * (above + step.positives / 2);
      above += step.positives;
      negatives += step.negatives;
    }
    return pairs / (above * negatives);
  }
}

/**
 * The area under the precision-recall curve as a sum of steps: Σ (R_n - R_{n-1}) P_n over the distinct scores, from the highest
 * down. NaN without positives. Keeps all scores.
 *
 * scores: any shape; targets: of that shape, 0 or 1.
 * @throws ShapeError for shapes that differ.
 * @throws ValueError for other targets, or a score that is NaN.
 * @example
 * import { metrics, tensor } from 'lanegrad';
 * const precision = new metrics.AveragePrecision();
 * precision.update(tensor([0.1, 0.4, 0.35, 0.8]), tensor([0, 0, 1, 1]));
 * precision.compute(); // => 0.833333
 */
export class AveragePrecision extends Ranking {
  constructor() {
    super('AveragePrecision');
  }

  compute(): number {
    let [positives, seen, sum] = [0, 0, 0];
    for (const step of this.steps()) {
      positives += step.positives;
      seen += step.positives + step.negatives;
      sum += (step.positives * positives) / seen;
    }
    return sum / positives;
  }
}
