import { describe, expect, expectTypeOf, it } from 'vitest';
import {
  arange,
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
  tidy,
  ValueError,
  zeros,
} from '../../lib/index.js';
import type { PlainData, Tensor } from '../../lib/index.js';

const leaf = (values: number[]): Tensor<'float64'> =>
  tensor(values, { dtype: 'float64', requiresGrad: true });

const exp = customOp({
  name: 'myExp',
  forward(ctx, x: Tensor) {
    const y = x.exp();
    ctx.save(y);
    return y;
  },
  backward(ctx, g) {
    return g!.mul(ctx.saved[0]!);
  },
});

const scale = customOp({
  name: 'scale',
  forward(ctx, x: Tensor, factor: number) {
    ctx.attrs['factor'] = factor;
    return x.mul(factor);
  },
  backward: (ctx, g) => [g!.mul(ctx.attrs['factor'] as number), null],
});

const multiply = customOp({
  name: 'multiply',
  forward(ctx, a: Tensor, b: Tensor) {
    ctx.save(a, b);
    return [a.mul(b), a.add(b)] as const;
  },
  backward(ctx, product, sum) {
    const [a, b] = ctx.saved;
    const zero = zeros(a!.shape, { dtype: 'float64' });
    const p = product ?? zero;
    const s = sum ?? zero;
    return [p.mul(b!).add(s), p.mul(a!).add(s)];
  },
});

describe('customOp', () => {
  it('has the types of its functions', () => {
    expectTypeOf(exp).toEqualTypeOf<(x: Tensor) => Tensor>();
    expectTypeOf(scale).toEqualTypeOf<(x: Tensor, factor: number) => Tensor>();
    expectTypeOf(multiply).returns.toEqualTypeOf<readonly [Tensor, Tensor]>();
  });

  it('is recorded under its name, and gradients are its own', () => {
    const x = leaf([0, 1]);
    const y = exp(x);
    expect(y.requiresGrad).toBe(true);
    expect(y.gradFn).toBe('MyExpBackward');
    y.sum().backward();
    expect(x.grad?.tolist()).toEqual(y.tolist());
  });

  it('takes plain data', () => {
    const x = leaf([1, 2]);
    expect(grad(scale(x, 3).sum(), x)[0].tolist()).toEqual([3, 3]);
    expect(grad(scale(x, Infinity).sum(), x)[0].tolist()).toEqual([Infinity, Infinity]);
  });

  it('passes attributes through unchanged', () => {
    let seen: unknown;
    const attributes: Record<string, PlainData> = {
      list: [1, -0, NaN, -Infinity],
      nested: { text: 'ä"\n', flag: true, none: null },
    };
    const op = customOp({
      forward(ctx, x: Tensor) {
        ctx.attrs = attributes;
        return x.clone();
      },
      backward(ctx, g) {
        seen = ctx.attrs;
        return g;
      },
    });
    op(leaf([1]))
      .sum()
      .backward();
    expect(seen).toEqual(attributes);
    expect(op(leaf([1])).gradFn).toBe('CustomBackward');
  });

  it('has several inputs and outputs, some unused', () => {
    const a = leaf([1, 2]);
    const b = leaf([3, 5]);
    const [product, sum] = multiply(a, b);
    expect(
      grad([product, sum], [a, b], { gradOutputs: [ones([2]).to('float64'), ones([2]).to('float64')] }).map(
        (g) => g.tolist(),
      ),
    ).toEqual([
      [4, 6],
      [2, 3],
    ]);
    const [onlySum] = multiply(a, b).slice(1);
    expect(grad(onlySum!.sum(), [a, b]).map((g) => g.tolist())).toEqual([
      [1, 1],
      [1, 1],
    ]);
    const constant = tensor([3, 5], { dtype: 'float64' });
    const [half] = multiply(a, constant);
    half.sum().backward();
    expect(a.grad?.tolist()).toEqual([3, 5]);
    expect(constant.grad).toBeNull();
  });

  it('can be differentiated twice where its gradient is made of ops', () => {
    const x = leaf([0.3, -0.7]);
    expect(gradcheck(exp, [x])).toBe(true);
    expect(gradgradcheck(exp, [x])).toBe(true);
    expect(gradgradcheck((a, b) => multiply(a, b), [leaf([0.3, -0.7]), leaf([2, 1])])).toBe(true);
  });

  it('gives an input back as a tensor of its own', () => {
    const identity = customOp({
      name: 'negateGradient',
      forward: (_ctx, x: Tensor) => x,
      backward: (_ctx, g) => g!.neg(),
    });
    const x = leaf([1, 2]);
    const y = identity(x);
    expect(y).not.toBe(x);
    expect(x.isLeaf).toBe(true);
    y.sum().backward();
    expect(x.grad?.tolist()).toEqual([-1, -1]);
    const h = x.mul(2);
    identity(h).sum().backward();
    expect(x.grad?.tolist()).toEqual([-3, -3]);
    const twice = customOp({
      forward(_ctx, v: Tensor) {
        const w = v.add(1);
        return [w, w];
      },
      backward: (_ctx, g0, g1) => (g0 && g1 ? g0.add(g1) : (g0 ?? g1 ?? null)),
    });
    const [first, second] = twice(x);
    expect(grad([first!.sum(), second!.mul(3).sum()], x)[0].tolist()).toEqual([4, 4]);
  });

  it('gives views and integers', () => {
    const op = customOp({
      name: 'firstAndPlace',
      forward: (_ctx, x: Tensor) => [x.narrow(0, 0, 1), x.argmax()] as const,
      backward(_ctx, g) {
        return zeros([3], { dtype: 'float64' }).scatterAdd(0, tensor([0]), g!);
      },
    });
    const x = leaf([1, 5, 2]);
    const [first, place] = op(x);
    expect(place.item()).toBe(1);
    expect(place.requiresGrad).toBe(false);
    expect(grad(first.sum(), x)[0].tolist()).toEqual([1, 0, 0]);
  });

  it('is not recorded in noGrad, or when no input requires a gradient', () => {
    const x = leaf([1]);
    expect(noGrad(() => exp(x)).requiresGrad).toBe(false);
    expect(exp(tensor([1], { dtype: 'float64' })).requiresGrad).toBe(false);
  });

  it('notices that a saved tensor was changed', () => {
    const y = exp(leaf([1, 2]));
    noGrad(() => y.mul_(2));
    expect(() => y.sum().backward()).toThrow(AutogradError);
  });

  it('releases what forward makes and does not return', () => {
    const op = customOp({
      forward(_ctx, x: Tensor) {
        for (let i = 0; i < 10; i++) x.add(i);
        return x.mul(2);
      },
      backward: (_ctx, g) => g!.mul(2),
    });
    const x = leaf([1]);
    const before = memory().handles;
    const y = op(x);
    expect(memory().handles).toBe(before + 1);
    expect(tidy(() => op(y).item())).toBe(4);
    expect(memory().handles).toBe(before + 1);
  });

  it('lets errors through and works again afterwards', () => {
    let broken = true;
    const op = customOp({
      name: 'moody',
      forward: (_ctx, x: Tensor) => x.mul(1),
      backward(_ctx, g) {
        if (broken) throw new RangeError('not today');
        return g;
      },
    });
    const x = leaf([1]);
    expect(() => op(x).sum().backward()).toThrow(new RangeError('not today'));
    expect(x.grad).toBeNull();
    broken = false;
    op(x).sum().backward();
    expect(x.grad?.tolist()).toEqual([1]);
    const failing = customOp({
      forward: (): Tensor => {
        throw new TypeError('no');
      },
      backward: () => null,
    });
    expect(() => failing()).toThrow(TypeError);
    expect(x.mul(2).requiresGrad).toBe(true);
  });

  describe('used wrongly', () => {
    const withBackward = (result: (g: Tensor) => unknown): (() => void) => {
      const op = customOp({
        name: 'bad',
        forward: (_ctx, x: Tensor) => x.mul(1),
        backward: (_ctx, g) => result(g!) as never,
      });
      return () =>
        op(leaf([1, 2]))
          .sum()
          .backward();
    };
    const withForward = (result: () => unknown): (() => void) => {
      const op = customOp({
        name: 'bad',
        forward: (_ctx, _x: Tensor) => result() as Tensor,
        backward: (_ctx, g) => g,
      });
      return () => void op(leaf([1]));
    };
    const withAttrs = (value: unknown): (() => void) => {
      const op = customOp({
        name: 'bad',
        forward(ctx, x: Tensor) {
          ctx.attrs['value'] = value as never;
          return x.mul(1);
        },
        backward: (_ctx, g) => g,
      });
      return () => void op(leaf([1]));
    };
    const cases: [string, () => void, new (m: string) => Error, RegExp][] = [
      [
        'no definition',
        () => void customOp(undefined as never),
        ValueError,
        /\[customOp\] options: got undefined/,
      ],
      [
        'no backward',
        () => void customOp({ forward: () => ones([1]) } as never),
        ValueError,
        /backward\] got undefined, wanted a function/,
      ],
      ['no name', () => void customOp({ name: '' } as never), ValueError, /name: got "", wanted a string/],
      [
        'two gradients for one input',
        withBackward((g) => [g, g]),
        ValueError,
        /backward returned 2 gradients, wanted 1/,
      ],
      ['a number for a gradient', withBackward(() => 1), ValueError, /backward returned 1, wanted 1/],
      ['a number among gradients', withBackward(() => [1]), DTypeError, /gradient 0: got 1, wanted a tensor/],
      ['a gradient of another shape', withBackward(() => ones([3]).to('float64')), ShapeError, /\[3\]/],
      ['a number as output', withForward(() => 1), DTypeError, /forward returned 1, wanted a tensor/],
      ['a number among outputs', withForward(() => [ones([1]), 1]), DTypeError, /returned 1 as output 1/],
      ['a promise', withForward(() => Promise.resolve(ones([1]))), ValueError, /promise/],
      ['an output with a history', withForward(() => past), AutogradError, /already has a history/],
      [
        'a tensor in attrs',
        withAttrs(ones([1])),
        ValueError,
        /ctx.attrs.value: got a tensor, wanted plain data; pass tensors to ctx.save/,
      ],
      ['a function in attrs', withAttrs(() => 1), ValueError, /got a function/],
      ['a bigint in attrs', withAttrs(1n), ValueError, /got 1n/],
      ['a date in attrs', withAttrs({ at: new Map() }), ValueError, /ctx.attrs.at: got a value of type Map/],
      [
        'a list of tensors',
        () => void (exp as (x: unknown) => Tensor)([leaf([1])]),
        DTypeError,
        /argument 0: got an array of tensors/,
      ],
      [
        'a gradient for plain data',
        () => {
          const op = customOp({
            name: 'bad',
            forward: (_ctx, x: Tensor, _n: number) => x.mul(1),
            backward: (_ctx, g) => [g, g],
          });
          op(leaf([1]), 2)
            .sum()
            .backward();
        },
        ValueError,
        /a gradient for argument 1, which is no tensor/,
      ],
    ];
    const past = leaf([1]).mul(2);
    it.each(cases)('%s', (_, run, kind, message) => {
      expect(run).toThrow(kind);
      expect(run).toThrow(message);
    });

    it('saving something else', () => {
      const op = customOp({
        name: 'bad',
        forward(ctx, x: Tensor) {
          ctx.save(1 as never);
          return x.mul(1);
        },
        backward: (_ctx, g) => g,
      });
      expect(() => op(leaf([1]))).toThrow(/ctx.save argument 0: got 1, wanted a tensor/);
    });
  });

  it('100,000 nodes that save their own output leave nothing behind', async () => {
    const native = info().name === 'native';
    const count = native ? 100_000 : 20_000;
    const run = (): void => {
      tidy(() => {
        const x = ones([2], { requiresGrad: true });
        let y: Tensor = x;
        for (let i = 0; i < count; i++) y = half(y);
        y.sum().backward();
        expect(x.grad?.tolist()).toEqual([1, 1]);
      });
      // Dropped without a backward, too.
      const x = ones([2], { requiresGrad: true });
      for (let i = 0; i < 1000; i++) exp(x);
    };
    const half = customOp({
      name: 'same',
      forward(ctx, x: Tensor) {
        const y = x.mul(1);
        ctx.save(y);
        return y;
      },
      backward: (ctx, g) => g!.mul(ctx.saved[0]!),
    });
    // Between two jobs no stack frame of a run is left that could still hold its last tensor.
    const settle = async (): Promise<void> => {
      await new Promise((resolve) => setImmediate(resolve));
      collect();
    };
    run();
    if (!native) return;
    await settle();
    const before = memory();
    run();
    await settle();
    const after = memory();
    expect(after.tensors).toBe(before.tensors);
    expect(after.handles).toBe(before.handles);
    expect(after.bytes).toBe(before.bytes);
    expect(arange(2).tolist()).toEqual([0, 1]);
  });
});
