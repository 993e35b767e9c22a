import { autocasting, inFloat32 } from '../../autocast-policy.js';
import { clampMin } from '../clamp.js';
import { backend } from '../../backend/current.js';
import {
  checkChoice,
  checkFlag,
  checkOptions,
  checkRange,
  checkTensor,
  noAttrs,
  shapeText,
} from '../../check.js';
import { customOp } from '../../custom-op.js';
import { machineEpsilon } from '../../dtype.js';
import { DTypeError, ShapeError } from '../../errors.js';
import { scoped } from '../../scope.js';
import type { Tensor } from '../../tensor.js';
import { add, div, eq, gt, mul, sub, where } from '../binary.js';
import { to } from '../convert.js';
import { zeros } from '../creation.js';
import { matmul } from '../matmul.js';
import { amax, sum } from '../reduction.js';
import { all } from '../truth.js';
import { abs, neg, square } from '../unary.js';
import { narrow, reshape, squeeze, unsqueeze } from '../view.js';
import { checkMatrix, checkSameDType, checkSquare, transposed } from './batch.js';

export interface RankOptions {
  /** Singular values of at most this size count as zero; a tensor has one for each matrix. Default 0. */
  atol?: number | Tensor;
  /** And those of at most this share of the largest. Default max(M, N) eps, or 0 if atol is given and not 0. */
  rtol?: number | Tensor;
  /** Takes the matrices as symmetric and reads their lower triangle. Default false. */
  hermitian?: boolean;
}

interface Tolerance {
  readonly atol: number | Tensor;
  readonly rtol: number | Tensor;
  readonly hermitian: boolean;
}

function toleranceOf(op: string, a: Tensor, options: RankOptions): Tolerance {
  const hermitian = checkFlag(op, 'hermitian', options.hermitian);
  if (hermitian) checkSquare(op, 'a', a);
  else checkMatrix(op, 'a', a);
  const { atol = 0, rtol } = options;
  for (const [name, value] of Object.entries({ atol, rtol })) {
    if (typeof value === 'object') checkTensor(op, name, value);
    else if (value !== undefined) checkRange(op, name, value, 0, Infinity);
  }
  const fallback = defaultTolerance(a);
  if (rtol !== undefined) return { atol, rtol, hermitian };
  // With an absolute tolerance the relative one is 0 unless it is given.
  const rest = typeof atol === 'number' ? (atol > 0 ? 0 : fallback) : where(gt(atol, 0), 0, fallback);
  return { atol, rtol: rest, hermitian };
}

/** max(M, N) eps */
function defaultTolerance(a: Tensor): number {
  const eps = machineEpsilon[a.dtype === 'float64' ? 'float64' : 'float32'];
  return Math.max(a.shape.at(-1)!, a.shape.at(-2)!) * eps;
}

/** The bound for each matrix, [..., 1], from its singular values. */
function cutoff(s: Tensor, tolerance: Tolerance): Tensor {
  if (s.shape.at(-1) === 0) return zeros([], { dtype: s.dtype });
  const each = (value: number | Tensor) =>
    typeof value === 'number' ? value : unsqueeze(to(value, s.dtype), -1);
  return clampMin(mul(amax(s, { dim: -1, keepdim: true }), each(tolerance.rtol)), each(tolerance.atol));
}

/** V diag(1 / S) U^T over the singular values that count. */
function inverted(a: Tensor, tolerance: Tolerance): Tensor {
  const { hermitian } = tolerance;
  const [u, s, vh] = hermitian ? eigenFactors(a) : backend.run('svd', [a], { fullMatrices: false });
  const counts = gt(abs(s!), cutoff(abs(s!), tolerance));
  const inverse = where(counts, div(1, where(counts, s!, 1)), 0);
  return matmul(mul(transposed(vh!), unsqueeze(inverse, -2)), transposed(u!));
}

function eigenFactors(a: Tensor): Tensor[] {
  const [values, vectors] = backend.run('eigh', [a], { upper: false });
  return [vectors!, values!, transposed(vectors!)];
}

// The gradient of Golub and Pereyra (1973), which needs no distinct singular values: with P the pseudo-inverse,
// dP = -P dA P + P P^T dA^T (1 - A P) + (1 - P A) dA^T P^T P.
const pseudoInverse = customOp({
  name: 'pinv',
  forward(ctx, a: Tensor, atol: number | Tensor, rtol: number | Tensor, hermitian: boolean) {
    const p = inverted(a, { atol, rtol, hermitian });
    ctx.save(a, p);
    return p;
  },
  backward(ctx, grad) {
    const [a, p] = ctx.saved as [Tensor, Tensor];
    const pt = transposed(p);
    const gradT = transposed(grad!);
    // The adjoint of each term; products through the smaller side first.
    const first = neg(matmul(matmul(pt, grad!), pt));
    const left = matmul(matmul(gradT, p), pt);
    const second = sub(left, matmul(a, matmul(p, left)));
    const right = matmul(pt, matmul(p, gradT));
    const third = sub(right, matmul(matmul(right, p), a));
    return [add(first, add(second, third)), null, null, null];
  },
});

/**
 * The pseudo-inverse of Moore and Penrose, from the singular values that are not negligible. The gradient is that of
 * changes which keep the rank.
 *
 * a: [..., M, N], float32 or float64; gives [..., N, M].
 * @throws ShapeError for fewer than 2 dims.
 * @throws DTypeError for integers.
 * @throws LinAlgError for NaN and infinities.
 * @example
 * import { linalg, tensor } from 'lanegrad';
 * linalg.pinv(tensor([[0.5, 0], [0, 0]])).tolist(); // => [[2, 0], [0, 0]]
 */
export function pinv(a: Tensor, options: RankOptions = {}): Tensor {
  checkOptions('linalg.pinv', options);
  const { atol, rtol, hermitian } = toleranceOf('linalg.pinv', a, options);
  return pseudoInverse(a, atol, rtol, hermitian);
}

export interface MatrixRankOptions extends RankOptions {
  /** PyTorch's older name: an absolute tolerance instead of both others. */
  tol?: number | Tensor;
}

/**
 * The number of singular values that are not negligible. int64.
 *
 * a: [..., M, N], float32 or float64; gives [...].
 * @throws ShapeError for fewer than 2 dims.
 * @throws DTypeError for integers.
 * @throws LinAlgError for NaN and infinities.
 * @example
 * import { linalg, tensor } from 'lanegrad';
 * linalg.matrixRank(tensor([[0.5, 1], [1, 2]])).item(); // => 1
 */
export function matrixRank(a: Tensor, options: MatrixRankOptions = {}): Tensor<'int64'> {
  if (autocasting()) return inFloat32(matrixRank, a, options);
  const op = 'linalg.matrixRank';
  checkOptions(op, options);
  const { tol } = options;
  const tolerance = toleranceOf(op, a, tol === undefined ? options : { ...options, atol: tol, rtol: 0 });
  return scoped(() => {
    const s = tolerance.hermitian
      ? abs(backend.run1('eigvalsh', [a], { upper: false }))
      : backend.run1('svdvals', [a], noAttrs);
    return sum(gt(s, cutoff(s, tolerance)), { dim: -1 }) as Tensor<'int64'>;
  });
}

const drivers = ['gelsy', 'gels', 'gelsd', 'gelss'] as const;

export interface LstsqOptions {
  /** Singular values of at most this share of the largest count as zero. Default max(M, N) eps. */
  rcond?: number;
  /**
   * Which results come with the solution, as of LAPACK's routine of that name: with `gels` neither rank nor singular values,
   * with `gelsy` the rank. Default `gelsy`. The solution is that of smallest norm with each of them.
   */
  driver?: (typeof drivers)[number];
}

/** What did not come with a driver is a tensor without elements. */
export interface LstsqResult {
  /** X, in the dtype of a. */
  readonly solution: Tensor;
  /** The sum of squares of each column of A X - B, where M > N and the rank is N. */
  readonly residuals: Tensor;
  /** Of each A. */
  readonly rank: Tensor<'int64'>;
  /** Of each A, in descending order. */
  readonly singularValues: Tensor;
}

/**
 * The least-squares solution X of A X = B, of all that minimize |A X - B| the one of smallest norm: pinv(A) B.
 *
 * a: [..., M, N], b: [..., M, K] or [..., M], floats of one dtype; gives [..., N, K] or [..., N].
 * @throws ShapeError if the sizes do not fit.
 * @throws DTypeError for integers, or if the dtypes differ.
 * @throws LinAlgError for NaN and infinities.
 * @example
 * import { linalg, tensor } from 'lanegrad';
 * linalg.lstsq(tensor([[0.5], [0]]), tensor([[1.5], [2]])).solution.tolist(); // => [[3]]
 */
export function lstsq(a: Tensor, b: Tensor, options: LstsqOptions = {}): LstsqResult {
  if (autocasting()) return inFloat32(lstsq, a, b, options);
  const op = 'linalg.lstsq';
  checkMatrix(op, 'a', a);
  checkTensor(op, 'b', b);
  checkOptions(op, options);
  const { rcond = defaultTolerance(a), driver = 'gelsy' } = options;
  checkChoice(op, 'driver', driver, drivers);
  const isVector = b.shape.length === a.shape.length - 1 && b.shape.every((size, i) => size === a.shape[i]);
  if (!isVector) checkMatrix(op, 'b', b);
  checkSameDType(op, a, b);
  if ((isVector ? b.shape.at(-1) : b.shape.at(-2)) !== a.shape.at(-2)) {
    throw new ShapeError(`[${op}] sizes differ: a is ${shapeText(a.shape)}, b is ${shapeText(b.shape)}`);
  }
  if (typeof rcond !== 'number') throw new DTypeError(`[${op}] rcond: wanted a number`);
  const [m, n] = a.shape.slice(-2) as [number, number];
  return scoped(() => {
    const columns = isVector ? unsqueeze(b, -1) : b;
    const x = matmul(pseudoInverse(a, 0, Math.max(rcond, 0), false), columns);
    const s = driver === 'gels' ? undefined : backend.run1('svdvals', [a.detach()], noAttrs);
    const rank = s && sum(gt(s, cutoff(s, { atol: 0, rtol: rcond, hermitian: false })), { dim: -1 });
    const none = narrow(reshape(x, [-1]), 0, 0, 0);
    const fullRank = rank === undefined || all(eq(rank, n)).item();
    const residuals =
      m > n && driver !== 'gelsy' && fullRank ? sum(square(sub(matmul(a, x), columns)), { dim: -2 }) : none;
    return {
      solution: isVector ? squeeze(x, -1) : x,
      residuals,
      rank: (rank ?? zeros([0], { dtype: 'int64' })) as Tensor<'int64'>,
      singularValues: s !== undefined && driver !== 'gelsy' ? s : zeros([0], { dtype: a.dtype }),
    };
  });
}
