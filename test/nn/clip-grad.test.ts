import { describe, expect, it } from 'vitest';
import { DTypeError, nn, tensor, ValueError, zeros } from '../../lib/index.js';
import type { Tensor } from '../../lib/index.js';

const { clipGradNorm_, clipGradValue_ } = nn.utils;

function param(grad: readonly number[] | null, dtype: 'float32' | 'float64' = 'float64'): Tensor {
  const w = zeros([grad?.length ?? 1], { dtype, requiresGrad: true });
  if (grad) w.grad = tensor(grad, { dtype });
  return w;
}

describe('clipGradNorm_', () => {
  it.each([
    [1, 14],
    [2, Math.sqrt(54)],
    [3, (27 + 64 + 8 + 125) ** (1 / 3)],
    [Infinity, 5],
  ])('of norm %d is that of all gradients together', (normType, wanted) => {
    const params = [param([3, -4]), param(null), param([2, 5], 'float32')];
    const norm = clipGradNorm_(params, 1, { normType });
    expect(Number(norm.item())).toBeCloseTo(wanted, 5);
    expect(Number(params[0]!.grad!.data[1])).toBeCloseTo(-4 / Number(norm.item()), 5);
    expect(params[1]!.grad).toBeNull();
  });

  it('leaves small gradients alone', () => {
    const w = param([3, 4]);
    expect(clipGradNorm_(w, 6).item()).toBe(5);
    expect(w.grad!.tolist()).toEqual([3, 4]);
    expect(clipGradNorm_(w, Infinity).item()).toBe(5);
    expect(w.grad!.tolist()).toEqual([3, 4]);
  });

  it('takes gradients of any strides and no gradients at all', () => {
    const w = zeros([2, 3], { dtype: 'float64', requiresGrad: true });
    w.grad = tensor(
      [
        [1, 2],
        [2, 0],
        [0, 4],
      ],
      { dtype: 'float64' },
    ).t();
    expect(clipGradNorm_([w], 2.5).item()).toBe(5);
    expect(Number(w.grad.at(1, 2).item())).toBeCloseTo(2, 5);
    expect(clipGradNorm_([], 1).item()).toBe(0);
    expect(clipGradNorm_([param(null)], 1).item()).toBe(0);
  });

  it('passes NaN on, or throws before anything is changed', () => {
    const w = param([NaN, 1]);
    expect(() => clipGradNorm_(w, 1, { errorIfNonfinite: true })).toThrow(/norm NaN, wanted a finite one/);
    expect(w.grad!.tolist()).toEqual([NaN, 1]);
    expect(clipGradNorm_(w, 1).item()).toBeNaN();
    expect(w.grad!.tolist()).toEqual([NaN, NaN]);
  });

  it('refuses wrong arguments', () => {
    expect(() => clipGradNorm_(param([1]), -1)).toThrow(ValueError);
    expect(() => clipGradNorm_(param([1]), 1, { normType: 0 })).toThrow(/normType: got 0/);
    expect(() => clipGradNorm_(param([1]), 1, { p: 2 } as never)).toThrow(/"p"/);
    expect(() => clipGradNorm_(1 as never, 1)).toThrow(DTypeError);
    expect(() => clipGradNorm_([1] as never, 1)).toThrow(DTypeError);
  });
});

it('clipGradValue_ clips each element', () => {
  const [w, v] = [param([3, -0.5, NaN]), param([-7])];
  clipGradValue_([w, v], 1);
  expect([w.grad!.tolist(), v.grad!.tolist()]).toEqual([[1, -0.5, NaN], [-1]]);
  expect(() => clipGradValue_(w, -1)).toThrow(ValueError);
});
