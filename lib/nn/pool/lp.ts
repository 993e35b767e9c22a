import { checkNumber } from '../../check.js';
import { ValueError } from '../../errors.js';
import { lpPool1d, lpPool2d, lpPool3d } from '../../ops/pool/lp.js';
import type { LpPoolOptions } from '../../ops/pool/lp.js';
import { sizesOf } from '../../ops/sizes.js';
import type { Pair, Single, Triple } from '../../ops/sizes.js';
import type { Tensor } from '../../tensor.js';
import { Module } from '../module.js';
import { readOptions } from '../options.js';

/** What the power pools share. */
export abstract class LPPool<Size> extends Module {
  readonly stride: Size;
  readonly ceilMode: boolean;

  protected constructor(
    name: string,
    directions: number,
    readonly normType: number,
    readonly kernelSize: Size,
    options: LpPoolOptions<Size>,
  ) {
    super();
    checkNumber(name, 'normType', normType);
    if (normType === 0) throw new ValueError(`[${name}] normType: got 0, wanted another number`);
    sizesOf(name, 'kernelSize', kernelSize, directions, 1);
    const { stride, ceilMode } = readOptions(name, options, { stride: kernelSize, ceilMode: false }, [
      'stride',
    ]);
    sizesOf(name, 'stride', stride, directions, 1);
    this.stride = stride;
    this.ceilMode = ceilMode;
  }
}

/**
 * The power mean of each window, times the window: (Σ x^p)^(1/p) with p = normType. See {@link lpPool1d}.
 *
 * x: [N, C, L] or [C, L]; gives [N, C, L'] with L' = floor((L - kernel) / stride) + 1; stride defaults to the kernel.
 * @throws ValueError for sizes below 1, or a normType of 0.
 * @throws ShapeError from `forward`, for another rank, or a window larger than the signal.
 * @example
 * import { nn, tensor } from 'lanegrad';
 * new nn.LPPool1d(2, 2).forward(tensor([[[3.0, 4, 6, 8]]], { dtype: 'float32' })).tolist(); // => [[[5, 10]]]
 */
export class LPPool1d extends LPPool<Single> {
  constructor(normType: number, kernelSize: Single, options: LpPoolOptions<Single> = {}) {
    super('LPPool1d', 1, normType, kernelSize, options);
  }

  forward(x: Tensor): Tensor {
    const { normType, kernelSize, stride, ceilMode } = this;
    return lpPool1d(x, normType, kernelSize, { stride, ceilMode });
  }
}

/**
 * The power mean of each window, times the window: (Σ x^p)^(1/p) with p = normType. See {@link lpPool2d}.
 *
 * x: [N, C, H, W] or [C, H, W]; gives [N, C, H', W'] with H' = floor((H - kernel) / stride) + 1; stride defaults to the kernel.
 * @throws ValueError for sizes below 1, or a normType of 0.
 * @throws ShapeError from `forward`, for another rank, or a window larger than the image.
 * @example
 * import { nn, ones } from 'lanegrad';
 * new nn.LPPool2d(2, 2).forward(ones([1, 2, 2])).tolist(); // => [[[2]]]
 */
export class LPPool2d extends LPPool<Pair> {
  constructor(normType: number, kernelSize: Pair, options: LpPoolOptions<Pair> = {}) {
    super('LPPool2d', 2, normType, kernelSize, options);
  }

  forward(x: Tensor): Tensor {
    const { normType, kernelSize, stride, ceilMode } = this;
    return lpPool2d(x, normType, kernelSize, { stride, ceilMode });
  }
}

/**
 * The power mean of each window, times the window: (Σ x^p)^(1/p) with p = normType. See {@link lpPool3d}.
 *
 * x: [N, C, D, H, W] or [C, D, H, W]; gives [N, C, D', H', W'] with D' = floor((D - kernel) / stride) + 1; stride defaults to the kernel.
 * @throws ValueError for sizes below 1, or a normType of 0.
 * @throws ShapeError from `forward`, for another rank, or a window larger than the volume.
 * @example
 * import { nn, ones } from 'lanegrad';
 * new nn.LPPool3d(1, 2).forward(ones([1, 2, 2, 2])).tolist(); // => [[[[8]]]]
 */
export class LPPool3d extends LPPool<Triple> {
  constructor(normType: number, kernelSize: Triple, options: LpPoolOptions<Triple> = {}) {
    super('LPPool3d', 3, normType, kernelSize, options);
  }

  forward(x: Tensor): Tensor {
    const { normType, kernelSize, stride, ceilMode } = this;
    return lpPool3d(x, normType, kernelSize, { stride, ceilMode });
  }
}
