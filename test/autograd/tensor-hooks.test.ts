import { describe, expect, it } from 'vitest';
import {
  AnomalyError,
  AutogradError,
  DTypeError,
  grad,
  inferenceMode,
  memory,
  noGrad,
  ones,
  setDetectAnomaly,
  ShapeError,
  tensor,
  tidy,
  ValueError,
  type Tensor,
} from '../../lib/index.js';

const leaf = (values: number[]): Tensor => tensor(values, { dtype: 'float64', requiresGrad: true });

describe('registerHook', () => {
  it('sees the whole gradient of a tensor, once, whatever used it before', () => {
    const x = leaf([1, 2]);
    const y = x.mul(3);
    const before = y.square();
    const seen: unknown[] = [];
    y.registerHook((g) => void seen.push(g.tolist()));
    before.add(y.mul(10)).sum().backward();
    expect(seen).toEqual([[16, 22]]);
    expect(x.grad?.tolist()).toEqual([48, 66]);
  });

  it('replaces it, one hook after the other, for all below and for retainGrad', () => {
    const x = leaf([1, 2]);
    const y = x.mul(3);
    y.registerHook((g) => g.mul(2));
    y.registerHook((g) => g.add(1));
    y.retainGrad();
    y.sum().backward();
    expect(y.grad?.tolist()).toEqual([3, 3]);
    expect(x.grad?.tolist()).toEqual([9, 9]);
  });

  it('is called for outputs of ops with several, and for grad()', () => {
    const x = leaf([3, 1, 2]);
    const { values } = x.sort();
    values.registerHook((g) => g.mul(5));
    expect(grad(values.mul(tensor([1, 2, 3], { dtype: 'float64' })).sum(), x)[0].tolist()).toEqual([
      15, 5, 10,
    ]);
    const y = x.mul(2);
    y.registerHook((g) => g.neg());
    expect(grad(y.sum(), y, { retainGraph: true })[0].tolist()).toEqual([-1, -1, -1]);
    expect(grad(y.sum(), x)[0].tolist()).toEqual([-2, -2, -2]);
  });

  it('no longer when it is removed', () => {
    const x = leaf([1]);
    const y = x.mul(3);
    const handles = [y.registerHook((g) => g.mul(2)), x.registerHook((g) => g.mul(2))];
    handles.forEach((handle) => handle.remove());
    handles.forEach((handle) => handle.remove());
    y.sum().backward();
    expect(x.grad?.tolist()).toEqual([3]);
  });

  it('of a leaf sees the sum of what one pass brings, not what was there', () => {
    const x = leaf([1, 2]);
    const seen: unknown[] = [];
    x.registerHook((g) => (seen.push(g.tolist()), g.mul(10)));
    x.mul(2).add(x).sum().backward();
    x.sum().backward();
    ones([2], { requiresGrad: true }).sum().backward();
    expect(seen).toEqual([
      [3, 3],
      [1, 1],
    ]);
    expect(x.grad?.tolist()).toEqual([40, 40]);
    expect(grad(x.sum(), x)[0].tolist()).toEqual([10, 10]);
    x.grad = null;
    x.sum().backward({ inputs: x });
    expect(x.grad!.tolist()).toEqual([10, 10]);
  });

  it('is differentiated with createGraph', () => {
    for (const ofLeaf of [false, true]) {
      const x = leaf([2]);
      const y = ofLeaf ? x : x.mul(1);
      y.registerHook((g) => g.mul(g));
      // y³: the gradient 3 y² becomes 9 y⁴, whose derivative 36 y³ meets the hook again.
      const [slope] = grad(y.pow(3).sum(), x, { createGraph: true });
      expect(slope.item()).toBe(144);
      expect(grad(slope.sum(), ofLeaf ? x : y, { allowUnused: true })[0]?.item()).toBe(288 ** 2);
    }
  });

  it('is gone with what led to it, and leaves no tensors behind', () => {
    const x = leaf([1, 2]);
    const once = (): void =>
      tidy(() => {
        const y = x.mul(2);
        y.registerHook((g) => g.mul(2));
        y.sum().backward();
      });
    once();
    const before = memory().tensors;
    for (let i = 0; i < 50; ++i) once();
    expect(memory().tensors).toBe(before);
  });

  it('passes on what the hook throws, and leaves gradients that were there', () => {
    const x = leaf([1]);
    x.sum().backward();
    x.registerHook(() => {
      throw new RangeError('stop');
    });
    expect(() => x.sum().backward()).toThrow(RangeError);
    expect(x.grad).not.toBeNull();
    const y = leaf([1]).mul(2);
    y.registerHook(() => {
      throw new RangeError('stop');
    });
    expect(() => y.sum().backward()).toThrow('stop');
  });

  it('refuses tensors without a gradient, what is no function, and other gradients', () => {
    expect(() => ones([1]).registerHook(() => null)).toThrow(AutogradError);
    expect(() => leaf([1]).registerHook(3 as never)).toThrow(ValueError);
    const wrong = (make: (g: Tensor) => unknown) => () => {
      const y = leaf([1, 2]).mul(1);
      y.registerHook(make as () => null);
      y.sum().backward();
    };
    expect(wrong((g) => g.sum())).toThrow(ShapeError);
    expect(wrong((g) => g.float())).toThrow(DTypeError);
    expect(wrong(() => 1)).toThrow(DTypeError);
  });
});

describe('registerPostAccumulateGradHook', () => {
  it('sees the leaf after each pass that reached it', () => {
    const [x, other] = [leaf([1, 2]), leaf([1])];
    const seen: unknown[] = [];
    const handle = x.registerPostAccumulateGradHook((own) => {
      seen.push(own.grad!.tolist());
      noGrad(() => own.sub_(own.grad!.mul(0.5)));
      own.grad = null;
    });
    x.square().sum().backward();
    other.sum().backward();
    x.square().sum().backward();
    expect(seen).toEqual([
      [2, 4],
      [0, 0],
    ]);
    handle.remove();
    x.sum().backward();
    expect(x.grad?.tolist()).toEqual([1, 1]);
    expect(() => x.mul(2).registerPostAccumulateGradHook(() => 1)).toThrow(AutogradError);
  });
});

describe('setDetectAnomaly', () => {
  it('names the op whose gradient is NaN', () => {
    const run = (): void => leaf([0, 1]).sqrt().mul(0).sum().backward();
    run();
    expect(setDetectAnomaly(true)).toBe(false);
    try {
      expect(run).toThrow(AnomalyError);
      expect(run).toThrow(
        /\[sqrt\] the gradient of its input 0 of shape \[2\] holds the first NaN; sqrt was called at/,
      );
      leaf([4, 0]).sqrt().sum().backward();
      leaf([]).sqrt().sum().backward();
    } finally {
      expect(setDetectAnomaly(false)).toBe(true);
    }
    run();
    expect(() => setDetectAnomaly(1 as never)).toThrow(ValueError);
  });
});

it('inferenceMode records nothing', () => {
  const x = leaf([1]);
  expect(inferenceMode(() => x.mul(2)).requiresGrad).toBe(false);
  // @ts-expect-error a promise
  expect(() => inferenceMode(() => Promise.resolve(1))).toThrow(ValueError);
});
