import type { FloatDType } from '../../dtype.js';
import type { Tensor } from '../../tensor.js';
import type { Module } from '../module.js';
import { BatchNorm1d, BatchNorm2d, BatchNorm3d } from '../norm/batch-norm.js';
import type { BatchNormLayerOptions } from '../norm/batch-norm.js';
import { InstanceNorm1d, InstanceNorm2d, InstanceNorm3d } from '../norm/instance-norm.js';
import type { InstanceNormLayerOptions } from '../norm/instance-norm.js';
import type { LayerOptions } from '../options.js';
import { LazyModule } from './lazy.js';
import type { LazyKind } from './lazy.js';

/** What the lazy norms share. */
abstract class LazyNorm<Layer extends Module, Options extends LayerOptions> extends LazyModule<
  [Tensor],
  Layer
> {
  readonly #build: (numFeatures: number, dtype: FloatDType) => Layer;

  protected constructor(
    kind: Omit<LazyKind, 'sizeIn'>,
    Layer: new (numFeatures: number, options: Options) => Layer,
    options: Options,
  ) {
    super({ ...kind, sizeIn: (shapeOf) => (shapeOf('weight') ?? shapeOf('running_mean'))?.[0] }, options);
    this.#build = (numFeatures, dtype) => new Layer(numFeatures, { ...options, dtype });
    this.tryOut(1);
  }

  protected override make(numFeatures: number, dtype: FloatDType): Layer {
    return this.#build(numFeatures, dtype);
  }
}

/**
 * A {@link BatchNorm1d} that takes `numFeatures` from its first input, or from the first state that is loaded.
 *
 * x: [N, C] or [N, C, L], C = numFeatures; gives the shape of x.
 * @throws ValueError for options that BatchNorm1d refuses; when asked for its parameters before the first input.
 * @throws ShapeError from `forward`, for an x of another rank, or later of other channels.
 * @example
 * import { nn, ones } from 'lanegrad';
 * const norm = new nn.LazyBatchNorm1d({ affine: true });
 * norm.forward(ones([2, 3, 4])).shape; // => [2, 3, 4]
 * norm.layer?.numFeatures; // => 3
 */
export class LazyBatchNorm1d extends LazyNorm<BatchNorm1d, BatchNormLayerOptions> {
  constructor(options: BatchNormLayerOptions = {}) {
    const kind = { name: 'LazyBatchNorm1d', wanted: '[N, C] or [N, C, L]', ranks: [2, 3], dim: () => 1 };
    super(kind, BatchNorm1d, options);
  }
}

/**
 * A {@link BatchNorm2d} that takes `numFeatures` from its first input, or from the first state that is loaded.
 *
 * x: [N, C, H, W], C = numFeatures; gives the shape of x.
 * @throws ValueError for options that BatchNorm2d refuses; when asked for its parameters before the first input.
 * @throws ShapeError from `forward`, for an x of another rank, or later of other channels.
 * @example
 * import { nn, ones } from 'lanegrad';
 * const norm = new nn.LazyBatchNorm2d({ affine: true });
 * norm.forward(ones([2, 3, 4, 4])).shape; // => [2, 3, 4, 4]
 * norm.layer?.numFeatures; // => 3
 */
export class LazyBatchNorm2d extends LazyNorm<BatchNorm2d, BatchNormLayerOptions> {
  constructor(options: BatchNormLayerOptions = {}) {
    const kind = { name: 'LazyBatchNorm2d', wanted: '[N, C, H, W]', ranks: [4], dim: () => 1 };
    super(kind, BatchNorm2d, options);
  }
}

/**
 * A {@link BatchNorm3d} that takes `numFeatures` from its first input, or from the first state that is loaded.
 *
 * x: [N, C, D, H, W], C = numFeatures; gives the shape of x.
 * @throws ValueError for options that BatchNorm3d refuses; when asked for its parameters before the first input.
 * @throws ShapeError from `forward`, for an x of another rank, or later of other channels.
 * @example
 * import { nn, ones } from 'lanegrad';
 * const norm = new nn.LazyBatchNorm3d({ affine: true });
 * norm.forward(ones([2, 3, 4, 4, 4])).shape; // => [2, 3, 4, 4, 4]
 * norm.layer?.numFeatures; // => 3
 */
export class LazyBatchNorm3d extends LazyNorm<BatchNorm3d, BatchNormLayerOptions> {
  constructor(options: BatchNormLayerOptions = {}) {
    const kind = { name: 'LazyBatchNorm3d', wanted: '[N, C, D, H, W]', ranks: [5], dim: () => 1 };
    super(kind, BatchNorm3d, options);
  }
}

/**
 * A {@link InstanceNorm1d} that takes `numFeatures` from its first input, or from the first state that is loaded.
 *
 * x: [N, C, L] or [C, L], C = numFeatures; gives the shape of x.
 * @throws ValueError for options that InstanceNorm1d refuses; when asked for its parameters before the first input.
 * @throws ShapeError from `forward`, for an x of another rank, or later of other channels.
 * @example
 * import { nn, ones } from 'lanegrad';
 * const norm = new nn.LazyInstanceNorm1d({ affine: true });
 * norm.forward(ones([2, 3, 4])).shape; // => [2, 3, 4]
 * norm.layer?.numFeatures; // => 3
 */
export class LazyInstanceNorm1d extends LazyNorm<InstanceNorm1d, InstanceNormLayerOptions> {
  constructor(options: InstanceNormLayerOptions = {}) {
    const kind = { name: 'LazyInstanceNorm1d', wanted: '[N, C, L] or [C, L]', ranks: [2, 3], dim: () => -2 };
    super(kind, InstanceNorm1d, options);
  }
}

/**
 * A {@link InstanceNorm2d} that takes `numFeatures` from its first input, or from the first state that is loaded.
 *
 * x: [N, C, H, W] or [C, H, W], C = numFeatures; gives the shape of x.
 * @throws ValueError for options that InstanceNorm2d refuses; when asked for its parameters before the first input.
 * @throws ShapeError from `forward`, for an x of another rank, or later of other channels.
 * @example
 * import { nn, ones } from 'lanegrad';
 * const norm = new nn.LazyInstanceNorm2d({ affine: true });
 * norm.forward(ones([2, 3, 4, 4])).shape; // => [2, 3, 4, 4]
 * norm.layer?.numFeatures; // => 3
 */
export class LazyInstanceNorm2d extends LazyNorm<InstanceNorm2d, InstanceNormLayerOptions> {
  constructor(options: InstanceNormLayerOptions = {}) {
    const kind = {
      name: 'LazyInstanceNorm2d',
      wanted: '[N, C, H, W] or [C, H, W]',
      ranks: [3, 4],
      dim: () => -3,
    };
    super(kind, InstanceNorm2d, options);
  }
}

/**
 * A {@link InstanceNorm3d} that takes `numFeatures` from its first input, or from the first state that is loaded.
 *
 * x: [N, C, D, H, W] or [C, D, H, W], C = numFeatures; gives the shape of x.
 * @throws ValueError for options that InstanceNorm3d refuses; when asked for its parameters before the first input.
 * @throws ShapeError from `forward`, for an x of another rank, or later of other channels.
 * @example
 * import { nn, ones } from 'lanegrad';
 * const norm = new nn.LazyInstanceNorm3d({ affine: true });
 * norm.forward(ones([2, 3, 4, 4, 4])).shape; // => [2, 3, 4, 4, 4]
 * norm.layer?.numFeatures; // => 3
 */
export class LazyInstanceNorm3d extends LazyNorm<InstanceNorm3d, InstanceNormLayerOptions> {
  constructor(options: InstanceNormLayerOptions = {}) {
    const kind = {
      name: 'LazyInstanceNorm3d',
      wanted: '[N, C, D, H, W] or [C, D, H, W]',
      ranks: [4, 5],
      dim: () => -4,
    };
    super(kind, InstanceNorm3d, options);
  }
}
