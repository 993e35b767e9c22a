import { describe, expect, test } from 'vitest';
import {
  choleskyInverse,
  choleskySolve,
  eye,
  gradcheck,
  gradgradcheck,
  LinAlgError,
  linalg,
  logdet,
  matmul,
  ShapeError,
  DTypeError,
  tensor,
  transpose,
  zeros,
  type DType,
  type Tensor,
} from '../../lib/index.js';
import { definite, noise, regular } from './matrices.js';

const T = (x: Tensor): Tensor => transpose(x, -1, -2);
const symmetric = (x: Tensor): Tensor => x.add(T(x)).mul(0.5);
/** Largest difference, as a share of the largest element. */
function apart(a: Tensor, b: Tensor): number {
  expect(a.shape).toEqual(b.shape);
  if (a.numel() === 0) return 0;
  const scale = Math.max(1, b.double().abs().max().item());
  return a.double().sub(b.double()).abs().max().item() / scale;
}
const identity = (n: number) => eye(n, { dtype: 'float64' });
// Sizes on both sides of the block sizes, 16 and 32.
const sides = [1, 2, 5, 16, 17, 33, 70];
const precisions: [DType, number][] = [
  ['float32', 3e-5],
  ['float64', 1e-13],
];

describe.each(precisions)('%s', (dtype, tolerance) => {
  test.each(sides)('square matrices of %i', (n) => {
    const a = regular([2, n, n], dtype);
    const s = definite([2, n, n], dtype);
    const b = noise([2, n, 3], 0, dtype);
    const l = linalg.cholesky(s);
    expect(apart(matmul(l, T(l)), s)).toBeLessThan(tolerance);
    const u = linalg.cholesky(s, { upper: true });
    expect(apart(u, T(l))).toBeLessThan(tolerance);
    expect(apart(matmul(a, linalg.solve(a, b)), b)).toBeLessThan(tolerance);
    expect(apart(matmul(linalg.solve(a, T(b), { left: false }), a), T(b))).toBeLessThan(tolerance);
    expect(apart(matmul(a, linalg.inv(a)).select(0, 1), identity(n))).toBeLessThan(tolerance);
    const { sign, logabsdet } = linalg.slogdet(a);
    const det = linalg.det(a.div(n));
    const rescaled = logabsdet.sub(n * Math.log(n));
    expect(apart(sign.mul(rescaled.exp()), det)).toBeLessThan(n * tolerance);
    expect(apart(matmul(s, choleskySolve(b, l)), b)).toBeLessThan(n * tolerance);
    expect(apart(matmul(s, choleskyInverse(u, { upper: true })).select(0, 0), identity(n))).toBeLessThan(
      n * tolerance,
    );
    const sym = symmetric(noise([2, n, n], 0, dtype));
    const { eigenvalues: w, eigenvectors: v } = linalg.eigh(sym);
    expect(apart(matmul(v.mul(w.unsqueeze(-2)), T(v)), sym)).toBeLessThan(tolerance * 4);
    expect(apart(matmul(T(v), v).select(0, 0), identity(n))).toBeLessThan(tolerance * 4);
    expect(apart(linalg.eigvalsh(sym), w)).toBeLessThan(tolerance * 4);
    expect(w.tolist()).toEqual((w.tolist() as number[][]).map((row) => row.toSorted((x, y) => x - y)));
  });

  test.each([...sides.map((n) => [n, n]), [5, 3], [3, 5], [70, 20], [20, 70], [40, 33], [2, 90]])(
    'matrices of %i x %i',
    (m, n) => {
      const a = noise([2, m, n], 0, dtype);
      const k = Math.min(m, n);
      for (const mode of ['reduced', 'complete'] as const) {
        const { Q, R } = linalg.qr(a, { mode });
        expect(apart(matmul(Q, R), a)).toBeLessThan(tolerance);
        expect(apart(matmul(T(Q), Q).select(0, 1), identity(Q.shape.at(-1)!))).toBeLessThan(tolerance);
        expect(apart(linalg.qr(a, { mode: 'r' }).R, linalg.qr(a).R)).toBe(0);
      }
      for (const fullMatrices of [true, false]) {
        const { U, S, Vh } = linalg.svd(a, { fullMatrices });
        const product = matmul(U.narrow(-1, 0, k).mul(S.unsqueeze(-2)), Vh.narrow(-2, 0, k));
        expect(apart(product, a)).toBeLessThan(tolerance * 4);
        expect(apart(matmul(T(U), U).select(0, 0), identity(U.shape.at(-1)!))).toBeLessThan(tolerance * 4);
        expect(apart(matmul(Vh, T(Vh)).select(0, 0), identity(Vh.shape.at(-2)!))).toBeLessThan(tolerance * 4);
        expect(apart(linalg.svdvals(a), S)).toBeLessThan(tolerance * 4);
        expect(Math.min(...(S.select(0, 0).tolist() as number[]))).toBeGreaterThanOrEqual(0);
      }
      const { P, L, U } = linalg.lu(a);
      expect(apart(matmul(P, matmul(L, U)), a)).toBeLessThan(tolerance);
      const x = linalg.pinv(a);
      expect(apart(matmul(matmul(a, x), a), a)).toBeLessThan(tolerance * 20);
    },
  );
});

test('singular values keep their relative accuracy, down to zero', () => {
  const scales = tensor([1, 1e-5, 1e-10, 0], { dtype: 'float64' });
  const { Q } = linalg.qr(noise([4, 4]));
  const s = linalg.svd(matmul(Q.mul(scales), eye(4, { dtype: 'float64' })));
  expect(
    apart(s.S.narrow(0, 0, 3).div(scales.narrow(0, 0, 3)), tensor([1, 1, 1], { dtype: 'float64' })),
  ).toBeLessThan(1e-9);
  expect(linalg.svdvals(zeros([3, 2])).tolist()).toEqual([0, 0]);
  expect(linalg.svdvals(noise([3, 3]).mul(1e300))).toBeDefined();
  expect(linalg.eigvalsh(eye(3).mul(1e30)).tolist()).toEqual(eye(3).mul(1e30).sum({ dim: 0 }).tolist());
});

/** Functions of the factors that do not depend on signs. */
const differentiable: Record<string, [(...x: Tensor[]) => Tensor | Tensor[], ...Tensor[]]> = {
  cholesky: [(a) => linalg.cholesky(symmetric(a)), definite([2, 3, 3])],
  'upper cholesky': [(a) => linalg.cholesky(symmetric(a), { upper: true }), definite([3, 3])],
  'solve of vectors': [(a, b) => linalg.solve(a, b), regular([2, 3, 3]), noise([2, 3])],
  'solve, broadcast': [(a, b) => linalg.solve(a, b), regular([3, 3]), noise([2, 3, 2])],
  'solve from the right': [(a, b) => linalg.solve(a, b, { left: false }), regular([3, 3]), noise([2, 3])],
  solveTriangular: [
    (a, b) => linalg.solveTriangular(a, b, { upper: true }),
    regular([3, 3]),
    noise([2, 3, 1]),
  ],
  choleskySolve: [(b, l) => choleskySolve(b, linalg.cholesky(symmetric(l))), noise([3, 2]), definite([3, 3])],
  logdet: [logdet, definite([2, 3, 3])],
  'det of rank n - 1': [
    linalg.det,
    tensor(
      [
        [1, 2, 3],
        [2, 4, 6],
        [1, 0, 1],
      ],
      { dtype: 'float64' },
    ),
  ],
  'det of rank n - 2': [
    linalg.det,
    tensor(
      [
        [1, 2, 3],
        [2, 4, 6],
        [3, 6, 9],
      ],
      { dtype: 'float64' },
    ),
  ],
  'qr, tall': [
    (a) => {
      const { Q, R } = linalg.qr(a);
      return [matmul(Q, T(Q)), R.square()];
    },
    noise([2, 4, 2]),
  ],
  'qr, wide': [(a) => linalg.qr(a).R.square(), noise([2, 4])],
  eigh: [
    (a) => {
      const { eigenvalues, eigenvectors } = linalg.eigh(symmetric(a));
      return [eigenvalues, eigenvectors.square()];
    },
    noise([2, 3, 3]),
  ],
  eigvalsh: [(a) => linalg.eigvalsh(symmetric(a), { uplo: 'U' }), noise([3, 3])],
  'svd, tall': [
    (a) => {
      const { U, S, Vh } = linalg.svd(a);
      return [U.narrow(-1, 0, 2).square(), S, Vh.square()];
    },
    noise([4, 2]),
  ],
  'svd, wide': [
    (a) => {
      const { U, S, Vh } = linalg.svd(a, { fullMatrices: false });
      return matmul(U.mul(S.sin().unsqueeze(-2)), Vh);
    },
    noise([2, 2, 4]),
  ],
  pinv: [(a) => linalg.pinv(a), noise([2, 3, 2])],
  'pinv of rank 1': [(a, b) => linalg.pinv(matmul(a, b), { rtol: 1e-6 }), noise([3, 1]), noise([1, 4])],
  lstsq: [
    (a, b) => {
      const { solution, residuals } = linalg.lstsq(a, b, { driver: 'gelsd' });
      return [solution, residuals];
    },
    noise([4, 2]),
    noise([4, 3]),
  ],
  'matrixPower 5': [(a) => linalg.matrixPower(a, 5), noise([3, 3])],
  'matrixPower -2': [(a) => linalg.matrixPower(a, -2), regular([2, 2])],
  matrixExp: [(a) => linalg.matrixExp(a.mul(4)), noise([2, 3, 3])],
  'cond 1': [(a) => linalg.cond(a, { p: 1 }), regular([3, 3])],
  cond: [(a) => linalg.cond(a), regular([3, 3])],
  tensorinv: [(a) => linalg.tensorinv(a.reshape([4, 2, 2]), { ind: 1 }), regular([4, 4])],
  tensorsolve: [(a, b) => linalg.tensorsolve(a.reshape([2, 2, 4]), b), regular([4, 4]), noise([2, 2])],
  luSolve: [
    (a, b) => {
      const { LU, pivots } = linalg.luFactor(a);
      return linalg.luSolve(LU, pivots, b, { adjoint: true });
    },
    regular([3, 3]),
    noise([3, 2]),
  ],
  householderProduct: [linalg.householderProduct, noise([4, 3]), noise([2])],
};

describe.each(Object.entries(differentiable))('%s', (_name, [fn, ...at]) => {
  test('first and second derivatives by finite differences', () => {
    const inputs = at.map((x) => x.detach().requiresGrad_());
    expect(gradcheck(fn, inputs)).toBe(true);
    expect(gradgradcheck(fn, inputs)).toBe(true);
  });
});

test('the results of luSolve solve', () => {
  const a = regular([2, 4, 4]);
  const b = noise([2, 4, 3]);
  const { LU, pivots } = linalg.luFactor(a);
  expect(apart(matmul(a, linalg.luSolve(LU, pivots, b)), b)).toBeLessThan(1e-12);
  expect(apart(matmul(T(a), linalg.luSolve(LU, pivots, b, { adjoint: true })), b)).toBeLessThan(1e-12);
  expect(apart(matmul(linalg.luSolve(LU, pivots, T(b), { left: false }), a), T(b))).toBeLessThan(1e-12);
  const right = linalg.luSolve(LU, pivots, T(b), { left: false, adjoint: true });
  expect(apart(matmul(right, T(a)), T(b))).toBeLessThan(1e-12);
});

test('the exponential of a rotation, and of a large matrix', () => {
  const angle = 30;
  const turn = tensor(
    [
      [0, -angle],
      [angle, 0],
    ],
    { dtype: 'float64' },
  );
  const [c, s] = [Math.cos(angle), Math.sin(angle)];
  expect(
    apart(
      linalg.matrixExp(turn),
      tensor(
        [
          [c, -s],
          [s, c],
        ],
        { dtype: 'float64' },
      ),
    ),
  ).toBeLessThan(1e-12);
});

test('rank, pseudo-inverse and least squares see what is negligible', () => {
  const a = matmul(noise([2, 5, 2]), noise([2, 2, 4]));
  expect(linalg.matrixRank(a).tolist()).toEqual([2, 2]);
  expect(linalg.matrixRank(a, { atol: 1e9 }).tolist()).toEqual([0, 0]);
  expect(linalg.matrixRank(matmul(a, T(a)), { hermitian: true, rtol: 1e-8 }).tolist()).toEqual([2, 2]);
  const x = linalg.pinv(a);
  expect(apart(matmul(matmul(x, a), x), x)).toBeLessThan(1e-10);
  const b = noise([2, 5, 1]);
  const { solution, rank, singularValues, residuals } = linalg.lstsq(a, b, { driver: 'gelsd' });
  expect(apart(solution, matmul(x, b))).toBeLessThan(1e-10);
  expect([rank.tolist(), singularValues.shape, residuals.shape]).toEqual([[2, 2], [2, 4], [0]]);
});

test('a matrix that cannot be factored is named, with numbers', () => {
  const singular = tensor([
    [
      [1.5, 0],
      [0, 1],
    ],
    [
      [1, 2],
      [2, 4],
    ],
  ]);
  expect(() => linalg.inv(singular)).toThrow(LinAlgError);
  expect(() => linalg.solve(singular, zeros([2, 1]))).toThrow(
    /\[solve\] matrix 1 (of the batch )?of shape \[2, 2\] is singular: pivot 2/,
  );
  expect(() => linalg.cholesky(singular.neg())).toThrow(
    /\[cholesky\] matrix 0 .*minor of order 1 is not positive/,
  );
  expect(() =>
    linalg.eigh(
      tensor([
        [NaN, 0],
        [0, 1],
      ]),
    ),
  ).toThrow(/holds NaN or infinity/);
  expect(() => linalg.svd(tensor([[Infinity, 0.5]]))).toThrow(LinAlgError);
  expect(() => linalg.lu(zeros([2, 2]), { pivot: false })).toThrow(LinAlgError);
  expect(linalg.det(singular).select(0, 1).item()).toBeCloseTo(0, 6);
  expect(linalg.slogdet(singular).logabsdet.select(0, 1).item()).toBe(-Infinity);
});

test('what does not fit is an error', () => {
  const a = noise([2, 3]);
  expect(() => linalg.inv(a)).toThrow(ShapeError);
  expect(() => linalg.det(noise([3]))).toThrow(ShapeError);
  expect(() => linalg.solve(noise([2, 2]), noise([3, 1]))).toThrow(/\[linalg.solve\] sizes differ/);
  expect(() => linalg.solve(noise([2, 2, 2]), noise([3, 2, 1]))).toThrow(/do not broadcast/);
  expect(() => linalg.solve(noise([2, 2]), noise([2, 1], 0, 'float32'))).toThrow(DTypeError);
  expect(() => linalg.svd(a.int())).toThrow(DTypeError);
  expect(() => linalg.lstsq(a, noise([3, 1]))).toThrow(ShapeError);
  expect(() => linalg.qr(a, { mode: 'other' as 'r' })).toThrow(/wanted one of reduced, complete, r/);
  const { LU, pivots } = linalg.luFactor(noise([2, 2]));
  expect(() => linalg.luSolve(LU, pivots.mul(0).int(), noise([2, 1]))).toThrow(/wanted rows from 1 to 2/);
});

test('without elements', () => {
  expect(linalg.inv(zeros([2, 0, 0])).shape).toEqual([2, 0, 0]);
  expect(linalg.det(zeros([0, 0])).item()).toBe(1);
  expect(linalg.svd(zeros([3, 0])).U.tolist()).toEqual(eye(3).tolist());
  expect(linalg.solve(zeros([0, 2, 2]), zeros([0, 2, 1])).shape).toEqual([0, 2, 1]);
  expect(linalg.eigh(zeros([0, 0])).eigenvalues.shape).toEqual([0]);
  expect(linalg.qr(zeros([2, 0])).Q.shape).toEqual([2, 0]);
});
