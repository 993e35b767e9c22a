import { describe, expect, test } from 'vitest';
import { arange, broadcastShapes, counters, grad, indexPut, ones, tensor, zeros } from '../../lib/index.js';
import type { IndexEntry, Tensor } from '../../lib/index.js';

const x = arange(24).reshape([2, 3, 4]);
const at = (...places: number[]): Tensor => tensor(places, { dtype: 'int64' });
const flags = (...values: boolean[]): Tensor => tensor(values);

// Shapes and values are PyTorch's.
const cases: readonly (readonly [string, readonly IndexEntry[], readonly number[], readonly number[]])[] = [
  ['a number', [1, -1, 2], [], [22]],
  ['ranges with steps', [{}, { start: -2 }, { step: 3 }], [2, 2, 2], [4, 7, 8, 11, 16, 19, 20, 23]],
  ['null', [0, null, 0], [1, 4], [0, 1, 2, 3]],
  ["'...'", ['...', 0], [2, 3], [0, 4, 8, 12, 16, 20]],
  ['a tensor in its place', [0, at(2, 0), { stop: 1 }], [2, 1], [8, 0]],
  ['two side by side', [{}, at(0, 1), at(3, -1)], [2, 2], [3, 7, 15, 19]],
  ['two apart: their dim goes in front', [at(0, 1), { stop: 2 }, at(3, 0)], [2, 2], [3, 7, 12, 16]],
  [
    'two that broadcast',
    [at(0, 1).reshape([2, 1]), at(0, 2)],
    [2, 2, 4],
    [0, 1, 2, 3, 8, 9, 10, 11, 12, 13, 14, 15, 20, 21, 22, 23],
  ],
  ['a tensor and null between', [at(1), null, at(2)], [1, 1, 4], [20, 21, 22, 23]],
  ['a mask of one dim', [0, flags(true, false, true), 0], [2], [0, 8]],
  ['a mask beside a tensor', [flags(false, true), at(0, 2), 1], [2], [13, 21]],
  ['a mask of all', [x.gt(21)], [2], [22, 23]],
  ['a mask without true ones', [x.gt(99)], [0], []],
  ['true', [true, 0, 0, { stop: 2 }], [1, 2], [0, 1]],
  ['false', [false], [0, 2, 3, 4], []],
  ['a 0-dim mask', [tensor(true), 0, 0, 0], [1], [0]],
  ['a 0-dim tensor', [tensor(1), tensor(2)], [4], [20, 21, 22, 23]],
];

describe('index', () => {
  test.each(cases)('%s', (_name, entries, shape, values) => {
    const picked = x.index(...entries);
    expect(picked.shape).toEqual(shape);
    expect(picked.reshape([-1]).tolist()).toEqual(values);
    expect(x.at(...entries).equal(picked)).toBe(true);
  });

  test.each(cases)('written and read again: %s', (_name, entries, shape) => {
    const values = arange(100, 100 + shape.reduce((a, b) => a * b, 1)).reshape(shape);
    const y = indexPut(x, entries, values);
    expect(y.index(...entries).equal(values)).toBe(true);
    expect(y.ne(x).sum().item()).toBe(values.numel());
  });

  test('refuses what no index is', () => {
    expect(() => x.index(0, 0, 0, 0)).toThrow(/IndexError|4 dims/);
    expect(() => x.index(at(2))).toThrow(/out of range/);
    expect(() => x.index(tensor(new Uint8Array([1])))).toThrow(/int64, int32 or bool/);
    expect(() => x.index(ones([1]))).toThrow(/int64, int32 or bool/);
    expect(() => x.index(flags(true))).toThrow(/mask/);
    expect(() => x.index(at(0, 1), at(0, 1, 2))).toThrow(/broadcast/);
    expect(() => x.index({ step: -1 })).toThrow(/step/);
    expect(() => x.index('...', '...')).toThrow(/more than once/);
  });
});

describe('writes in place', () => {
  test('indexPut_ on a part of a tensor with a history', () => {
    const weight = zeros([3, 4], { requiresGrad: true });
    const values = ones([2], { requiresGrad: true });
    const y = weight.clone();
    y.select(0, 1).indexPut_([at(3, 0)], values);
    expect(y.tolist()).toEqual([
      [0, 0, 0, 0],
      [1, 0, 0, 1],
      [0, 0, 0, 0],
    ]);
    const [gw, gv] = grad(y.mul(arange(12).reshape([3, 4])).sum(), [weight, values]);
    expect(gw?.tolist()).toEqual([
      [0, 1, 2, 3],
      [0, 5, 6, 0],
      [8, 9, 10, 11],
    ]);
    expect(gv?.tolist()).toEqual([7, 4]);
  });

  test.each<readonly [string, (y: Tensor) => Tensor, readonly number[]]>([
    ['scatter_', (y) => y.scatter_(0, at(3, 1), 9), [0, 9, 2, 9]],
    ['scatterAdd_', (y) => y.scatterAdd_(0, at(1, 1), at(5, 6)), [0, 12, 2, 3]],
    ['scatterReduce_', (y) => y.scatterReduce_(0, at(1, 1), at(5, 6), 'amax'), [0, 6, 2, 3]],
    ['indexAdd_', (y) => y.indexAdd_(0, at(1), at(5), { alpha: 2 }), [0, 11, 2, 3]],
    ['indexCopy_', (y) => y.indexCopy_(0, at(1), at(5)), [0, 5, 2, 3]],
    ['indexFill_', (y) => y.indexFill_(0, at(-1), 5), [0, 1, 2, 5]],
    ['indexReduce_', (y) => y.indexReduce_(0, at(3), at(5), 'prod'), [0, 1, 2, 15]],
    ['put_', (y) => y.put_(at(-1), at(5)), [0, 1, 2, 5]],
    ['maskedFill_', (y) => y.maskedFill_(y.gt(1), 7), [0, 1, 7, 7]],
    ['maskedScatter_', (y) => y.maskedScatter_(y.gt(1), at(8, 9)), [0, 1, 8, 9]],
  ])('%s', (_name, write, expected) => {
    const y = arange(4);
    expect(write(y)).toBe(y);
    expect(y.tolist()).toEqual(expected);
    const wide = arange(8).reshape([4, 2]);
    wide.copy_(arange(4).reshape([4, 1]).expand([4, 2]));
    write(wide.select(1, 1));
    expect(wide.select(1, 1).tolist()).toEqual(expected);
    expect(wide.select(1, 0).tolist()).toEqual([0, 1, 2, 3]);
  });

  test('tril_ and triu_', () => {
    expect(ones([2, 2]).tril_().tolist()).toEqual([
      [1, 0],
      [1, 1],
    ]);
    expect(ones([2, 2]).t().triu_({ diagonal: 1 }).tolist()).toEqual([
      [0, 1],
      [0, 0],
    ]);
  });

  test('one element of a large tensor costs no copy of it', () => {
    const y = zeros([1 << 16]);
    const place = at(7);
    const one = ones([1]);
    const before = counters().allocatedBytes;
    y.scatter_(0, place, one).indexCopy_(0, place, one).indexAdd_(0, place, one).scatterAdd_(0, place, one);
    const bytes = counters().allocatedBytes - before;
    expect(y.select(0, 7).item()).toBe(3);
    // The TypeScript backend makes the result first.
    if (process.env['LANEGRAD_BACKEND'] !== 'js') expect(bytes).toBeLessThan(1 << 12);
  });

  test('an operand that shares the memory is read as it was', () => {
    const y = arange(4);
    y.scatterAdd_(0, at(1, 2, 3), y.slice(0, { stop: 3 }));
    expect(y.tolist()).toEqual([0, 1, 3, 5]);
  });
});

test('broadcastShapes', () => {
  expect(broadcastShapes([2, 1], 3, [])).toEqual([2, 3]);
  expect(broadcastShapes()).toEqual([]);
  expect(() => broadcastShapes([2], [3])).toThrow(/broadcast/);
  expect(() => broadcastShapes([-1])).toThrow(/at least 0/);
});

test('long lines are scattered by threads, in the order of the index', () => {
  const count = 200000;
  const places = arange(count).mul(7).remainder(1000);
  const last = zeros([1000], { dtype: 'int64' }).scatter(0, places, arange(count));
  // 7 and 1000 have no common divisor: place 7 k mod 1000 is written by k, k + 1000, ...
  const expected = arange(count - 1000, count).index(arange(1000).mul(143).remainder(1000));
  expect(last.equal(expected)).toBe(true);
});
