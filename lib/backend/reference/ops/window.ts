import { ShapeError, ValueError } from '../../../errors.js';
import { fail, show } from '../array.js';

/** Sizes of a sliding window over the last two dims. */
export interface Window {
  readonly kernel: readonly [number, number];
  readonly stride: readonly [number, number];
  readonly padding: readonly [number, number];
  readonly dilation: readonly [number, number];
}

/** A list attribute of two sizes, each at least `least`. */
export function pair(
  op: string,
  name: string,
  values: readonly number[],
  least: number,
): readonly [number, number] {
  const [first, second] = values;
  if (values.length !== 2 || first === undefined || second === undefined) {
    fail(ValueError, op, `attribute ${name} wants 2 sizes, got ${show(values)}`);
  }
  if (first < least || second < least) {
    fail(ValueError, op, `attribute ${name} wants sizes of at least ${least}, got ${show(values)}`);
  }
  return [first, second];
}

/** Where the windows lie along one dim: the number of them, or a shape error. */
export function windowCount(op: string, size: number, axis: 0 | 1, w: Window, ceilMode = false): number {
  const padded = size + 2 * w.padding[axis];
  const span = w.dilation[axis] * (w.kernel[axis] - 1) + 1;
  if (span > padded) {
    fail(
      ShapeError,
      op,
      `the kernel spans ${span} along ${axis === 0 ? 'the height' : 'the width'}, more than the padded input (${padded})`,
    );
  }
  const steps = (padded - span) / w.stride[axis];
  let count = (ceilMode ? Math.ceil(steps) : Math.floor(steps)) + 1;
  // The last window must start inside the input or its left padding.
  if (ceilMode && (count - 1) * w.stride[axis] >= size + w.padding[axis]) count -= 1;
  return count;
}
