import { backend } from '../backend/current.js';
import { checkFlag, checkInt, checkOptions, describe } from '../check.js';
import { ValueError } from '../errors.js';
import { drawSeed } from '../generator.js';
import { tensor } from '../ops/from-data.js';
import { randint } from '../ops/random.js';
import { multinomial } from '../ops/sampling.js';
import { scoped } from '../scope.js';
import { shuffle } from './shuffle.js';

/**
 * An order of samples, drawn anew for each epoch. Anything with `length` that can be iterated over numbers of samples is one.
 */
export interface Sampler extends Iterable<number> {
  /** How many numbers an epoch has. */
  readonly length: number;
}

/** Batches of numbers of samples, for a {@link DataLoader}. */
export interface BatchSamplerLike extends Iterable<readonly number[]> {
  /** How many batches an epoch has. */
  readonly length: number;
}

/** A {@link Sampler}, or one of batches. */
export function checkSampler(op: string, name: string, value: unknown): void {
  if (typeof value !== 'object' || value === null || !(Symbol.iterator in value) || !('length' in value))
    throw new ValueError(
      `[${op}] ${name}: got ${describe(value)}, wanted an object with length that can be iterated`,
    );
}

/** What knows how many samples it has. */
interface Counted {
  readonly length: number;
}

function countOf(op: string, source: Counted): number {
  const length: unknown = (source as Counted | null)?.length;
  if (typeof length !== 'number' || !Number.isInteger(length) || length < 0)
    throw new ValueError(`[${op}] dataset: got ${describe(source)}, wanted a dataset`);
  return length;
}

/**
 * All samples in order.
 *
 * @throws ValueError for what is no dataset.
 * @example
 * import { arange, data } from 'lanegrad';
 * [...new data.SequentialSampler(new data.TensorDataset(arange(3)))]; // => [0, 1, 2]
 */
export class SequentialSampler implements Sampler {
  readonly length: number;

  constructor(dataset: Counted) {
    this.length = countOf('SequentialSampler', dataset);
  }

  *[Symbol.iterator](): Generator<number, void, undefined> {
    for (let i = 0; i < this.length; i++) yield i;
  }
}

export interface RandomSamplerOptions {
  /** Draw each sample from all of them, so that one may come several times. Default false: an order of all. */
  replacement?: boolean;
  /** Samples in an epoch. Default as many as there are; more of them begin another order. */
  numSamples?: number;
}

/**
 * Samples in an order that each epoch draws, as {@link manualSeed} determines.
 *
 * @throws ValueError for what is no dataset, a numSamples below 1, or nothing to draw from.
 * @example
 * import { arange, data } from 'lanegrad';
 * const order = [...new data.RandomSampler(new data.TensorDataset(arange(4)))];
 * order.sort(); // => [0, 1, 2, 3]
 */
export class RandomSampler implements Sampler {
  readonly length: number;
  readonly #count: number;
  readonly #replacement: boolean;

  constructor(dataset: Counted, options: RandomSamplerOptions = {}) {
    checkOptions('RandomSampler', options, ['replacement', 'numSamples']);
    this.#count = countOf('RandomSampler', dataset);
    this.#replacement = checkFlag('RandomSampler', 'replacement', options.replacement);
    this.length = countOfSamples('RandomSampler', options.numSamples ?? this.#count, this.#count);
  }

  *[Symbol.iterator](): Generator<number, void, undefined> {
    const count = this.#count;
    if (this.#replacement) {
      const drawn = scoped(() => backend.read(randint(0, Math.max(count, 1), [this.length])));
      for (const index of drawn) yield Number(index);
      return;
    }
    const seed = drawSeed();
    for (let left = this.length, stream = 0; left > 0; stream++, left -= count) {
      const order = Int32Array.from({ length: count }, (_, i) => i);
      shuffle(order, seed, stream);
      yield* order.subarray(0, Math.min(left, count));
    }
  }
}

function countOfSamples(op: string, numSamples: number, count: number): number {
  checkInt(op, 'numSamples', numSamples);
  if (numSamples < 0 || (numSamples > 0 && count === 0))
    throw new ValueError(
      `[${op}] numSamples: got ${numSamples} of ${count} samples, wanted at least 1 to draw from`,
    );
  return numSamples;
}

/**
 * The samples of these numbers, in an order that each epoch draws.
 *
 * @throws ValueError for what are no numbers of samples.
 * @example
 * import { data } from 'lanegrad';
 * [...new data.SubsetRandomSampler([7, 3])].sort(); // => [3, 7]
 */
export class SubsetRandomSampler implements Sampler {
  readonly #indices: readonly number[];

  constructor(indices: readonly number[]) {
    this.#indices = checkIndices('SubsetRandomSampler', indices);
  }

  get length(): number {
    return this.#indices.length;
  }

  *[Symbol.iterator](): Generator<number, void, undefined> {
    for (const i of new RandomSampler(this.#indices)) yield this.#indices[i]!;
  }
}

/** A copy of a list of numbers of samples. */
export function checkIndices(op: string, indices: unknown): readonly number[] {
  if (!Array.isArray(indices) && !(indices instanceof Int32Array))
    throw new ValueError(`[${op}] indices: got ${describe(indices)}, wanted an array of numbers of samples`);
  const list: unknown[] = Array.from(indices);
  list.forEach((index, i) => {
    if (!Number.isSafeInteger(index) || (index as number) < 0)
      throw new ValueError(`[${op}] indices[${i}]: got ${describe(index)}, wanted an integer of at least 0`);
  });
  return list as number[];
}

export interface WeightedRandomSamplerOptions {
  /** Whether a sample may come several times. Default true. */
  replacement?: boolean;
}

/**
 * Samples drawn with probabilities in the proportion of their weights: for classes that are rare. See {@link multinomial}.
 *
 * weights: one for each sample, none negative.
 * @throws ValueError for weights that are negative or all 0; for a numSamples below 1, or without replacement more than weights.
 * @example
 * import { data } from 'lanegrad';
 * [...new data.WeightedRandomSampler([0, 1, 0], 4)]; // => [1, 1, 1, 1]
 */
export class WeightedRandomSampler implements Sampler {
  readonly length: number;
  readonly #weights: readonly number[];
  readonly #replacement: boolean;

  constructor(weights: readonly number[], numSamples: number, options: WeightedRandomSamplerOptions = {}) {
    const op = 'WeightedRandomSampler';
    checkOptions(op, options, ['replacement']);
    this.#weights = checkWeights(op, weights);
    const positive = this.#weights.filter((weight) => weight > 0).length;
    this.#replacement =
      options.replacement === undefined || checkFlag(op, 'replacement', options.replacement);
    this.length = countOfSamples(op, numSamples, positive);
    if (!this.#replacement && numSamples > positive)
      throw new ValueError(
        `[${op}] numSamples: got ${numSamples}, wanted at most ${positive}, the weights above 0, without replacement`,
      );
  }

  *[Symbol.iterator](): Generator<number, void, undefined> {
    if (this.length === 0) return;
    const drawn = scoped(() => {
      const weights = tensor(this.#weights as number[], { dtype: 'float64' });
      return backend.read(multinomial(weights, this.length, { replacement: this.#replacement }));
    });
    for (const index of drawn) yield Number(index);
  }
}

/** A copy of the weights. */
function checkWeights(op: string, weights: unknown): readonly number[] {
  if (!Array.isArray(weights))
    throw new ValueError(`[${op}] weights: got ${describe(weights)}, wanted an array of numbers`);
  const list: unknown[] = Array.from(weights);
  list.forEach((weight, i) => {
    if (typeof weight !== 'number' || !(weight >= 0 && weight < Infinity))
      throw new ValueError(
        `[${op}] weights[${i}]: got ${describe(weight)}, wanted a finite number of at least 0`,
      );
  });
  if (list.length > 0 && list.every((weight) => weight === 0))
    throw new ValueError(`[${op}] weights: got 0 for all ${list.length} samples, wanted one above 0`);
  return list as number[];
}

export interface BatchSamplerOptions {
  /** Leave out the last batch if it is smaller. Default false. */
  dropLast?: boolean;
}

/**
 * Batches of what another sampler gives.
 *
 * @throws ValueError for a batch size below 1, or what is no sampler.
 * @example
 * import { data } from 'lanegrad';
 * const order = new data.SequentialSampler({ length: 5 });
 * [...new data.BatchSampler(order, 2)]; // => [[0, 1], [2, 3], [4]]
 */
export class BatchSampler implements BatchSamplerLike {
  readonly #dropLast: boolean;

  constructor(
    readonly sampler: Sampler,
    readonly batchSize: number,
    options: BatchSamplerOptions = {},
  ) {
    checkOptions('BatchSampler', options, ['dropLast']);
    checkSampler('BatchSampler', 'sampler', sampler);
    checkInt('BatchSampler', 'batchSize', batchSize);
    if (batchSize < 1) throw new ValueError(`[BatchSampler] batchSize: got ${batchSize}, wanted at least 1`);
    this.#dropLast = checkFlag('BatchSampler', 'dropLast', options.dropLast);
  }

  /** The number of batches. */
  get length(): number {
    const batches = this.sampler.length / this.batchSize;
    return this.#dropLast ? Math.floor(batches) : Math.ceil(batches);
  }

  *[Symbol.iterator](): Generator<number[], void, undefined> {
    let batch: number[] = [];
    for (const index of this.sampler) {
      batch.push(index);
      if (batch.length < this.batchSize) continue;
      yield batch;
      batch = [];
    }
    if (batch.length > 0 && !this.#dropLast) yield batch;
  }
}
