import { autocasting, inFloat32 } from '../../autocast-policy.js';
import { backend } from '../../backend/current.js';
import { checkFlag, checkOptions, noAttrs, shapeText } from '../../check.js';
import { customOp } from '../../custom-op.js';
import { ShapeError } from '../../errors.js';
import { scoped } from '../../scope.js';
import type { Tensor } from '../../tensor.js';
import { add } from '../binary.js';
import { eye } from '../creation.js';
import { matmul } from '../matmul.js';
import { neg } from '../unary.js';
import { expand, squeeze, unsqueeze } from '../view.js';
import { broadcastBatch, checkMatrix, checkSameDType, checkSquare, transposed } from './batch.js';

export interface SolveOptions {
  /** Solves X A = B instead with false. Default true. */
  left?: boolean;
}

/**
 * The solution X of A X = B, by LU factorization with partial pivoting. B may be one vector for each matrix: where it has
 * one dim, or the shape of A without its last dim.
 *
 * a: [..., N, N], b: [..., N, K] or [..., N], floats of one dtype; leading dims broadcast; gives the shape of b.
 * @throws LinAlgError if a matrix is singular.
 * @throws ShapeError if the sizes do not fit.
 * @throws DTypeError for integers, or if the dtypes differ.
 * @example
 * import { linalg, tensor } from 'lanegrad';
 * linalg.solve(tensor([[2.5, 0], [0, 4]]), tensor([5, 2], { dtype: 'float32' })).tolist(); // => [2, 0.5]
 */
export function solve(a: Tensor, b: Tensor, options: SolveOptions = {}): Tensor {
  if (autocasting()) return inFloat32(solve, a, b, options);
  const op = 'linalg.solve';
  checkSquare(op, 'a', a);
  checkOptions(op, options);
  const left = options.left === undefined || checkFlag(op, 'left', options.left);
  const isVector =
    b.shape?.length === 1 ||
    (a.shape.length - 1 === b.shape?.length && b.shape.every((size, i) => size === a.shape[i]));
  if (!isVector) checkMatrix(op, 'b', b);
  checkSameDType(op, a, b);
  const wanted = a.shape.at(-1);
  const got = isVector || !left ? b.shape.at(-1) : b.shape.at(-2);
  if (got !== wanted) {
    throw new ShapeError(`[${op}] sizes differ: a is ${shapeText(a.shape)}, b is ${shapeText(b.shape)}`);
  }
  return scoped(() => {
    if (isVector) {
      const columns = broadcastBatch(op, left ? a : transposed(a), unsqueeze(b, -1));
      return squeeze(backend.run1('solve', columns, noAttrs), -1);
    }
    if (left) return backend.run1('solve', broadcastBatch(op, a, b), noAttrs);
    return transposed(backend.run1('solve', broadcastBatch(op, transposed(a), transposed(b)), noAttrs));
  });
}

/**
 * The inverse of square matrices, by LU factorization. Where a product with the inverse is wanted, {@link solve} is faster
 * and more accurate.
 *
 * a: [..., N, N], float32 or float64.
 * @throws LinAlgError if a matrix is singular.
 * @throws ShapeError unless the matrices are square.
 * @throws DTypeError for integers.
 * @example
 * import { linalg, tensor } from 'lanegrad';
 * linalg.inv(tensor([[0.5, 0], [0, 4]])).tolist(); // => [[2, 0], [0, 0.25]]
 */
export function inv(a: Tensor): Tensor {
  checkSquare('linalg.inv', 'a', a);
  return backend.run1('inv', [a], { check: true });
}

export interface SolveTriangularOptions extends SolveOptions {
  /** Whether the triangle is the upper one; the other half is not read. */
  upper: boolean;
  /** Takes the diagonal as ones, without reading it. Default false. */
  unitriangular?: boolean;
}

/**
 * The solution X of A X = B for triangular A.
 *
 * a: [..., N, N], b: [..., N, K], floats of one dtype; leading dims broadcast; gives [..., N, K].
 * @throws ShapeError if the sizes do not fit.
 * @throws DTypeError for integers, or if the dtypes differ.
 * @example
 * import { linalg, tensor } from 'lanegrad';
 * const lower = tensor([[2.5, 0], [1, 4]]);
 * linalg.solveTriangular(lower, tensor([[5], [6]], { dtype: 'float32' }), { upper: false }).tolist(); // => [[2], [1]]
 */
export function solveTriangular(a: Tensor, b: Tensor, options: SolveTriangularOptions): Tensor {
  const op = 'linalg.solveTriangular';
  checkSquare(op, 'a', a);
  checkMatrix(op, 'b', b);
  checkSameDType(op, a, b);
  checkOptions(op, options);
  const upper = checkFlag(op, 'upper', options.upper);
  const left = options.left === undefined || checkFlag(op, 'left', options.left);
  const unit = checkFlag(op, 'unitriangular', options.unitriangular);
  if (b.shape.at(left ? -2 : -1) !== a.shape.at(-1)) {
    throw new ShapeError(`[${op}] sizes differ: a is ${shapeText(a.shape)}, b is ${shapeText(b.shape)}`);
  }
  return scoped(() => backend.run1('solveTriangular', broadcastBatch(op, a, b), { upper, left, unit }));
}

export interface TriangleOptions {
  /** Whether the factor is upper triangular. Default false. */
  upper?: boolean;
}

/**
 * The Cholesky factor: the lower triangular L with L L^T = A, or the upper triangular U with U^T U = A. Only that triangle
 * of A is read; the gradient is symmetric.
 *
 * a: [..., N, N], symmetric positive definite, float32 or float64.
 * @throws LinAlgError if a matrix is not positive definite.
 * @throws ShapeError unless the matrices are square.
 * @throws DTypeError for integers.
 * @example
 * import { linalg, tensor } from 'lanegrad';
 * linalg.cholesky(tensor([[4, 2], [2, 10]], { dtype: 'float32' })).tolist(); // => [[2, 0], [1, 3]]
 */
export function cholesky(a: Tensor, options: TriangleOptions = {}): Tensor {
  checkSquare('linalg.cholesky', 'a', a);
  checkOptions('linalg.cholesky', options);
  return backend.run1('cholesky', [a], { upper: checkFlag('linalg.cholesky', 'upper', options.upper) });
}

/**
 * The solution X of A X = B from the Cholesky factor of A.
 *
 * b: [..., N, K], factor: [..., N, N], floats of one dtype; leading dims broadcast; gives [..., N, K].
 * @throws ShapeError if the sizes do not fit.
 * @throws DTypeError for integers, or if the dtypes differ.
 * @example
 * import { choleskySolve, linalg, tensor } from 'lanegrad';
 * const factor = linalg.cholesky(tensor([[4, 0], [0, 16]], { dtype: 'float32' }));
 * choleskySolve(tensor([[8], [4]], { dtype: 'float32' }), factor).tolist(); // => [[2], [0.25]]
 */
export function choleskySolve(b: Tensor, factor: Tensor, options: TriangleOptions = {}): Tensor {
  if (autocasting()) return inFloat32(choleskySolve, b, factor, options);
  const op = 'choleskySolve';
  checkMatrix(op, 'b', b);
  checkSquare(op, 'factor', factor);
  checkSameDType(op, b, factor);
  checkOptions(op, options);
  const upper = checkFlag(op, 'upper', options.upper);
  if (b.shape.at(-2) !== factor.shape.at(-1)) {
    throw new ShapeError(
      `[${op}] sizes differ: b is ${shapeText(b.shape)}, the factor ${shapeText(factor.shape)}`,
    );
  }
  return scoped(() => solveFactored(...broadcastBatch(op, b, factor), upper));
}

// The gradient is that of A = L L^T with all elements of L free, as in PyTorch: dB = A^-1 dX, and
// dL = -(dB X^T + X dB^T) L.
const solveFactored = customOp({
  name: 'choleskySolve',
  forward(ctx, b: Tensor, factor: Tensor, upper: boolean) {
    const l = upper ? transposed(factor) : factor;
    const half = backend.run1('solveTriangular', [l, b], { upper: false, left: true, unit: false });
    const x = backend.run1('solveTriangular', [transposed(l), half], {
      upper: true,
      left: true,
      unit: false,
    });
    ctx.save(factor, x);
    ctx.attrs.upper = upper;
    return x;
  },
  backward(ctx, grad): (Tensor | null)[] {
    const [factor, x] = ctx.saved as [Tensor, Tensor];
    const upper = ctx.attrs.upper === true;
    const gb: Tensor = solveFactored(grad!, factor, upper);
    const one = matmul(gb, transposed(x));
    const both = neg(add(one, transposed(one)));
    return [gb, upper ? matmul(factor, both) : matmul(both, factor), null];
  },
});

/**
 * The inverse of A from its Cholesky factor.
 *
 * factor: [..., N, N], float32 or float64.
 * @throws ShapeError unless the matrices are square.
 * @throws DTypeError for integers.
 * @example
 * import { choleskyInverse, linalg, tensor } from 'lanegrad';
 * const factor = linalg.cholesky(tensor([[4, 0], [0, 16]], { dtype: 'float32' }));
 * choleskyInverse(factor).tolist(); // => [[0.25, 0], [0, 0.0625]]
 */
export function choleskyInverse(factor: Tensor, options: TriangleOptions = {}): Tensor {
  if (autocasting()) return inFloat32(choleskyInverse, factor, options);
  checkSquare('choleskyInverse', 'factor', factor);
  return scoped(() => {
    const { shape, dtype } = factor;
    return choleskySolve(expand(eye(shape.at(-1)!, { dtype }), shape), factor, options);
  });
}
