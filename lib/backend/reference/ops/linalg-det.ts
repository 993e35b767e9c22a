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
  writeMatrix,
  writeVector,
} from './linalg-matrix.js';
import { factorLu } from './linalg-solve.js';
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

/** out = det(U) det(V) U K V^T of each matrix, where `innerOf` gives K; NaN where A is not finite. */
function fromSvd(a: RefTensor, out: RefTensor, innerOf: (d: Decomposed, index: number) => Inner): void {
  const n = rowsOf(a);
  forEachMatrix(a, (index) => {
    if (!readMatrix(a, index).every(Number.isFinite)) {
      writeMatrix(out, index, new Float64Array(n * n).fill(NaN));
      return;
    }
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
    writeMatrix(out, index, values);
  });
}

/** Of a row-major matrix, which is lost. */
function determinant(a: Float64Array, n: number): number {
  const exchanges: number[] = [];
  factorLu(a, n, n, exchanges);
  let product = 1;
  exchanges.forEach((row, i) => (product *= row === i ? a[i * (n + 1)]! : -a[i * (n + 1)]!));
  return product;
}

/** The product of all singular values but i and j. */
const others = (values: readonly number[], i: number, j: number): number =>
  values.reduce((product, value, p) => (p === i || p === j ? product : product * value), 1);

/** det(A) A^-T, and its limit where A is singular. The formulas stand in native/ops/linalg_det.cc. */
export const cofactors: ReferenceOp<'cofactors'> = {
  infer([a]) {
    checkSquare('cofactors', 'a', a!);
    return [fresh(a!.dtype, a!.shape)];
  },
  forward([a], [out]) {
    fromSvd(
      a!,
      out!,
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
    fromSvd(a!, out!, (d, index) => {
      const g = turned(d, readMatrix(grad!, index), n);
      return (i, j) => {
        if (i !== j) return -others(d.values, i, j) * g[j * n + i]!;
        return range.reduce((sum, p) => (p === i ? sum : sum + others(d.values, i, p) * g[p * (n + 1)]!), 0);
      };
    });
  },
};

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
