import { autocasting, inFloat32 } from '../../autocast-policy.js';
import { backend } from '../../backend/current.js';
import { checkFlag, checkInt } from '../../check.js';
import { ValueError } from '../../errors.js';
import { scoped } from '../../scope.js';
import type { Tensor } from '../../tensor.js';
import { to } from '../convert.js';
import type { Pair, Single, Triple } from '../sizes.js';
import { checkPooled, windowAttrs } from './window.js';
import type { PoolOptions, WindowAttrs } from './window.js';

export interface AvgPoolOptions<Size> extends PoolOptions<Size> {
  /** Whether padding counts as elements of a window. Default true. */
  countIncludePad?: boolean;
}

export interface AvgPoolDivisorOptions<Size> extends AvgPoolOptions<Size> {
  /** What sums are divided by, instead of the number of elements. Not 0. */
  divisorOverride?: number | null;
}

export type AvgPool1dOptions = AvgPoolOptions<Single>;
export type AvgPool2dOptions = AvgPoolDivisorOptions<Pair>;
export type AvgPool3dOptions = AvgPoolDivisorOptions<Triple>;

export interface AvgPoolAttrs extends WindowAttrs {
  readonly countIncludePad: boolean;
  readonly divisorOverride: number;
}

export function avgPoolAttrs(
  op: string,
  kernel: unknown,
  directions: number,
  options: AvgPoolDivisorOptions<unknown>,
): AvgPoolAttrs {
  const attrs = windowAttrs(op, kernel, directions, options);
  const { countIncludePad = true, divisorOverride } = options;
  if (divisorOverride != null) {
    checkInt(op, 'divisorOverride', divisorOverride);
    if (divisorOverride === 0) throw new ValueError(`[${op}] divisorOverride: got 0, wanted another divisor`);
  }
  return {
    ...attrs,
    countIncludePad: checkFlag(op, 'countIncludePad', countIncludePad),
    divisorOverride: divisorOverride ?? 0,
  };
}

export function runAvgPool(op: string, x: Tensor, attrs: AvgPoolAttrs): Tensor {
  checkPooled(op, x, attrs.kernel.length);
  if (x.dtype !== 'int64') return backend.run1('avgPool', [x], attrs);
  // As PyTorch: the sum divided, rounded towards zero.
  return scoped(() => to(backend.run1('avgPool', [to(x, 'float64')], attrs), 'int64'));
}

/**
 * The mean of each window.
 *
 * x: [N, C, L] or [C, L]; gives [N, C, L'] with L' = floor((L + 2 padding - kernel) / stride) + 1. Floating dtypes, and int64, of
 * which the mean is rounded towards zero.
 * @throws ShapeError if the window is larger than the padded signal.
 * @throws ValueError if padding is more than half the kernel.
 * @example
 * import { F, tensor } from 'lanegrad';
 * F.avgPool1d(tensor([[[1.5, 2.5, 4, 3]]]), 2).tolist(); // => [[[2, 3.5]]]
 */
export function avgPool1d(x: Tensor, kernel: Single, options: AvgPool1dOptions = {}): Tensor {
  return runAvgPool('avgPool1d', x, avgPoolAttrs('avgPool1d', kernel, 1, options));
}

/**
 * The mean of each window.
 *
 * x: [N, C, H, W] or [C, H, W]; gives [N, C, H', W'] with H' = floor((H + 2 padding - kernel) / stride) + 1. Floating dtypes, and
 * int64, of which the mean is rounded towards zero.
 * @throws ShapeError if the window is larger than the padded image.
 * @throws ValueError if padding is more than half the kernel, or divisorOverride is 0.
 * @example
 * import { avgPool2d, tensor } from 'lanegrad';
 * avgPool2d(tensor([[[[1.0, 2], [4, 5]]]], { dtype: 'float32' }), 2).tolist(); // => [[[[3]]]]
 */
export function avgPool2d(x: Tensor, kernel: Pair, options: AvgPool2dOptions = {}): Tensor {
  return runAvgPool('avgPool2d', x, avgPoolAttrs('avgPool2d', kernel, 2, options));
}

/**
 * The mean of each window.
 *
 * x: [N, C, D, H, W] or [C, D, H, W]; gives [N, C, D', H', W'] with D' = floor((D + 2 padding - kernel) / stride) + 1. Floating
 * dtypes, and int64, of which the mean is rounded towards zero.
 * @throws ShapeError if the window is larger than the padded volume.
 * @throws ValueError if padding is more than half the kernel, or divisorOverride is 0.
 * @example
 * import { F, ones } from 'lanegrad';
 * F.avgPool3d(ones([1, 1, 2, 2, 2]), 2, { divisorOverride: 4 }).tolist(); // => [[[[[2]]]]]
 */
export function avgPool3d(x: Tensor, kernel: Triple, options: AvgPool3dOptions = {}): Tensor {
  if (autocasting()) return inFloat32(avgPool3d, x, kernel, options);
  return runAvgPool('avgPool3d', x, avgPoolAttrs('avgPool3d', kernel, 3, options));
}
