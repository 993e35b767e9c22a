import { checkNumber } from '../check.js';
import { Metric, readBatch } from './metric.js';
import type { Numbers } from './metric.js';

/**
 * The mean of values, each with a weight: Σ w x / Σ w. For losses: the mean of a batch with its size as the weight.
 *
 * values: any shape, or a number.
 * @throws DTypeError for what are no numbers.
 * @example
 * import { metrics, tensor } from 'lanegrad';
 * const loss = new metrics.Mean();
 * loss.update(0.5, 32);
 * loss.update(tensor([0.2]), 16);
 * loss.compute(); // => 0.4
 */
export class Mean extends Metric<[values: Numbers | number, weight?: number], number> {
  #sum = 0;
  #weight = 0;

  update(values: Numbers | number, weight = 1): void {
    checkNumber('Mean', 'weight', weight);
    const batch = readBatch('Mean', 'values', typeof values === 'number' ? [values] : values);
    let sum = 0;
    for (let i = 0; i < batch.values.length; ++i) sum += batch.values[i]!;
    this.#sum += weight * sum;
    this.#weight += weight * batch.values.length;
  }

  compute(): number {
    return this.#sum / this.#weight;
  }

  reset(): void {
    this.#sum = this.#weight = 0;
  }

  protected override add(other: this): void {
    this.#sum += other.#sum;
    this.#weight += other.#weight;
  }
}
