import { backend } from '../backend/current.js';
import { checkDType, checkTensor, noAttrs } from '../check.js';
import { dtypes } from '../dtype.js';
import type { DType } from '../dtype.js';
import type { Tensor } from '../tensor.js';

const toAttrs = Object.fromEntries(dtypes.map((dtype) => [dtype, Object.freeze({ dtype })])) as {
  readonly [D in DType]: { readonly dtype: D };
};

/**
 * The tensor in another dtype; itself if it has that dtype already. Floats to integers drop the fraction (out of range:
 * the nearest bound, NaN: 0); anything to bool is x != 0. Gradients flow between floats.
 *
 * @throws DTypeError for an unknown dtype.
 * @example
 * import { tensor, to } from 'lanegrad';
 * to(tensor([1.7, -2.3]), 'int32').tolist(); // => [1, -2]
 */
export function to<D extends DType>(x: Tensor, dtype: D): Tensor<D> {
  checkTensor('to', 'x', x);
  checkDType('to', dtype);
  if (x.dtype === dtype) return x as Tensor<D>;
  return backend.run1('to', [x], toAttrs[dtype]) as Tensor<D>;
}

/**
 * A copy with storage of its own. Gradients flow through it.
 *
 * @example
 * import { clone, ones } from 'lanegrad';
 * const a = ones([2]);
 * clone(a).zero_();
 * a.tolist(); // => [1, 1]
 */
export function clone(x: Tensor): Tensor {
  checkTensor('clone', 'x', x);
  return backend.run1('clone', [x], noAttrs);
}

/**
 * The same storage without history: gradients stop here.
 *
 * @example
 * import { detach, ones } from 'lanegrad';
 * detach(ones([2], { requiresGrad: true })).requiresGrad; // => false
 */
export function detach(x: Tensor): Tensor {
  checkTensor('detach', 'x', x);
  return backend.run1('detach', [x], noAttrs);
}

/**
 * The elements row-major without gaps: a view where they are already, else a copy.
 *
 * @example
 * import { contiguous, zeros } from 'lanegrad';
 * contiguous(zeros([2, 3]).t()).strides; // => [2, 1]
 */
export function contiguous(x: Tensor): Tensor {
  checkTensor('contiguous', 'x', x);
  return backend.run1('contiguous', [x], noAttrs);
}
