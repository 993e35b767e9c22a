import { checkFlag } from '../../check.js';
import { maxPoolAttrs, runMaxPool, runMaxPoolWithIndices } from '../../ops/pool/max.js';
import type { MaxPoolAttrs, MaxPoolOptions } from '../../ops/pool/max.js';
import type { ValuesAndIndices } from '../../ops/reduction.js';
import { sizesOf } from '../../ops/sizes.js';
import type { Pair, Single, Triple } from '../../ops/sizes.js';
import type { Tensor } from '../../tensor.js';
import { Module } from '../module.js';
import { readOptions } from '../options.js';

/** What a max pool gives: with `returnIndices` the places as well. */
export type MaxPoolOutput<Indices extends boolean> = Indices extends true ? ValuesAndIndices : Tensor;

export interface MaxPoolLayerOptions<Size, Indices extends boolean = boolean> extends MaxPoolOptions<Size> {
  /** Give the places of the largest elements too, for {@link MaxUnpool2d}. Default false. */
  returnIndices?: Indices;
}

/** What the max pools share. */
export abstract class MaxPool<Size, Indices extends boolean> extends Module<
  [x: Tensor],
  MaxPoolOutput<Indices>
> {
  readonly stride: Size;
  readonly padding: Size;
  readonly dilation: Size;
  readonly returnIndices: boolean;
  readonly ceilMode: boolean;
  readonly #attrs: MaxPoolAttrs;
  readonly #name: string;

  protected constructor(
    name: string,
    directions: number,
    readonly kernelSize: Size,
    options: MaxPoolLayerOptions<Size, Indices>,
    one: Size,
    none: Size,
  ) {
    super();
    sizesOf(name, 'kernelSize', kernelSize, directions, 1);
    const settings = readOptions<MaxPoolLayerOptions<Size>>(
      name,
      options,
      {
        stride: kernelSize,
        padding: none,
        dilation: one,
        returnIndices: false,
        ceilMode: false,
      },
      ['stride', 'padding', 'dilation'],
    );
    this.#attrs = maxPoolAttrs(name, kernelSize, directions, settings);
    this.#name = name;
    this.stride = settings.stride;
    this.padding = settings.padding;
    this.dilation = settings.dilation;
    this.returnIndices = checkFlag(name, 'returnIndices', settings.returnIndices);
    this.ceilMode = settings.ceilMode;
  }

  forward(x: Tensor): MaxPoolOutput<Indices> {
    const run = this.returnIndices ? runMaxPoolWithIndices : runMaxPool;
    return run(this.#name, x, this.#attrs) as MaxPoolOutput<Indices>;
  }
}

/**
 * The largest element of each window; padding counts as -Infinity. See {@link maxPool1d}.
 *
 * x: [N, C, L] or [C, L]; gives [N, C, L'] with
 * L' = floor((L + 2 padding - dilation (kernel - 1) - 1) / stride) + 1; stride defaults to the kernel.
 * @throws ValueError for sizes below 1, or a padding of more than half the kernel.
 * @throws ShapeError from `forward`, for another rank, or a window larger than the padded signal.
 * @example
 * import { nn, tensor } from 'lanegrad';
 * new nn.MaxPool1d(2).forward(tensor([[[1.5, 2, 4, 3]]])).tolist(); // => [[[2, 4]]]
 */
export class MaxPool1d<Indices extends boolean = false> extends MaxPool<Single, Indices> {
  constructor(kernelSize: Single, options: MaxPoolLayerOptions<Single, Indices> = {}) {
    super('MaxPool1d', 1, kernelSize, options, 1, 0);
  }
}

/**
 * The largest element of each window; padding counts as -Infinity. See {@link maxPool2d}.
 *
 * x: [N, C, H, W] or [C, H, W]; gives [N, C, H', W'] with
 * H' = floor((H + 2 padding - dilation (kernel - 1) - 1) / stride) + 1; stride defaults to the kernel.
 * @throws ValueError for sizes below 1, or a padding of more than half the kernel.
 * @throws ShapeError from `forward`, for another rank, or a window larger than the padded image.
 * @example
 * import { nn, tensor } from 'lanegrad';
 * new nn.MaxPool2d(2).forward(tensor([[[[1.5, 2], [4, 3]]]])).tolist(); // => [[[[4]]]]
 * const pool = new nn.MaxPool2d(2, { returnIndices: true });
 * pool.forward(tensor([[[[1.5, 2], [4, 3]]]])).indices.tolist(); // => [[[[2]]]]
 */
export class MaxPool2d<Indices extends boolean = false> extends MaxPool<Pair, Indices> {
  constructor(kernelSize: Pair, options: MaxPoolLayerOptions<Pair, Indices> = {}) {
    super('MaxPool2d', 2, kernelSize, options, 1, 0);
  }
}

/**
 * The largest element of each window; padding counts as -Infinity. See {@link maxPool3d}.
 *
 * x: [N, C, D, H, W] or [C, D, H, W]; gives [N, C, D', H', W'] with
 * D' = floor((D + 2 padding - dilation (kernel - 1) - 1) / stride) + 1; stride defaults to the kernel.
 * @throws ValueError for sizes below 1, or a padding of more than half the kernel.
 * @throws ShapeError from `forward`, for another rank, or a window larger than the padded volume.
 * @example
 * import { nn, ones } from 'lanegrad';
 * new nn.MaxPool3d(2).forward(ones([1, 2, 4, 6, 6])).shape; // => [1, 2, 2, 3, 3]
 */
export class MaxPool3d<Indices extends boolean = false> extends MaxPool<Triple, Indices> {
  constructor(kernelSize: Triple, options: MaxPoolLayerOptions<Triple, Indices> = {}) {
    super('MaxPool3d', 3, kernelSize, options, 1, 0);
  }
}
