import { LinAlgError, ShapeError } from '../../../errors.js';
import { fail, fresh, show, type RefTensor } from '../array.js';
import {
  batchOf,
  checkMatrix,
  checkSameBatch,
  checkSquare,
  columnsOf,
  diagonalMask,
  forEachMatrix,
  asRow,
  lower,
  multiply,
  narrow,
  readMatrix,
  rowsOf,
  solveTriangular as solveTriangle,
  transpose,
  transposeOf,
  upper,
  writeMatrix,
  writeVector,
} from './linalg-matrix.js';
import { add, full, mul, neg, noAttrs, reshape, sub, where, type ReferenceOp } from './op.js';

// The textbook loops, in doubles. The native backend has the blocked ones.

/** L of A = L L^T, from the lower triangle; or the order of the minor that is not positive. */
function factorCholesky(a: Float64Array, n: number): number {
  for (let j = 0; j < n; j++) {
    for (let i = j; i < n; i++) {
      let sum = a[i * n + j]!;
      for (let p = 0; p < j; p++) sum -= a[i * n + p]! * a[j * n + p]!;
      if (i > j) a[i * n + j] = sum / a[j * n + j]!;
      else if (!(sum > 0 && sum < Infinity)) return j + 1;
      else a[j * n + j] = Math.sqrt(sum);
    }
    for (let p = 0; p < j; p++) a[p * n + j] = 0;
  }
  return 0;
}

export const cholesky: ReferenceOp<'cholesky'> = {
  infer([a]) {
    checkSquare('cholesky', 'a', a!);
    return [fresh(a!.dtype, a!.shape)];
  },
  forward([a], [out], attrs) {
    const n = rowsOf(a!);
    forEachMatrix(a!, (index) => {
      const given = readMatrix(a!, index);
      const values = attrs.upper ? transposeOf(given, n, n) : given;
      const order = factorCholesky(values, n);
      if (order > 0) {
        fail(
          LinAlgError,
          'cholesky',
          `matrix ${index} of shape ${show([n, n])} is not positive definite: its leading minor of order ${order} is not positive`,
        );
      }
      writeMatrix(out!, index, attrs.upper ? transposeOf(values, n, n) : values);
    });
  },
  saves: { outputs: [0] },
  vjp(c, g, attrs) {
    const l = attrs.upper ? transpose(c, c.output(0)) : c.output(0);
    const product = multiply(c, transpose(c, l), attrs.upper ? transpose(c, g) : g);
    const below = lower(c, product, -1);
    const on = where(c, diagonalMask(c, rowsOf(l)), product, 0);
    const phi = mul(c, add(c, add(c, below, transpose(c, below)), on), 0.5);
    const half = solveTriangle(c, transpose(c, l), phi, { upper: true });
    return [solveTriangle(c, l, half, { upper: false, left: false })];
  },
};

/** X of T X = B in place, b: [n, k]. */
function substitute(
  t: Float64Array,
  n: number,
  b: Float64Array,
  k: number,
  isUpper: boolean,
  unit: boolean,
): void {
  for (let q = 0; q < n; q++) {
    const i = isUpper ? n - 1 - q : q;
    for (let r = 0; r < q; r++) {
      const p = isUpper ? n - 1 - r : r;
      const factor = t[i * n + p]!;
      for (let j = 0; j < k; j++) b[i * k + j]! -= factor * b[p * k + j]!;
    }
    if (!unit) for (let j = 0; j < k; j++) b[i * k + j]! /= t[i * n + i]!;
  }
}

export const solveTriangular: ReferenceOp<'solveTriangular'> = {
  infer([t, b], { left }) {
    checkSquare('solveTriangular', 't', t!);
    checkMatrix('solveTriangular', 'b', b!);
    checkSameBatch('solveTriangular', t!, b!);
    if ((left ? rowsOf(b!) : columnsOf(b!)) !== rowsOf(t!)) {
      fail(ShapeError, 'solveTriangular', `sizes differ: t is ${show(t!.shape)}, b is ${show(b!.shape)}`);
    }
    return [fresh(b!.dtype, b!.shape)];
  },
  forward([t, b], [out], attrs) {
    const n = rowsOf(t!);
    const [m, k] = [rowsOf(b!), columnsOf(b!)];
    forEachMatrix(t!, (index) => {
      const own = readMatrix(t!, index);
      const right = readMatrix(b!, index);
      if (attrs.left) {
        substitute(own, n, right, k, attrs.upper, attrs.unit);
        writeMatrix(out!, index, right);
      } else {
        const flipped = transposeOf(right, m, k);
        substitute(transposeOf(own, n, n), n, flipped, m, !attrs.upper, attrs.unit);
        writeMatrix(out!, index, transposeOf(flipped, k, m));
      }
    });
  },
  saves: { inputs: [0], outputs: [0] },
  vjp(c, g, { upper: isUpper, left, unit }) {
    const gb = solveTriangle(c, transpose(c, c.input(0)), g, { upper: !isUpper, left, unit });
    const xt = transpose(c, c.output(0));
    if (!c.needs(0)) return [undefined, gb];
    const all = neg(c, left ? multiply(c, gb, xt) : multiply(c, xt, gb));
    return [
      isUpper ? upper(c, all, unit ? 1 : 0) : lower(c, all, unit ? -1 : 0),
      c.needs(1) ? gb : undefined,
    ];
  },
};

/** LU in place; pivots[j]: the row that row j was exchanged with. 0, or 1 + the first column without a pivot. */
export function factorLu(a: Float64Array, m: number, n: number, pivots: number[], pivot = true): number {
  let missing = 0;
  for (let j = 0; j < Math.min(m, n); j++) {
    let best = j;
    for (let i = j + 1; pivot && i < m; i++)
      if (Math.abs(a[i * n + j]!) > Math.abs(a[best * n + j]!)) best = i;
    pivots[j] = best;
    if (best !== j) exchange(a, n, j, best);
    if (a[j * n + j] === 0) {
      missing ||= j + 1;
      continue;
    }
    for (let i = j + 1; i < m; i++) {
      const factor = (a[i * n + j]! /= a[j * n + j]!);
      for (let p = j + 1; p < n; p++) a[i * n + p]! -= factor * a[j * n + p]!;
    }
  }
  return missing;
}

function exchange(a: Float64Array, width: number, i: number, j: number): void {
  for (let p = 0; p < width; p++) {
    const kept = a[i * width + p]!;
    a[i * width + p] = a[j * width + p]!;
    a[j * width + p] = kept;
  }
}

export const luFactor: ReferenceOp<'luFactor'> = {
  infer([a]) {
    checkMatrix('luFactor', 'a', a!);
    const batch = batchOf(a!);
    const k = Math.min(rowsOf(a!), columnsOf(a!));
    return [fresh(a!.dtype, a!.shape), fresh('int32', [...batch, k]), fresh('int64', [...batch, rowsOf(a!)])];
  },
  forward([a], [lu, pivotsOut, permutation], attrs) {
    const [m, n] = [rowsOf(a!), columnsOf(a!)];
    forEachMatrix(a!, (index) => {
      const values = readMatrix(a!, index);
      const pivots: number[] = [];
      const missing = factorLu(values, m, n, pivots, attrs.pivot);
      if (missing > 0 && !attrs.pivot) {
        fail(
          LinAlgError,
          'luFactor',
          `matrix ${index} has a zero pivot, ${missing}, and rows may not be exchanged`,
        );
      }
      const rows = Array.from({ length: m }, (_, i) => i);
      pivots.forEach((p, j) => ([rows[j], rows[p]] = [rows[p]!, rows[j]!]));
      writeMatrix(lu!, index, values);
      writeVector(
        pivotsOut!,
        index,
        pivots.map((p) => p + 1),
      );
      writeVector(permutation!, index, rows);
    });
  },
  saves: { outputs: [0, 2] },
  vjp(c, g) {
    const lu = c.output(0);
    const [m, n] = [rowsOf(lu), columnsOf(lu)];
    const k = Math.min(m, n);
    const square = (x: RefTensor) => narrow(c, narrow(c, x, -2, 0, k), -1, 0, k);
    let gl = lower(c, square(g), -1);
    let gu = upper(c, square(g));
    const u = upper(c, square(lu));
    const l = where(c, diagonalMask(c, k), full(c, [], 1, lu.dtype), lower(c, square(lu)));
    let rest: RefTensor | undefined;
    if (m > n) {
      rest = solveTriangle(c, transpose(c, u), narrow(c, g, -2, k, m - k), { upper: false, left: false });
      gu = sub(c, gu, upper(c, multiply(c, transpose(c, narrow(c, lu, -2, k, m - k)), rest)));
    } else if (n > m) {
      rest = solveTriangle(c, transpose(c, l), narrow(c, g, -1, k, n - k), { upper: true, unit: true });
      gl = sub(c, gl, lower(c, multiply(c, rest, transpose(c, narrow(c, lu, -1, k, n - k))), -1));
    }
    const inner = add(
      c,
      lower(c, multiply(c, transpose(c, l), gl), -1),
      upper(c, multiply(c, gu, transpose(c, u))),
    );
    const half = solveTriangle(c, transpose(c, l), inner, { upper: true, unit: true });
    let ga = solveTriangle(c, transpose(c, u), half, { upper: false, left: false });
    if (rest) ga = c.run('cat', [ga, rest], { dim: m > n ? ga.rank - 2 : ga.rank - 1 });
    const rows = reshape(c, c.run('arange', [], { start: 0, step: 1, length: m, dtype: 'int64' }), [m, 1]);
    const back = c.run('to', [c.run('eq', [rows, asRow(c, c.output(2))], noAttrs)], { dtype: lu.dtype });
    return [multiply(c, back, ga)];
  },
};

function solveInto(
  op: string,
  a: RefTensor,
  out: RefTensor,
  rightOf: (index: number) => Float64Array,
  check: boolean,
): void {
  const n = rowsOf(a);
  const k = columnsOf(out);
  forEachMatrix(a, (index) => {
    const values = readMatrix(a, index);
    const b = rightOf(index);
    const pivots: number[] = [];
    const missing = factorLu(values, n, n, pivots);
    if (missing > 0 && check) {
      fail(
        LinAlgError,
        op,
        `matrix ${index} of shape ${show([n, n])} is singular: pivot ${missing} of its LU factorization is zero`,
      );
    }
    solveFactored(values, n, pivots, b, k);
    writeMatrix(out, index, b);
  });
}

/** The X [n, k] of A X = B in place of B, from what {@link factorLu} made of A. */
export function solveFactored(
  lu: Float64Array,
  n: number,
  pivots: readonly number[],
  b: Float64Array,
  k: number,
): void {
  pivots.forEach((p, j) => {
    if (p !== j) exchange(b, k, j, p);
  });
  substitute(lu, n, b, k, false, true);
  substitute(lu, n, b, k, true, false);
}

export const solve: ReferenceOp<'solve'> = {
  infer([a, b]) {
    checkSquare('solve', 'a', a!);
    checkMatrix('solve', 'b', b!);
    checkSameBatch('solve', a!, b!);
    if (rowsOf(a!) !== rowsOf(b!)) {
      fail(ShapeError, 'solve', `sizes differ: a is ${show(a!.shape)}, b is ${show(b!.shape)}`);
    }
    return [fresh(b!.dtype, b!.shape)];
  },
  forward([a, b], [out]) {
    solveInto('solve', a!, out!, (index) => readMatrix(b!, index), true);
  },
  saves: { inputs: [0], outputs: [0] },
  vjp(c, g) {
    const gb = c.run('solve', [transpose(c, c.input(0)), g], noAttrs);
    return [
      c.needs(0) ? neg(c, multiply(c, gb, transpose(c, c.output(0)))) : undefined,
      c.needs(1) ? gb : undefined,
    ];
  },
};

export const inv: ReferenceOp<'inv'> = {
  infer([a]) {
    checkSquare('inv', 'a', a!);
    return [fresh(a!.dtype, a!.shape)];
  },
  forward([a], [out], attrs) {
    const n = rowsOf(a!);
    const identity = () => Float64Array.from({ length: n * n }, (_, i) => (i % (n + 1) === 0 ? 1 : 0));
    solveInto('inv', a!, out!, identity, attrs.check);
  },
  saves: { outputs: [0] },
  vjp(c, g) {
    const xt = transpose(c, c.output(0));
    return [neg(c, multiply(c, multiply(c, xt, g), xt))];
  },
};
