// A tensor read through several slices: its gradient is summed slice by slice where a tape runs as it stands, and of whole
// tensors in a program, in a backward pass that is differentiated, and on the other backend. The bits are the same.
import { describe, expect, test } from 'vitest';
import { compile, counters, grad, info, manualSeed, randn, tensor, type Tensor } from '../../lib/index.js';

const native = info().name === 'native';

/** Bits, since a 0 and a -0 are told apart. */
const bits = (t: Tensor): number[] => [
  ...new Uint32Array(new Float32Array(t.contiguous().data as Float32Array).buffer),
];

/** What reads x, whose gradient then has a -0 in each part: 1 * -0. */
const readers: Record<string, (x: Tensor, w: Tensor) => Tensor> = {
  'one slice': (x, w) => x.narrow(1, 1, 3).mul(w).sum(),
  'three that cover it': (x, w) =>
    [0, 3, 6].map((at) => x.narrow(1, at, 3).mul(w).sum()).reduce((a, b) => a.add(b)),
  'slices that overlap': (x, w) =>
    [0, 1, 2, 4].map((at) => x.narrow(1, at, 3).mul(w).sum()).reduce((a, b) => a.add(b)),
  'with a step': (x, w) =>
    x
      .slice(1, { start: 0, stop: 9, step: 3 })
      .mul(w)
      .sum()
      .add(x.narrow(1, 3, 3).mul(w).sum()),
  'whole before, slices after': (x, w) =>
    x
      .narrow(1, 0, 3)
      .mul(w)
      .sum()
      .add(x.narrow(1, 5, 3).mul(w).sum())
      .add(x.mul(-0).sum()),
  'whole after, slices before': (x, w) =>
    x
      .mul(-0)
      .sum()
      .add(x.narrow(1, 0, 3).mul(w).sum())
      .add(x.narrow(1, 5, 3).mul(w).sum()),
  'whole between': (x, w) =>
    x
      .narrow(1, 0, 3)
      .mul(w)
      .sum()
      .add(x.mul(-0).sum())
      .add(x.narrow(1, 5, 3).mul(w).sum()),
  'one of no width': (x, w) =>
    x
      .narrow(1, 4, 0)
      .sum()
      .add(x.narrow(1, 2, 3).mul(w).sum()),
  'a slice of a slice': (x, w) =>
    x
      .narrow(1, 1, 7)
      .narrow(1, 2, 3)
      .mul(w)
      .sum()
      .add(x.narrow(1, 6, 3).mul(w).sum()),
};

describe('gradients of slices', () => {
  const w = tensor([[-0, 2, -3]], { dtype: 'float32' });
  const gradient = (read: (x: Tensor, w: Tensor) => Tensor, options = {}): Tensor => {
    manualSeed(3);
    const leaf = randn([4, 9], { requiresGrad: true });
    // Not a leaf: the sum is made within the pass.
    const x = leaf.mul(1);
    x.retainGrad();
    read(x, w).backward(options);
    return x.grad!;
  };

  for (const [name, read] of Object.entries(readers)) {
    test(`${name}: the bits of a sum of whole tensors`, () => {
      manualSeed(3);
      const leaf = randn([4, 9], { requiresGrad: true });
      const x = leaf.mul(1);
      const [differentiable] = grad(read(x, w), [x], { createGraph: true });
      expect(bits(gradient(read))).toEqual(bits(differentiable));
      expect(bits(gradient(read, { retainGraph: true }))).toEqual(bits(differentiable));
    });

    test.runIf(native)(`${name}: the bits of a program`, () => {
      manualSeed(3);
      const values = randn([4, 9]);
      const step = (given: Tensor): Tensor => {
        const leaf = given.detach().requiresGrad_();
        const x = leaf.mul(1);
        return grad(read(x, w), [x])[0];
      };
      expect(bits(compile(step)(values))).toEqual(bits(step(values)));
    });
  }

  test('a hook sees the sum, once', () => {
    const leaf = tensor([1, 2, 3, 4], { dtype: 'float32', requiresGrad: true });
    const x = leaf.mul(2);
    const seen: unknown[] = [];
    x.registerHook((g) => {
      seen.push(g.tolist());
      return g.mul(10);
    });
    x.narrow(0, 0, 2)
      .sum()
      .add(x.narrow(0, 1, 3).mul(3).sum())
      .backward();
    expect(seen).toEqual([[1, 4, 3, 3]]);
    expect(leaf.grad!.tolist()).toEqual([20, 80, 60, 60]);
  });

  test('twice over a tape that is kept', () => {
    const leaf = tensor([1, 2, 3, 4], { dtype: 'float32', requiresGrad: true });
    const x = leaf.mul(leaf);
    const loss = x
      .narrow(0, 0, 2)
      .sum()
      .add(x.narrow(0, 2, 2).mul(3).sum());
    loss.backward({ retainGraph: true });
    expect(leaf.grad!.tolist()).toEqual([2, 4, 18, 24]);
    loss.backward();
    expect(leaf.grad!.tolist()).toEqual([4, 8, 36, 48]);
  });

  test('only what is asked for gets one', () => {
    const a = tensor([1, 2, 3, 4], { dtype: 'float32', requiresGrad: true });
    const b = tensor([1, 2], { dtype: 'float32', requiresGrad: true });
    const x = a.mul(2);
    const loss = x
      .narrow(0, 0, 2)
      .mul(b.mul(1))
      .sum()
      .add(x.narrow(0, 1, 2).sum());
    expect(grad(loss, [b])[0].tolist()).toEqual([2, 4]);
    expect(a.grad).toBeNull();
  });

  test.runIf(native)('zeros are written once, whatever the number of slices', () => {
    const leaf = randn([8, 64], { requiresGrad: true });
    const bytes = (slices: number): number => {
      const x = leaf.mul(1);
      const loss = Array.from({ length: slices }, (_, i) => x.narrow(1, 8 * i, 8).sum()).reduce((p, q) =>
        p.add(q),
      );
      const before = counters();
      loss.backward();
      return counters().allocatedBytes - before.allocatedBytes;
    };
    bytes(2);
    const whole = 8 * 64 * 4;
    expect(bytes(8) - bytes(2)).toBeLessThan(6 * whole);
  });
});
