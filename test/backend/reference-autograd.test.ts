import { describe, expect, it } from 'vitest';
import { AutogradError, DisposedError, ShapeError } from '../../lib/errors.js';
import type { T } from './reference-kit.js';
import { makeKit, numbers } from './reference-kit.js';

const once = { retainGraph: false, createGraph: false };

describe('backward', () => {
  it('accumulates into leaves, and sums what arrives over several paths', () => {
    const k = makeKit();
    const x = k.leaf([2, 3]);
    k.backward(k.sum(k.run('add', [k.run('mul', [x, x]), x])));
    expect(k.grads(x)).toEqual([5, 7]);
    k.backward(k.sum(k.run('mul', [x, 10])));
    expect(k.grads(x)).toEqual([15, 17]);
  });

  it('gives each leaf memory of its own', () => {
    const k = makeKit();
    const a = k.leaf([1, 2]);
    const b = k.leaf([3, 4]);
    const g = k.tensor([1, 1]);
    k.backend.backward([k.run('add', [a, b])], [g], once);
    k.backend.backward([k.run('mul', [a, 2])], [g], once);
    expect(k.grads(a)).toEqual([3, 3]);
    expect(k.grads(b)).toEqual([1, 1]);
    expect(k.values(g)).toEqual([1, 1]);
  });

  it('needs a gradient for more than one element, and a root that requires one', () => {
    const k = makeKit();
    const x = k.leaf([1, 2]);
    expect(() => k.backward(k.run('mul', [x, 2]))).toThrow(ShapeError);
    expect(() => k.backward(k.sum(k.tensor([1])))).toThrow(AutogradError);
    k.backward(k.sum(x));
    expect(k.grads(x)).toEqual([1, 1]);
  });

  it('runs once unless the graph is retained', () => {
    const k = makeKit();
    const x = k.leaf([3]);
    const y = k.sum(k.run('square', [x]));
    k.backward(y, { retainGraph: true });
    k.backward(y);
    expect(k.grads(x)).toEqual([12]);
    expect(() => k.backward(y)).toThrow(/retainGraph/);
  });

  it('differentiates gradients', () => {
    const k = makeKit();
    const x = k.leaf([2]);
    const y = k.sum(k.run('pow', [x, 4]));
    const [g] = k.backend.grad([y], [x], [null], { retainGraph: true, createGraph: true });
    expect(k.values(g!)).toEqual([32]);
    const [gg] = k.backend.grad([g!], [x], [k.tensor([1])], { retainGraph: true, createGraph: true });
    expect(k.values(gg!)).toEqual([48]);
    const [ggg] = k.backend.grad([gg!], [x], [k.tensor([1])], once);
    expect(k.values(ggg!)).toEqual([48]);
    expect(k.grads(x)).toBeNull();
    k.backward(k.sum(k.run('square', [x])), { createGraph: true });
    k.backward(k.sum(k.run('square', [x])), { createGraph: true });
    expect(k.grads(x)).toEqual([8]);
    expect(k.backend.requiresGrad(k.backend.getGrad(x)!)).toBe(true);
  });

  it('grad runs only what leads to its inputs and leaves .grad alone', () => {
    const k = makeKit();
    const x = k.leaf([2]);
    const z = k.leaf([5]);
    const h = k.run('mul', [x, 3]);
    const y = k.run('mul', [h, z]);
    const before = k.backend.counters().ops;
    const [gh, gu] = k.backend.grad([y], [h, k.leaf([1])], [k.tensor([1])], once);
    expect(k.backend.counters().ops - before).toBe(1);
    expect(k.values(gh!)).toEqual([5]);
    expect(gu).toBeNull();
    expect(k.grads(x)).toBeNull();
    expect(() => k.backend.grad([y], [k.tensor([1])], [null], once)).toThrow(AutogradError);
  });

  it('keeps the gradient of a non-leaf on request', () => {
    const k = makeKit();
    const x = k.leaf([2]);
    const h = k.run('mul', [x, 3]);
    k.backend.retainGrad(h);
    k.backward(k.sum(k.run('square', [h])));
    expect(k.grads(h)).toEqual([12]);
    expect(k.grads(x)).toEqual([36]);
  });

  it('a million nodes run and are dropped without recursion', () => {
    const k = makeKit();
    const x = k.leaf([1]);
    let y = x;
    for (let i = 0; i < 1_000_000; i++) {
      const next = k.run('neg', [y]);
      if (y !== x) k.backend.release(y);
      y = next;
    }
    k.backend.backward([y], [k.tensor([1])], once);
    expect(k.grads(x)).toEqual([1]);
    const [g] = k.backend.grad([k.run('neg', [x])], [x], [k.tensor([1])], once);
    expect(k.values(g!)).toEqual([-1]);
  }, 60_000);

  it('records nothing without grad mode, and names what made a tensor', () => {
    const k = makeKit();
    const x = k.leaf([1]);
    const y = k.noGrad(() => k.run('mul', [x, 2]));
    expect(k.backend.requiresGrad(y)).toBe(false);
    expect(k.backend.gradFn(k.run('mul', [x, 2]))).toBe('mul');
    expect(k.backend.gradFn(x)).toBeNull();
    expect(k.backend.isLeaf(k.run('detach', [k.run('mul', [x, 2])]))).toBe(true);
    expect(() => k.backend.setRequiresGrad(k.run('mul', [x, 2]), false)).toThrow(AutogradError);
  });
});

describe('in place', () => {
  it('a leaf changes under noGrad only, and so do its views', () => {
    const k = makeKit();
    const x = k.leaf([1, 2]);
    expect(() => k.inPlace('add', [x, 1])).toThrow(/leaf that requires a gradient.*noGrad/);
    const view = k.run('slice', [x], { dim: 0, start: 0, length: 1, step: 1 });
    expect(() => k.inPlace('add', [view, 1])).toThrow(/view of a leaf.*noGrad/);
    k.noGrad(() => k.inPlace('add', [x, 1]));
    expect(k.values(x)).toEqual([2, 3]);
    expect(k.backend.version(x)).toBe(1);
    expect(k.values(view)).toEqual([2]);
  });

  it('rebases the history of a non-leaf', () => {
    const k = makeKit();
    const x = k.leaf([2, 3]);
    const y = k.run('mul', [x, 1]);
    k.inPlace('mul', [y, x]);
    k.inPlace('mul', [y, y]);
    expect(k.backend.gradFn(y)).toBe('mul');
    k.backward(k.sum(y));
    expect(k.values(y)).toEqual([16, 81]);
    expect(k.grads(x)).toEqual([32, 108]); // 4 x^3
  });

  it('says which saved tensor was changed, and names the op', () => {
    const k = makeKit();
    const x = k.leaf([2, 3]);
    const w = k.run('mul', [x, 1]);
    const y = k.sum(k.run('square', [w]));
    k.noGrad(() => k.inPlace('add', [w, 1]));
    expect(() => k.backward(y)).toThrow(
      /^\[square\] input 0 of shape \[2\] .*changed in place since \(version 1, saved at 0\)/,
    );
    expect(() => k.backward(y)).toThrow(AutogradError);
  });

  it('saves the output that it wrote', () => {
    const k = makeKit();
    const x = k.leaf([0.5]);
    const y = k.run('mul', [x, 1]);
    k.inPlace('exp', [y]);
    k.backward(k.sum(y));
    expect(k.grads(x)![0]).toBeCloseTo(Math.exp(0.5), 12);
  });

  it('through a view rewrites the base, and other views follow', () => {
    const k = makeKit();
    const x = k.leaf([1, 2, 3, 4], [2, 2]);
    const base = k.run('mul', [x, 1]);
    const row = k.run('slice', [base], { dim: 0, start: 0, length: 1, step: 1 });
    const column = k.run('slice', [k.run('permute', [base], { dims: [1, 0] })], {
      dim: 0,
      start: 0,
      length: 1,
      step: 1,
    });
    k.inPlace('mul', [row, 10]);
    expect(k.values(base)).toEqual([10, 20, 3, 4]);
    expect(k.values(column)).toEqual([10, 3]);
    expect(k.backend.gradFn(base)).toBe('viewScatter');
    expect(k.backend.gradFn(row)).toBe('slice');
    k.backward(k.sum(column), { retainGraph: true });
    expect(k.grads(x)).toEqual([10, 0, 1, 0]);
    k.backend.setGrad(x, null);
    k.backward(k.run('add', [k.sum(base), k.sum(row)]));
    expect(k.grads(x)).toEqual([20, 20, 1, 1]);
  });

  it('a change of the base reaches views made before', () => {
    const k = makeKit();
    const x = k.leaf([1, 2]);
    const base = k.run('mul', [x, 3]);
    const view = k.run('reshape', [base], { shape: [2, 1], strict: false });
    k.inPlace('square', [base]);
    k.backward(k.sum(view));
    expect(k.grads(x)).toEqual([18, 36]);
  });

  it('writing what requires a gradient into a plain tensor makes it part of the graph', () => {
    const k = makeKit();
    const x = k.leaf([2, 3]);
    const buffer = k.tensor([0, 0, 0, 0], [2, 2]);
    const row = k.run('slice', [buffer], { dim: 0, start: 1, length: 1, step: 1 });
    k.inPlace('copy', [row, x]);
    expect(k.values(buffer)).toEqual([0, 0, 2, 3]);
    k.backward(k.sum(k.run('square', [buffer])));
    expect(k.grads(x)).toEqual([4, 6]);
  });

  it('second derivatives go through it', () => {
    const k = makeKit();
    const x = k.leaf([2, 3]);
    const y = k.run('mul', [x, 1]);
    const first = k.run('slice', [y], { dim: 0, start: 0, length: 1, step: 1 });
    k.inPlace('mul', [first, first]);
    k.inPlace('mul', [y, y]);
    const [g] = k.backend.grad([k.sum(y)], [x], [null], { retainGraph: true, createGraph: true });
    expect(k.values(g!)).toEqual([32, 6]);
    const [gg] = k.backend.grad([k.sum(g!)], [x], [null], once);
    expect(k.values(gg!)).toEqual([48, 2]);
  });

  it('refuses overlapping memory, other shapes, lossy dtypes and views made without grad mode', () => {
    const k = makeKit();
    const x = k.leaf([1, 2]);
    const wide = k.run('expand', [k.tensor([1], [1])], { shape: [3] });
    expect(() => k.inPlace('add', [wide, 1])).toThrow(/expanded/);
    expect(() => k.inPlace('add', [k.tensor([1]), k.tensor([1, 2])])).toThrow(ShapeError);
    expect(() => k.inPlace('add', [k.tensor([1], [1], 'int32'), 1.5])).toThrow(
      /a float32 result cannot be written into int32/,
    );
    const view = k.noGrad(() => k.run('reshape', [k.run('mul', [x, 1])], { shape: [2, 1], strict: false }));
    expect(() => k.inPlace('mul', [view, k.leaf([1, 2], [2, 1])])).toThrow(/noGrad/);
  });

  it('reads an input that lies across its target before it writes', () => {
    const k = makeKit();
    const t = k.tensor([1, 2, 3, 4], [2, 2]);
    k.inPlace('add', [t, k.run('permute', [t], { dims: [1, 0] })]);
    expect(k.values(t)).toEqual([2, 5, 5, 8]);
    const line = k.tensor([1, 2, 3]);
    const tail = k.run('slice', [line], { dim: 0, start: 1, length: 2, step: 1 });
    k.inPlace('copy', [tail, k.run('slice', [line], { dim: 0, start: 0, length: 2, step: 1 })]);
    expect(k.values(line)).toEqual([1, 1, 2]);
  });

  it('fills and casts', () => {
    const k = makeKit();
    const t = k.tensor([1, 2], [2], 'int32');
    k.inPlace('copy', [t, 7]);
    k.inPlace('add', [t, 1]);
    expect(k.values(t)).toEqual([8, 8]);
    const f = k.tensor([0], [1]);
    k.inPlace('copy', [f, 0.1]);
    expect(k.values(f)).toEqual([0.1]);
  });
});

describe('custom ops', () => {
  it('run their gradient once per node, with saved outputs and attributes', () => {
    const k = makeKit();
    const id = k.backend.registerCustom('cube', ([g], [x, out], attrs) => {
      expect(JSON.parse(attrs)).toEqual({ power: 3 });
      const slope = k.run('div', [k.run('mul', [out!, 3]), x!]);
      return [k.run('mul', [g!, slope])];
    });
    const x = k.leaf([2, 3]);
    const cube = (t: T): T => {
      const out = k.noGrad(() => k.run('pow', [t, 3]));
      k.backend.attachCustom(id, [t], [out], [t, out], JSON.stringify({ power: 3 }));
      return out;
    };
    const y = cube(x);
    expect(k.backend.gradFn(y)).toBe('customOp:cube');
    const [g] = k.backend.grad([k.sum(y)], [x], [null], { retainGraph: true, createGraph: true });
    expect(k.values(g!)).toEqual([12, 27]);
    const [gg] = k.backend.grad([k.sum(g!)], [x], [null], once);
    expect(k.values(gg!)).toEqual([12, 18]);
    const plain = k.tensor([1]);
    const out = cube(plain);
    expect(k.backend.isLeaf(out)).toBe(true);
  });

  it('must return gradients of the right number and shape', () => {
    const k = makeKit();
    const x = k.leaf([1, 2]);
    const bad = (result: () => (T | null)[]): (() => void) => {
      const id = k.backend.registerCustom('bad', result);
      const out = k.noGrad(() => k.run('clone', [x]));
      k.backend.attachCustom(id, [x], [out], [], '{}');
      return () => k.backward(k.sum(out));
    };
    expect(bad(() => [])).toThrow(/customOp:bad.*1 gradients, got 0/);
    expect(bad(() => [k.tensor([1])])).toThrow(ShapeError);
    expect(bad(() => [null])).not.toThrow();
    expect(k.grads(x)).toBeNull();
  });
});

describe('handles', () => {
  it('scopes release what was made inside, and keep what they are told to', () => {
    const k = makeKit();
    const before = k.backend.memory().handles;
    k.backend.beginScope();
    const a = k.tensor([1]);
    k.backend.beginScope();
    const b = k.run('add', [a, 1]);
    const lost = k.run('add', [a, 2]);
    k.backend.endScope([b]);
    expect(() => k.values(lost)).toThrow(DisposedError);
    expect(k.values(b)).toEqual([2]);
    k.backend.endScope([]);
    expect(() => k.run('add', [b, 1])).toThrow(/^\[add\] input a was freed/);
    expect(k.backend.memory().handles).toBe(before);
    k.backend.release(b);
    expect(k.backend.memory().handles).toBe(before);
  });

  it('a freed tensor stays on the tape', () => {
    const k = makeKit();
    const x = k.leaf(numbers(3, 1));
    const h = k.run('exp', [x]);
    const y = k.sum(k.run('square', [h]));
    k.backend.release(h);
    k.backward(y);
    expect(k.grads(x)).toHaveLength(3);
  });
});
