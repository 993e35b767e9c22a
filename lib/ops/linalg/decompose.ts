import { backend } from '../../backend/current.js';
import { checkChoice, checkFlag, checkOptions, noAttrs } from '../../check.js';
import type { Tensor } from '../../tensor.js';
import { checkMatrix, checkSquare } from './batch.js';

export interface QrOptions {
  /**
   * `reduced`: Q [..., M, K] and R [..., K, N] with K = min(M, N); `complete`: Q [..., M, M] and R [..., M, N]; `r`: only R.
   * Default `reduced`.
   */
  mode?: 'reduced' | 'complete' | 'r';
}

/** A = Q R. */
export interface QrResult {
  /** Orthonormal columns. */
  readonly Q: Tensor;
  /** Upper triangular. */
  readonly R: Tensor;
}

/**
 * A = Q R with orthonormal columns of Q and upper triangular R, by Householder reflections. The gradient needs the first
 * min(M, N) columns to be independent.
 *
 * a: [..., M, N], float32 or float64.
 * @throws ShapeError for fewer than 2 dims.
 * @throws DTypeError for integers.
 * @throws AutogradError in backward for mode `r`, or `complete` with M > N.
 * @example
 * import { linalg, tensor } from 'lanegrad';
 * const { Q, R } = linalg.qr(tensor([[3, 1], [4, 2]], { dtype: 'float64' }));
 * Q.matmul(R).allclose(tensor([[3, 1], [4, 2]], { dtype: 'float64' })); // => true
 */
export function qr(a: Tensor, options: QrOptions = {}): QrResult {
  checkMatrix('linalg.qr', 'a', a);
  checkOptions('linalg.qr', options);
  const { mode = 'reduced' } = options;
  checkChoice('linalg.qr', 'mode', mode, ['reduced', 'complete', 'r'] as const);
  const [Q, R] = backend.run('qr', [a], { mode });
  return { Q: Q!, R: R! };
}

export interface SymmetricOptions {
  /** Which triangle is read: `L`, the lower, or `U`. Default `L`. PyTorch's UPLO. */
  uplo?: 'L' | 'U';
}

/** A = V diag(L) V^T. */
export interface EighResult {
  /** Ascending. */
  readonly eigenvalues: Tensor;
  /** In columns, orthonormal. */
  readonly eigenvectors: Tensor;
}

function readsUpper(op: string, options: SymmetricOptions): boolean {
  checkOptions(op, options);
  const { uplo = 'L' } = options;
  checkChoice(op, 'uplo', uplo, ['L', 'U'] as const);
  return uplo === 'U';
}

/**
 * Eigenvalues and eigenvectors of symmetric matrices, by reduction to three diagonals and implicit QL iteration. The sign
 * of a vector is arbitrary; gradients are those of functions that do not depend on it, and need distinct eigenvalues if
 * they come through the vectors.
 *
 * a: [..., N, N], float32 or float64; gives eigenvalues [..., N], ascending, and eigenvectors [..., N, N] in columns.
 * @throws ShapeError unless the matrices are square.
 * @throws DTypeError for integers.
 * @throws LinAlgError for NaN and infinities.
 * @example
 * import { linalg, tensor } from 'lanegrad';
 * linalg.eigh(tensor([[3.5, 0], [0, 2]])).eigenvalues.tolist(); // => [2, 3.5]
 */
export function eigh(a: Tensor, options: SymmetricOptions = {}): EighResult {
  checkSquare('linalg.eigh', 'a', a);
  const [eigenvalues, eigenvectors] = backend.run('eigh', [a], { upper: readsUpper('linalg.eigh', options) });
  return { eigenvalues: eigenvalues!, eigenvectors: eigenvectors! };
}

/**
 * The eigenvalues of symmetric matrices, ascending; without the vectors it is several times as fast as {@link eigh}.
 *
 * a: [..., N, N], float32 or float64; gives [..., N].
 * @throws ShapeError unless the matrices are square.
 * @throws DTypeError for integers.
 * @throws LinAlgError for NaN and infinities.
 * @example
 * import { linalg, tensor } from 'lanegrad';
 * linalg.eigvalsh(tensor([[3.5, 0], [0, 2]])).tolist(); // => [2, 3.5]
 */
export function eigvalsh(a: Tensor, options: SymmetricOptions = {}): Tensor {
  checkSquare('linalg.eigvalsh', 'a', a);
  return backend.run1('eigvalsh', [a], { upper: readsUpper('linalg.eigvalsh', options) });
}

export interface SvdOptions {
  /** Square U and Vh, whose further vectors complete a basis. Default true, as in PyTorch. */
  fullMatrices?: boolean;
}

/** A = U diag(S) Vh. */
export interface SvdResult {
  /** In columns, orthonormal. */
  readonly U: Tensor;
  /** Descending, not negative. */
  readonly S: Tensor;
  /** In rows, orthonormal. */
  readonly Vh: Tensor;
}

/**
 * The singular value decomposition A = U diag(S) Vh, by reduction to two diagonals and implicit QR iteration (Demmel and
 * Kahan). The signs of the vectors are arbitrary; gradients are those of functions that do not depend on them, and need
 * distinct singular values, not zero where the matrix is not square, if they come through the vectors.
 *
 * a: [..., M, N], float32 or float64, K = min(M, N); gives U [..., M, M], S [..., K] and Vh [..., N, N], or with
 * fullMatrices false U [..., M, K] and Vh [..., K, N].
 * @throws ShapeError for fewer than 2 dims.
 * @throws DTypeError for integers.
 * @throws LinAlgError for NaN and infinities.
 * @example
 * import { linalg, tensor } from 'lanegrad';
 * linalg.svd(tensor([[0, 2.5], [4, 0], [0, 0]]), { fullMatrices: false }).S.tolist(); // => [4, 2.5]
 */
export function svd(a: Tensor, options: SvdOptions = {}): SvdResult {
  checkMatrix('linalg.svd', 'a', a);
  checkOptions('linalg.svd', options);
  const fullMatrices =
    options.fullMatrices === undefined || checkFlag('linalg.svd', 'fullMatrices', options.fullMatrices);
  const [U, S, Vh] = backend.run('svd', [a], { fullMatrices });
  return { U: U!, S: S!, Vh: Vh! };
}

/**
 * The singular values, descending; without the vectors it is several times as fast as {@link svd}.
 *
 * a: [..., M, N], float32 or float64; gives [..., min(M, N)].
 * @throws ShapeError for fewer than 2 dims.
 * @throws DTypeError for integers.
 * @throws LinAlgError for NaN and infinities.
 * @example
 * import { linalg, tensor } from 'lanegrad';
 * linalg.svdvals(tensor([[0, 2.5], [4, 0]])).tolist(); // => [4, 2.5]
 */
export function svdvals(a: Tensor): Tensor {
  checkMatrix('linalg.svdvals', 'a', a);
  return backend.run1('svdvals', [a], noAttrs);
}
