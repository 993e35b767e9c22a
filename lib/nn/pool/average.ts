import { avgPoolAttrs, runAvgPool } from '../../ops/pool/average.js';
import type {
  AvgPool1dOptions,
  AvgPool2dOptions,
  AvgPool3dOptions,
  AvgPoolAttrs,
  AvgPoolDivisorOptions,
} from '../../ops/pool/average.js';
import { sizesOf } from '../../ops/sizes.js';
import type { Pair, Single, Triple } from '../../ops/sizes.js';
import type { Tensor } from '../../tensor.js';
import { Module } from '../module.js';
import { readOptions } from '../options.js';

/** What the average pools share. */
export abstract class AvgPool<Size> extends Module {
  readonly stride: Size;
  readonly padding: Size;
  readonly ceilMode: boolean;
  readonly countIncludePad: boolean;
  readonly divisorOverride: number | null;
  readonly #attrs: AvgPoolAttrs;
  readonly #name: string;

  protected constructor(
    name: string,
    directions: number,
    readonly kernelSize: Size,
    options: AvgPoolDivisorOptions<Size>,
    none: Size,
  ) {
    super();
    sizesOf(name, 'kernelSize', kernelSize, directions, 1);
    const settings = readOptions(
      name,
      options,
      {
        stride: kernelSize,
        padding: none,
        ceilMode: false,
        countIncludePad: true,
        divisorOverride: null,
      },
      ['stride', 'padding'],
    );
    this.#attrs = avgPoolAttrs(name, kernelSize, directions, settings);
    this.#name = name;
    this.stride = settings.stride;
    this.padding = settings.padding;
    this.ceilMode = settings.ceilMode;
    this.countIncludePad = settings.countIncludePad;
    this.divisorOverride = settings.divisorOverride;
  }

  forward(x: Tensor): Tensor {
    return runAvgPool(this.#name, x, this.#attrs);
  }
}

/**
 * The mean of each window. See {@link avgPool1d}.
 *
 * x: [N, C, L] or [C, L]; gives [N, C, L'] with L' = floor((L + 2 padding - kernel) / stride) + 1; stride defaults
 * to the kernel.
 * @throws ValueError for sizes below 1, or a padding of more than half the kernel.
 * @throws ShapeError from `forward`, for another rank, or a window larger than the padded signal.
 * @example
 * import { nn, tensor } from 'lanegrad';
 * new nn.AvgPool1d(2).forward(tensor([[[1.5, 2.5, 4, 3]]])).tolist(); // => [[[2, 3.5]]]
 */
export class AvgPool1d extends AvgPool<Single> {
  constructor(kernelSize: Single, options: AvgPool1dOptions = {}) {
    super('AvgPool1d', 1, kernelSize, options, 0);
  }
}

/**
 * The mean of each window. See {@link avgPool2d}.
 *
 * x: [N, C, H, W] or [C, H, W]; gives [N, C, H', W'] with H' = floor((H + 2 padding - kernel) / stride) + 1; stride defaults
 * to the kernel.
 * @throws ValueError for sizes below 1, or a padding of more than half the kernel.
 * @throws ShapeError from `forward`, for another rank, or a window larger than the padded image.
 * @example
 * import { nn, tensor } from 'lanegrad';
 * new nn.AvgPool2d(2).forward(tensor([[[[1.5, 2], [4, 2.5]]]])).tolist(); // => [[[[2.5]]]]
 */
export class AvgPool2d extends AvgPool<Pair> {
  constructor(kernelSize: Pair, options: AvgPool2dOptions = {}) {
    super('AvgPool2d', 2, kernelSize, options, 0);
  }
}

/**
 * The mean of each window. See {@link avgPool3d}.
 *
 * x: [N, C, D, H, W] or [C, D, H, W]; gives [N, C, D', H', W'] with D' = floor((D + 2 padding - kernel) / stride) + 1; stride defaults
 * to the kernel.
 * @throws ValueError for sizes below 1, or a padding of more than half the kernel.
 * @throws ShapeError from `forward`, for another rank, or a window larger than the padded volume.
 * @example
 * import { nn, ones } from 'lanegrad';
 * new nn.AvgPool3d(2, { divisorOverride: 4 }).forward(ones([1, 1, 2, 2, 2])).tolist(); // => [[[[[2]]]]]
 */
export class AvgPool3d extends AvgPool<Triple> {
  constructor(kernelSize: Triple, options: AvgPool3dOptions = {}) {
    super('AvgPool3d', 3, kernelSize, options, 0);
  }
}
