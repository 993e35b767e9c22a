import { checkFlag, checkInt, checkOptions, describe } from '../check.js';
import { ValueError } from '../errors.js';
import { drawSeed } from '../generator.js';
import { checkDataset, stackSamples } from './dataset.js';
import type { Dataset, Sample } from './dataset.js';
import { BatchSampler, checkSampler as checkIsSampler } from './samplers.js';
import type { BatchSamplerLike, Sampler } from './samplers.js';
import { shuffle } from './shuffle.js';

export interface DataLoaderOptions {
  /** Samples in a batch. Default 1. */
  batchSize?: number;
  /** A new random order for each epoch. Default false: in order. */
  shuffle?: boolean;
  /** Of the orders: the same seed gives the same ones. Default: each epoch draws one as `manualSeed` determines. */
  seed?: number;
  /** Leave out the last batch if it is smaller. Default false. */
  dropLast?: boolean;
  /** The order of the samples in place of `shuffle`. */
  sampler?: Sampler;
  /** The batches themselves, in place of all of the above. */
  batchSampler?: BatchSamplerLike;
}

/**
 * Batches of a dataset, to be iterated once per epoch: tuples like its samples, each tensor with a new first dim.
 *
 * The order of epoch e with seed s is the same on every platform. Unshuffled batches of a {@link TensorDataset} are views
 * of its tensors. Batches need no disposal.
 *
 * @throws ValueError for a batch size below 1, a seed that is not an integer, something else than a dataset, or a sampler
 * together with what it stands in the place of.
 * @example
 * import { arange, data } from 'lanegrad';
 * const loader = new data.DataLoader(new data.TensorDataset(arange(5)), { batchSize: 2 });
 * loader.length; // => 3
 * [...loader].map(([x]) => x.tolist()); // => [[0, 1], [2, 3], [4]]
 */
export class DataLoader<S extends Sample = Sample> implements Iterable<S> {
  readonly dataset: Dataset<S>;
  readonly batchSize: number;
  /** Number of the next epoch. It counts up by itself; set it to go on where another run stopped. */
  epoch = 0;
  readonly #shuffle: boolean;
  readonly #seed: number | undefined;
  readonly #sampler: Sampler | undefined;
  readonly #batchSampler: BatchSamplerLike | undefined;
  readonly #dropLast: boolean;

  constructor(dataset: Dataset<S>, options: DataLoaderOptions = {}) {
    checkOptions('DataLoader', options, [
      'batchSize',
      'shuffle',
      'seed',
      'dropLast',
      'sampler',
      'batchSampler',
    ]);
    checkDataset('DataLoader', dataset);
    const { batchSize = 1, seed, sampler, batchSampler } = options;
    checkSampler('sampler', sampler, options, ['shuffle', 'seed', 'batchSampler']);
    checkSampler('batchSampler', batchSampler, options, [
      'batchSize',
      'shuffle',
      'seed',
      'dropLast',
      'sampler',
    ]);
    checkInt('DataLoader', 'batchSize', batchSize);
    if (batchSize < 1) throw new ValueError(`[DataLoader] batchSize: got ${batchSize}, wanted at least 1`);
    if (seed !== undefined) checkInt('DataLoader', 'seed', seed);
    this.dataset = dataset;
    this.batchSize = batchSize;
    this.#shuffle = checkFlag('DataLoader', 'shuffle', options.shuffle);
    this.#seed = seed;
    this.#sampler = sampler;
    this.#batchSampler = batchSampler;
    this.#dropLast = checkFlag('DataLoader', 'dropLast', options.dropLast);
  }

  /** The number of batches. */
  get length(): number {
    if (this.#batchSampler !== undefined) return this.#batchSampler.length;
    const batches = (this.#sampler?.length ?? this.#count()) / this.batchSize;
    return this.#dropLast ? Math.floor(batches) : Math.ceil(batches);
  }

  /** One epoch. */
  *[Symbol.iterator](): Generator<S, void, undefined> {
    const { batchSize, length } = this;
    const given = this.#givenBatches();
    if (given !== undefined) {
      this.epoch++;
      let place = 0;
      for (const batch of given) yield this.#batch(this.#indicesOf(batch, place++));
      return;
    }
    const count = this.#count();
    const order = Int32Array.from({ length: count }, (_, i) => i);
    const epoch = this.epoch++;
    if (this.#shuffle) shuffle(order, this.#seed ?? drawSeed(), epoch);
    for (let i = 0; i < length; i++) {
      const indices = order.subarray(i * batchSize, (i + 1) * batchSize);
      yield this.#batch(indices);
    }
  }

  /** Those of a sampler. */
  #givenBatches(): BatchSamplerLike | undefined {
    if (this.#sampler === undefined) return this.#batchSampler;
    return new BatchSampler(this.#sampler, this.batchSize, { dropLast: this.#dropLast });
  }

  /** A batch of a sampler, which may be anybody's. */
  #indicesOf(batch: Iterable<number>, place: number): Int32Array {
    const name = this.#sampler === undefined ? 'batchSampler' : 'sampler';
    const at = `[DataLoader] ${name}, batch ${place}`;
    if (typeof batch !== 'object' || (batch as unknown) === null || !(Symbol.iterator in batch))
      throw new ValueError(`${at}: got ${describe(batch)}, wanted numbers of samples`);
    const indices = Array.from<unknown>(batch);
    const count = this.#count();
    const bad = indices.find((each) => !Number.isInteger(each) || Number(each) < 0 || Number(each) >= count);
    if (bad !== undefined || indices.includes(undefined))
      throw new ValueError(`${at}: got ${describe(bad)}, wanted integers in [0, ${count})`);
    return Int32Array.from(indices as number[]);
  }

  #batch(indices: Int32Array): S {
    const { dataset } = this;
    return dataset.getBatch ? dataset.getBatch(indices) : stackSamples(dataset, indices);
  }

  #count(): number {
    const { length } = this.dataset;
    if (!Number.isInteger(length) || length < 0 || length > 0x7fffffff) {
      throw new ValueError(
        `[DataLoader] dataset.length: got ${describe(length)}, wanted an integer in [0, 2^31)`,
      );
    }
    return length;
  }
}

function checkSampler(
  name: 'sampler' | 'batchSampler',
  value: unknown,
  options: DataLoaderOptions,
  others: readonly (keyof DataLoaderOptions)[],
): void {
  if (value === undefined) return;
  checkIsSampler('DataLoader', name, value);
  const other = others.find((option) => options[option] !== undefined && options[option] !== false);
  if (other !== undefined) throw new ValueError(`[DataLoader] got ${name} and ${other}, wanted one of them`);
}
