import { backend } from '../backend/current.js';
import { checkDType, checkOperand, checkTensor, noAttrs } from '../check.js';
import type { Operand } from '../check.js';
import { dtypes } from '../dtype.js';
import type { DType } from '../dtype.js';
import { ShapeError } from '../errors.js';
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
 * x in the dtype of another tensor; itself if it has that already.
 *
 * @example
 * import { tensor, typeAs } from 'lanegrad';
 * typeAs(tensor([1.5]), tensor([1])).dtype; // => 'int64'
 */
export function typeAs<D extends DType>(x: Tensor, other: Tensor<D>): Tensor<D> {
  checkTensor('typeAs', 'other', other);
  return to(x, other.dtype);
}

/**
 * A tensor like x with every element the same. A gradient flows to a value that is a 0-dim tensor.
 *
 * @throws ShapeError for a value tensor with dims.
 * @example
 * import { fill, tensor } from 'lanegrad';
 * fill(tensor([1, 2]), 7).tolist(); // => [7, 7]
 */
export function fill(x: Tensor, value: Operand): Tensor {
  checkTensor('fill', 'x', x);
  checkFillValue('fill', value);
  return backend.run1('copy', [x, value], noAttrs);
}

export function checkFillValue(op: string, value: unknown): asserts value is Operand {
  checkOperand(op, 'value', value);
  if (typeof value === 'object' && value.shape.length > 0) {
    throw new ShapeError(`[${op}] value: got shape [${value.shape.join(', ')}], wanted a 0-dim tensor`);
  }
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
