import { ShapeError, ValueError } from '../../../errors.js';
import { fail, show, zeros, type RefTensor } from '../array.js';
import { copyInto } from '../cast.js';
import { isContiguous } from '../shape.js';

/** Depth, height, width. What has fewer directions has sizes of 1 in front. */
export type Sizes = readonly [number, number, number];

/** A window that slides over the last dims. */
export interface Window {
  readonly kernel: Sizes;
  readonly stride: Sizes;
  readonly padding: Sizes;
  readonly dilation: Sizes;
}

/** The last one to three sizes of a list, with `otherwise` in front. */
export function lastSizes(values: readonly number[], otherwise: number): Sizes {
  const [width, height = otherwise, depth = otherwise] = values.slice().reverse() as [number, number, number];
  return [depth, height, width];
}

/** A list attribute with a size of at least `least` for each direction; `otherwise` for those that are not there. */
export function sizesOf(
  op: string,
  name: string,
  values: readonly number[],
  directions: number,
  least: number,
  otherwise: number,
): Sizes {
  if (values.length !== directions || directions < 1 || directions > 3) {
    fail(ValueError, op, `attribute ${name} wants ${directions} sizes, got ${show(values)}`);
  }
  if (values.some((value) => value < least)) {
    fail(ValueError, op, `attribute ${name} wants sizes of at least ${least}, got ${show(values)}`);
  }
  return lastSizes(values, otherwise);
}

/** Where the windows lie along one dim: the number of them, or a shape error. */
export function windowCount(op: string, size: number, axis: 0 | 1 | 2, w: Window, ceilMode = false): number {
  const padded = size + 2 * w.padding[axis];
  const span = w.dilation[axis] * (w.kernel[axis] - 1) + 1;
  const steps = (padded - span) / w.stride[axis];
  const rounded = ceilMode ? Math.ceil(steps) : Math.floor(steps);
  if (rounded < 0) {
    const direction = ['depth', 'height', 'width'][axis]!;
    fail(
      ShapeError,
      op,
      `the kernel spans ${span} along the ${direction}, more than the padded input (${padded})`,
    );
  }
  let count = rounded + 1;
  // The last window must start inside the input or its left padding.
  if (ceilMode && (count - 1) * w.stride[axis] >= size + w.padding[axis]) count -= 1;
  return count;
}

/** The number of windows in each direction. */
export function windowCounts(op: string, size: Sizes, w: Window, ceilMode = false): Sizes {
  const along = (axis: 0 | 1 | 2): number => windowCount(op, size[axis], axis, w, ceilMode);
  return [along(0), along(1), along(2)];
}

/** x itself when its memory is row-major, else a copy that is. */
export function rowMajor(op: string, x: RefTensor): RefTensor {
  if (isContiguous(x.shape, x.strides)) return x;
  const copy = zeros(op, x.dtype, x.shape);
  copyInto(copy, x);
  return copy;
}
