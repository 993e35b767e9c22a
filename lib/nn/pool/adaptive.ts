import { checkFlag } from '../../check.js';
import {
  adaptiveAvgPool1d,
  adaptiveAvgPool2d,
  adaptiveAvgPool3d,
  adaptiveMaxPool1d,
  adaptiveMaxPool2d,
  adaptiveMaxPool3d,
  adaptiveSizes,
} from '../../ops/pool/adaptive.js';
import type { AdaptivePair, AdaptiveTriple } from '../../ops/pool/adaptive.js';
import type { Single } from '../../ops/sizes.js';
import type { Tensor } from '../../tensor.js';
import { Module } from '../module.js';
import { readOptions } from '../options.js';
import type { MaxPoolOutput } from './max.js';

// Pools that are told the size of their result.

export interface AdaptiveMaxPoolLayerOptions<Indices extends boolean = boolean> {
  /** Give the places of the largest elements too. Default false. */
  returnIndices?: Indices;
}

/**
 * The mean of even pieces of a signal: piece i of n is [floor(i L / n), ceil((i + 1) L / n)). See {@link adaptiveAvgPool1d}.
 *
 * outputSize: the size. x: [N, C, L] or [C, L]; gives [N, C, L'].
 * @throws ValueError for a negative size.
 * @throws ShapeError from `forward`, for another rank.
 * @example
 * import { nn, tensor } from 'lanegrad';
 * new nn.AdaptiveAvgPool1d(2).forward(tensor([[[1.5, 2.5, 4, 3]]])).tolist(); // => [[[2, 3.5]]]
 */
export class AdaptiveAvgPool1d extends Module {
  constructor(readonly outputSize: Single) {
    super();
    adaptiveSizes('AdaptiveAvgPool1d', outputSize, 1);
  }

  forward(x: Tensor): Tensor {
    return adaptiveAvgPool1d(x, this.outputSize);
  }
}

/**
 * The mean of even pieces of images: piece i of n is [floor(i H / n), ceil((i + 1) H / n)). See {@link adaptiveAvgPool2d}.
 *
 * outputSize: a size, or [H', W'], of which null keeps that of x. x: [N, C, H, W] or [C, H, W]; gives [N, C, H', W'].
 * @throws ValueError for a negative size.
 * @throws ShapeError from `forward`, for another rank.
 * @example
 * import { nn, ones } from 'lanegrad';
 * new nn.AdaptiveAvgPool2d(1).forward(ones([2, 8, 7, 7])).shape; // => [2, 8, 1, 1]
 * new nn.AdaptiveAvgPool2d([3, null]).forward(ones([2, 8, 7, 5])).shape; // => [2, 8, 3, 5]
 */
export class AdaptiveAvgPool2d extends Module {
  constructor(readonly outputSize: AdaptivePair) {
    super();
    adaptiveSizes('AdaptiveAvgPool2d', outputSize, 2);
  }

  forward(x: Tensor): Tensor {
    return adaptiveAvgPool2d(x, this.outputSize);
  }
}

/**
 * The mean of even pieces of volumes: piece i of n is [floor(i D / n), ceil((i + 1) D / n)). See {@link adaptiveAvgPool3d}.
 *
 * outputSize: a size, or [D', H', W'], of which null keeps that of x. x: [N, C, D, H, W] or [C, D, H, W]; gives [N, C, D', H', W'].
 * @throws ValueError for a negative size.
 * @throws ShapeError from `forward`, for another rank.
 * @example
 * import { nn, ones } from 'lanegrad';
 * new nn.AdaptiveAvgPool3d(2).forward(ones([1, 2, 4, 5, 6])).shape; // => [1, 2, 2, 2, 2]
 */
export class AdaptiveAvgPool3d extends Module {
  constructor(readonly outputSize: AdaptiveTriple) {
    super();
    adaptiveSizes('AdaptiveAvgPool3d', outputSize, 3);
  }

  forward(x: Tensor): Tensor {
    return adaptiveAvgPool3d(x, this.outputSize);
  }
}

/** What the adaptive max pools share. */
export abstract class AdaptiveMaxPool<Size, Indices extends boolean> extends Module<
  [x: Tensor],
  MaxPoolOutput<Indices>
> {
  readonly returnIndices: boolean;

  protected constructor(
    name: string,
    directions: number,
    readonly outputSize: Size,
    options: AdaptiveMaxPoolLayerOptions<Indices>,
  ) {
    super();
    adaptiveSizes(name, outputSize, directions);
    const { returnIndices } = readOptions<AdaptiveMaxPoolLayerOptions>(name, options, {
      returnIndices: false,
    });
    this.returnIndices = checkFlag(name, 'returnIndices', returnIndices);
  }
}

/**
 * The largest element of even pieces of a signal: piece i of n is [floor(i L / n), ceil((i + 1) L / n)). See
 * {@link adaptiveMaxPool1d}.
 *
 * outputSize: the size. x: [N, C, L] or [C, L]; gives [N, C, L'].
 * @throws ValueError for a negative size.
 * @throws ShapeError from `forward`, for another rank.
 * @example
 * import { nn, tensor } from 'lanegrad';
 * new nn.AdaptiveMaxPool1d(2).forward(tensor([[[1.5, 2.5, 4, 3]]])).tolist(); // => [[[2.5, 4]]]
 */
export class AdaptiveMaxPool1d<Indices extends boolean = false> extends AdaptiveMaxPool<Single, Indices> {
  constructor(outputSize: Single, options: AdaptiveMaxPoolLayerOptions<Indices> = {}) {
    super('AdaptiveMaxPool1d', 1, outputSize, options);
  }

  forward(x: Tensor): MaxPoolOutput<Indices> {
    const { outputSize, returnIndices } = this;
    const out = returnIndices
      ? adaptiveMaxPool1d(x, outputSize, { returnIndices })
      : adaptiveMaxPool1d(x, outputSize);
    return out as MaxPoolOutput<Indices>;
  }
}

/**
 * The largest element of even pieces of images: piece i of n is [floor(i H / n), ceil((i + 1) H / n)). See
 * {@link adaptiveMaxPool2d}.
 *
 * outputSize: a size, or [H', W'], of which null keeps that of x. x: [N, C, H, W] or [C, H, W]; gives [N, C, H', W'].
 * @throws ValueError for a negative size.
 * @throws ShapeError from `forward`, for another rank.
 * @example
 * import { nn, tensor } from 'lanegrad';
 * new nn.AdaptiveMaxPool2d(1).forward(tensor([[[1.5, 2.5], [4, 3]]])).tolist(); // => [[[4]]]
 */
export class AdaptiveMaxPool2d<Indices extends boolean = false> extends AdaptiveMaxPool<
  AdaptivePair,
  Indices
> {
  constructor(outputSize: AdaptivePair, options: AdaptiveMaxPoolLayerOptions<Indices> = {}) {
    super('AdaptiveMaxPool2d', 2, outputSize, options);
  }

  forward(x: Tensor): MaxPoolOutput<Indices> {
    const { outputSize, returnIndices } = this;
    const out = returnIndices
      ? adaptiveMaxPool2d(x, outputSize, { returnIndices })
      : adaptiveMaxPool2d(x, outputSize);
    return out as MaxPoolOutput<Indices>;
  }
}

/**
 * The largest element of even pieces of volumes: piece i of n is [floor(i D / n), ceil((i + 1) D / n)). See
 * {@link adaptiveMaxPool3d}.
 *
 * outputSize: a size, or [D', H', W'], of which null keeps that of x. x: [N, C, D, H, W] or [C, D, H, W]; gives [N, C, D', H', W'].
 * @throws ValueError for a negative size.
 * @throws ShapeError from `forward`, for another rank.
 * @example
 * import { nn, ones } from 'lanegrad';
 * new nn.AdaptiveMaxPool3d(2).forward(ones([1, 2, 4, 5, 6])).shape; // => [1, 2, 2, 2, 2]
 */
export class AdaptiveMaxPool3d<Indices extends boolean = false> extends AdaptiveMaxPool<
  AdaptiveTriple,
  Indices
> {
  constructor(outputSize: AdaptiveTriple, options: AdaptiveMaxPoolLayerOptions<Indices> = {}) {
    super('AdaptiveMaxPool3d', 3, outputSize, options);
  }

  forward(x: Tensor): MaxPoolOutput<Indices> {
    const { outputSize, returnIndices } = this;
    const out = returnIndices
      ? adaptiveMaxPool3d(x, outputSize, { returnIndices })
      : adaptiveMaxPool3d(x, outputSize);
    return out as MaxPoolOutput<Indices>;
  }
}
