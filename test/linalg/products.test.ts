import { describe, expect, test } from 'vitest';
import {
  addbmm,
  addmm,
  addmv,
  addr,
  arange,
  baddbmm,
  bmm,
  cdist,
  cross,
  dot,
  DTypeError,
  gradcheck,
  gradgradcheck,
  inner,
  kron,
  linalg,
  mm,
  mv,
  outer,
  ShapeError,
  tensor,
  tensordot,
  trace,
  transpose,
  ValueError,
  vdot,
  type Tensor,
} from '../../lib/index.js';
import { noise } from './matrices.js';

/** Every product at shapes that take its paths, some operands transposed or broadcast. */
const differentiable: Record<string, [(...x: Tensor[]) => Tensor, ...Tensor[]]> = {
  mm: [mm, noise([3, 4]), noise([4, 2])],
  'mm of a transpose': [(a, b) => mm(transpose(a, 0, 1), b), noise([4, 3]), noise([4, 2])],
  bmm: [bmm, noise([2, 3, 2]), noise([2, 2, 3])],
  mv: [mv, noise([3, 4]), noise([4])],
  dot: [dot, noise([5]), noise([5])],
  vdot: [vdot, noise([5]), noise([5])],
  inner: [inner, noise([2, 3]), noise([2, 2, 3])],
  outer: [outer, noise([3]), noise([2])],
  kron: [kron, noise([2, 3]), noise([2])],
  cross: [(a, b) => cross(a, b, { dim: 1 }), noise([2, 3, 1]), noise([1, 3, 2])],
  'linalg.cross': [(a, b) => linalg.cross(a, b), noise([2, 3]), noise([1, 3])],
  trace: [trace, noise([3, 4])],
  tensordot: [
    (a, b) =>
      tensordot(a, b, {
        dims: [
          [0, -1],
          [1, 0],
        ],
      }),
    noise([2, 4, 3]),
    noise([3, 2, 2]),
  ],
  'tensordot of a size that stretches': [(a, b) => tensordot(a, b), noise([3, 1, 2]), noise([4, 2])],
  addmm: [(x, a, b) => addmm(x, a, b, { beta: 0.5, alpha: 2 }), noise([2]), noise([3, 4]), noise([4, 2])],
  addmv: [(x, a, v) => addmv(x, a, v), noise([1]), noise([3, 2]), noise([2])],
  addbmm: [(x, a, b) => addbmm(x, a, b), noise([2, 2]), noise([3, 2, 2]), noise([3, 2, 2])],
  baddbmm: [(x, a, b) => baddbmm(x, a, b), noise([2, 1]), noise([2, 2, 3]), noise([2, 3, 2])],
  addr: [(x, a, b) => addr(x, a, b, { alpha: -1 }), noise([2, 3]), noise([2]), noise([3])],
  'linalg.vecdot': [(a, b) => linalg.vecdot(a, b, { dim: 0 }), noise([3, 2]), noise([3, 1])],
  'linalg.multiDot': [(a, b, c) => linalg.multiDot([a, b, c]), noise([2]), noise([2, 3]), noise([3, 2])],
  'cdist, p 1': [(a, b) => cdist(a, b, { p: 1 }), noise([3, 2]), noise([2, 2], 3)],
  'cdist, p 1.5': [(a, b) => cdist(a, b, { p: 1.5 }), noise([3, 2]), noise([2, 2], 3)],
  'cdist, p 2': [(a, b) => cdist(a, b), noise([2, 3, 2]), noise([1, 2, 2], 3)],
  'cdist, p 2 by a product': [
    (a, b) => cdist(a, b, { computeMode: 'use_mm_for_euclid_dist' }),
    noise([3, 2]),
    noise([2, 2], 3),
  ],
  'cdist, p 3': [(a, b) => cdist(a, b, { p: 3 }), noise([3, 2]), noise([2, 2], 3)],
};

describe.each(Object.entries(differentiable))('%s', (_name, [fn, ...at]) => {
  test('first and second derivatives by finite differences', () => {
    const inputs = at.map((x) => x.detach().requiresGrad_());
    expect(gradcheck(fn, inputs)).toBe(true);
    expect(gradgradcheck(fn, inputs)).toBe(true);
  });
});

test('the distance of equal points has gradient 0 in every norm', () => {
  for (const p of [0, 0.5, 1, 1.5, 2, 3, Infinity]) {
    const a = tensor([[1.5, 2]], { requiresGrad: true });
    cdist(a, tensor([[1.5, 2]]), { p })
      .sum()
      .backward();
    expect(a.grad!.tolist(), `p ${p}`).toEqual([[0, 0]]);
  }
});

test('a factor of 0 keeps NaN out', () => {
  const input = tensor([NaN, Infinity], { requiresGrad: true });
  const out = addmm(input, tensor([[1.5]]), tensor([[2, 4]]).float(), { beta: 0 });
  expect(out.tolist()).toEqual([[3, 6]]);
  out.sum().backward();
  expect(input.grad!.tolist()).toEqual([0, 0]);
});

test('integers keep their dtype, and factors lose their fraction', () => {
  const a = tensor(
    [
      [1, 2],
      [3, 4],
    ],
    { dtype: 'int32' },
  );
  const sum = addmm(a, a, a, { alpha: 1.9, beta: -1.5 });
  expect([sum.dtype, sum.tolist()]).toEqual([
    'int32',
    [
      [6, 8],
      [12, 18],
    ],
  ]);
  expect(tensordot(a, a).dtype).toBe('int32');
  expect(addr(tensor([[true, false]]), tensor([true]), tensor([false, true])).tolist()).toEqual([
    [true, true],
  ]);
});

test('multiDot multiplies in the cheapest order', () => {
  const sizes = [7, 3, 11, 2, 5];
  const chain = sizes.slice(1).map((size, i) => noise([sizes[i]!, size]));
  const inOrder = chain.reduce((product, next) => mm(product, next));
  expect(linalg.multiDot(chain).allclose(inOrder, { rtol: 1e-12, atol: 1e-12 })).toBe(true);
});

test('what does not fit is an error that names the sizes', () => {
  const m = arange(6, { dtype: 'float32' }).reshape([2, 3]);
  const v = arange(3, { dtype: 'float32' });
  expect(() => mv(m, v.narrow(0, 0, 2))).toThrow(ShapeError);
  expect(() => dot(m, v)).toThrow(/\[dot\] got \[2, 3\] and \[3\]/);
  expect(() => mm(m, m.transpose(0, 1).double())).toThrow(DTypeError);
  expect(() => inner(v, v.narrow(0, 0, 2))).toThrow(/\[inner\] last sizes differ/);
  expect(() => tensordot(m, m, { dims: 1 })).toThrow(/\[tensordot\] sizes differ: dim 1 of a/);
  expect(() => tensordot(m, m, { dims: 3 })).toThrow(ValueError);
  expect(() => cross(m, v)).toThrow(/ranks differ/);
  expect(() => cross(m.narrow(1, 0, 2), m.narrow(1, 0, 2))).toThrow(/no dim has size 3/);
  expect(() => trace(v)).toThrow(ShapeError);
  expect(() => addmm(tensor([[1], [2], [3]]), m, m.transpose(0, 1))).toThrow(/does not broadcast/);
  expect(() => linalg.multiDot([m])).toThrow(ValueError);
  expect(() => linalg.multiDot([m, m])).toThrow(/sizes differ: tensor 0 is \[2, 3\], tensor 1 is \[2, 3\]/);
  expect(() => cdist(m, m, { p: -1 })).toThrow(ValueError);
  expect(() => cdist(m.int(), m.int())).toThrow(DTypeError);
  expect(() => linalg.vecdot(m.int(), m.int())).toThrow(DTypeError);
});
