import { floats, given, real } from './case.js';
import type { CaseOf, OpRow, Rows, Tolerance } from './case.js';
import type { NoAttrs } from '../../lib/backend/op-schema.gen.js';

// Factorizations. Random matrices here are regular; vectors that are unique up to their sign stand on diagonal matrices,
// where both backends give the same ones, and are tested by what they must satisfy in test/linalg.

const none: NoAttrs = {};

const factored: Tolerance = {
  relative: 2e-5,
  float64: 1e-12,
  why: 'the TypeScript backend works in doubles, and in another order; condition numbers are at most 50',
};

const small: Pick<OpRow, 'dtypes' | 'rejects' | 'tolerance' | 'special'> = {
  dtypes: floats,
  rejects: ['int32', 'bool'],
  tolerance: factored,
  special: 0,
};

/** n x n with `big` on the diagonal and small different elements beside it. */
function dominant(n: number, big: number): number[] {
  return Array.from({ length: n * n }, (_, i) => (i % (n + 1) === 0 ? big + i / n : Math.sin(3 * i + 1)));
}

/** Symmetric, with a dominant diagonal. */
function symmetric(n: number): number[] {
  return Array.from({ length: n * n }, (_, k) => {
    const [i, j] = [Math.floor(k / n), k % n];
    return i === j ? n + i : Math.sin(i * j + i + j);
  });
}

function diagonal(m: number, n: number, values: readonly number[]): number[] {
  return Array.from({ length: m * n }, (_, k) => (Math.floor(k / n) === k % n ? values[k % n]! : 0));
}

const sizes = 'finite differences would take thousands of evaluations';

function triangular(
  name: string,
  t: readonly number[],
  b: readonly number[],
  attrs: { upper: boolean; left: boolean; unit: boolean },
  noGradient?: string,
): CaseOf<'solveTriangular'> {
  const plain = { name, inputs: [real(t, 1, 2), real(b)], attrs };
  return noGradient === undefined ? plain : { ...plain, noGradient };
}

const nearlySingular: readonly number[] = [1, 2, 3, 4, 5, 6, 7, 8, 9.00001];

export const linalg = {
  cholesky: {
    ...small,
    cases: [
      { name: 'lower', inputs: [given([3, 3], symmetric(3))], attrs: { upper: false } },
      { name: 'upper', inputs: [given([2, 2, 2], [2, 1, 1, 3, 5, -1, -1, 1])], attrs: { upper: true } },
      { name: 'blocked', inputs: [given([40, 40], symmetric(40))], attrs: { upper: false } },
      { name: 'empty', inputs: [given([2, 0, 0], [])], attrs: { upper: false } },
    ],
    gradient: 'none',
  },
  solveTriangular: {
    ...small,
    cases: [
      triangular('lower', [3, 3], [3, 2], { upper: false, left: true, unit: false }),
      triangular('upper from the right', [2, 3, 3], [2, 2, 3], { upper: true, left: false, unit: false }),
      triangular('unit', [3, 3], [3, 1], { upper: true, left: true, unit: true }),
      triangular('empty', [2, 2], [2, 0], { upper: false, left: true, unit: false }),
      {
        name: 'blocked',
        inputs: [given([40, 40], dominant(40, 40)), real([40, 3])],
        attrs: { upper: true, left: true, unit: false },
        noGradient: sizes,
      },
    ],
    gradient: 'second',
  },
  luFactor: {
    ...small,
    cases: [
      { name: 'square', inputs: [real([2, 3, 3])], attrs: { pivot: true } },
      { name: 'tall', inputs: [real([4, 2])], attrs: { pivot: true } },
      { name: 'wide', inputs: [real([2, 4])], attrs: { pivot: true } },
      { name: 'no pivoting', inputs: [real([2, 2], 1, 2)], attrs: { pivot: false } },
      { name: 'empty', inputs: [real([0, 3])], attrs: { pivot: true } },
      {
        name: 'blocked',
        inputs: [given([37, 37], dominant(37, 0))],
        attrs: { pivot: true },
        noGradient: sizes,
      },
    ],
    gradient: 'second',
  },
  solve: {
    ...small,
    cases: [
      { name: 'one', inputs: [real([3, 3]), real([3, 2])], attrs: none },
      { name: 'batch', inputs: [real([2, 2, 2]), real([2, 2, 1])], attrs: none },
      { name: 'empty', inputs: [real([2, 2]), real([2, 0])], attrs: none },
      {
        name: 'blocked',
        inputs: [given([37, 37], dominant(37, 9)), real([37, 2])],
        attrs: none,
        noGradient: sizes,
      },
    ],
    gradient: 'second',
  },
  inv: {
    ...small,
    cases: [
      { name: 'batch', inputs: [real([2, 3, 3])], attrs: { check: true } },
      { name: 'empty', inputs: [real([0, 0])], attrs: { check: true } },
      {
        name: 'blocked',
        inputs: [given([37, 37], dominant(37, 9))],
        attrs: { check: false },
        noGradient: sizes,
      },
    ],
    gradient: 'second',
  },
  slogdet: {
    ...small,
    cases: [
      { name: 'batch', inputs: [real([2, 3, 3])], attrs: none },
      { name: 'empty', inputs: [real([2, 0, 0])], attrs: none },
      { name: 'blocked', inputs: [given([37, 37], dominant(37, 9))], attrs: none, noGradient: sizes },
    ],
    gradient: 'second',
  },
  det: {
    ...small,
    cases: [
      { name: 'batch', inputs: [real([2, 3, 3])], attrs: none },
      { name: 'empty', inputs: [real([2, 0, 0])], attrs: none },
      { name: 'blocked', inputs: [given([20, 20], dominant(20, 1))], attrs: none, noGradient: sizes },
    ],
    gradient: 'second',
  },
  cofactors: {
    ...small,
    cases: [
      { name: 'batch', inputs: [real([2, 3, 3])], attrs: none },
      { name: 'singular', inputs: [given([2, 2], [1, 2, 2, 4])], attrs: none },
      // Of condition 1.4e7: float32 takes the inverse, float64 the decomposition.
      { name: 'nearly singular', inputs: [given([3, 3], nearlySingular)], attrs: none },
      { name: 'empty', inputs: [real([2, 0, 0])], attrs: none },
      { name: 'blocked', inputs: [given([20, 20], dominant(20, 1))], attrs: none, noGradient: sizes },
    ],
    gradient: 'first',
  },
  cofactorsBackward: {
    ...small,
    cases: [
      { name: 'batch', inputs: [real([2, 3, 3]), real([2, 3, 3])], attrs: none },
      { name: 'singular', inputs: [given([2, 2], [1, 2, 2, 4]), real([2, 2])], attrs: none },
      { name: 'nearly singular', inputs: [given([3, 3], nearlySingular), real([3, 3])], attrs: none },
      { name: 'empty', inputs: [real([2, 0, 0]), real([2, 0, 0])], attrs: none },
    ],
    gradient: 'none',
  },
  qr: {
    ...small,
    cases: [
      { name: 'square', inputs: [real([2, 3, 3])], attrs: { mode: 'reduced' } },
      { name: 'tall', inputs: [real([4, 2])], attrs: { mode: 'reduced' } },
      { name: 'wide', inputs: [real([2, 4])], attrs: { mode: 'complete' } },
      { name: 'empty', inputs: [real([0, 3])], attrs: { mode: 'reduced' } },
      {
        name: 'blocked',
        inputs: [given([50, 40], dominant(50, 9).slice(0, 2000))],
        attrs: { mode: 'reduced' },
        noGradient: sizes,
      },
    ],
    gradient: 'second',
  },
  eigh: {
    ...small,
    cases: [
      { name: 'diagonal', inputs: [given([3, 3], diagonal(3, 3, [2, 0.5, 1]))], attrs: { upper: false } },
      { name: 'empty', inputs: [given([2, 0, 0], [])], attrs: { upper: true } },
    ],
    gradient: 'none',
  },
  eigvalsh: {
    ...small,
    cases: [
      { name: 'lower', inputs: [real([2, 3, 3])], attrs: { upper: false } },
      { name: 'upper', inputs: [real([4, 4])], attrs: { upper: true } },
      { name: 'larger', inputs: [given([40, 40], symmetric(40))], attrs: { upper: false } },
      { name: 'empty', inputs: [given([0, 0], [])], attrs: { upper: false } },
    ],
    gradient: 'none',
  },
  svd: {
    ...small,
    cases: [
      {
        name: 'diagonal',
        inputs: [given([3, 3], diagonal(3, 3, [2, 0.5, 1]))],
        attrs: { fullMatrices: true },
      },
      { name: 'empty', inputs: [given([2, 0], [])], attrs: { fullMatrices: false } },
    ],
    gradient: 'none',
  },
  svdvals: {
    ...small,
    cases: [
      { name: 'batch', inputs: [real([2, 3, 3])], attrs: none },
      { name: 'tall', inputs: [real([4, 2])], attrs: none },
      { name: 'wide', inputs: [real([2, 4])], attrs: none },
      {
        name: 'larger',
        inputs: [given([50, 40], dominant(50, 9).slice(0, 2000))],
        attrs: none,
        noGradient: sizes,
      },
      { name: 'empty', inputs: [real([0, 3])], attrs: none },
    ],
    gradient: 'second',
  },
} satisfies Rows;
