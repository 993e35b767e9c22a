import { checkInt, describe } from '../check.js';
import { IndexError, ValueError } from '../errors.js';
import { drawSeed } from '../generator.js';
import { checkDataset, stackSamples } from './dataset.js';
import type { Dataset, Sample } from './dataset.js';
import { checkIndices } from './samplers.js';
import { shuffle } from './shuffle.js';

/**
 * The samples of a dataset with these numbers, in their order.
 *
 * @throws ValueError for what is no dataset, or what are no numbers of samples.
 * @throws IndexError for one that the dataset has not.
 * @example
 * import { arange, data } from 'lanegrad';
 * const part = new data.Subset(new data.TensorDataset(arange(9)), [7, 2]);
 * part.length; // => 2
 * part.get(0)[0].item(); // => 7
 */
export class Subset<S extends Sample = Sample> implements Dataset<S> {
  readonly indices: readonly number[];

  constructor(
    readonly dataset: Dataset<S>,
    indices: readonly number[],
  ) {
    checkDataset('Subset', dataset);
    this.indices = checkIndices('Subset', indices);
    for (const index of this.indices) {
      if (index >= dataset.length)
        throw new IndexError(`[Subset] indices: got ${index}, wanted numbers below ${dataset.length}`);
    }
  }

  get length(): number {
    return this.indices.length;
  }

  get(index: number): S {
    return this.dataset.get(this.#at(index));
  }

  getBatch(indices: Int32Array): S {
    const given = indices.map((index) => this.#at(index));
    return this.dataset.getBatch ? this.dataset.getBatch(given) : stackSamples(this.dataset, given);
  }

  #at(index: number): number {
    checkInt('Subset', 'index', index);
    const found = this.indices[index];
    if (found === undefined)
      throw new IndexError(`[Subset] index: got ${index}, wanted one in [0, ${this.length - 1}]`);
    return found;
  }
}

/** How many samples each part gets; of shares, what rounding leaves goes to the first ones, one each. */
function sizesOf(count: number, given: readonly number[]): readonly number[] {
  const op = 'randomSplit';
  const lengths: readonly number[] = Array.isArray(given) ? (given as number[]) : [];
  if (lengths.length === 0 || !lengths.every((length) => length >= 0))
    throw new ValueError(
      `[${op}] lengths: got ${describe(given)}, wanted numbers of samples, or shares of them`,
    );
  const sum = lengths.reduce((total, length) => total + length, 0);
  if (Math.abs(sum - 1) < 1e-9) {
    const sizes = lengths.map((share) => Math.floor(count * share));
    const left = count - sizes.reduce((total, size) => total + size, 0);
    return sizes.map((size, i) => size + Math.floor(left / sizes.length) + (i < left % sizes.length ? 1 : 0));
  }
  if (lengths.every((length) => length < 1) && sum > 0 && Math.abs(sum - 1) >= 1e-9) {
    throw new ValueError(
      `[${op}] lengths: got shares that add up to ${Number(sum.toPrecision(6))}, wanted shares that add up to 1, or ${count} samples in all`,
    );
  }
  for (const length of lengths) checkInt(op, 'lengths', length);
  if (sum !== count)
    throw new ValueError(
      `[${op}] lengths: got ${describe(lengths)}, wanted ${count} samples in all, or shares that add up to 1`,
    );
  return lengths;
}

/**
 * Parts of a dataset that share no sample, drawn at random as {@link manualSeed} determines: for training and validation.
 *
 * @param lengths How many samples each part gets, or shares that add up to 1.
 * @throws ValueError if they do not add up, or for what is no dataset.
 * @example
 * import { arange, data } from 'lanegrad';
 * const set = new data.TensorDataset(arange(10));
 * const [train, valid] = data.randomSplit(set, [0.8, 0.2]);
 * [train!.length, valid!.length]; // => [8, 2]
 */
export function randomSplit<S extends Sample>(dataset: Dataset<S>, lengths: readonly number[]): Subset<S>[] {
  checkDataset('randomSplit', dataset);
  const sizes = sizesOf(dataset.length, lengths);
  const order = Int32Array.from({ length: dataset.length }, (_, i) => i);
  shuffle(order, drawSeed(), 0);
  let from = 0;
  return sizes.map((size) => new Subset(dataset, [...order.subarray(from, (from += size))]));
}
