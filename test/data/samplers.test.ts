import { describe, expect, it } from 'vitest';
import { arange, data, IndexError, manualSeed, memory, tensor, ValueError } from '../../lib/index.js';
import type { Tensor } from '../../lib/index.js';

const numbers = (count: number): data.TensorDataset<[Tensor]> => new data.TensorDataset(arange(count));
const epoch = (loader: data.DataLoader<[Tensor]>): number[][] =>
  [...loader].map(([x]) => x.tolist() as number[]);
const sorted = (values: Iterable<number>): number[] => [...values].sort((a, b) => a - b);

describe('samplers', () => {
  it('sequential, random: an order of all, which repeats after manualSeed and differs between epochs', () => {
    const set = numbers(50);
    expect([...new data.SequentialSampler(set)]).toEqual([...Array(50).keys()]);
    const random = new data.RandomSampler(set);
    expect(random.length).toBe(50);
    manualSeed(3);
    const [a, b] = [[...random], [...random]];
    manualSeed(3);
    expect([...random]).toEqual(a);
    expect(a).not.toEqual(b);
    for (const order of [a, b]) expect(sorted(order)).toEqual([...Array(50).keys()]);
  });

  it('random with more or fewer samples, and with replacement', () => {
    const few = [...new data.RandomSampler(numbers(10), { numSamples: 4 })];
    expect(new Set(few).size).toBe(4);
    const more = [...new data.RandomSampler(numbers(10), { numSamples: 25 })];
    for (let value = 0; value < 10; value++) {
      const times = more.filter((each) => each === value).length;
      expect(times === 2 || times === 3).toBe(true);
    }
    manualSeed(1);
    const drawn = [...new data.RandomSampler(numbers(4), { numSamples: 4000, replacement: true })];
    const counts = [0, 1, 2, 3].map((value) => drawn.filter((each) => each === value).length);
    for (const count of counts) expect(Math.abs(count - 1000)).toBeLessThan(150);
    expect([...new data.RandomSampler({ length: 0 })]).toEqual([]);
  });

  it('weighted: in proportion, with and without replacement', () => {
    manualSeed(5);
    const drawn = [...new data.WeightedRandomSampler([3, 0, 1], 4000)];
    const counts = [0, 1, 2].map((value) => drawn.filter((each) => each === value).length);
    expect(counts[1]).toBe(0);
    expect(Math.abs(counts[0]! - 3000)).toBeLessThan(200);
    const once = [...new data.WeightedRandomSampler([3, 0, 1], 2, { replacement: false })];
    expect(sorted(once)).toEqual([0, 2]);
  });

  it('batches, and a subset in random order', () => {
    const order = new data.SubsetRandomSampler([9, 4, 6]);
    expect(sorted(order)).toEqual([4, 6, 9]);
    const batches = new data.BatchSampler(new data.SequentialSampler(numbers(5)), 2);
    expect([batches.length, [...batches]]).toEqual([3, [[0, 1], [2, 3], [4]]]);
    const whole = new data.BatchSampler(new data.SequentialSampler(numbers(5)), 2, { dropLast: true });
    expect([whole.length, [...whole]]).toEqual([
      2,
      [
        [0, 1],
        [2, 3],
      ],
    ]);
  });

  it('in a loader', () => {
    const set = numbers(6);
    const sampler = { length: 3, *[Symbol.iterator]() { yield* [5, 1, 1]; } }; // prettier-ignore
    const loader = new data.DataLoader(set, { sampler, batchSize: 2 });
    expect([loader.length, epoch(loader), epoch(loader)]).toEqual([2, [[5, 1], [1]], [[5, 1], [1]]]);
    expect(loader.epoch).toBe(2);
    expect(epoch(new data.DataLoader(set, { sampler, batchSize: 2, dropLast: true }))).toEqual([[5, 1]]);
    const batched = new data.DataLoader(set, { batchSampler: [[0, 3], [2]] });
    expect([batched.length, epoch(batched)]).toEqual([2, [[0, 3], [2]]]);
  });

  it('leaves no tensor behind', () => {
    const before = memory().handles;
    for (const _ of new data.WeightedRandomSampler([1, 2], 9)) void _;
    for (const _ of new data.RandomSampler(numbers(1), { replacement: true })) void _;
    expect(memory().handles - before).toBeLessThanOrEqual(1);
  });

  it.each([
    ['no dataset', () => new data.RandomSampler(7 as never)],
    ['numSamples', () => new data.RandomSampler(numbers(3), { numSamples: -1 })],
    ['nothing to draw from', () => new data.RandomSampler({ length: 0 }, { numSamples: 2 })],
    ['a negative weight', () => new data.WeightedRandomSampler([1, -1], 2)],
    ['NaN', () => new data.WeightedRandomSampler([1, NaN], 2)],
    ['a weight that is no number', () => new data.WeightedRandomSampler(['1' as never], 2)],
    ['no weight', () => new data.WeightedRandomSampler([0, 0], 2)],
    ['more than there are', () => new data.WeightedRandomSampler([1, 0, 1], 3, { replacement: false })],
    ['indices', () => new data.SubsetRandomSampler([0.5])],
    ['no sampler', () => new data.BatchSampler({ length: 3 } as never, 2)],
    ['a batch size', () => new data.BatchSampler(new data.SequentialSampler(numbers(3)), 0)],
    ['sampler and shuffle', () => new data.DataLoader(numbers(3), { sampler: [1], shuffle: true })],
    [
      'batchSampler and batchSize',
      () => new data.DataLoader(numbers(3), { batchSampler: [[1]], batchSize: 2 }),
    ],
    ['no sampler', () => new data.DataLoader(numbers(3), { sampler: 3 as never })],
  ])('%s is an error', (_, run) => {
    expect(run).toThrow(ValueError);
  });
});

describe('Subset and randomSplit', () => {
  it('gives the samples, one by one and in batches, of a subset of a subset too', () => {
    const set = new data.TensorDataset(arange(8).mul(10), arange(8));
    const part = new data.Subset(new data.Subset(set, [7, 5, 3, 1]), [2, 0]);
    expect([part.length, part.get(1).map((x) => x.item())]).toEqual([2, [70, 7]]);
    const [batch] = new data.DataLoader(part, { batchSize: 2 });
    expect(batch!.map((x) => x.tolist())).toEqual([
      [30, 70],
      [3, 7],
    ]);
    const plain: data.Dataset<[Tensor]> = { length: 3, get: (i) => [tensor(i)] };
    expect(epoch(new data.DataLoader(new data.Subset(plain, [2, 1]), { batchSize: 2 }))).toEqual([[2, 1]]);
    expect(() => part.get(2)).toThrow(IndexError);
    expect(() => new data.Subset(set, [8])).toThrow(IndexError);
    expect(() => new data.Subset(set, [-1])).toThrow(ValueError);
  });

  it.each([
    [
      [7, 3],
      [7, 3],
    ],
    [
      [0.5, 0.25, 0.25],
      [6, 2, 2],
    ],
    [
      [0.9, 0.1],
      [9, 1],
    ],
    [
      [10, 0],
      [10, 0],
    ],
  ])('splits ten into %j', (lengths, sizes) => {
    const parts = data.randomSplit(numbers(10), lengths);
    expect(parts.map((part) => part.length)).toEqual(sizes);
    expect(sorted(parts.flatMap((part) => [...part.indices]))).toEqual([...Array(10).keys()]);
  });

  it.each([
    [
      [0.8, 0.2],
      [1, 0],
    ],
    [
      [0, 1],
      [0, 1],
    ],
    [[1], [1]],
  ])('splits one into %j', (lengths, sizes) => {
    expect(data.randomSplit(numbers(1), lengths).map((part) => part.length)).toEqual(sizes);
  });

  it('is of a dataset', () => {
    expect(() => data.randomSplit(5 as never, [1])).toThrow(/^\[randomSplit\] dataset: got 5, wanted/);
    expect(() => new data.Subset([1] as never, [0])).toThrow(/^\[Subset\] dataset: got/);
  });

  it('repeats after manualSeed; refuses what does not add up', () => {
    const split = () => data.randomSplit(numbers(20), [0.5, 0.5]).map((part) => [...part.indices]);
    manualSeed(2);
    const first = split();
    manualSeed(2);
    expect(split()).toEqual(first);
    expect(split()).not.toEqual(first);
    for (const lengths of [[7, 4], [0.5, 0.4], [], [-1, 11], [1.5, 8.5]])
      expect(() => data.randomSplit(numbers(10), lengths)).toThrow(ValueError);
  });
});

it.each<[string, unknown]>([
  ['no number', [['a']]],
  ['a fraction', [[2.7]]],
  ['NaN', [[0, NaN]]],
  ['more than there are', [[3]]],
  ['less than the first', [[-1]]],
  ['nothing', [[undefined]]],
  ['no batch', [null]],
])('a batch sampler that gives %s', (_, batches) => {
  const loader = new data.DataLoader(numbers(3), { batchSampler: batches as number[][] });
  expect(() => [...loader]).toThrow(/batchSampler, batch 0: got/);
});
