import { autocasting, inFloat32 } from '../autocast-policy.js';
import { checkChoice, checkOptions, checkRange, checkTensor, shapeText } from '../check.js';
import { isFloat, promoteTypes } from '../dtype.js';
import { DTypeError, ShapeError } from '../errors.js';
import { scoped } from '../scope.js';
import type { Tensor } from '../tensor.js';
import { add, le, mul, sub, where } from './binary.js';
import { zeros } from './creation.js';
import { normOver } from './linalg/vector-norm.js';
import { matmul } from './matmul.js';
import { sum } from './reduction.js';
import { sqrt, square } from './unary.js';
import { transpose, unsqueeze } from './view.js';

const computeModes = [
  'use_mm_for_euclid_dist_if_necessary',
  'use_mm_for_euclid_dist',
  'donot_use_mm_for_euclid_dist',
] as const;

export interface CdistOptions {
  /** Which norm of the difference, at least 0; Infinity is the largest element. Default 2. */
  p?: number;
  /**
   * Whether the Euclidean distance is computed from a matrix product, which is fast, but loses accuracy where points are
   * close to each other and far from zero. Default: where there are more than 25 points.
   */
  computeMode?: (typeof computeModes)[number];
}

/**
 * The distances between all pairs of points: out[i][j] = |a[i] - b[j]|_p. The gradient at distance 0 is 0.
 *
 * a: [..., P, M], b: [..., R, M], floats of one dtype; leading dims broadcast; gives [..., P, R].
 * @throws ShapeError if the last sizes differ, or there are fewer than 2 dims.
 * @throws DTypeError for integers, or if the dtypes differ.
 * @throws ValueError for a negative p.
 * @example
 * import { cdist, tensor } from 'lanegrad';
 * cdist(tensor([[0.5, 0]]), tensor([[3.5, 4], [0.5, 1]])).tolist(); // => [[5, 1]]
 */
export function cdist(a: Tensor, b: Tensor, options: CdistOptions = {}): Tensor {
  if (autocasting()) return inFloat32(cdist, a, b, options);
  checkTensor('cdist', 'a', a);
  checkTensor('cdist', 'b', b);
  checkOptions('cdist', options);
  const { p = 2, computeMode = computeModes[0] } = options;
  checkRange('cdist', 'p', p, 0, Infinity);
  checkChoice('cdist', 'computeMode', computeMode, computeModes);
  if (a.dtype !== b.dtype || !isFloat(promoteTypes(a.dtype, b.dtype))) {
    throw new DTypeError(`[cdist] got ${a.dtype} and ${b.dtype}, wanted one floating dtype`);
  }
  const width = a.shape.at(-1);
  if (a.shape.length < 2 || b.shape.length < 2 || width !== b.shape.at(-1)) {
    throw new ShapeError(
      `[cdist] a is ${shapeText(a.shape)}, b is ${shapeText(b.shape)}, wanted [..., P, M] and [..., R, M]`,
    );
  }
  const many = Math.max(a.shape.at(-2)!, b.shape.at(-2)!) > 25;
  const product = computeMode === computeModes[1] || (computeMode === computeModes[0] && many);
  return scoped(() => {
    if (p === 2 && product) return euclidean(a, b);
    const difference = sub(unsqueeze(a, -2), unsqueeze(b, -3));
    if (width === 0) return add(sum(difference, { dim: -1 }), zeros([], { dtype: a.dtype }));
    return normOver(difference, p, { dim: -1 });
  });
}

/** sqrt(|a|^2 + |b|^2 - 2 a b), where rounding may not make it negative. */
function euclidean(a: Tensor, b: Tensor): Tensor {
  const squares = (x: Tensor) => sum(square(x), { dim: -1, keepdim: true });
  const product = matmul(a, transpose(b, -1, -2));
  const distance = sub(add(squares(a), transpose(squares(b), -1, -2)), mul(product, 2));
  const none = le(distance, 0);
  return where(none, 0, sqrt(where(none, 1, distance)));
}
