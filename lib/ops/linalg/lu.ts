import { autocasting, inFloat32 } from '../../autocast-policy.js';
import { backend } from '../../backend/current.js';
import { checkFlag, checkOptions, checkTensor, shapeText } from '../../check.js';
import { DTypeError, ShapeError } from '../../errors.js';
import { scoped } from '../../scope.js';
import { fromNumbers } from '../../tensor.js';
import type { Tensor } from '../../tensor.js';
import { eq, where } from '../binary.js';
import { to } from '../convert.js';
import { arange } from '../ranges.js';
import { matmul } from '../matmul.js';
import { narrow, unsqueeze } from '../view.js';
import {
  broadcastBatch,
  checkMatrix,
  checkSameDType,
  checkSquare,
  diagonalMask,
  lowerPart,
  transposed,
  upperPart,
} from './batch.js';

export interface LuOptions {
  /** Exchanges rows so that the largest element of each column is its pivot. Default true. */
  pivot?: boolean;
}

/** A = P L U. */
export interface LuResult {
  /** A permutation matrix; without pivoting it has no elements. */
  readonly P: Tensor;
  /** Lower triangular, with ones on the diagonal. */
  readonly L: Tensor;
  /** Upper triangular. */
  readonly U: Tensor;
}

/** L and U in one, and the exchanges of rows. */
export interface LuFactorResult {
  /** U above the diagonal and on it, L below. */
  readonly LU: Tensor;
  /** Row i was exchanged with row pivots[i], counted from 1. int32. */
  readonly pivots: Tensor<'int32'>;
}

/**
 * A = P L U with partial pivoting.
 *
 * a: [..., M, N], float32 or float64, K = min(M, N); gives P [..., M, M], L [..., M, K] and U [..., K, N].
 * @throws ShapeError for fewer than 2 dims.
 * @throws DTypeError for integers.
 * @throws LinAlgError without pivoting for a zero pivot.
 * @example
 * import { linalg, tensor } from 'lanegrad';
 * linalg.lu(tensor([[0, 2.5], [4, 1]])).U.tolist(); // => [[4, 1], [0, 2.5]]
 */
export function lu(a: Tensor, options: LuOptions = {}): LuResult {
  checkMatrix('linalg.lu', 'a', a);
  checkOptions('linalg.lu', options);
  const pivot = options.pivot === undefined || checkFlag('linalg.lu', 'pivot', options.pivot);
  const [m, n] = a.shape.slice(-2) as [number, number];
  const k = Math.min(m, n);
  return scoped(() => {
    const [packed, , permutation] = backend.run('luFactor', [a], { pivot });
    const below = lowerPart(narrow(packed!, -1, 0, k), -1);
    return {
      P: pivot ? permutationMatrix(permutation!, a) : fromNumbers(a.dtype, [0], []),
      L: where(diagonalMask(m, k), 1, below),
      U: upperPart(narrow(packed!, -2, 0, k)),
    };
  });
}

/** The P of A = P L U: column i has its one in row permutation[i]. */
function permutationMatrix(permutation: Tensor, like: Tensor): Tensor {
  const m = permutation.shape.at(-1)!;
  return to(eq(unsqueeze(arange(m), 1), unsqueeze(permutation, -2)), like.dtype);
}

/**
 * The LU factorization as it is computed, for {@link luSolve}.
 *
 * a: [..., M, N], float32 or float64; gives LU [..., M, N] and pivots [..., min(M, N)].
 * @throws ShapeError for fewer than 2 dims.
 * @throws DTypeError for integers.
 * @throws LinAlgError without pivoting for a zero pivot.
 * @example
 * import { linalg, tensor } from 'lanegrad';
 * linalg.luFactor(tensor([[0, 2.5], [4, 1]])).pivots.tolist(); // => [2, 2]
 */
export function luFactor(a: Tensor, options: LuOptions = {}): LuFactorResult {
  checkMatrix('linalg.luFactor', 'a', a);
  checkOptions('linalg.luFactor', options);
  const pivot = options.pivot === undefined || checkFlag('linalg.luFactor', 'pivot', options.pivot);
  const [packed, pivots, permutation] = backend.run('luFactor', [a], { pivot });
  permutation!.dispose();
  return { LU: packed!, pivots: pivots as Tensor<'int32'> };
}

export interface LuSolveOptions {
  /** Solves X A = B instead with false. Default true. */
  left?: boolean;
  /** Solves with the transpose of A. Default false. */
  adjoint?: boolean;
}

/**
 * The solution X of A X = B from the LU factorization of A.
 *
 * factor: [..., N, N], pivots: [..., N], b: [..., N, K], floats of one dtype; leading dims broadcast.
 * @throws ShapeError if the sizes do not fit.
 * @throws DTypeError for integers, or if the dtypes differ.
 * @example
 * import { linalg, tensor } from 'lanegrad';
 * const { LU, pivots } = linalg.luFactor(tensor([[0, 2.5], [4, 0]]));
 * linalg.luSolve(LU, pivots, tensor([[5], [2]], { dtype: 'float32' })).tolist(); // => [[0.5], [2]]
 */
export function luSolve(factor: Tensor, pivots: Tensor, b: Tensor, options: LuSolveOptions = {}): Tensor {
  if (autocasting()) return inFloat32(luSolve, factor, pivots, b, options);
  const op = 'linalg.luSolve';
  checkSquare(op, 'factor', factor);
  checkMatrix(op, 'b', b);
  checkSameDType(op, factor, b);
  checkTensor(op, 'pivots', pivots);
  checkOptions(op, options);
  const left = options.left === undefined || checkFlag(op, 'left', options.left);
  const adjoint = checkFlag(op, 'adjoint', options.adjoint);
  const { shape } = factor;
  if (pivots.shape.length !== shape.length - 1 || pivots.shape.some((size, i) => size !== shape[i])) {
    throw new ShapeError(`[${op}] pivots: got ${shapeText(pivots.shape)} for the factor ${shapeText(shape)}`);
  }
  if (pivots.dtype !== 'int32') throw new DTypeError(`[${op}] pivots: got ${pivots.dtype}, wanted int32`);
  if (b.shape.at(left ? -2 : -1) !== shape.at(-1)) {
    throw new ShapeError(
      `[${op}] sizes differ: the factor is ${shapeText(shape)}, b is ${shapeText(b.shape)}`,
    );
  }
  return scoped(() => {
    const p = permutationMatrix(permutationOf(op, pivots as Tensor<'int32'>), factor);
    // X A = B is A^T X^T = B^T.
    const [packed, right] = broadcastBatch(op, factor, left ? b : transposed(b));
    const run = (t: Tensor, x: Tensor, upper: boolean, unit: boolean) =>
      backend.run1('solveTriangular', [t, x], { upper, left: true, unit });
    if (adjoint !== !left) {
      const flipped = transposed(packed);
      const x = matmul(p, run(flipped, run(flipped, right, false, false), true, true));
      return left ? x : transposed(x);
    }
    const x = run(packed, run(packed, matmul(transposed(p), right), false, true), true, false);
    return left ? x : transposed(x);
  });
}

/** The rows in the order that the exchanges bring them. */
function permutationOf(op: string, pivots: Tensor<'int32'>): Tensor {
  const n = pivots.shape.at(-1)!;
  const from = pivots.data;
  const rows = new Array<number>(from.length);
  for (let i = 0; i < from.length; ++i) rows[i] = i % n;
  for (let i = 0; i < from.length; ++i) {
    const other = from[i]! - 1;
    if (other < 0 || other >= n) {
      throw new ShapeError(`[${op}] pivots: got ${from[i]}, wanted rows from 1 to ${n}`);
    }
    const j = i - (i % n) + other;
    [rows[i], rows[j]] = [rows[j]!, rows[i]!];
  }
  return fromNumbers('int64', pivots.shape, rows);
}
