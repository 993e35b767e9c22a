import { backend } from '../backend/current.js';
import { checkInt, checkInts, checkOptions, checkTensor } from '../check.js';
import { ValueError } from '../errors.js';
import { scoped } from '../scope.js';
import type { Tensor } from '../tensor.js';

// Views that look at memory, or overlap.

/**
 * Windows of a dim, `step` apart, as a new last dim. A view; windows may overlap, and then cannot be written to.
 *
 * x: [..., N, ...]; gives [..., (N - size) / step + 1, ..., size]. For images, `F.unfold`.
 * @throws ValueError if a window does not fit, or step is below 1.
 * @throws IndexError for a dim out of range.
 * @example
 * import { arange, unfold } from 'lanegrad';
 * unfold(arange(5), 0, 3, 2).tolist(); // => [[0, 1, 2], [2, 3, 4]]
 */
export function unfold(x: Tensor, dim: number, size: number, step: number): Tensor {
  checkTensor('unfold', 'x', x);
  checkInt('unfold', 'dim', dim);
  checkInt('unfold', 'size', size);
  checkInt('unfold', 'step', step);
  return backend.run1('unfold', [x], { dim, size, step });
}

export interface AsStridedOptions {
  /** Elements between the start of the memory and the first one. Default: that of x. */
  storageOffset?: number;
}

/**
 * A view of the memory that x lies in, with any sizes and strides. Elements may overlap; they get one gradient, the sum of
 * those of all that share their place, and cannot be written to. The memory is that of the tensor that x is a view of.
 *
 * @throws IndexError if the view leaves the memory.
 * @throws ValueError for a negative stride or offset.
 * @throws ShapeError unless there is one stride for each size.
 * @example
 * import { arange, asStrided } from 'lanegrad';
 * asStrided(arange(6), [2, 3], [1, 2]).tolist(); // => [[0, 2, 4], [1, 3, 5]]
 */
export function asStrided(
  x: Tensor,
  size: readonly number[],
  stride: readonly number[],
  options: AsStridedOptions = {},
): Tensor {
  checkTensor('asStrided', 'x', x);
  checkInts('asStrided', 'size', size);
  checkInts('asStrided', 'stride', stride);
  checkOptions('asStrided', options);
  const { strides, offset, room } = backend.info(x);
  const { storageOffset = offset } = options;
  checkInt('asStrided', 'storageOffset', storageOffset);
  if (storageOffset < 0)
    throw new ValueError(`[asStrided] storageOffset: got ${storageOffset}, wanted at least 0`);
  return scoped(() => {
    // Where x is all of its memory in order, the view needs to know nothing of the memory.
    const whole = offset === 0 && x.numel() === room && x.isContiguous();
    const flat = whole
      ? backend.run1('reshape', [x], { shape: [room], strict: true })
      : backend.run1('storageView', [x], { strides, offset, length: room });
    return backend.run1('strided', [flat], { shape: size, strides: stride, offset: storageOffset });
  });
}
