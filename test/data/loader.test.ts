import { describe, expect, expectTypeOf, it } from 'vitest';
import {
  arange,
  collect,
  data,
  DTypeError,
  IndexError,
  manualSeed,
  memory,
  ShapeError,
  tensor,
  ValueError,
} from '../../lib/index.js';
import type { Tensor } from '../../lib/index.js';
import { shuffle } from '../../lib/data/shuffle.js';

const numbers = (count: number): data.TensorDataset<[Tensor]> => new data.TensorDataset(arange(count));
const epoch = (loader: data.DataLoader<[Tensor]>): number[] =>
  [...loader].flatMap(([x]) => x.tolist() as number[]);

describe('TensorDataset', () => {
  it('gives rows', () => {
    const set = new data.TensorDataset(arange(6).reshape([3, 2]), tensor([7, 8, 9]));
    expect(set.length).toBe(3);
    const [x, y] = set.get(2);
    expect([x.tolist(), y.tolist()]).toEqual([[4, 5], 9]);
    expect(() => set.get(3)).toThrow(IndexError);
    expect(() => set.get(-1)).toThrow(/index: got -1, wanted one in \[0, 2\]/);
    expect(() => set.get(0.5)).toThrow(ValueError);
  });

  it('has the types of its tensors', () => {
    const set = new data.TensorDataset(arange(2, { dtype: 'float32' }), arange(2));
    const loader = new data.DataLoader(set);
    for (const batch of loader) expectTypeOf(batch[0]).toExtend<Tensor<'float32'>>();
    expectTypeOf(new data.DataLoader(numbers(1)).dataset.get(0)).toEqualTypeOf<[Tensor]>();
    const pairs: data.TensorDataset = set;
    expect(pairs.length).toBe(2);
  });

  it('wants tensors of one first size', () => {
    expect(() => new data.TensorDataset()).toThrow(ValueError);
    expect(() => new data.TensorDataset(tensor(1))).toThrow(ShapeError);
    expect(() => new data.TensorDataset(arange(2), arange(3))).toThrow(
      /tensors\[0\] is \[2\], tensors\[1\] is \[3\]/,
    );
    expect(() => new data.TensorDataset([1, 2] as never)).toThrow(DTypeError);
  });
});

describe('DataLoader', () => {
  it('goes in order by default, and the last batch may be smaller', () => {
    const loader = new data.DataLoader(numbers(7), { batchSize: 3 });
    expect(loader.length).toBe(3);
    expect([...loader].map(([x]) => x.tolist())).toEqual([[0, 1, 2], [3, 4, 5], [6]]);
    const dropping = new data.DataLoader(numbers(7), { batchSize: 3, dropLast: true });
    expect(dropping.length).toBe(2);
    expect([...dropping].map(([x]) => x.tolist())).toEqual([
      [0, 1, 2],
      [3, 4, 5],
    ]);
    expect(new data.DataLoader(numbers(2)).length).toBe(2);
    expect([...new data.DataLoader(numbers(0), { batchSize: 2 })]).toEqual([]);
    expect([...new data.DataLoader(numbers(2), { batchSize: 3, dropLast: true })]).toEqual([]);
  });

  it('gives views where rows follow each other', () => {
    const x = arange(4);
    const [batch] = new data.DataLoader(new data.TensorDataset(x), { batchSize: 2 });
    x.fill_(9);
    expect(batch![0].tolist()).toEqual([9, 9]);
  });

  it('shuffles anew each epoch, the same for the same seed', () => {
    const options = { batchSize: 4, shuffle: true, seed: 5 };
    const loader = new data.DataLoader(numbers(20), options);
    const first = epoch(loader);
    const second = epoch(loader);
    expect(first).not.toEqual(second);
    expect(first.slice().sort((a, b) => a - b)).toEqual(arange(20).tolist());
    expect(second.slice().sort((a, b) => a - b)).toEqual(arange(20).tolist());
    const again = new data.DataLoader(numbers(20), options);
    expect([epoch(again), epoch(again)]).toEqual([first, second]);
    expect(epoch(new data.DataLoader(numbers(20), { ...options, seed: 6 }))).not.toEqual(first);
    const resumed = new data.DataLoader(numbers(20), options);
    resumed.epoch = 1;
    expect(epoch(resumed)).toEqual(second);
    // The same on every platform and backend.
    expect(epoch(new data.DataLoader(numbers(8), { shuffle: true, seed: 1 }))).toEqual([
      1, 0, 4, 2, 5, 3, 6, 7,
    ]);
  });

  it('keeps samples together', () => {
    const set = new data.TensorDataset(arange(20).reshape([10, 2]), arange(10));
    for (const [x, y] of new data.DataLoader(set, { batchSize: 3, shuffle: true, seed: 2 })) {
      expect((x.tolist() as number[][]).map((row) => row[0]! / 2)).toEqual(y.tolist());
    }
  });

  it('without a seed follows manualSeed', () => {
    const run = (): number[] => epoch(new data.DataLoader(numbers(30), { shuffle: true, batchSize: 30 }));
    manualSeed(3);
    const first = [run(), run()];
    manualSeed(3);
    expect([run(), run()]).toEqual(first);
    expect(first[0]).not.toEqual(first[1]);
  });

  it('stacks the samples of other datasets', () => {
    const squares: data.Dataset<[Tensor, Tensor]> = {
      length: 5,
      get: (i) => [tensor([i, i]), tensor(i * i)],
    };
    const [batch] = new data.DataLoader(squares, { batchSize: 3 });
    expect(batch!.map((x) => x.tolist())).toEqual([
      [
        [0, 0],
        [1, 1],
        [2, 2],
      ],
      [0, 1, 4],
    ]);
    const uneven: data.Dataset = { length: 2, get: (i) => [arange(i + 1)] };
    expect(() => [...new data.DataLoader(uneven, { batchSize: 2 })]).toThrow(ShapeError);
    const ragged: data.Dataset = { length: 2, get: (i) => (i === 0 ? [tensor(1)] : []) };
    expect(() => [...new data.DataLoader(ragged, { batchSize: 2 })]).toThrow(
      /sample 0 has 1 tensors, sample 1 has 0/,
    );
    const wrong: data.Dataset = { length: 2, get: () => [1] as never };
    expect(() => [...new data.DataLoader(wrong)]).toThrow(/sample 0\[0\]: got 1, wanted a tensor/);
  });

  it('asks a dataset that batches itself', () => {
    const asked: number[][] = [];
    const set: data.Dataset<[Tensor]> = {
      length: 3,
      get: (i) => [tensor(i)],
      getBatch(indices) {
        asked.push([...indices]);
        return [tensor([...indices])];
      },
    };
    expect(epoch(new data.DataLoader(set, { batchSize: 2 }))).toEqual([0, 1, 2]);
    expect(asked).toEqual([[0, 1], [2]]);
  });

  it('uses get of a subclass of TensorDataset', () => {
    class Doubled extends data.TensorDataset<[Tensor]> {
      override get(index: number): [Tensor] {
        return [super.get(index)[0].mul(2)];
      }
    }
    expect(epoch(new data.DataLoader(new Doubled(arange(3)), { batchSize: 2 }))).toEqual([0, 2, 4]);
  });

  it('leaves nothing behind', () => {
    const loader = new data.DataLoader(numbers(1000), { batchSize: 10, shuffle: true, seed: 1 });
    const sweep = (): number => {
      for (const [x] of loader) x.dispose();
      return memory().handles;
    };
    const before = sweep();
    expect(sweep()).toBe(before);
    collect();
  });

  it('wants sensible options', () => {
    const set = numbers(3);
    expect(() => new data.DataLoader(set, { batchSize: 0 })).toThrow(/batchSize: got 0, wanted at least 1/);
    expect(() => new data.DataLoader(set, { batchSize: 1.5 })).toThrow(ValueError);
    expect(() => new data.DataLoader(set, { seed: NaN })).toThrow(ValueError);
    expect(() => new data.DataLoader(set, { batch_size: 2 } as never)).toThrow(/got "batch_size"/);
    expect(() => new data.DataLoader(set, { shuffle: 1 as never })).toThrow(
      /shuffle: got 1, wanted a boolean/,
    );
    expect(() => new data.DataLoader(set, 32 as never)).toThrow(/options: got 32/);
    expect(() => new data.DataLoader(null as never)).toThrow(/dataset: got null/);
    expect(() => [...new data.DataLoader({ length: -1, get: () => [] })]).toThrow(/dataset.length: got -1/);
  });
});

describe('shuffle', () => {
  it('makes every order about equally often', () => {
    const counts = new Map<string, number>();
    for (let stream = 0; stream < 6000; stream++) {
      const values = Int32Array.of(0, 1, 2);
      shuffle(values, 11, stream);
      const key = values.join('');
      counts.set(key, (counts.get(key) ?? 0) + 1);
    }
    expect(counts.size).toBe(6);
    // 1000 expected, standard deviation 29.
    for (const count of counts.values()) expect(Math.abs(count - 1000)).toBeLessThan(150);
  });
});
