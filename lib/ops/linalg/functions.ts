import { autocasting, inFloat32 } from '../../autocast-policy.js';
import { backend } from '../../backend/current.js';
import { checkInt, checkInts, checkOptions, checkTensor, noAttrs, product, shapeText } from '../../check.js';
import { ShapeError, ValueError } from '../../errors.js';
import { noGrad } from '../../grad-mode.js';
import { scoped } from '../../scope.js';
import type { Tensor } from '../../tensor.js';
import { add, div, mul, sub, where } from '../binary.js';
import { eye, zeros } from '../creation.js';
import { matmul } from '../matmul.js';
import { amax, sum } from '../reduction.js';
import { abs, isnan } from '../unary.js';
import { expand, narrow, permute, reshape, select, unsqueeze } from '../view.js';
import { checkMatrix, checkSameDType, checkSquare, diagonalMask, lowerPart, transposed } from './batch.js';
import { matrixNorm } from './norm.js';
import type { MatrixOrd } from './norm.js';
import { inv, solve } from './solve.js';

/**
 * The n-th power of square matrices, by repeated squaring; for a negative n that of the inverse.
 *
 * a: [..., N, N].
 * @throws ShapeError unless the matrices are square.
 * @throws LinAlgError for a negative n if a matrix is singular.
 * @example
 * import { linalg, tensor } from 'lanegrad';
 * linalg.matrixPower(tensor([[1.5, 0], [0, 2]]), 3).tolist(); // => [[3.375, 0], [0, 8]]
 */
export function matrixPower(a: Tensor, n: number): Tensor {
  checkSquare('linalg.matrixPower', 'a', a);
  checkInt('linalg.matrixPower', 'n', n);
  return scoped(() => {
    // The identity, on the tape as the other powers are.
    if (n === 0) return where(zeros([], { dtype: 'bool' }), a, eye(a.shape.at(-1)!, { dtype: a.dtype }));
    let square = n < 0 ? inv(a) : a;
    let result: Tensor | undefined;
    for (let rest = Math.abs(n); ; square = matmul(square, square)) {
      if (rest % 2 === 1) result = result === undefined ? square : matmul(result, square);
      rest = Math.floor(rest / 2);
      if (rest === 0) return result!;
    }
  });
}

/** Coefficients of the numerator of the Padé approximant of degree 13 to exp; the denominator has alternating signs. */
const pade = [
  64764752532480000, 32382376266240000, 7771770303897600, 1187353796428800, 129060195264000, 10559470521600,
  670442572800, 33522128640, 1323241920, 40840800, 960960, 16380, 182, 1,
];

/**
 * The matrix exponential, by scaling, a Padé approximant of degree 13, and squaring (Higham, 2005). The scale is that of the
 * largest matrix of a batch.
 *
 * a: [..., N, N], float32 or float64.
 * @throws ShapeError unless the matrices are square.
 * @throws DTypeError for integers.
 * @example
 * import { linalg, zeros } from 'lanegrad';
 * linalg.matrixExp(zeros([2, 2])).tolist(); // => [[1, 0], [0, 1]]
 */
export function matrixExp(a: Tensor): Tensor {
  checkSquare('linalg.matrixExp', 'a', a);
  if (a.numel() === 0) return a.clone();
  return scoped(() => {
    const size = Number(noGrad(() => amax(sum(abs(a), { dim: -2 })).item()));
    const halvings = size > 5 && size < Infinity ? Math.ceil(Math.log2(size / 5)) : 0;
    const x = halvings > 0 ? mul(a, 2 ** -halvings) : a;
    const one = eye(a.shape.at(-1)!, { dtype: a.dtype });
    const x2 = matmul(x, x);
    const x4 = matmul(x2, x2);
    const x6 = matmul(x2, x4);
    // Divided by the first coefficient, so that float32 holds them.
    const b = pade.map((value) => value / pade[0]!);
    const combine = (c6: number, c4: number, c2: number, c0?: number): Tensor => {
      const terms = add(add(mul(x6, c6), mul(x4, c4)), mul(x2, c2));
      return c0 === undefined ? terms : add(terms, mul(one, c0));
    };
    const odd = matmul(
      x,
      add(matmul(x6, combine(b[13]!, b[11]!, b[9]!)), combine(b[7]!, b[5]!, b[3]!, b[1])),
    );
    const even = add(matmul(x6, combine(b[12]!, b[10]!, b[8]!)), combine(b[6]!, b[4]!, b[2]!, b[0]));
    let result = solve(sub(even, odd), add(even, odd));
    for (let i = 0; i < halvings; ++i) result = matmul(result, result);
    return result;
  });
}

export interface CondOptions {
  /** The norm, see `linalg.matrixNorm`. Default 2. */
  p?: MatrixOrd;
}

/**
 * The condition number |A| |A^-1|; for p 2 (-2) the ratio of the largest and smallest singular value (or its inverse).
 * Infinity for a singular matrix.
 *
 * a: [..., M, N] for p 2 and -2, else [..., N, N]; float32 or float64; gives [...].
 * @throws ShapeError unless the matrices are square, where they must be.
 * @throws DTypeError for integers.
 * @example
 * import { linalg, tensor } from 'lanegrad';
 * linalg.cond(tensor([[0.5, 0], [0, 2]])).item(); // => 4
 */
export function cond(a: Tensor, options: CondOptions = {}): Tensor {
  if (autocasting()) return inFloat32(cond, a, options);
  checkOptions('linalg.cond', options);
  const { p = 2 } = options;
  if (p === 2 || p === -2) {
    checkMatrix('linalg.cond', 'a', a);
    return scoped(() => {
      const values = backend.run1('svdvals', [a], noAttrs);
      const [largest, smallest] = [select(values, -1, 0), select(values, -1, -1)];
      return p === 2 ? div(largest, smallest) : div(smallest, largest);
    });
  }
  checkSquare('linalg.cond', 'a', a);
  return scoped(() => {
    const inverse = backend.run1('inv', [a], { check: false });
    const own = matrixNorm(a, { ord: p });
    const result = mul(own, matrixNorm(inverse, { ord: p }));
    return where(isnan(own), result, where(isnan(result), Infinity, result));
  });
}

export interface TensorinvOptions {
  /** How many leading dims belong to the rows. Default 2. */
  ind?: number;
}

/**
 * The inverse of a as a linear map from the tensors of its last dims to those of its first `ind`.
 *
 * a: [...P, ...Q] with as many elements in P, the first `ind` dims, as in Q; gives [...Q, ...P].
 * @throws ShapeError unless P and Q have as many elements.
 * @throws LinAlgError if the map is singular.
 * @example
 * import { eye, linalg } from 'lanegrad';
 * linalg.tensorinv(eye(6).reshape([6, 2, 3]), { ind: 1 }).shape; // => [2, 3, 6]
 */
export function tensorinv(a: Tensor, options: TensorinvOptions = {}): Tensor {
  checkTensor('linalg.tensorinv', 'a', a);
  checkOptions('linalg.tensorinv', options);
  const { ind = 2 } = options;
  checkInt('linalg.tensorinv', 'ind', ind);
  if (ind < 1) throw new ValueError(`[linalg.tensorinv] ind: got ${ind}, wanted at least 1`);
  const left = a.shape.slice(0, ind);
  const right = a.shape.slice(ind);
  if (product(left) !== product(right)) {
    throw new ShapeError(
      `[linalg.tensorinv] got ${shapeText(a.shape)}: ${shapeText(left)} and ${shapeText(right)} differ in elements`,
    );
  }
  const size = product(left);
  return scoped(() => reshape(inv(reshape(a, [size, size])), [...right, ...left]));
}

export interface TensorsolveOptions {
  /** Dims of a that are moved to its end first. */
  dims?: readonly number[];
}

/**
 * The X whose products with the last dims of a, summed, give b.
 *
 * a: [...shape of b, ...Q] with as many elements in Q as in b; gives Q.
 * @throws ShapeError unless the elements agree.
 * @throws LinAlgError if the map is singular.
 * @example
 * import { eye, linalg, ones } from 'lanegrad';
 * linalg.tensorsolve(eye(6).reshape([2, 3, 6]), ones([2, 3])).shape; // => [6]
 */
export function tensorsolve(a: Tensor, b: Tensor, options: TensorsolveOptions = {}): Tensor {
  if (autocasting()) return inFloat32(tensorsolve, a, b, options);
  const op = 'linalg.tensorsolve';
  checkTensor(op, 'a', a);
  checkTensor(op, 'b', b);
  checkOptions(op, options);
  const { dims } = options;
  return scoped(() => {
    let map = a;
    if (dims !== undefined) {
      checkInts(op, 'dims', dims);
      const last = dims.map((dim) => (dim < 0 ? dim + a.shape.length : dim));
      map = permute(a, [...a.shape.map((_, i) => i).filter((i) => !last.includes(i)), ...last]);
    }
    const rest = map.shape.slice(b.shape.length);
    const size = b.numel();
    if (product(rest) !== size || product(map.shape) !== size * size) {
      throw new ShapeError(`[${op}] sizes differ: a is ${shapeText(a.shape)}, b is ${shapeText(b.shape)}`);
    }
    return reshape(solve(reshape(map, [size, size]), reshape(b, [size])), rest);
  });
}

/**
 * The first N columns of the product of Householder reflections H_0 H_1 ... with H_i = I - tau_i v_i v_i^T, where v_i is
 * column i of a below the diagonal, 1 on it and 0 above.
 *
 * a: [..., M, N] with M >= N, tau: [..., K] with K <= N, of one floating dtype; gives [..., M, N].
 * @throws ShapeError if the sizes do not fit.
 * @throws DTypeError for integers, or if the dtypes differ.
 * @example
 * import { linalg, tensor, zeros } from 'lanegrad';
 * linalg.householderProduct(zeros([2, 2]), tensor([0.5, 0])).tolist(); // => [[0.5, 0], [0, 1]]
 */
export function householderProduct(a: Tensor, tau: Tensor): Tensor {
  if (autocasting()) return inFloat32(householderProduct, a, tau);
  const op = 'linalg.householderProduct';
  checkMatrix(op, 'a', a);
  checkTensor(op, 'tau', tau);
  checkSameDType(op, a, tau);
  const [m, n] = a.shape.slice(-2) as [number, number];
  const count = tau.shape.at(-1) ?? n + 1;
  const batch = a.shape.slice(0, -2);
  const sameBatch = tau.shape.length === batch.length + 1 && batch.every((size, i) => size === tau.shape[i]);
  if (m < n || count > n || !sameBatch) {
    throw new ShapeError(
      `[${op}] sizes do not fit: a is ${shapeText(a.shape)}, tau is ${shapeText(tau.shape)}`,
    );
  }
  return scoped(() => {
    const vectors = where(diagonalMask(m, n), 1, lowerPart(a, -1));
    let result = expand(where(diagonalMask(m, n), 1, zeros([], { dtype: a.dtype })), a.shape);
    for (let i = count - 1; i >= 0; --i) {
      const v = narrow(vectors, -1, i, 1);
      const share = mul(matmul(transposed(v), result), unsqueeze(narrow(tau, -1, i, 1), -1));
      result = sub(result, matmul(v, share));
    }
    return result;
  });
}
