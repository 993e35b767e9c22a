import { ShapeError } from '../../../errors.js';
import { fail, fresh, show, type RefTensor } from '../array.js';
import {
  batchOf,
  checkSameBatch,
  checkSquare,
  forEachMatrix,
  readMatrix,
  rowsOf,
  transpose,
  transposeOf,
  writeMatrix,
  writeVector,
} from './linalg-matrix.js';
import { factorLu, solveFactored } from './linalg-solve.js';
import { decomposeOf } from './linalg-spectral.js';
import { expand, full, mul, noAttrs, reshape, type ReferenceOp } from './op.js';

/** The pivots of each matrix, and the sign of its exchanges. */
function forEachPivots(a: RefTensor, body: (index: number, pivots: number[], sign: number) => void): void {
  const n = rowsOf(a);
  forEachMatrix(a, (index) => {
    const values = readMatrix(a, index);
    const pivots: number[] = [];
    factorLu(values, n, n, pivots);
    const odd = pivots.filter((p, j) => p !== j).length % 2 === 1;
    body(
      index,
      pivots.map((_, i) => values[i * n + i]!),
      odd ? -1 : 1,
    );
  });
}

export const slogdet: ReferenceOp<'slogdet'> = {
  infer([a]) {
    checkSquare('slogdet', 'a', a!);
    return [fresh(a!.dtype, batchOf(a!)), fresh(a!.dtype, batchOf(a!))];
  },
  forward([a], [sign, logabsdet]) {
    forEachPivots(a!, (index, pivots, exchanges) => {
      writeVector(sign!, index, [pivots.reduce((s, p) => s * Math.sign(p), exchanges)]);
      writeVector(logabsdet!, index, [pivots.reduce((s, p) => s + Math.log(Math.abs(p)), 0)]);
    });
  },
  saves: { inputs: [0] },
  vjp(c) {
    const grad = c.grad(1);
    if (!grad) return [expand(c, full(c, [], 0, c.dtype(0)), c.shape(0))];
    const inverse = c.run('inv', [c.input(0)], { check: false });
    return [mul(c, transpose(c, inverse), reshape(c, grad, [...grad.shape, 1, 1]))];
  },
};

export const det: ReferenceOp<'det'> = {
  infer([a]) {
    checkSquare('det', 'a', a!);
    return [fresh(a!.dtype, batchOf(a!))];
  },
  forward([a], [out]) {
    forEachPivots(a!, (index, pivots, sign) => {
      writeVector(out!, index, [pivots.reduce((product, p) => product * p, sign)]);
    });
  },
  saves: { inputs: [0] },
  vjp: (c, g) => [mul(c, c.run('cofactors', [c.input(0)], noAttrs), reshape(c, g, [...g.shape, 1, 1]))],
};

/** A = U diag(values) V^T, with the rows of U^T and V^T. */
type Decomposed = ReturnType<typeof decomposeOf>;

/** An element of K. */
type Inner = (i: number, j: number) => number;

/** The largest condition number with which an inverse in doubles is good enough for the dtype of the result. */
const mostCondition = (a: RefTensor): number => (a.dtype === 'float64' ? 1e7 : 1e8);

/** A^-1 and det(A) of a well conditioned matrix. */
interface Inverted {
  readonly inverse: Float64Array;
  readonly det: number;
}

function invert(values: Float64Array, n: number, most: number): Inverted | undefined {
  const lu = values.slice();
  const exchanges: number[] = [];
  if (factorLu(lu, n, n, exchanges) !== 0) return undefined;
  const det = pivotProduct(lu, n, exchanges);
  if (!Number.isFinite(det) || Math.abs(det) < 2 ** -1022) return undefined;
  const inverse = identity(n);
  solveFactored(lu, n, exchanges, inverse, n);
  return columnNorm(values, n) * columnNorm(inverse, n) < most ? { inverse, det } : undefined;
}

function identity(n: number): Float64Array {
  const values = new Float64Array(n * n);
  for (let i = 0; i < n; i++) values[i * (n + 1)] = 1;
  return values;
}

function columnNorm(values: Float64Array, n: number): number {
  const sums = new Float64Array(n);
  values.forEach((value, i) => (sums[i % n]! += Math.abs(value)));
  return sums.reduce((most, sum) => Math.max(most, sum), 0);
}

/**
 * The result for each matrix: from the inverse where that is accurate, else from the decomposition, out = det(U) det(V) U K V^T
 * where `innerOf` gives K. NaN where A is not finite.
 */
function forCofactors(
  a: RefTensor,
  out: RefTensor,
  byInverse: (found: Inverted, index: number) => Float64Array,
  innerOf: (d: Decomposed, index: number) => Inner,
): void {
  const n = rowsOf(a);
  forEachMatrix(a, (index) => {
    const values = readMatrix(a, index);
    const inverted = invert(values, n, mostCondition(a));
    if (inverted) writeMatrix(out, index, byInverse(inverted, index));
    else if (values.every(Number.isFinite)) writeMatrix(out, index, fromSvd(a, index, innerOf));
    else writeMatrix(out, index, new Float64Array(n * n).fill(NaN));
  });
}

function fromSvd(
  a: RefTensor,
  index: number,
  innerOf: (d: Decomposed, index: number) => Inner,
): Float64Array {
  const n = rowsOf(a);
  const found = decomposeOf('det', a, index, false);
  const orientation = Math.sign(determinant(found.left.slice(), n) * determinant(found.right.slice(), n));
  const inner = innerOf(found, index);
  const values = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < n; j++) {
      const k = orientation * inner(i, j);
      if (k === 0) continue;
      for (let r = 0; r < n; r++) {
        const u = k * found.left[i * n + r]!;
        for (let s = 0; s < n; s++) values[r * n + s]! += u * found.right[j * n + s]!;
      }
    }
  }
  return values;
}

/** Of a row-major matrix, which is lost. */
function determinant(a: Float64Array, n: number): number {
  const exchanges: number[] = [];
  factorLu(a, n, n, exchanges);
  return pivotProduct(a, n, exchanges);
}

function pivotProduct(lu: Float64Array, n: number, exchanges: readonly number[]): number {
  let product = 1;
  exchanges.forEach((row, i) => (product *= row === i ? lu[i * (n + 1)]! : -lu[i * (n + 1)]!));
  return product;
}

/** The product of all singular values but i and j. */
const others = (values: readonly number[], i: number, j: number): number =>
  values.reduce((product, value, p) => (p === i || p === j ? product : product * value), 1);

/** det(A) A^-T, and its limit where A is singular. The formulas stand in native/ops/linalg/det.cc. */
export const cofactors: ReferenceOp<'cofactors'> = {
  infer([a]) {
    checkSquare('cofactors', 'a', a!);
    return [fresh(a!.dtype, a!.shape)];
  },
  forward([a], [out]) {
    const n = rowsOf(a!);
    forCofactors(
      a!,
      out!,
      ({ inverse, det }) => transposeOf(inverse, n, n).map((value) => det * value),
      ({ values }) =>
        (i, j) =>
          i === j ? others(values, i, i) : 0,
    );
  },
  saves: { inputs: [0] },
  vjp: (c, g) => [c.run('cofactorsBackward', [c.input(0), g], noAttrs)],
};

export const cofactorsBackward: ReferenceOp<'cofactorsBackward'> = {
  infer([a, grad]) {
    checkSquare('cofactorsBackward', 'a', a!);
    checkSquare('cofactorsBackward', 'grad', grad!);
    checkSameBatch('cofactorsBackward', a!, grad!);
    if (rowsOf(a!) !== rowsOf(grad!)) {
      const got = `a is ${show(a!.shape)}, grad is ${show(grad!.shape)}`;
      fail(ShapeError, 'cofactorsBackward', `${got}: wants one shape`);
    }
    return [fresh(a!.dtype, a!.shape)];
  },
  forward([a, grad], [out]) {
    const n = rowsOf(a!);
    const range = Array.from({ length: n }, (_, i) => i);
    forCofactors(
      a!,
      out!,
      (found, index) => differentiated(found, readMatrix(grad!, index), n),
      (d, index) => {
        const g = turned(d, readMatrix(grad!, index), n);
        return (i, j) => {
          if (i !== j) return -others(d.values, i, j) * g[j * n + i]!;
          return range.reduce(
            (sum, p) => (p === i ? sum : sum + others(d.values, i, p) * g[p * (n + 1)]!),
            0,
          );
        };
      },
    );
  },
};

/** det(A) (<grad, W> W - W grad^T W) with W = A^-T. */
function differentiated({ inverse, det }: Inverted, grad: Float64Array, n: number): Float64Array {
  const w = transposeOf(inverse, n, n);
  const product = w.reduce((sum, value, i) => sum + value * grad[i]!, 0);
  const turned = productOf(productOf(w, transposeOf(grad, n, n), n), w, n);
  return w.map((value, i) => det * (product * value - turned[i]!));
}

function productOf(a: Float64Array, b: Float64Array, n: number): Float64Array {
  const out = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    for (let p = 0; p < n; p++) {
      const factor = a[i * n + p]!;
      for (let j = 0; j < n; j++) out[i * n + j]! += factor * b[p * n + j]!;
    }
  }
  return out;
}

/** U^T grad V. */
function turned({ left, right }: Decomposed, grad: Float64Array, n: number): Float64Array {
  const out = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    for (let r = 0; r < n; r++) {
      for (let s = 0; s < n; s++) {
        const share = left[i * n + r]! * grad[r * n + s]!;
        for (let j = 0; j < n; j++) out[i * n + j]! += share * right[j * n + s]!;
      }
    }
  }
  return out;
}
