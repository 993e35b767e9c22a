import { checkOptions } from '../check.js';
import { ValueError } from '../errors.js';
import { checkCount, eachSample, isScores, Metric, readBatch, readClasses } from './metric.js';
import type { ClassOptions, Numbers } from './metric.js';

export interface AccuracyOptions extends ClassOptions {
  /** Right if the target is among this many best scores. Default 1. */
  topK?: number;
}

/**
 * The share of predictions that are right; with `topK`, of those whose target is among the k classes of the best scores (of
 * equal scores the first class counts as better).
 *
 * predictions: scores [N, C, ...], classes [N, ...], or floats [N, ...] that are probabilities of class 1; targets: [N, ...],
 * classes.
 * @throws ShapeError for shapes that do not fit.
 * @throws ValueError for `topK` below 1, or above 1 without scores.
 * @example
 * import { metrics, tensor } from 'lanegrad';
 * const accuracy = new metrics.Accuracy();
 * accuracy.update(tensor([[0.1, 0.9], [0.8, 0.2]]), tensor([1, 1]));
 * accuracy.update([0, 1], [0, 1]);
 * accuracy.compute(); // => 0.75
 */
export class Accuracy extends Metric<[predictions: Numbers, targets: Numbers], number> {
  readonly #options: AccuracyOptions;
  readonly #topK: number;
  #right = 0;
  #count = 0;

  constructor(options: AccuracyOptions = {}) {
    super();
    checkOptions('Accuracy', options, ['topK', 'ignoreIndex', 'threshold']);
    const { topK = 1 } = options;
    checkCount('Accuracy', 'topK', topK, 1);
    this.#options = options;
    this.#topK = topK;
  }

  protected override settings(): string {
    const { ignoreIndex, threshold = 0.5 } = this.#options;
    return `topK ${this.#topK}, threshold ${threshold}, ignoreIndex ${ignoreIndex}`;
  }

  update(predictions: Numbers, targets: Numbers): void {
    if (this.#topK > 1) return this.#updateTop(predictions, targets);
    const { predicted, actual } = readClasses('Accuracy', predictions, targets, this.#options);
    for (let i = 0; i < actual.length; ++i) if (predicted[i] === actual[i]) this.#right += 1;
    this.#count += actual.length;
  }

  #updateTop(predictions: Numbers, targets: Numbers): void {
    const scores = readBatch('Accuracy', 'predictions', predictions);
    const target = readBatch('Accuracy', 'targets', targets);
    if (!isScores('Accuracy', scores, target)) {
      throw new ValueError('[Accuracy] topK: wanted predictions [N, C, ...] of scores, got classes');
    }
    eachSample(scores, (first, step, classes, sample) => {
      const wanted = target.values[sample]!;
      if (wanted === this.#options.ignoreIndex) return;
      this.#count += 1;
      const score = scores.values[first + wanted * step];
      // A class that is not has no score, and is never right.
      if (score === undefined || wanted < 0 || wanted >= classes) return;
      let better = 0;
      for (let c = 0; c < classes; ++c) {
        const other = scores.values[first + c * step]!;
        if (other > score || (other === score && c < wanted)) better += 1;
      }
      if (better < this.#topK) this.#right += 1;
    });
  }

  compute(): number {
    return this.#right / this.#count;
  }

  reset(): void {
    this.#right = this.#count = 0;
  }

  protected override add(other: this): void {
    this.#right += other.#right;
    this.#count += other.#count;
  }
}
