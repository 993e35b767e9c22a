import { Handle } from '../backend/backend.js';
import { backend } from '../backend/current.js';
import { checkTensor, describe, noAttrs, shapeText } from '../check.js';
import type { Operand } from '../check.js';
import type { DType } from '../dtype.js';
import { DTypeError, ShapeError } from '../errors.js';
import { scoped } from '../scope.js';
import type { Tensor } from '../tensor.js';
import { commonShape } from './broadcast.js';
import { to } from './convert.js';
import { nonzero } from './counting.js';
import { checkFits } from './fits.js';
import { expand, narrow, reshape } from './view.js';

// Reading and writing where a bool tensor is true. It broadcasts with x.

function checkMask(op: string, x: Tensor, mask: Tensor): void {
  checkTensor(op, 'x', x);
  checkTensor(op, 'mask', mask);
  if (mask.dtype !== 'bool') throw new DTypeError(`[${op}] mask: got ${mask.dtype}, wanted bool`);
}

/** A number or 0-dim tensor as a 0-dim tensor of this dtype: integers drop fractions. */
export function valueIn(op: string, value: Operand, dtype: DType): Tensor {
  if (Handle.is(value)) {
    checkTensor(op, 'value', value);
    if (value.ndim > 0)
      throw new ShapeError(`[${op}] value: got shape ${shapeText(value.shape)}, wanted a 0-dim tensor`);
    return to(value, dtype);
  }
  if (typeof value !== 'number' && typeof value !== 'boolean')
    throw new DTypeError(`[${op}] value: got ${describe(value)}, wanted a number, boolean or 0-dim tensor`);
  checkFits(op, Number(value), dtype);
  return backend.run1('full', [], { shape: [], value: Number(value), dtype });
}

/**
 * x with `value` where the mask is true.
 *
 * x and mask (bool) broadcast; value: a number or 0-dim tensor, cast to the dtype of x.
 * @throws DTypeError if the mask is not bool.
 * @throws ShapeError if shapes do not broadcast, or value has dims.
 * @throws ValueError for a number that the dtype of x cannot hold.
 * @example
 * import { maskedFill, tensor } from 'lanegrad';
 * maskedFill(tensor([1, 2, 3]), tensor([true, false, true]), 0).tolist(); // => [0, 2, 0]
 */
export function maskedFill(x: Tensor, mask: Tensor, value: Operand): Tensor {
  checkMask('maskedFill', x, mask);
  return scoped(() => backend.run1('where', [mask, valueIn('maskedFill', value, x.dtype), x], noAttrs));
}

function broadcast(
  op: string,
  x: Tensor,
  mask: Tensor,
): { x: Tensor; places: Tensor; shape: readonly number[] } {
  checkMask(op, x, mask);
  const shape = commonShape(op, [x.shape, mask.shape]);
  const places = reshape(nonzero(reshape(expand(mask, shape), [-1])), [-1]);
  return { x: reshape(expand(x, shape), [-1]), places, shape };
}

/**
 * The elements where the mask is true, in row-major order: one dim, whose size depends on the values of the mask.
 *
 * x and mask (bool) broadcast.
 * @throws DTypeError if the mask is not bool.
 * @throws ShapeError if shapes do not broadcast.
 * @example
 * import { maskedSelect, tensor } from 'lanegrad';
 * maskedSelect(tensor([1, 2, 3]), tensor([true, false, true])).tolist(); // => [1, 3]
 */
export function maskedSelect(x: Tensor, mask: Tensor): Tensor {
  return scoped(() => {
    const { x: flat, places } = broadcast('maskedSelect', x, mask);
    return backend.run1('indexSelect', [flat, places], { dim: 0 });
  });
}

/**
 * x with the elements of source, in row-major order, where the mask is true: the first in the first place, and so on.
 *
 * x and mask (bool) broadcast; source: at least as many elements as the mask has true ones, of the dtype of x.
 * @throws DTypeError if the mask is not bool, or source has another dtype.
 * @throws ShapeError if shapes do not broadcast, or source has too few elements.
 * @example
 * import { maskedScatter, tensor } from 'lanegrad';
 * maskedScatter(tensor([1, 2, 3]), tensor([true, false, true]), tensor([7, 8])).tolist(); // => [7, 2, 8]
 */
export function maskedScatter(x: Tensor, mask: Tensor, source: Tensor): Tensor {
  checkTensor('maskedScatter', 'source', source);
  return scoped(() => {
    const { x: flat, places, shape } = broadcast('maskedScatter', x, mask);
    const count = places.numel();
    if (source.numel() < count) {
      throw new ShapeError(
        `[maskedScatter] source: got ${source.numel()} elements, wanted one for each of ${count} true ones`,
      );
    }
    const first = narrow(reshape(source, [-1]), 0, 0, count);
    return reshape(backend.run1('indexCopy', [flat, places, first], { dim: 0 }), shape);
  });
}
