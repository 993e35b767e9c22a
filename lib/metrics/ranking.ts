import { checkChoice, checkListLength, checkOptions, shapeText } from '../check.js';
import { IndexError, ShapeError, ValueError } from '../errors.js';
import { checkCount, Metric, readBatch, readPair } from './metric.js';
import type { Batch, Numbers } from './metric.js';

/** How many positives and negatives have one score, from the highest score down. */
interface Step {
  readonly positives: number;
  readonly negatives: number;
}

export interface RankingOptions {
  /** For scores [N, C] and targets [N] in [0, C): each class against all others. Default: scores and targets of one class. */
  numClasses?: number;
  /** How classes are put together: the mean of those that have a value, or that mean by their targets. Default 'macro'. */
  average?: 'macro' | 'weighted';
}

/** Every score of one class, since order is all that counts. */
class Scores {
  readonly scores: number[] = [];
  readonly truths: boolean[] = [];

  push(score: number, truth: boolean): void {
    this.scores.push(score);
    this.truths.push(truth);
  }

  get positives(): number {
    return this.truths.reduce((sum, truth) => sum + Number(truth), 0);
  }

  steps(): Step[] {
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

/** A number of the order of scores, of one class or the mean of several. */
abstract class Ranking extends Metric<[scores: Numbers, targets: Numbers], number> {
  readonly #op: string;
  readonly #numClasses: number | undefined;
  readonly #average: 'macro' | 'weighted';
  #classes: Scores[] = [];

  constructor(op: string, options: RankingOptions) {
    super();
    checkOptions(op, options, ['numClasses', 'average']);
    const { numClasses, average = 'macro' } = options;
    if (numClasses !== undefined) {
      checkCount(op, 'numClasses', numClasses, 2);
      checkListLength(op, numClasses);
    }
    checkChoice(op, 'average', average, ['macro', 'weighted']);
    this.#op = op;
    this.#numClasses = numClasses;
    this.#average = average;
    this.reset();
  }

  protected override settings(): string {
    return `${this.#numClasses ?? 1} classes, average ${this.#average}`;
  }

  update(scores: Numbers, targets: Numbers): void {
    if (this.#numClasses !== undefined) return this.#updateClasses(scores, targets, this.#numClasses);
    const [score, target] = readPair(this.#op, scores, targets);
    for (let i = 0; i < score.values.length; ++i) {
      const truth = target.values[i]!;
      if (truth !== 0 && truth !== 1)
        throw new ValueError(`[${this.#op}] targets: got ${truth}, wanted 0 or 1`);
    }
    this.#refuseNaN(score);
    for (let i = 0; i < score.values.length; ++i)
      this.#classes[0]!.push(score.values[i]!, target.values[i] === 1);
  }

  #updateClasses(scores: Numbers, targets: Numbers, numClasses: number): void {
    const score = readBatch(this.#op, 'predictions', scores);
    const target = readBatch(this.#op, 'targets', targets);
    const count = target.values.length;
    if (target.shape.length !== 1 || shapeText(score.shape) !== shapeText([count, numClasses])) {
      throw new ShapeError(
        `[${this.#op}] predictions are ${shapeText(score.shape)}, targets ${shapeText(target.shape)}: ` +
          `wanted [N, ${numClasses}] and [N]`,
      );
    }
    for (let i = 0; i < count; ++i) {
      const truth = target.values[i]!;
      if (!Number.isInteger(truth) || truth < 0 || truth >= numClasses)
        throw new IndexError(`[${this.#op}] targets: got ${truth}, wanted a class in [0, ${numClasses - 1}]`);
    }
    this.#refuseNaN(score);
    for (let i = 0; i < count; ++i)
      this.#classes.forEach((kept, c) =>
        kept.push(score.values[i * numClasses + c]!, target.values[i] === c),
      );
  }

  #refuseNaN(score: Batch): void {
    for (let i = 0; i < score.values.length; ++i)
      if (Number.isNaN(score.values[i])) throw new ValueError(`[${this.#op}] predictions: got NaN`);
  }

  /** The number of one class. */
  protected abstract valueOf(steps: readonly Step[]): number;

  /** The value of each class by itself: NaN for one that has none. */
  perClass(): number[] {
    return this.#classes.map((kept) => this.valueOf(kept.steps()));
  }

  compute(): number {
    const values = this.perClass();
    if (this.#numClasses === undefined) return values[0]!;
    let [sum, total] = [0, 0];
    values.forEach((value, c) => {
      if (Number.isNaN(value)) return;
      const weight = this.#average === 'macro' ? 1 : this.#classes[c]!.positives;
      sum += weight * value;
      total += weight;
    });
    return sum / total;
  }

  reset(): void {
    this.#classes = Array.from({ length: this.#numClasses ?? 1 }, () => new Scores());
  }

  protected override add(other: this): void {
    this.#classes.forEach((kept, c) => {
      const more = other.#classes[c]!;
      more.scores.forEach((score, i) => kept.push(score, more.truths[i]!));
    });
  }
}

/**
 * The area under the ROC curve: how probable it is that a positive scores higher than a negative, ties half (Hanley and
 * McNeil, 1982). NaN without positives or negatives. Keeps all scores.
 *
 * scores: any shape; targets: of that shape, 0 or 1. With `numClasses`, scores: [N, C]; targets: [N], classes.
 * @throws ShapeError for shapes that differ.
 * @throws ValueError for other targets, or a score that is NaN.
 * @throws IndexError for a class that is not.
 * @example
 * import { metrics, tensor } from 'lanegrad';
 * const auc = new metrics.RocAuc();
 * auc.update(tensor([0.1, 0.4, 0.35, 0.8]), tensor([0, 0, 1, 1]));
 * auc.compute(); // => 0.75
 */
export class RocAuc extends Ranking {
  constructor(options: RankingOptions = {}) {
    super('RocAuc', options);
  }

  protected override valueOf(steps: readonly Step[]): number {
    let [above, pairs, negatives] = [0, 0, 0];
    for (const step of steps) {
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
 * scores: any shape; targets: of that shape, 0 or 1. With `numClasses`, scores: [N, C]; targets: [N], classes.
 * @throws ShapeError for shapes that differ.
 * @throws ValueError for other targets, or a score that is NaN.
 * @throws IndexError for a class that is not.
 * @example
 * import { metrics, tensor } from 'lanegrad';
 * const precision = new metrics.AveragePrecision();
 * precision.update(tensor([0.1, 0.4, 0.35, 0.8]), tensor([0, 0, 1, 1]));
 * precision.compute(); // => 0.833333
 */
export class AveragePrecision extends Ranking {
  constructor(options: RankingOptions = {}) {
    super('AveragePrecision', options);
  }

  protected override valueOf(steps: readonly Step[]): number {
    let [positives, seen, sum] = [0, 0, 0];
    for (const step of steps) {
      positives += step.positives;
      seen += step.positives + step.negatives;
      sum += (step.positives * positives) / seen;
    }
    return sum / positives;
  }
}
