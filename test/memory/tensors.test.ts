import { afterEach, describe, expect, test } from 'vitest';
import {
  collect,
  DisposedError,
  info,
  keep,
  memory,
  ones,
  OutOfMemoryError,
  randn,
  setMemoryLimit,
  tensor,
  tidy,
  zeros,
  type Tensor,
} from '../../lib/index.js';

const native = info().name === 'native';
const tensors = () => memory().tensors;

describe('dispose', () => {
  test('frees now', () => {
    const before = memory().tensors;
    const x = ones([1000]);
    expect(tensors()).toBe(before + 1);
    x.dispose();
    expect(tensors()).toBe(before);
    expect(() => x.data).toThrow(DisposedError);
    expect(() => x.add(1)).toThrow(/\[add\]/);
  });

  test('twice is harmless', () => {
    const x = ones([2]);
    const before = tensors();
    x.dispose();
    x.dispose();
    expect(tensors()).toBe(before - 1);
  });

  test('of a view leaves its base, and the other way round', () => {
    const base = tensor([1, 2, 3]);
    const view = base.narrow(0, 1, 2);
    base.dispose();
    expect(view.tolist()).toEqual([2, 3]);
    const again = view.narrow(0, 0, 1);
    view.dispose();
    expect(again.tolist()).toEqual([2]);
  });

  test('of a saved tensor leaves the tape whole', () => {
    const x = tensor([1, 2], { dtype: 'float32', requiresGrad: true });
    const y = x.mul(3);
    const z = y.mul(y).sum();
    y.dispose();
    z.backward();
    expect(x.grad!.tolist()).toEqual([18, 36]);
  });

  test('by Symbol.dispose', () => {
    const before = tensors();
    const x = ones([3]);
    x[Symbol.dispose]();
    expect(tensors()).toBe(before);
  });
});

describe('tidy', () => {
  test('releases what was made in it', () => {
    const before = tensors();
    const y = tidy(() => {
      const a = ones([3]);
      return a.add(1).mul(2);
    });
    expect(tensors()).toBe(before + 1);
    expect(y.tolist()).toEqual([4, 4, 4]);
    y.dispose();
  });

  test('keeps what it returns, in arrays and objects', () => {
    const before = tensors();
    const { a, list } = tidy(() => ({ a: ones([1]), list: [zeros([1]), ones([2]).add(1)] }));
    expect(tensors()).toBe(before + 3);
    expect([a.tolist(), list[1]!.tolist()]).toEqual([[1], [2, 2]]);
  });

  test('nests, and releases on a throw', () => {
    const before = tensors();
    expect(() =>
      tidy(() => {
        ones([4]);
        tidy(() => {
          ones([5]);
          throw new Error('mine');
        });
      }),
    ).toThrow('mine');
    expect(tensors()).toBe(before);
    expect(tidy(() => tidy(() => ones([2])).add(1)).tolist()).toEqual([2, 2]);
  });

  test('keep takes a tensor out of all scopes', () => {
    let kept: Tensor | undefined;
    tidy(() => tidy(() => void (kept = keep(ones([2])))));
    expect(kept!.tolist()).toEqual([1, 1]);
  });

  test('leaves the gradients of parameters', () => {
    const w = ones([2], { requiresGrad: true });
    tidy(() => {
      w.mul(3).sum().backward();
    });
    expect(w.grad!.tolist()).toEqual([3, 3]);
  });

  test('leaves a handle on a gradient that was read inside', () => {
    const w = ones([2], { requiresGrad: true });
    const seen = tidy(() => {
      w.mul(3).sum().backward();
      return w.grad!.tolist();
    });
    expect(seen).toEqual([3, 3]);
    expect(w.grad!.tolist()).toEqual([3, 3]);
  });
});

describe('memory', () => {
  test('counts tensors and bytes', () => {
    const before = memory();
    const x = zeros([256, 256], { dtype: 'float64' });
    const after = memory();
    expect(after.tensors - before.tensors).toBe(1);
    if (native) expect(after.bytes - before.bytes).toBeGreaterThanOrEqual(256 * 256 * 8);
    expect(after.peakBytes).toBeGreaterThanOrEqual(after.bytes);
    x.dispose();
    if (native) {
      expect(memory().bytes).toBe(before.bytes);
      expect(memory().pooledBytes).toBeGreaterThanOrEqual(256 * 256 * 8);
    }
  });

  test.runIf(native)('a typed array is copied once, to where the tensor is', () => {
    const data = new Float32Array(1 << 22);
    const before = process.memoryUsage().arrayBuffers;
    const x = tensor(data);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(1 << 20);
    x.dispose();
  });

  test('a view takes no bytes', () => {
    const x = zeros([1000]);
    const before = memory().bytes;
    const view = x.reshape([10, 100]).t();
    // But for descriptors.
    if (native) expect(memory().bytes - before).toBeLessThan(2000);
    expect(view.shape).toEqual([100, 10]);
  });

  test.runIf(native)('what was freed is taken again', () => {
    collect();
    zeros([1 << 20]).dispose();
    const { pooledBytes } = memory();
    const again = zeros([1 << 20]);
    expect(memory().pooledBytes).toBeLessThan(pooledBytes - (1 << 20));
    again.dispose();
  });

  test.runIf(native)('collect gives pooled bytes back', () => {
    zeros([1 << 20]).dispose();
    expect(memory().pooledBytes).toBeGreaterThan(0);
    collect();
    expect(memory().pooledBytes).toBe(0);
  });
});

describe('setMemoryLimit', () => {
  afterEach(() => setMemoryLimit(0));

  test('turns the excess into OutOfMemoryError, and the library goes on', () => {
    collect();
    const x = randn([1000]);
    setMemoryLimit(memory().bytes + 8_000_000);
    const before = tensors();
    expect(() => zeros([4_000_000])).toThrow(OutOfMemoryError);
    expect(() => zeros([4_000_000])).toThrow(/^\[full\]|^\[zeros\]/);
    expect(tensors()).toBe(before);
    expect(x.add(1).shape).toEqual([1000]);
    setMemoryLimit(0);
    expect(zeros([4_000_000]).shape).toEqual([4_000_000]);
  });

  test('an error amid backward leaves the parameters usable', async () => {
    // What was dropped so far must not make room later: of some it is known only once this task has ended.
    collect();
    await new Promise(setImmediate);
    collect();
    const x = randn([300, 1000], { requiresGrad: true });
    const y = x.exp().sum();
    setMemoryLimit(memory().bytes + 1000);
    expect(() => y.backward()).toThrow(OutOfMemoryError);
    setMemoryLimit(0);
    x.grad = null;
    x.exp().sum().backward();
    expect(x.grad!.shape).toEqual([300, 1000]);
  });
});
