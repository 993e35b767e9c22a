import { describe, expect, it } from 'vitest';
import {
  AutogradError,
  customOp,
  DTypeError,
  gradcheck,
  gradgradcheck,
  memory,
  ones,
  tensor,
  ValueError,
} from '../../lib/index.js';
import type { Tensor } from '../../lib/index.js';

const leaf = (values: number[]): Tensor => tensor(values, { dtype: 'float64', requiresGrad: true });

/** x², with the gradient that is given. */
const square = (gradient: (x: Tensor) => Tensor): ((x: Tensor) => Tensor) =>
  customOp({
    name: 'square',
    forward(ctx, x: Tensor) {
      ctx.save(x);
      return x.mul(x);
    },
    backward: (ctx, g) => g!.mul(gradient(ctx.saved[0]!)),
  });

describe('gradcheck', () => {
  it('accepts right gradients, of views, repeated and unused inputs too', () => {
    const x = leaf([0.5, -1.5, 2]);
    expect(gradcheck((v) => v.sin(), [x])).toBe(true);
    expect(gradcheck((v) => [v.square(), v.argmax(), v.exp().sum()], [x])).toBe(true);
    expect(gradcheck((a, b) => a.mul(b), [x, x])).toBe(true);
    expect(gradcheck((a) => a.mul(2), [x, leaf([1])])).toBe(true);
    expect(gradcheck((a, i) => a.gather(0, i), [x, tensor([2, 0])])).toBe(true);
    const matrix = tensor(
      [
        [1, 2, 3],
        [4, 5, 6],
      ],
      { dtype: 'float64' },
    )
      .transpose(0, 1)
      .detach()
      .requiresGrad_();
    expect(gradcheck((m) => m.matmul(m.transpose(0, 1)), [matrix])).toBe(true);
    expect(gradcheck((v) => v.sum(), [ones([0, 2], { dtype: 'float64', requiresGrad: true })])).toBe(true);
    expect(x.grad).toBeNull();
  });

  it('names what differs', () => {
    const wrong = square((x) => x.mul(3));
    expect(() => gradcheck(wrong, [leaf([1, 2])])).toThrow(AutogradError);
    expect(() =>
      gradcheck((a, b) => wrong(b).reshape([2, 1]).add(a.sum()), [leaf([1]), leaf([0, 2])]),
    ).toThrow(
      /^\[gradcheck\] the derivative of output 0 at \[1, 0\] with respect to input 1 at \[1\] differs: numeric 4\.0*\d*, analytic 6$/,
    );
    const nan = square((x) => x.mul(NaN));
    expect(() => gradcheck(nan, [leaf([1])])).toThrow(/analytic NaN/);
    const missing = (x: Tensor): Tensor => x.detach().mul(2);
    expect(() => gradcheck(missing, [leaf([1])])).toThrow(/analytic 0/);
  });

  it('keeps to its tolerances', () => {
    const nearly = square((x) => x.mul(2.001));
    expect(() => gradcheck(nearly, [leaf([1])], { rtol: 1e-5 })).toThrow(AutogradError);
    expect(gradcheck(nearly, [leaf([1])], { rtol: 1e-2 })).toBe(true);
    expect(gradcheck(nearly, [leaf([1])], { rtol: 0, atol: 0.1 })).toBe(true);
    expect(gradcheck((v) => v.square(), [leaf([1])], { eps: 1e-4 })).toBe(true);
  });

  it('wants float64 and something to check', () => {
    const x = leaf([1]);
    expect(() => gradcheck((v) => v, [tensor([1.5], { requiresGrad: true })])).toThrow(DTypeError);
    expect(() => gradcheck((v) => v, [tensor([1], { dtype: 'float64' })])).toThrow(ValueError);
    expect(() => gradcheck((v) => v, [])).toThrow(/got none that requires a gradient/);
    expect(() => gradcheck(1 as never, [x])).toThrow(/wanted a function/);
    expect(() => gradcheck((v) => v, x as never)).toThrow(/inputs: got a tensor, wanted an array of tensors/);
    expect(() => gradcheck(() => 1 as never, [x])).toThrow(
      /outputs of fn: got 1, wanted an array of tensors/,
    );
    expect(() => gradcheck((v) => v, [x], { eps: 0 })).toThrow(/eps: got 0/);
    expect(() => gradcheck((v) => v, [x], { atol: -1 })).toThrow(ValueError);
    expect(() => gradcheck((v) => Promise.resolve(v) as never, [x])).toThrow(/promise/);
  });

  it('leaves nothing behind', () => {
    const x = leaf([1, 2]);
    // The first makes the generator of random numbers.
    gradgradcheck((v) => v.exp(), [x]);
    const before = memory().handles;
    gradcheck((v) => v.exp(), [x]);
    gradgradcheck((v) => v.exp(), [x]);
    expect(memory().handles).toBe(before);
  });
});

describe('gradgradcheck', () => {
  it('accepts right second derivatives', () => {
    const x = leaf([0.5, -1.5, 2]);
    expect(gradgradcheck((v) => v.pow(3), [x])).toBe(true);
    expect(gradgradcheck((a, b) => [a.mul(b), b.sin(), a.argmax()], [x, leaf([1, 2, 3])])).toBe(true);
    expect(gradgradcheck((a) => a.mul(2), [x])).toBe(true);
    expect(
      gradgradcheck((a) => a.square(), [x], { gradOutputs: [tensor([1, 2, 3], { dtype: 'float64' })] }),
    ).toBe(true);
  });

  it('finds a gradient that cannot be differentiated', () => {
    const half = square((x) => x.detach().mul(2));
    expect(gradcheck(half, [leaf([1, 2])])).toBe(true);
    expect(() => gradgradcheck(half, [leaf([1, 2])])).toThrow(
      /^\[gradgradcheck\] the derivative of output 0 at \[0\]/,
    );
  });

  it('wants as many gradOutputs as floating outputs', () => {
    expect(() => gradgradcheck((v) => v.exp(), [leaf([1])], { gradOutputs: [] })).toThrow(ValueError);
  });
});
