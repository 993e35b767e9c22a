import { describe, expect, test } from 'vitest';
import {
  DTypeError,
  gradcheck,
  gradgradcheck,
  linalg,
  norm,
  ShapeError,
  tensor,
  ValueError,
  zeros,
} from '../../lib/index.js';
import { noise } from './matrices.js';

const ords = [-Infinity, -2, -1, -0.5, 0, 0.5, 1, 1.5, 2, 3, Infinity];

/** The definition, on an array. */
function ofVector(values: readonly number[], ord: number): number {
  const sizes = values.map(Math.abs);
  if (ord === Infinity) return Math.max(...sizes);
  if (ord === -Infinity) return Math.min(...sizes);
  if (ord === 0) return sizes.filter((size) => size !== 0).length;
  return sizes.reduce((sum, size) => sum + size ** ord, 0) ** (1 / ord);
}

describe.each(ords)('ord %d', (ord) => {
  test('equals its definition', () => {
    const x = noise([4, 3]);
    const rows = x.tolist() as number[][];
    const got = linalg.vectorNorm(x, { ord, dim: 1 }).tolist() as number[];
    got.forEach((value, i) => expect(value).toBeCloseTo(ofVector(rows[i]!, ord), 12));
    expect(linalg.vectorNorm(x, { ord, keepdim: true }).shape).toEqual([1, 1]);
    expect(norm(x, { p: ord }).item()).toBeCloseTo(ofVector(rows.flat(), ord), 10);
  });

  test('first and second derivatives by finite differences', () => {
    const x = noise([3, 2]).requiresGrad_();
    const fn = (y: typeof x) => linalg.vectorNorm(y, { ord, dim: 0 });
    expect(gradcheck(fn, [x])).toBe(true);
    expect(gradgradcheck(fn, [x])).toBe(true);
  });

  test('the gradient at zero is zero', () => {
    const x = zeros([3], { requiresGrad: true });
    linalg.vectorNorm(x, { ord }).backward();
    expect(x.grad!.tolist()).toEqual([0, 0, 0]);
  });
});

describe.each(['fro', 'nuc', 1, -1, 2, -2, Infinity, -Infinity] as const)('matrix norm %s', (ord) => {
  const x = noise([2, 3, 4]);
  test('over any two dims', () => {
    const plain = linalg.matrixNorm(x.select(0, 1), { ord }).item();
    expect(linalg.matrixNorm(x, { ord }).select(0, 1).item()).toBeCloseTo(plain, 12);
    const moved = x.permute([2, 0, 1]);
    const kept = linalg.matrixNorm(moved, { ord, dim: [2, 0], keepdim: true });
    expect(kept.shape).toEqual([1, 2, 1]);
    expect(kept.select(1, 1).item()).toBeCloseTo(plain, 12);
    expect(
      linalg
        .norm(moved, { ord, dim: [-1, 0] })
        .select(0, 1)
        .item(),
    ).toBeCloseTo(plain, 12);
  });

  test('first and second derivatives by finite differences', () => {
    const leaf = x.detach().requiresGrad_();
    const fn = (y: typeof x) => linalg.norm(y, { ord, dim: [1, 2] });
    expect(gradcheck(fn, [leaf])).toBe(true);
    expect(gradgradcheck(fn, [leaf])).toBe(true);
  });
});

test('values of known matrices', () => {
  const x = tensor([
    [3, 0],
    [-4, 0.5],
  ]);
  const values = ([1, -1, Infinity, -Infinity] as const).map((ord) => linalg.norm(x, { ord }).item());
  expect(values).toEqual([7, 0.5, 4.5, 3]);
  expect(linalg.norm(x).item()).toBeCloseTo(Math.sqrt(25.25), 6);
  expect(linalg.norm(x, { dtype: 'float64' }).dtype).toBe('float64');
  expect(norm(x, { p: 'nuc' }).item()).toBeCloseTo(linalg.svdvals(x).sum().item(), 6);
});

test('what does not fit is an error', () => {
  const x = noise([2, 3, 4]);
  expect(() => linalg.norm(x, { ord: 2 })).toThrow(ShapeError);
  expect(() => linalg.norm(x, { ord: 2, dim: [0, 1, 2] })).toThrow(ValueError);
  expect(() => linalg.matrixNorm(x, { ord: 3 })).toThrow(/wanted fro, nuc, 1/);
  expect(() => linalg.matrixNorm(x, { dim: [1, -2] })).toThrow(/which are the same/);
  expect(() => linalg.vectorNorm(x.int())).toThrow(DTypeError);
  expect(() => linalg.vectorNorm(x, { dtype: 'float32' })).toThrow(/wanted one as wide at least/);
  expect(() => linalg.vectorNorm(zeros([0]), { ord: Infinity })).toThrow(ShapeError);
});
