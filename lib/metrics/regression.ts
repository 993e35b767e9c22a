import { machineEpsilon } from '../dtype.js';
import { Metric, readPair } from './metric.js';
import type { Numbers } from './metric.js';

type Inputs = [predictions: Numbers, targets: Numbers];

/** A mean over all elements of something of each. */
abstract class MeanError extends Metric<Inputs, number> {
  protected sum = 0;
  protected count = 0;

  constructor(private readonly op: string) {
    super();
  }

  protected abstract of(prediction: number, target: number): number;

  update(predictions: Numbers, targets: Numbers): void {
    const [x, y] = readPair(this.op, predictions, targets);
    let sum = 0;
    for (let i = 0; i < x.values.length; ++i) sum += this.of(x.values[i]!, y.values[i]!);
    this.sum += sum;
    this.count += x.values.length;
  }

  compute(): number {
    return this.sum / this.count;
  }

  reset(): void {
    this.sum = this.count = 0;
  }

  protected override add(other: this): void {
    this.sum += other.sum;
    this.count += other.count;
  }
}

/**
 * The mean of |prediction - target| over all elements.
 *
 * predictions and targets: any shape, the same.
 * @throws ShapeError for shapes that differ.
 * @example
 * import { metrics, tensor } from 'lanegrad';
 * const mae = new metrics.MeanAbsoluteError();
 * mae.update(tensor([1.0, 2.0]), tensor([1.5, 4.0]));
 * mae.compute(); // => 1.25
 */
export class MeanAbsoluteError extends MeanError {
  constructor() {
    super('MeanAbsoluteError');
  }

  protected override of(prediction: number, target: number): number {
    return Math.abs(prediction - target);
  }
}

/**
 * The mean of (prediction - target)² over all elements.
 *
 * predictions and targets: any shape, the same.
 * @throws ShapeError for shapes that differ.
 * @example
 * import { metrics } from 'lanegrad';
 * const mse = new metrics.MeanSquaredError();
 * mse.update([1, 2], [1.5, 4]);
 * mse.compute(); // => 2.125
 */
export class MeanSquaredError extends MeanError {
  constructor() {
    super('MeanSquaredError');
  }

  protected override of(prediction: number, target: number): number {
    return (prediction - target) ** 2;
  }
}

/**
 * The square root of the mean of (prediction - target)² over all elements.
 *
 * predictions and targets: any shape, the same.
 * @throws ShapeError for shapes that differ.
 * @example
 * import { metrics } from 'lanegrad';
 * const rmse = new metrics.RootMeanSquaredError();
 * rmse.update([1, 2], [4, 6]);
 * rmse.compute(); // => 3.535534
 */
export class RootMeanSquaredError extends MeanError {
  constructor() {
    super('RootMeanSquaredError');
  }

  protected override of(prediction: number, target: number): number {
    return (prediction - target) ** 2;
  }

  override compute(): number {
    return Math.sqrt(super.compute());
  }
}

/**
 * The mean of |prediction - target| / max(|target|, ε) over all elements, ε that of float32: a share, not in percent.
 *
 * predictions and targets: any shape, the same.
 * @throws ShapeError for shapes that differ.
 * @example
 * import { metrics } from 'lanegrad';
 * const mape = new metrics.MeanAbsolutePercentageError();
 * mape.update([90, 210], [100, 200]);
 * mape.compute(); // => 0.075
 */
export class MeanAbsolutePercentageError extends MeanError {
  constructor() {
    super('MeanAbsolutePercentageError');
  }

  protected override of(prediction: number, target: number): number {
    return Math.abs(prediction - target) / Math.max(Math.abs(target), machineEpsilon.float32);
  }
}

/**
 * The mean of (log(1 + prediction) - log(1 + target))² over all elements: errors count by their ratio.
 *
 * predictions and targets: any shape, the same; above -1, else NaN.
 * @throws ShapeError for shapes that differ.
 * @example
 * import { metrics } from 'lanegrad';
 * const msle = new metrics.MeanSquaredLogarithmicError();
 * msle.update([3], [1]);
 * msle.compute(); // => 0.480453
 */
export class MeanSquaredLogarithmicError extends MeanError {
  constructor() {
    super('MeanSquaredLogarithmicError');
  }

  protected override of(prediction: number, target: number): number {
    return (Math.log1p(prediction) - Math.log1p(target)) ** 2;
  }
}

/**
 * The share of the targets' variance that is explained: 1 - Σ (y - x)² / Σ (y - ȳ)², over all elements as one sample. NaN or
 * -Infinity where all targets are equal.
 *
 * predictions and targets: any shape, the same.
 * @throws ShapeError for shapes that differ.
 * @example
 * import { metrics } from 'lanegrad';
 * const r2 = new metrics.R2Score();
 * r2.update([2.5, 0, 2, 8], [3, -0.5, 2, 7]);
 * r2.compute(); // => 0.9486081
 */
export class R2Score extends Metric<Inputs, number> {
  #residual = 0;
  #count = 0;
  #mean = 0;
  /** Σ (y - ȳ)², kept up to date by the update of Chan, Golub and LeVeque (1983): no difference of large sums. */
  #spread = 0;

  update(predictions: Numbers, targets: Numbers): void {
    const [x, y] = readPair('R2Score', predictions, targets);
    for (let i = 0; i < y.values.length; ++i) {
      this.#residual += (y.values[i]! - x.values[i]!) ** 2;
      this.#count += 1;
      const off = y.values[i]! - this.#mean;
      this.#mean += off / this.#count;
      this.#spread += off * (y.values[i]! - this.#mean);
    }
  }

  compute(): number {
    return this.#count === 0 ? NaN : 1 - this.#residual / this.#spread;
  }

  reset(): void {
    this.#residual = this.#count = this.#mean = this.#spread = 0;
  }

  protected override add(other: this): void {
    if (other.#count === 0) return;
    const count = this.#count + other.#count;
    const off = other.#mean - this.#mean;
    this.#spread += other.#spread + (off * off * this.#count * other.#count) / count;
    this.#mean += (off * other.#count) / count;
    this.#count = count;
    this.#residual += other.#residual;
  }
}
