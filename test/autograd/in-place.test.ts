import { describe, expect, test } from 'vitest';
import {
  AutogradError,
  LanegradError,
  arange,
  grad,
  noGrad,
  optim,
  tensor,
  zeros,
  type Tensor,
} from '../../lib/index.js';

// The literal gradients are those that PyTorch 2.13 gives for the same program.

const leaf = (values: number[] | number[][]): Tensor =>
  tensor(values, { dtype: 'float64', requiresGrad: true });
const plain = (values: number[] | number[][]): Tensor => tensor(values, { dtype: 'float64' });

describe('in-place ops', () => {
  test('return the tensor itself and write its storage', () => {
    const x = plain([1, 2, 3]);
    const view = x.narrow(0, 1, 2);
    expect(x.mul_(2)).toBe(x);
    expect(view.tolist()).toEqual([4, 6]);
  });

  test('keep the dtype, and refuse a float result in an integer tensor', () => {
    const x = tensor([1, 2]);
    x.add_(1);
    expect(x.dtype).toBe('int64');
    expect(() => x.add_(0.5)).toThrow(LanegradError);
    expect(x.tolist()).toEqual([2, 3]);
  });

  test('refuse a result of another shape', () => {
    const x = plain([1, 2]);
    expect(() => x.add_(plain([[1], [2]]))).toThrow(LanegradError);
    expect(x.tolist()).toEqual([1, 2]);
  });

  test('refuse a tensor whose elements share memory', () => {
    const x = plain([1]).expand([3]);
    expect(() => x.add_(plain([1, 2, 3]))).toThrow(LanegradError);
    expect(x.tolist()).toEqual([1, 1, 1]);
  });

  test('are an error on a leaf that requires a gradient', () => {
    const x = leaf([1, 2]);
    expect(() => x.mul_(2)).toThrow(AutogradError);
    expect(() => x.mul_(2)).toThrow(/leaf/);
    expect(x.tolist()).toEqual([1, 2]);
    expect(() => x.narrow(0, 0, 1).zero_()).toThrow(AutogradError);
    noGrad(() => x.mul_(2));
    expect(x.tolist()).toEqual([2, 4]);
    expect(x.isLeaf).toBe(true);
  });
});

describe('history is rebased', () => {
  test('on a non-leaf', () => {
    const x = leaf([1, 2, 3]);
    const y = x.mul(2);
    y.add_(x.mul(x));
    y.sum().backward();
    expect(x.grad!.tolist()).toEqual([4, 6, 8]);
    expect(y.gradFn).toBe('AddBackward');
  });

  test.each([
    ['relu_', [1, -2, 3], (y: Tensor) => y.relu_(), [3, 0, 3]],
    ['pow_', [1, 2, 3], (y: Tensor) => y.pow_(3), [81, 324, 729]],
    ['clamp_', [1, 2, 3], (y: Tensor) => y.clamp_({ max: 5 }), [3, 0, 0]],
    ['zero_', [1, 2, 3], (y: Tensor) => y.zero_(), [0, 0, 0]],
    ['fill_', [1, 2, 3], (y: Tensor) => y.fill_(4), [0, 0, 0]],
    ['mul_ of itself', [1, 2, 3], (y: Tensor) => y.mul_(y), [18, 36, 54]],
  ])('%s', (_name, values, change, wanted) => {
    const x = leaf(values);
    const y = x.mul(3);
    change(y);
    y.sum().backward();
    // Where nothing of x is left there is no gradient, which counts as zeros.
    expect(x.grad?.tolist() ?? [0, 0, 0]).toEqual(wanted);
  });

  test('through a slice', () => {
    const x = leaf([1, 2, 3, 4]);
    const s = leaf([10, 20]);
    const y = x.mul(2);
    y.narrow(0, 1, 2).copy_(s);
    y.mul(y).sum().backward();
    expect(x.grad!.tolist()).toEqual([8, 0, 0, 32]);
    expect(s.grad!.tolist()).toEqual([20, 40]);
  });

  test('through a row of a transpose', () => {
    const x = leaf([
      [1, 2, 3],
      [4, 5, 6],
    ]);
    const y = x.mul(1);
    y.t().select(0, 0).mul_(3);
    y.square().sum().backward();
    expect(x.grad!.tolist()).toEqual([
      [18, 4, 6],
      [72, 10, 12],
    ]);
  });

  test('through a chain of views, and the view sees later writes to its base', () => {
    const x = leaf([
      [1, 2, 3],
      [4, 5, 6],
    ]);
    const y = x.mul(1);
    const v = y.view([6]).narrow(0, 1, 4).view([2, 2]);
    v.mul_(2);
    y.mul_(3);
    v.sum().add(y.square().sum()).backward();
    expect(x.grad!.tolist()).toEqual([
      [18, 150, 222],
      [294, 366, 108],
    ]);
  });

  test('a view made before a write to its base carries the new history', () => {
    const x = leaf([1, 2, 3]);
    const y = x.mul(2);
    const v = y.narrow(0, 0, 2);
    y.mul_(x);
    v.sum().backward();
    expect(x.grad!.tolist()).toEqual([4, 8, 0]);
  });

  test('a plain base starts to require a gradient', () => {
    const x = leaf([1, 2, 3, 4]);
    const base = zeros([4], { dtype: 'float64' });
    base.slice(0, { step: 2 }).add_(x.slice(0, { step: 2 }).square());
    expect(base.requiresGrad).toBe(true);
    base.sum().backward();
    expect(x.grad!.tolist()).toEqual([2, 0, 6, 0]);
  });

  test('through a transposed row of a plain base', () => {
    const x = leaf([1, 2, 3, 4]);
    const b = zeros([2, 2], { dtype: 'float64' });
    b.t()
      .select(0, 1)
      .copy_(x.narrow(0, 0, 2).mul(3));
    b.mul(
      plain([
        [1, 2],
        [3, 4],
      ]),
    )
      .sum()
      .backward();
    expect(x.grad!.tolist()).toEqual([6, 12, 0, 0]);
  });

  test('through reshape and permute', () => {
    const x = leaf([
      [1, 2],
      [3, 4],
    ]);
    const z = x.reshape([4]).mul(1);
    const w = z.reshape([2, 2]).permute([1, 0]);
    w.select(0, 1).mul_(w.select(0, 0).clone());
    z.mul(arange(4)).sum().backward();
    expect(x.grad!.tolist()).toEqual([
      [2, 1],
      [14, 9],
    ]);
  });

  test('a filled row gets no gradient', () => {
    const x = leaf([
      [1, 2],
      [3, 4],
    ]);
    const y = x.mul(1);
    y.select(0, 0).fill_(7);
    y.mul(y).sum().backward();
    expect(x.grad!.tolist()).toEqual([
      [0, 0],
      [6, 8],
    ]);
  });

  test('second derivatives pass through a written view', () => {
    const x = leaf([1, 2, 3]);
    const y = x.mul(1);
    y.narrow(0, 0, 2).mul_(x.narrow(0, 1, 2));
    const [first] = grad(y.square().sum(), [x], { createGraph: true });
    first.square().sum().backward();
    expect(first.tolist()).toEqual([8, 40, 30]);
    expect(x.grad!.tolist()).toEqual([768, 3168, 2520]);
  });

  test.each([
    ['slice with a step', (y: Tensor) => y.slice(1, { start: 1, step: 2 })],
    ['transpose', (y: Tensor) => y.transpose(0, 1)],
    ['reshape', (y: Tensor) => y.reshape([2, 6])],
    ['unsqueeze and squeeze', (y: Tensor) => y.unsqueeze(0).squeeze(0)],
    ['flatten of rows', (y: Tensor) => y.narrow(0, 1, 2).flatten()],
    ['permuted block', (y: Tensor) => y.reshape([3, 2, 2]).permute([2, 0, 1]).narrow(0, 1, 1)],
  ])('equals the functional form: %s', (_name, view) => {
    const values = Array.from({ length: 12 }, (_, i) => Math.sin(i + 1));
    const written = leaf(values);
    const y = written.reshape([3, 4]).mul(2);
    const target = view(y);
    target.mul_(target.detach().mul(0).add(3));
    y.square().sum().backward();

    // The same without writing: a factor that is 3 where the view points, made of indices.
    const places = view(arange(12, { dtype: 'float64' }).reshape([3, 4]))
      .flatten()
      .to('int64');
    const factor = zeros([12], { dtype: 'float64' })
      .indexAdd(0, places, places.to('float64').mul(0).add(2))
      .add(1);
    const functional = leaf(values);
    functional.mul(2).mul(factor).square().sum().backward();
    expect(written.grad!.tolist()).toEqual(functional.grad!.tolist());
  });
});

describe('versions', () => {
  test('a saved tensor that was written to is an error that names the op', () => {
    const x = leaf([1, 2, 3]);
    const y = x.mul(2);
    const z = y.mul(y);
    y.add_(1);
    expect(() => z.sum().backward()).toThrow(AutogradError);
    expect(() => y.mul(y).sum().backward()).not.toThrow();
    const again = leaf([1]);
    const e = again.exp();
    const s = e.sum();
    e.mul_(2);
    expect(() => s.add(e.sum()).backward()).toThrow(/exp/);
  });

  test('a write through detach counts', () => {
    const x = leaf([1, 2, 3]);
    const y = x.mul(2);
    const z = y.mul(y);
    y.detach().add_(1);
    expect(() => z.sum().backward()).toThrow(AutogradError);
  });

  test('a write through another view of the same storage counts', () => {
    const x = leaf([
      [1, 2],
      [3, 4],
    ]);
    const y = x.mul(1);
    const w = y.t();
    w.select(0, 1).mul_(w.select(0, 0));
    // An error, or the gradient of the values as they were: never one of the values as they are.
    let error: unknown;
    try {
      y.sum().backward();
    } catch (caught) {
      error = caught;
    }
    if (error !== undefined) expect(error).toBeInstanceOf(AutogradError);
    else
      expect(x.grad!.tolist()).toEqual([
        [3, 1],
        [5, 3],
      ]);
  });

  test('a write to what was not saved is none', () => {
    const x = leaf([1, 2, 3]);
    const y = x.mul(2);
    const z = y.add(1);
    y.mul_(5);
    z.sum().add(y.sum()).backward();
    expect(x.grad!.tolist()).toEqual([12, 12, 12]);
  });

  test('gradients of a write before the use', () => {
    const x = leaf([1, 2, 3]);
    const y = x.mul(2);
    y.detach().add_(1);
    y.mul(y).sum().backward();
    expect(x.grad!.tolist()).toEqual([12, 20, 28]);
  });

  test('a step of an optimizer between forward and backward is one', () => {
    const w = leaf([1, 2]);
    const x = leaf([3, 4]);
    w.grad = plain([1, 1]);
    const loss = x.mul(w).sum();
    new optim.SGD([w], { lr: 0.5 }).step();
    expect(w.tolist()).toEqual([0.5, 1.5]);
    expect(() => loss.backward()).toThrow(AutogradError);
  });

  test('an optimizer-like update between two steps is none', () => {
    const w = leaf([1, 2]);
    for (let i = 0; i < 3; ++i) {
      const loss = w.square().sum();
      loss.backward();
      noGrad(() => w.sub_(w.grad!.mul(0.25)));
      w.grad = null;
    }
    expect(w.tolist()).toEqual([0.125, 0.25]);
  });
});
