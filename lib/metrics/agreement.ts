import { checkChoice } from '../check.js';
import { Counted } from './counted.js';
import type { ClassOptions } from './metric.js';

/**
 * Matthews' correlation of predicted and true classes, by Gorodkin (2004) for more than two:
 * (c s - Σ p_k t_k) / sqrt((s² - Σ p_k²) (s² - Σ t_k²)), with s samples, c right ones, p_k predicted and t_k true of class k. 0 where
 * one side is all of one class.
 *
 * predictions: scores [N, C, ...], classes [N, ...], or floats [N, ...] that are probabilities of class 1; targets: [N, ...].
 * @throws ShapeError for shapes that do not fit.
 * @throws IndexError for a class that is not.
 * @example
 * import { metrics } from 'lanegrad';
 * const matthews = new metrics.MatthewsCorrelation(2);
 * matthews.update([1, 0, 1, 1], [1, 1, 1, 0]);
 * matthews.compute(); // => -0.333333
 */
export class MatthewsCorrelation extends Counted<number> {
  constructor(numClasses: number, options: ClassOptions = {}) {
    super('MatthewsCorrelation', numClasses, options);
  }

  compute(): number {
    let [samples, right, both, predictions, targets] = [0, 0, 0, 0, 0];
    for (let c = 0; c < this.numClasses; ++c) {
      const of = this.ofClass(c);
      samples += of.actual;
      right += of.right;
      both += of.predicted * of.actual;
      predictions += of.predicted ** 2;
      targets += of.actual ** 2;
    }
    if (samples === 0) return NaN;
    const spread = (samples ** 2 - predictions) * (samples ** 2 - targets);
    return spread === 0 ? 0 : (right * samples - both) / Math.sqrt(spread);
  }
}

export interface CohenKappaOptions extends ClassOptions {
  /** How much a disagreement weighs: 1, the distance of the classes, or its square. Default 'none'. */
  weights?: 'none' | 'linear' | 'quadratic';
}

/**
 * Cohen's kappa: the agreement of predicted and true classes beyond chance, 1 - Σ w n / Σ w e, with n the counts of the confusion
 * matrix, e those that chance would give, and w the weight of a disagreement. NaN where chance would agree always.
 *
 * predictions: scores [N, C, ...], classes [N, ...], or floats [N, ...] that are probabilities of class 1; targets: [N, ...].
 * @throws ShapeError for shapes that do not fit.
 * @throws IndexError for a class that is not.
 * @example
 * import { metrics } from 'lanegrad';
 * const kappa = new metrics.CohenKappa(2);
 * kappa.update([1, 0, 1, 1], [1, 0, 0, 1]);
 * kappa.compute(); // => 0.5
 */
export class CohenKappa extends Counted<number> {
  readonly #weights: 'none' | 'linear' | 'quadratic';

  constructor(numClasses: number, options: CohenKappaOptions = {}) {
    super('CohenKappa', numClasses, options, ['weights']);
    const { weights = 'none' } = options;
    checkChoice('CohenKappa', 'weights', weights, ['none', 'linear', 'quadratic']);
    this.#weights = weights;
  }

  protected override settings(): string {
    return `${super.settings()}, weights ${this.#weights}`;
  }

  compute(): number {
    const n = this.numClasses;
    const classes = Array.from({ length: n }, (_, c) => this.ofClass(c));
    const samples = classes.reduce((sum, { actual }) => sum + actual, 0);
    const power = this.#weights === 'linear' ? 1 : 2;
    const weight = (i: number, j: number): number =>
      this.#weights === 'none' ? Number(i !== j) : Math.abs(i - j) ** power;
    let [seen, expected] = [0, 0];
    for (let i = 0; i < n; ++i) {
      for (let j = 0; j < n; ++j) {
        seen += weight(i, j) * this.counts[i * n + j]!;
        expected += (weight(i, j) * classes[i]!.actual * classes[j]!.predicted) / samples;
      }
    }
    return 1 - seen / expected;
  }
}

/**
 * The mean over classes of 2 |predicted ∩ true| / (|predicted| + |true|), as for segmentation; classes that do not occur are left
 * out, and NaN in `perClass`.
 *
 * predictions: scores [N, C, H, W] or classes [N, H, W]; targets: [N, H, W].
 * @throws ShapeError for shapes that do not fit.
 * @throws IndexError for a class that is not.
 * @example
 * import { metrics } from 'lanegrad';
 * const dice = new metrics.DiceScore(2);
 * dice.update([0, 1, 1, 1], [0, 0, 1, 1]);
 * dice.perClass(); // => [0.666667, 0.8]
 * dice.compute(); // => 0.733333
 */
export class DiceScore extends Counted<number> {
  constructor(numClasses: number, options: ClassOptions = {}) {
    super('DiceScore', numClasses, options);
  }

  /** The value of each class by itself. */
  perClass(): number[] {
    return Array.from({ length: this.numClasses }, (_, c) => {
      const { right, predicted, actual } = this.ofClass(c);
      return (2 * right) / (predicted + actual);
    });
  }

  compute(): number {
    const there = this.perClass().filter((value) => !Number.isNaN(value));
    return there.reduce((sum, value) => sum + value, 0) / there.length;
  }
}
