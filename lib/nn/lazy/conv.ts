import type { FloatDType } from '../../dtype.js';
import { directionNames } from '../../ops/sizes.js';
import type { Pair, Single, Triple } from '../../ops/sizes.js';
import type { Tensor } from '../../tensor.js';
import { Conv1d, Conv2d, Conv3d } from '../conv/conv.js';
import type { Conv1dLayerOptions, Conv2dLayerOptions, Conv3dLayerOptions } from '../conv/conv.js';
import { ConvTranspose1d, ConvTranspose2d, ConvTranspose3d } from '../conv/transpose.js';
import type {
  ConvTranspose1dLayerOptions,
  ConvTranspose2dLayerOptions,
  ConvTranspose3dLayerOptions,
  ConvTransposeCallOptions,
} from '../conv/transpose.js';
import type { Module } from '../module.js';
import { checkSize } from '../options.js';
import type { LayerOptions } from '../options.js';
import { LazyModule } from './lazy.js';

interface GroupedOptions extends LayerOptions {
  groups?: number;
}

/** A convolution without its number of input channels. */
interface Plan<Layer, Size, Options extends GroupedOptions> {
  readonly name: string;
  readonly directions: 1 | 2 | 3;
  /** Whether the weight has the inputs first. */
  readonly transposed: boolean;
  readonly Layer: new (inChannels: number, outChannels: number, kernelSize: Size, options: Options) => Layer;
}

/** What the lazy convolutions share. */
abstract class LazyConvolution<
  Layer extends Module<In>,
  Size,
  Options extends GroupedOptions,
  In extends [x: Tensor, ...unknown[]] = [Tensor],
> extends LazyModule<In, Layer> {
  readonly #build: (inChannels: number, dtype: FloatDType) => Layer;

  protected constructor(
    { name, directions, transposed, Layer }: Plan<Layer, Size, Options>,
    readonly outChannels: number,
    kernelSize: Size,
    options: Options,
  ) {
    const names = directionNames[directions];
    const groups = (): number => options.groups ?? 1;
    super(
      {
        name,
        wanted: `[N, inChannels, ${names}]`,
        ranks: [directions + 1, directions + 2],
        dim: () => -1 - directions,
        sizeIn: (shapeOf) => {
          const weight = shapeOf('weight');
          return transposed ? weight?.[0] : weight?.[1] === undefined ? undefined : weight[1] * groups();
        },
      },
      options,
    );
    checkSize(name, 'outChannels', outChannels);
    this.#build = (inChannels, dtype) =>
      new Layer(inChannels, outChannels, kernelSize, { ...options, dtype });
    this.tryOut(Number.isSafeInteger(groups()) && groups() > 0 ? groups() : 1);
  }

  protected override make(inChannels: number, dtype: FloatDType): Layer {
    return this.#build(inChannels, dtype);
  }
}

/**
 * A {@link Conv1d} that takes `inChannels` from its first input, or from the first state that is loaded.
 *
 * x: [N, inChannels, L] or [inChannels, L]; gives [N, outChannels, ...].
 * @throws ValueError for options that Conv1d refuses; when asked for its parameters before the first input.
 * @throws ShapeError from `forward`, for an x of another rank, or later of other channels.
 * @example
 * import { nn, ones } from 'lanegrad';
 * const layer = new nn.LazyConv1d(4, 3);
 * layer.forward(ones([1, 3, 9])).shape; // => [1, 4, 7]
 * layer.layer?.inChannels; // => 3
 */
export class LazyConv1d extends LazyConvolution<Conv1d, Single, Conv1dLayerOptions> {
  constructor(outChannels: number, kernelSize: Single, options: Conv1dLayerOptions = {}) {
    const plan = { name: 'LazyConv1d', directions: 1, transposed: false, Layer: Conv1d } as const;
    super(plan, outChannels, kernelSize, options);
  }
}

/**
 * A {@link Conv2d} that takes `inChannels` from its first input, or from the first state that is loaded.
 *
 * x: [N, inChannels, H, W] or [inChannels, H, W]; gives [N, outChannels, ...].
 * @throws ValueError for options that Conv2d refuses; when asked for its parameters before the first input.
 * @throws ShapeError from `forward`, for an x of another rank, or later of other channels.
 * @example
 * import { nn, ones } from 'lanegrad';
 * const layer = new nn.LazyConv2d(4, 3);
 * layer.forward(ones([1, 3, 9, 9])).shape; // => [1, 4, 7, 7]
 * layer.layer?.inChannels; // => 3
 */
export class LazyConv2d extends LazyConvolution<Conv2d, Pair, Conv2dLayerOptions> {
  constructor(outChannels: number, kernelSize: Pair, options: Conv2dLayerOptions = {}) {
    const plan = { name: 'LazyConv2d', directions: 2, transposed: false, Layer: Conv2d } as const;
    super(plan, outChannels, kernelSize, options);
  }
}

/**
 * A {@link Conv3d} that takes `inChannels` from its first input, or from the first state that is loaded.
 *
 * x: [N, inChannels, D, H, W] or [inChannels, D, H, W]; gives [N, outChannels, ...].
 * @throws ValueError for options that Conv3d refuses; when asked for its parameters before the first input.
 * @throws ShapeError from `forward`, for an x of another rank, or later of other channels.
 * @example
 * import { nn, ones } from 'lanegrad';
 * const layer = new nn.LazyConv3d(4, 3);
 * layer.forward(ones([1, 3, 9, 9, 9])).shape; // => [1, 4, 7, 7, 7]
 * layer.layer?.inChannels; // => 3
 */
export class LazyConv3d extends LazyConvolution<Conv3d, Triple, Conv3dLayerOptions> {
  constructor(outChannels: number, kernelSize: Triple, options: Conv3dLayerOptions = {}) {
    const plan = { name: 'LazyConv3d', directions: 3, transposed: false, Layer: Conv3d } as const;
    super(plan, outChannels, kernelSize, options);
  }
}

/**
 * A {@link ConvTranspose1d} that takes `inChannels` from its first input, or from the first state that is loaded.
 *
 * x: [N, inChannels, L] or [inChannels, L]; gives [N, outChannels, ...].
 * @throws ValueError for options that ConvTranspose1d refuses; when asked for its parameters before the first input.
 * @throws ShapeError from `forward`, for an x of another rank, or later of other channels.
 * @example
 * import { nn, ones } from 'lanegrad';
 * const layer = new nn.LazyConvTranspose1d(4, 3);
 * layer.forward(ones([1, 3, 9])).shape; // => [1, 4, 11]
 * layer.layer?.inChannels; // => 3
 */
export class LazyConvTranspose1d extends LazyConvolution<
  ConvTranspose1d,
  Single,
  ConvTranspose1dLayerOptions,
  [x: Tensor, options?: ConvTransposeCallOptions]
> {
  constructor(outChannels: number, kernelSize: Single, options: ConvTranspose1dLayerOptions = {}) {
    const plan = {
      name: 'LazyConvTranspose1d',
      directions: 1,
      transposed: true,
      Layer: ConvTranspose1d,
    } as const;
    super(plan, outChannels, kernelSize, options);
  }
}

/**
 * A {@link ConvTranspose2d} that takes `inChannels` from its first input, or from the first state that is loaded.
 *
 * x: [N, inChannels, H, W] or [inChannels, H, W]; gives [N, outChannels, ...].
 * @throws ValueError for options that ConvTranspose2d refuses; when asked for its parameters before the first input.
 * @throws ShapeError from `forward`, for an x of another rank, or later of other channels.
 * @example
 * import { nn, ones } from 'lanegrad';
 * const layer = new nn.LazyConvTranspose2d(4, 3);
 * layer.forward(ones([1, 3, 9, 9])).shape; // => [1, 4, 11, 11]
 * layer.layer?.inChannels; // => 3
 */
export class LazyConvTranspose2d extends LazyConvolution<
  ConvTranspose2d,
  Pair,
  ConvTranspose2dLayerOptions,
  [x: Tensor, options?: ConvTransposeCallOptions]
> {
  constructor(outChannels: number, kernelSize: Pair, options: ConvTranspose2dLayerOptions = {}) {
    const plan = {
      name: 'LazyConvTranspose2d',
      directions: 2,
      transposed: true,
      Layer: ConvTranspose2d,
    } as const;
    super(plan, outChannels, kernelSize, options);
  }
}

/**
 * A {@link ConvTranspose3d} that takes `inChannels` from its first input, or from the first state that is loaded.
 *
 * x: [N, inChannels, D, H, W] or [inChannels, D, H, W]; gives [N, outChannels, ...].
 * @throws ValueError for options that ConvTranspose3d refuses; when asked for its parameters before the first input.
 * @throws ShapeError from `forward`, for an x of another rank, or later of other channels.
 * @example
 * import { nn, ones } from 'lanegrad';
 * const layer = new nn.LazyConvTranspose3d(4, 3);
 * layer.forward(ones([1, 3, 9, 9, 9])).shape; // => [1, 4, 11, 11, 11]
 * layer.layer?.inChannels; // => 3
 */
export class LazyConvTranspose3d extends LazyConvolution<
  ConvTranspose3d,
  Triple,
  ConvTranspose3dLayerOptions,
  [x: Tensor, options?: ConvTransposeCallOptions]
> {
  constructor(outChannels: number, kernelSize: Triple, options: ConvTranspose3dLayerOptions = {}) {
    const plan = {
      name: 'LazyConvTranspose3d',
      directions: 3,
      transposed: true,
      Layer: ConvTranspose3d,
    } as const;
    super(plan, outChannels, kernelSize, options);
  }
}
