import { checkChoice, checkNumber } from '../check.js';
import { Counted } from './counted.js';
import type { ClassOptions } from './metric.js';

/**
 * How often which class was taken for which: rows are true classes, columns predicted ones.
 *
 * predictions: scores [N, C, ...], classes [N, ...], or floats [N, ...] that are probabilities of class 1; targets: [N, ...].
 * @throws ShapeError for shapes that do not fit.
 * @throws IndexError for a class that is not.
 * @example
 * import { metrics } from 'lanegrad';
 * const matrix = new metrics.ConfusionMatrix(3);
 * matrix.update([0, 2, 1, 2], [0, 1, 1, 2]);
 * matrix.compute(); // => [[1, 0, 0], [0, 1, 1], [0, 0, 1]]
 */
export class ConfusionMatrix extends Counted<number[][]> {
  constructor(numClasses: number, options: ClassOptions = {}) {
    super('ConfusionMatrix', numClasses, options);
  }

  compute(): number[][] {
    const n = this.numClasses;
    return Array.from({ length: n }, (_, c) => Array.from(this.counts.subarray(c * n, (c + 1) * n)));
  }
}

/**
 * How classes are put together: `binary`, class 1 alone; `micro`, the counts of all; `macro`, the mean of those that occur;
 * `weighted`, their mean by the number of targets.
 */
export type Average = 'binary' | 'micro' | 'macro' | 'weighted';

export interface AverageOptions extends ClassOptions {
  /** Default `binary` for two classes, else `macro`. */
  average?: Average;
}

/** A share of counts of a class, averaged. 0 where nothing can be divided by. */
abstract class Averaged extends Counted<number> {
  readonly #average: Average;

  constructor(op: string, numClasses: number, options: AverageOptions, known: readonly string[] = []) {
    super(op, numClasses, options, ['average', ...known]);
    const { average = numClasses === 2 ? 'binary' : 'macro' } = options;
    checkChoice(op, 'average', average, ['binary', 'micro', 'macro', 'weighted']);
    this.#average = average;
  }

  protected abstract share(right: number, predicted: number, actual: number): number;

  /** The value of each class by itself. */
  perClass(): number[] {
    return Array.from({ length: this.numClasses }, (_, c) => {
      const { right, predicted, actual } = this.ofClass(c);
      return this.share(right, predicted, actual);
    });
  }

  compute(): number {
    const classes = Array.from({ length: this.numClasses }, (_, c) => this.ofClass(c));
    const total = sumOf(classes.map(({ actual }) => actual));
    if (total === 0) return NaN;
    const values = this.perClass();
    switch (this.#average) {
      case 'binary':
        return values[1]!;
      case 'micro':
        return this.share(sumOf(classes.map(({ right }) => right)), total, total);
      case 'macro': {
        const there = values.filter((_, c) => classes[c]!.predicted + classes[c]!.actual > 0);
        return sumOf(there) / there.length;
      }
      case 'weighted':
        return sumOf(values.map((value, c) => value * classes[c]!.actual)) / total;
    }
  }
}

function sumOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0);
}

function ratio(part: number, whole: number): number {
  return whole === 0 ? 0 : part / whole;
}

/**
 * Of what was predicted to be of a class, the share that is: TP / (TP + FP). 0 for a class that was never predicted.
 *
 * predictions: scores [N, C, ...], classes [N, ...], or floats [N, ...] that are probabilities of class 1; targets: [N, ...].
 * @throws ShapeError for shapes that do not fit.
 * @throws IndexError for a class that is not.
 * @example
 * import { metrics, tensor } from 'lanegrad';
 * const precision = new metrics.Precision(2);
 * precision.update(tensor([0.9, 0.8, 0.3, 0.6]), tensor([1, 0, 1, 1]));
 * precision.compute(); // => 0.666667
 */
export class Precision extends Averaged {
  constructor(numClasses: number, options: AverageOptions = {}) {
    super('Precision', numClasses, options);
  }

  protected override share(right: number, predicted: number): number {
    return ratio(right, predicted);
  }
}

/**
 * Of what is of a class, the share that was found: TP / (TP + FN). 0 for a class that has no targets.
 *
 * predictions: scores [N, C, ...], classes [N, ...], or floats [N, ...] that are probabilities of class 1; targets: [N, ...].
 * @throws ShapeError for shapes that do not fit.
 * @throws IndexError for a class that is not.
 * @example
 * import { metrics } from 'lanegrad';
 * const recall = new metrics.Recall(3, { average: 'micro' });
 * recall.update([0, 2, 1, 2], [0, 1, 1, 2]);
 * recall.compute(); // => 0.75
 */
export class Recall extends Averaged {
  constructor(numClasses: number, options: AverageOptions = {}) {
    super('Recall', numClasses, options);
  }

  protected override share(right: number, _predicted: number, actual: number): number {
    return ratio(right, actual);
  }
}

export interface FBetaOptions extends AverageOptions {
  /** How many times as much recall counts as precision. Default 1. */
  beta?: number;
}

/**
 * The weighted harmonic mean of precision and recall: (1 + β²) P R / (β² P + R); with β = 1, F1.
 *
 * predictions: scores [N, C, ...], classes [N, ...], or floats [N, ...] that are probabilities of class 1; targets: [N, ...].
 * @throws ShapeError for shapes that do not fit.
 * @throws IndexError for a class that is not.
 * @example
 * import { metrics } from 'lanegrad';
 * const f1 = new metrics.FBetaScore(2);
 * f1.update([1, 1, 0, 1], [1, 0, 1, 1]);
 * f1.compute(); // => 0.666667
 */
export class FBetaScore extends Averaged {
  readonly #square: number;

  constructor(numClasses: number, options: FBetaOptions = {}) {
    super(new.target.name, numClasses, options, ['beta']);
    const { beta = 1 } = options;
    checkNumber(new.target.name, 'beta', beta);
    this.#square = beta * beta;
  }

  protected override share(right: number, predicted: number, actual: number): number {
    return ratio((1 + this.#square) * right, this.#square * actual + predicted);
  }
}

/**
 * {@link FBetaScore} with β = 1: 2 P R / (P + R).
 *
 * @throws ShapeError for shapes that do not fit.
 * @throws IndexError for a class that is not.
 * @example
 * import { metrics } from 'lanegrad';
 * const f1 = new metrics.F1Score(3, { average: 'macro' });
 * f1.update([0, 2, 1, 2], [0, 1, 1, 2]);
 * f1.compute(); // => 0.7777778
 */
export class F1Score extends FBetaScore {
  constructor(numClasses: number, options: AverageOptions = {}) {
    super(numClasses, options);
  }
}

/**
 * The mean over classes of |predicted ∩ true| / |predicted ∪ true|, the Jaccard index, as for segmentation; classes that do
 * not occur are left out, and NaN in `perClass`.
 *
 * predictions: scores [N, C, H, W] or classes [N, H, W]; targets: [N, H, W].
 * @throws ShapeError for shapes that do not fit.
 * @throws IndexError for a class that is not.
 * @example
 * import { metrics } from 'lanegrad';
 * const iou = new metrics.MeanIoU(2);
 * iou.update([0, 1, 1, 1], [0, 0, 1, 1]);
 * iou.perClass(); // => [0.5, 0.666667]
 * iou.compute(); // => 0.583333
 */
export class MeanIoU extends Counted<number> {
  constructor(numClasses: number, options: ClassOptions = {}) {
    super('MeanIoU', numClasses, options);
  }

  /** The value of each class by itself. */
  perClass(): number[] {
    return Array.from({ length: this.numClasses }, (_, c) => {
      const { right, predicted, actual } = this.ofClass(c);
      return right / (predicted + actual - right);
    });
  }

  compute(): number {
    const there = this.perClass().filter((value) => !Number.isNaN(value));
    return there.reduce((sum, value) => sum + value, 0) / there.length;
  }
}
