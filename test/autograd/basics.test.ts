import { describe, expect, test } from 'vitest';
import {
  arange,
  AutogradError,
  DTypeError,
  enableGrad,
  grad,
  isGradEnabled,
  noGrad,
  ones,
  randn,
  ShapeError,
  tensor,
  ValueError,
  zeros,
  type Tensor,
} from '../../lib/index.js';

const leaf = (values: number | number[] | number[][]): Tensor =>
  tensor(values, { dtype: 'float64', requiresGrad: true });

describe('backward', () => {
  test('accumulates into grad', () => {
    const x = leaf([1, 2]);
    x.square().sum().backward();
    x.square().sum().backward();
    expect(x.grad!.tolist()).toEqual([4, 8]);
  });

  test('adds the gradients of all paths', () => {
    const x = leaf([1, 2, 3]);
    const y = x.mul(x).add(x.mul(3)).add(x);
    y.sum().backward();
    expect(x.grad!.tolist()).toEqual([6, 8, 10]);
  });

  test('goes through a tensor once, when the gradients of all its uses are there', () => {
    const x = leaf([0, 0]);
    const y = x.exp();
    // One use next to the end, one far from it. A second visit would find what exp saved freed.
    y.add(y.mul(2).add(1).mul(3)).sum().backward();
    expect(x.grad!.tolist()).toEqual([7, 7]);
  });

  test('of a graph with a diamond of many levels', () => {
    const x = leaf(1);
    let y: Tensor = x;
    for (let i = 0; i < 30; ++i) y = y.add(y);
    y.backward();
    expect(x.grad!.item()).toBe(2 ** 30);
  });

  test('takes a gradient for outputs of more than one element', () => {
    const x = leaf([1, 2]);
    x.mul(3).backward({ gradient: tensor([1, 10], { dtype: 'float64' }) });
    expect(x.grad!.tolist()).toEqual([3, 30]);
  });

  test('into the given inputs only', () => {
    const x = leaf([1, 2]);
    const w = leaf([3, 4]);
    const product = x.mul(w);
    product
      .square()
      .sum()
      .backward({ inputs: [x, product] });
    expect(x.grad!.tolist()).toEqual([18, 64]);
    expect(product.grad!.tolist()).toEqual([6, 16]);
    expect(w.grad).toBeNull();
    x.mul(2).sum().backward({ inputs: x });
    expect(x.grad!.tolist()).toEqual([20, 66]);
    // Nothing depends on it: no gradient, no error.
    x.sum().backward({ inputs: [w] });
    expect(w.grad).toBeNull();
  });

  test('into given inputs: gradients are their own, and can be differentiated', () => {
    const x = leaf([1, 2]);
    const y = leaf([1, 2]);
    const gradient = tensor([5, 7], { dtype: 'float64' });
    x.add(y).backward({ gradient, inputs: [x, y] });
    x.add(y).backward({ gradient, inputs: [x] });
    expect([x.grad!.tolist(), y.grad!.tolist(), gradient.tolist()]).toEqual([
      [10, 14],
      [5, 7],
      [5, 7],
    ]);
    const z = leaf([2, 3]);
    z.pow(3).sum().backward({ inputs: z, createGraph: true });
    expect(grad(z.grad!.sum(), z)[0].tolist()).toEqual([12, 18]);
    expect(() => x.sum().backward({ inputs: [] })).toThrow(ValueError);
    expect(() => x.sum().backward({ inputs: [gradient] })).toThrow(AutogradError);
  });

  test('of more than one element without a gradient is an error', () => {
    const x = leaf([1, 2]);
    expect(() => x.mul(3).backward()).toThrow(ShapeError);
  });

  test('with a gradient of another shape is an error', () => {
    const x = leaf([1, 2]);
    expect(() => x.mul(3).backward({ gradient: ones([3], { dtype: 'float64' }) })).toThrow(ShapeError);
  });

  test('of a tensor without history is an error', () => {
    expect(() => ones([]).backward()).toThrow(AutogradError);
  });

  test('of a leaf gives ones', () => {
    const x = leaf(3);
    x.backward();
    expect(x.grad!.item()).toBe(1);
  });

  test('a second time needs retainGraph', () => {
    const x = leaf([1, 2]);
    const y = x.exp().sum();
    y.backward({ retainGraph: true });
    y.backward();
    expect(() => y.backward()).toThrow(AutogradError);
    expect(() => y.backward()).toThrow(/retainGraph/);
    expect(x.grad!.tolist()).toEqual(x.detach().exp().mul(2).tolist());
  });

  test('frees what it saved: a part of a freed graph is an error too', () => {
    const x = leaf([1, 2]);
    const shared = x.exp();
    shared.sum().backward();
    expect(() => shared.mul(2).sum().backward()).toThrow(AutogradError);
  });

  test('does not reach through detach', () => {
    const x = leaf([2, 3]);
    x.mul(x.detach()).sum().backward();
    expect(x.grad!.tolist()).toEqual([2, 3]);
    expect(x.detach().requiresGrad).toBe(false);
  });

  test('retainGrad keeps the gradient of a non-leaf', () => {
    const x = leaf([1, 2]);
    const y = x.mul(2);
    y.retainGrad();
    y.mul(y).sum().backward();
    expect(y.grad!.tolist()).toEqual([4, 8]);
    expect(x.grad!.tolist()).toEqual([8, 16]);
  });

  test('sums over stretched dims', () => {
    const x = leaf([1, 2]);
    x.expand([3, 2])
      .mul(arange(6).reshape([3, 2]))
      .sum()
      .backward();
    expect(x.grad!.tolist()).toEqual([6, 9]);
  });

  test('casts the gradient back to the dtype of the input', () => {
    const x = tensor([1.5, 2], { dtype: 'float32', requiresGrad: true });
    const w = tensor([2, 3], { dtype: 'float64' });
    x.mul(w).sum().backward();
    expect(x.grad!.dtype).toBe('float32');
    expect(x.grad!.tolist()).toEqual([2, 3]);
  });

  test('grad is one handle until it is replaced', () => {
    const x = leaf([1]);
    x.sum().backward();
    const first = x.grad;
    expect(x.grad).toBe(first);
    // Added to in place: still the one.
    x.sum().backward();
    expect(x.grad).toBe(first);
    expect(first!.tolist()).toEqual([2]);
    x.sum().mul(1).backward({ createGraph: true });
    expect(x.grad).not.toBe(first);
    x.grad = null;
    expect(x.grad).toBeNull();
    x.grad = tensor([5], { dtype: 'float64' });
    x.sum().backward();
    expect(x.grad.tolist()).toEqual([6]);
  });

  test('setting a grad of another shape or dtype is an error', () => {
    const x = leaf([1, 2]);
    expect(() => (x.grad = zeros([3], { dtype: 'float64' }))).toThrow(ShapeError);
    expect(() => (x.grad = zeros([2], { dtype: 'float32' }))).toThrow(DTypeError);
  });
});

describe('requiresGrad', () => {
  test('is an error on integers and bool', () => {
    expect(() => ones([2], { dtype: 'int64', requiresGrad: true })).toThrow(DTypeError);
    expect(() => (ones([2], { dtype: 'bool' }).requiresGrad = true)).toThrow(DTypeError);
  });

  test('cannot be taken from a non-leaf', () => {
    const y = leaf([1]).mul(2);
    expect(() => (y.requiresGrad = false)).toThrow(AutogradError);
  });

  test('spreads, and names what made a tensor', () => {
    const x = leaf([1]);
    const y = x.mul(2);
    expect([x.requiresGrad, x.isLeaf, x.gradFn]).toEqual([true, true, null]);
    expect([y.requiresGrad, y.isLeaf, y.gradFn]).toEqual([true, false, 'MulBackward']);
    expect(y.gt(1).requiresGrad).toBe(false);
  });
});

describe('noGrad', () => {
  test('records nothing', () => {
    const x = leaf([1, 2]);
    expect(noGrad(() => x.mul(2)).requiresGrad).toBe(false);
    expect(noGrad(() => enableGrad(() => x.mul(2))).requiresGrad).toBe(true);
    expect(x.mul(2).requiresGrad).toBe(true);
  });

  test('is left when the function throws', () => {
    expect(() =>
      noGrad(() => {
        throw new Error('mine');
      }),
    ).toThrow('mine');
    expect(isGradEnabled()).toBe(true);
  });

  test('refuses promises', () => {
    // @ts-expect-error a promise
    expect(() => noGrad(async () => Promise.resolve(1))).toThrow(/promise/);
    expect(isGradEnabled()).toBe(true);
  });
});

test('a gradient is an option of backward', () => {
  const x = ones([2], { requiresGrad: true });
  expect(() => x.mul(2).backward(ones([2]) as never)).toThrow(
    /got a tensor, wanted .* as \{ gradient: a tensor \}$/,
  );
});

describe('grad', () => {
  test('leaves .grad alone', () => {
    const x = leaf([1, 2]);
    const [dx] = grad(x.square().sum(), [x]);
    expect(dx.tolist()).toEqual([2, 4]);
    expect(x.grad).toBeNull();
  });

  test('of an input that is not used', () => {
    const x = leaf([1, 2]);
    const unused = leaf([3]);
    const [dx, none] = grad(x.sum(), [x, unused], { allowUnused: true });
    expect(dx!.tolist()).toEqual([1, 1]);
    expect(none).toBeNull();
    expect(() => grad(x.sum(), [x, unused])).toThrow(AutogradError);
  });

  test('of a non-leaf', () => {
    const x = leaf([1, 2]);
    const y = x.mul(3);
    const [dy] = grad(y.square().sum(), [y]);
    expect(dy.tolist()).toEqual([6, 12]);
  });

  test('of several outputs', () => {
    const x = leaf([1, 2]);
    const [dx] = grad([x.sum(), x.square().sum()], [x]);
    expect(dx.tolist()).toEqual([3, 5]);
  });

  test('of an input that requires none is an error', () => {
    const x = leaf([1]);
    expect(() => grad(x.sum(), [ones([1])])).toThrow(AutogradError);
  });
});

describe('createGraph', () => {
  test('three times', () => {
    const x = leaf([2]);
    const [first] = grad(x.pow(3), [x], { createGraph: true });
    const [second] = grad(first, [x], { createGraph: true });
    const [third] = grad(second, [x]);
    expect([first.item(), second.item(), third.item()]).toEqual([12, 12, 6]);
  });

  // The values are PyTorch's.
  test('gradient penalty through tanh(a w)', () => {
    const w = leaf([
      [0.5, -1],
      [2, 0.25],
    ]);
    const a = leaf([
      [1, 2],
      [3, -1],
    ]);
    const [da] = grad(a.matmul(w).tanh().sum(), [a], { createGraph: true });
    da.square().sum().backward();
    expectNear(da, [-0.7862009742663977, 0.19759896803960084, 0.3872281516486874, 1.574394394640424]);
    expectNear(w.grad!, [15.18508267147635, -0.016778775546181013, -2.382386575225822, 2.7589950068400024]);
    expectNear(a.grad!, [-1.2147348543004497, 0.30367491716234535, 2.429313246283807, 9.717900357157339]);
  });

  test('backward with createGraph gives a gradient with history', () => {
    const x = leaf([3]);
    x.pow(2).backward({ createGraph: true });
    expect(x.grad!.requiresGrad).toBe(true);
    const [again] = grad(x.grad!, [x]);
    expect(again.item()).toBe(2);
  });

  test('without it the gradient has none', () => {
    const x = leaf([3]);
    x.pow(2).backward();
    expect(x.grad!.requiresGrad).toBe(false);
  });
});

function expectNear(got: Tensor, want: readonly number[]): void {
  Array.from(got.data as Float64Array).forEach((value, i) => expect(value).toBeCloseTo(want[i]!, 12));
}

test('a parameter of rows: a batch by hand equals the mean of samples', () => {
  const w = randn([3, 2], { dtype: 'float64', requiresGrad: true });
  const x = randn([4, 3], { dtype: 'float64' });
  const [whole] = grad(x.matmul(w).tanh().mean(), [w]);
  const parts = [0, 1, 2, 3].map((i) => grad(x.narrow(0, i, 1).matmul(w).tanh().mean(), [w])[0]);
  const mean = parts.reduce((a, b) => a.add(b)).div(4);
  Array.from(whole.data as Float64Array).forEach((value, i) =>
    expect(value).toBeCloseTo(Number(mean.data[i]), 12),
  );
});

test('gradients of nothing add up to nothing', () => {
  const x = ones([2, 0], { requiresGrad: true });
  for (let i = 0; i < 2; i++) x.sum().backward();
  expect(x.grad!.shape).toEqual([2, 0]);
  expect(grad(x.sum().add(x.mul(2).sum()), [x])[0].shape).toEqual([2, 0]);
});
