import { describe, expect, test } from 'vitest';
import { arange, asStrided, grad, isGradEnabled, noGrad, ones, tensor, zeros } from '../../lib/index.js';
import type { Tensor } from '../../lib/index.js';

// asStrided looks at memory, so what it sees depends on how a tensor came about. Expected values are PyTorch's.

const floats = (count: number): Tensor => arange(count, { dtype: 'float32' });
const sumOf = (x: Tensor, weights: readonly number[]): Tensor =>
  x
    .reshape([-1])
    .mul(tensor(new Float32Array(weights)))
    .sum();

describe('what it sees', () => {
  test('the memory around a part', () => {
    const row = floats(6).reshape([2, 3]).select(0, 1);
    expect(asStrided(row, [2], [1]).tolist()).toEqual([3, 4]);
    expect(asStrided(row, [2], [1], { storageOffset: 0 }).tolist()).toEqual([0, 1]);
    expect(asStrided(row, [2, 2], [3, 2], { storageOffset: 0 }).tolist()).toEqual([
      [0, 2],
      [3, 5],
    ]);
  });

  test('memory, not order', () => {
    expect(asStrided(floats(6).reshape([2, 3]).t(), [6], [1]).tolist()).toEqual([0, 1, 2, 3, 4, 5]);
  });

  test('not beyond it', () => {
    const part = floats(6).slice(0, { start: 2, stop: 4 });
    expect(() => asStrided(part, [5], [1])).toThrow(/\[asStrided\].*leaves/);
    expect(asStrided(part, [4], [1]).tolist()).toEqual([2, 3, 4, 5]);
    expect(() => asStrided(part, [2], [2 ** 52])).toThrow(/leaves/);
    expect(() => asStrided(part, [2 ** 40, 2 ** 40], [1, 1])).toThrow();
  });

  test('a view: writes are seen', () => {
    const x = zeros([2, 3]);
    asStrided(x.select(0, 1), [2], [3], { storageOffset: 1 }).fill_(5);
    expect(x.tolist()).toEqual([
      [0, 5, 0],
      [0, 5, 0],
    ]);
  });

  test('what overlaps cannot be written to', () => {
    expect(() => asStrided(zeros([4]), [3, 2], [1, 1]).fill_(1)).toThrow(/share memory/);
    expect(() => zeros([5]).unfold(0, 3, 1).fill_(1)).toThrow(/share memory/);
    expect(zeros([4]).unfold(0, 2, 2).fill_(1).tolist()).toEqual([
      [1, 1],
      [1, 1],
    ]);
  });
});

describe('gradients', () => {
  test('of the whole: places that are seen twice get both', () => {
    const x = floats(4).requiresGrad_();
    const [g] = grad(sumOf(asStrided(x, [2, 2], [1, 1]), [1, 2, 3, 4]), [x]);
    expect(g?.tolist()).toEqual([1, 5, 4, 0]);
  });

  // PyTorch drops the 1: there the history goes through the part.
  test('of a part: what lies outside of it has one too', () => {
    const x = floats(6).requiresGrad_();
    const part = x.slice(0, { start: 2, stop: 5 });
    const view = asStrided(part, [3], [2], { storageOffset: 0 });
    expect(view.tolist()).toEqual([0, 2, 4]);
    const [g] = grad(sumOf(view, [1, 2, 3]), [x]);
    expect(g?.tolist()).toEqual([1, 0, 2, 0, 3, 0]);
  });

  test('of a transposed one', () => {
    const x = floats(6).reshape([2, 3]).requiresGrad_();
    const [g] = grad(sumOf(asStrided(x.t(), [3], [2]), [1, 2, 3]), [x]);
    expect(g?.tolist()).toEqual([
      [1, 0, 2],
      [0, 3, 0],
    ]);
  });

  test('of an expanded one: once', () => {
    const x = tensor([1.5, 2.5], { requiresGrad: true });
    const wide = x.reshape([2, 1]).expand([2, 3]);
    const [g] = grad(sumOf(asStrided(wide, [2], [1]), [1, 10]), [x]);
    expect(g?.tolist()).toEqual([1, 10]);
  });

  test('the second ones', () => {
    const x = tensor([1, 2, 3], { dtype: 'float64', requiresGrad: true });
    const view = asStrided(x.slice(0, { start: 1 }), [2, 2], [1, 0], { storageOffset: 1 });
    const [first] = grad(view.square().sum(), [x], { createGraph: true });
    expect(first?.tolist()).toEqual([0, 8, 12]);
    const [second] = grad(first.sum(), [x]);
    expect(second?.tolist()).toEqual([0, 4, 4]);
  });

  test('through a write', () => {
    const x = floats(6).requiresGrad_();
    const value = ones([2], { requiresGrad: true });
    const base = x.clone();
    asStrided(base.slice(0, { start: 3 }), [2], [3], { storageOffset: 1 }).mul_(value.mul(2));
    const [gx, gv] = grad(sumOf(base, [1, 2, 3, 4, 5, 6]), [x, value]);
    expect(gx?.tolist()).toEqual([1, 4, 3, 4, 10, 6]);
    expect(gv?.tolist()).toEqual([4, 40]);
  });

  test('a write outside of what has the history is refused', () => {
    const memory = floats(6);
    const part = noGrad(() => memory.slice(0, { start: 3 })).detach();
    const value = ones([2], { requiresGrad: true });
    expect(() => {
      const view = asStrided(part, [2], [1], { storageOffset: 0 });
      const [g] = grad(view.mul_(value).sum().add(part.sum()), [value]);
      return g;
    }).toThrow(/AutogradError|reaches outside|lie in memory|leaves|noGrad/);
    expect(isGradEnabled()).toBe(true);
  });
});
