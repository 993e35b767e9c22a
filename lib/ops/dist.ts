import { checkOptions, checkTensor } from '../check.js';
import { scoped } from '../scope.js';
import type { Tensor } from '../tensor.js';
import { sub } from './binary.js';
import { pNorm } from './linalg/norm.js';

/**
 * The p-norm of a - b, (Σ |a - b|^p)^(1/p); see {@link norm}. Shapes broadcast.
 *
 * @throws ShapeError if the shapes do not broadcast.
 * @example
 * import { dist, tensor } from 'lanegrad';
 * dist(tensor([1.5, 2]), tensor([4.5, 6])).item(); // => 5
 */
export function dist(a: Tensor, b: Tensor, options: { p?: number } = {}): Tensor {
  checkTensor('dist', 'a', a);
  checkTensor('dist', 'b', b);
  checkOptions('dist', options);
  return scoped(() => pNorm(sub(a, b), { p: options.p ?? 2 }));
}
