import { describe, expect, test } from 'vitest';
import {
  AutogradError,
  collect,
  customOp,
  DTypeError,
  grad,
  gradcheck,
  gradgradcheck,
  info,
  memory,
  noGrad,
  ones,
  ShapeError,
  tensor,
  ValueError,
  type Tensor,
} from '../../lib/index.js';

const leaf = (values: number[]): Tensor => tensor(values, { dtype: 'float64', requiresGrad: true });

/** e^(scale x), which saves its own output. */
const scaledExp = customOp({
  name: 'scaledExp',
  forward(ctx, x: Tensor, scale: number) {
    const y = x.mul(scale).exp();
    ctx.save(y);
    ctx.attrs['scale'] = scale;
    return y;
  },
  backward(ctx, g) {
    return [g!.mul(ctx.saved[0]!).mul(ctx.attrs['scale'] as number), null];
  },
});

/** Two inputs, two outputs; saves both inputs. */
const sumAndProduct = customOp({
  name: 'sumAndProduct',
  forward(ctx, a: Tensor, b: Tensor) {
    ctx.save(a, b);
    return [a.add(b), a.mul(b)];
  },
  backward(ctx, dSum, dProduct) {
    const [a, b] = ctx.saved as [Tensor, Tensor];
    const through = (other: Tensor) => {
      if (dSum === null) return dProduct!.mul(other);
      return dProduct === null ? dSum : dSum.add(dProduct.mul(other));
    };
    return [through(b), through(a)];
  },
});

describe('a custom op', () => {
  test('computes, and names itself', () => {
    const y = scaledExp(leaf([0, 1]), 2);
    expect(y.tolist()).toEqual([1, Math.exp(2)]);
    expect(y.gradFn).toMatch(/scaledExp/);
    expect(y.isLeaf).toBe(false);
  });

  test('has the gradient that it says, to second order', () => {
    expect(gradcheck((x) => scaledExp(x, 0.5), [leaf([0.3, -1])])).toBe(true);
    expect(gradgradcheck((x) => scaledExp(x, 0.5), [leaf([0.3, -1])])).toBe(true);
    expect(gradcheck((a, b) => sumAndProduct(a, b) as Tensor[], [leaf([0.3, -1]), leaf([2, 0.5])])).toBe(true);
    expect(gradgradcheck((a, b) => sumAndProduct(a, b) as Tensor[], [leaf([0.3, -1]), leaf([2, 0.5])])).toBe(true);
  });

  test('gets null for an output that nothing depends on', () => {
    const a = leaf([2]);
    const b = leaf([5]);
    const [sum] = sumAndProduct(a, b);
    sum!.sum().backward();
    expect([a.grad!.item(), b.grad!.item()]).toEqual([1, 1]);
  });

  test('is not recorded without need', () => {
    expect(scaledExp(tensor([1.5]), 2).requiresGrad).toBe(false);
    expect(noGrad(() => scaledExp(leaf([1]), 2)).requiresGrad).toBe(false);
  });

  test('takes an input twice', () => {
    const a = leaf([3]);
    const [, product] = sumAndProduct(a, a);
    product!.backward();
    expect(a.grad!.item()).toBe(6);
  });

  test('may return an input', () => {
    const identity = customOp({ forward: (_ctx, x: Tensor) => x, backward: (_ctx, g) => g!.mul(10) });
    const x = leaf([1, 2]);
    const y = identity(x);
    y.sum().backward();
    expect(x.grad!.tolist()).toEqual([10, 10]);
    expect(x.isLeaf).toBe(true);
  });

  test('sees a saved tensor that was written to', () => {
    const x = leaf([1]);
    const y = scaledExp(x, 1);
    y.mul_(2);
    expect(() => y.sum().backward()).toThrow(AutogradError);
  });

  test('keeps attributes that JSON does not know', () => {
    let seen: unknown;
    const op = customOp({
      forward(ctx, x: Tensor) {
        ctx.attrs['numbers'] = [NaN, Infinity, -0];
        return x.mul(1);
      },
      backward(ctx, g) {
        seen = ctx.attrs['numbers'];
        return g;
      },
    });
    op(leaf([1])).backward();
    expect(seen).toEqual([NaN, Infinity, -0]);
  });
});

describe('a custom op that is wrong', () => {
  const made = (backward: () => unknown, forward: (x: Tensor) => unknown = (x) => x.mul(1)) =>
    customOp({
      name: 'wrong',
      forward: (_ctx, x: Tensor) => forward(x) as Tensor,
      backward: backward as () => Tensor,
    });

  test.each([
    ['a gradient of another shape', () => ones([7], { dtype: 'float64' }), ShapeError],
    ['too many gradients', () => [null, null], ValueError],
    ['no tensor', () => 'x', ValueError, DTypeError],
    ['nothing', () => undefined, ValueError],
  ] as const)('backward returns %s', (_what, backward, ...kinds) => {
    const x = leaf([1, 2]);
    let error: unknown;
    try {
      made(backward)(x).sum().backward();
    } catch (caught) {
      error = caught;
    }
    expect(kinds.map((kind) => kind.name)).toContain((error as Error).name);
    expect((error as Error).message).toMatch(/^\[customOp:wrong/);
  });

  test('forward returns no tensor', () => {
    expect(() => made(() => null, () => 3)(leaf([1]))).toThrow(DTypeError);
  });

  test('an error of its own passes through, and the library goes on', () => {
    const x = leaf([1, 2]);
    const thrown = new RangeError('mine');
    const op = made(() => {
      throw thrown;
    });
    expect(() => op(x).sum().backward()).toThrow(thrown);
    x.square().sum().backward();
    expect(x.grad!.tolist()).toEqual([2, 4]);
  });

  test('gradcheck finds a wrong gradient', () => {
    const wrong = customOp({ forward: (_ctx, x: Tensor) => x.square(), backward: (_ctx, g) => g!.mul(2) });
    expect(() => gradcheck(wrong, [leaf([1.5])])).toThrow(AutogradError);
    expect(() => gradcheck(wrong, [leaf([1.5])])).toThrow(/numeric 3/);
  });
});

// No JavaScript object is held per call: a node that saves its own output would otherwise be a cycle that no collector
// on either side could see.
test('100,000 nodes that save their output are released', () => {
  const native = info().name === 'native';
  const count = native ? 100_000 : 20_000;
  const x = ones([], { requiresGrad: true });
  const before = memory().tensors;
  {
    let y: Tensor = x;
    for (let i = 0; i < count; ++i) y = scaledExp(y.mul(0), 1);
    expect(grad(y, [x])[0]!.item()).toBe(0);
  }
  if (native) {
    collect();
    expect(memory().tensors - before).toBeLessThan(count / 10);
  }
});
