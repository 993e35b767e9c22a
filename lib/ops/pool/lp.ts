import { checkNumber, product, checkOptions } from '../../check.js';
import { scoped } from '../../scope.js';
import type { Tensor } from '../../tensor.js';
import { mul, pow } from '../binary.js';
import type { Pair, Single, Triple } from '../sizes.js';
import { sizesOf } from '../sizes.js';
import { abs, relu, sign } from '../unary.js';
import { avgPoolAttrs, runAvgPool } from './average.js';

export interface LpPoolOptions<Size> {
  /** Default: the kernel. */
  stride?: Size;
  /** Round the output size up, so that a last window may stick out. Default false. */
  ceilMode?: boolean;
}

export type LpPool1dOptions = LpPoolOptions<Single>;
export type LpPool2dOptions = LpPoolOptions<Pair>;
export type LpPool3dOptions = LpPoolOptions<Triple>;

function lpPool(
  op: string,
  directions: number,
  x: Tensor,
  normType: number,
  kernel: unknown,
  options: LpPoolOptions<unknown>,
): Tensor {
  checkNumber(op, 'normType', normType);
  checkOptions(op, options);
  const attrs = avgPoolAttrs(op, kernel, directions, { stride: options.stride, ceilMode: options.ceilMode });
  const count = product(sizesOf(op, 'kernel', kernel, directions, 1));
  return scoped(() => {
    const mean = runAvgPool(op, pow(x, normType), attrs);
    return pow(mul(mul(sign(mean), relu(abs(mean))), count), 1 / normType);
  });
}

/**
 * The power mean of each window, times the window: (Σ x^p)^(1/p). p = 1 is the sum, large p come near the maximum.
 *
 * x: [N, C, L] or [C, L]; normType: p; gives [N, C, L'] with L' = floor((L - kernel) / stride) + 1. Floating dtypes. The gradient
 * at a window that sums to 0 is not defined.
 * @throws ShapeError if the window is larger than the signal.
 * @example
 * import { F, tensor } from 'lanegrad';
 * F.lpPool1d(tensor([[[3.0, 4, 6, 8]]], { dtype: 'float32' }), 2, 2).tolist(); // => [[[5, 10]]]
 */
export function lpPool1d(x: Tensor, normType: number, kernel: Single, options: LpPool1dOptions = {}): Tensor {
  return lpPool('lpPool1d', 1, x, normType, kernel, options);
}

/**
 * The power mean of each window, times the window: (Σ x^p)^(1/p). p = 1 is the sum, large p come near the maximum.
 *
 * x: [N, C, H, W] or [C, H, W]; normType: p; gives [N, C, H', W'] with H' = floor((H - kernel) / stride) + 1. Floating dtypes. The
 * gradient at a window that sums to 0 is not defined.
 * @throws ShapeError if the window is larger than the image.
 * @example
 * import { F, ones } from 'lanegrad';
 * F.lpPool2d(ones([1, 2, 2]), 2, 2).tolist(); // => [[[2]]]
 */
export function lpPool2d(x: Tensor, normType: number, kernel: Pair, options: LpPool2dOptions = {}): Tensor {
  return lpPool('lpPool2d', 2, x, normType, kernel, options);
}

/**
 * The power mean of each window, times the window: (Σ x^p)^(1/p). p = 1 is the sum, large p come near the maximum.
 *
 * x: [N, C, D, H, W] or [C, D, H, W]; normType: p; gives [N, C, D', H', W'] with D' = floor((D - kernel) / stride) + 1. Floating
 * dtypes. The gradient at a window that sums to 0 is not defined.
 * @throws ShapeError if the window is larger than the volume.
 * @example
 * import { F, ones } from 'lanegrad';
 * F.lpPool3d(ones([1, 2, 2, 2]), 1, 2).tolist(); // => [[[[8]]]]
 */
export function lpPool3d(x: Tensor, normType: number, kernel: Triple, options: LpPool3dOptions = {}): Tensor {
  return lpPool('lpPool3d', 3, x, normType, kernel, options);
}
