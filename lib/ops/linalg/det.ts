import { backend } from '../../backend/current.js';
import { noAttrs } from '../../check.js';
import { scoped } from '../../scope.js';
import type { Tensor } from '../../tensor.js';
import { ge, where } from '../binary.js';
import { checkSquare } from './batch.js';

/**
 * The determinant. Its gradient is the matrix of cofactors, which exists for singular matrices too.
 *
 * a: [..., N, N], float32 or float64; gives [...].
 * @throws ShapeError unless the matrices are square.
 * @throws DTypeError for integers.
 * @example
 * import { linalg, tensor } from 'lanegrad';
 * linalg.det(tensor([[2.5, 0], [0, 4]])).item(); // => 10
 */
export function det(a: Tensor): Tensor {
  checkSquare('linalg.det', 'a', a);
  return backend.run1('det', [a], noAttrs);
}

/** det = sign exp(logabsdet). */
export interface SlogdetResult {
  /** 1, -1, or 0 for a singular matrix. */
  readonly sign: Tensor;
  /** -Infinity for a singular matrix. */
  readonly logabsdet: Tensor;
}

/**
 * The sign of the determinant and the logarithm of its size, where the determinant itself would overflow.
 *
 * a: [..., N, N], float32 or float64; gives two of [...].
 * @throws ShapeError unless the matrices are square.
 * @throws DTypeError for integers.
 * @example
 * import { linalg, tensor } from 'lanegrad';
 * linalg.slogdet(tensor([[0, 1], [1, 0]], { dtype: 'float32' })).sign.item(); // => -1
 */
export function slogdet(a: Tensor): SlogdetResult {
  checkSquare('linalg.slogdet', 'a', a);
  const [sign, logabsdet] = backend.run('slogdet', [a], noAttrs);
  return { sign: sign!, logabsdet: logabsdet! };
}

/**
 * The logarithm of the determinant: NaN where it is negative, -Infinity where it is 0.
 *
 * a: [..., N, N], float32 or float64; gives [...].
 * @throws ShapeError unless the matrices are square.
 * @throws DTypeError for integers.
 * @example
 * import { logdet, tensor } from 'lanegrad';
 * logdet(tensor([[0.5, 0], [0, 2]])).item(); // => 0
 */
export function logdet(a: Tensor): Tensor {
  checkSquare('logdet', 'a', a);
  return scoped(() => {
    const { sign, logabsdet } = slogdet(a);
    return where(ge(sign, 0), logabsdet, NaN);
  });
}
