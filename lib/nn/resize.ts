import { checkChoice } from '../check.js';
import { ValueError } from '../errors.js';
import { interpolate } from '../ops/resize/interpolate.js';
import type { InterpolateMode, InterpolateOptions } from '../ops/resize/interpolate.js';
import { channelShuffle, pixelShuffle, pixelUnshuffle } from '../ops/shuffle.js';
import type { Pair } from '../ops/sizes.js';
import type { Tensor } from '../tensor.js';
import { Module } from './module.js';
import { checkSize, readOptions } from './options.js';

const upsampleModes = ['nearest', 'nearest-exact', 'linear', 'bilinear', 'bicubic', 'trilinear'] as const;

export interface UpsampleLayerOptions extends Omit<InterpolateOptions, 'mode' | 'antialias'> {
  /** Default `nearest`. */
  mode?: Exclude<InterpolateMode, 'area'>;
}

/**
 * Resizes signals, images and volumes, up or down. See {@link interpolate} for the modes.
 *
 * x: [N, C, L], [N, C, H, W] or [N, C, D, H, W]; gives [N, C, ...size], by one of size and scaleFactor.
 * @throws ValueError unless one of size and scaleFactor is given, and for an unknown mode.
 * @throws ShapeError from `forward`, if the mode is for another number of dims.
 * @example
 * import { nn, tensor } from 'lanegrad';
 * new nn.Upsample({ scaleFactor: 2 }).forward(tensor([[[1.5, 2.5]]])).tolist(); // => [[[1.5, 1.5, 2.5, 2.5]]]
 */
export class Upsample extends Module {
  readonly size: number | readonly number[] | null;
  readonly scaleFactor: number | readonly number[] | null;
  readonly mode: Exclude<InterpolateMode, 'area'>;
  readonly alignCorners: boolean | null;
  readonly recomputeScaleFactor: boolean | null;

  constructor(options: UpsampleLayerOptions) {
    super();
    const settings = readOptions('Upsample', options, {
      size: null,
      scaleFactor: null,
      mode: 'nearest',
      alignCorners: null,
      recomputeScaleFactor: null,
    });
    checkChoice('Upsample', 'mode', settings.mode, upsampleModes);
    if ((settings.size === null) === (settings.scaleFactor === null)) {
      throw new ValueError('[Upsample] wanted one of size and scaleFactor');
    }
    this.size = settings.size;
    this.scaleFactor = settings.scaleFactor;
    this.mode = settings.mode;
    this.alignCorners = settings.alignCorners;
    this.recomputeScaleFactor = settings.recomputeScaleFactor;
  }

  forward(x: Tensor): Tensor {
    const { size, scaleFactor, mode, alignCorners, recomputeScaleFactor } = this;
    return interpolate(x, { size, scaleFactor, mode, alignCorners, recomputeScaleFactor });
  }
}

export interface UpsampleImageOptions {
  /** The new height and width. This or scaleFactor. */
  size?: Pair | null;
  /** The factor of height and width. This or size. */
  scaleFactor?: number | readonly [number, number] | null;
}

/**
 * Resizes images, each pixel a copy of the nearest: {@link Upsample} with mode `nearest`.
 *
 * x: [N, C, H, W]; gives [N, C, ...size].
 * @throws ValueError unless one of size and scaleFactor is given.
 * @example
 * import { nn, tensor } from 'lanegrad';
 * const layer = new nn.UpsamplingNearest2d({ scaleFactor: 2 });
 * layer.forward(tensor([[[[1.5]]]])).tolist(); // => [[[[1.5, 1.5], [1.5, 1.5]]]]
 */
export class UpsamplingNearest2d extends Upsample {
  constructor(options: UpsampleImageOptions) {
    const { size, scaleFactor } = readOptions('UpsamplingNearest2d', options, {
      size: null,
      scaleFactor: null,
    });
    super({ size, scaleFactor, mode: 'nearest' });
  }
}

/**
 * Resizes images by blending the nearest four pixels: {@link Upsample} with mode `bilinear` and alignCorners.
 *
 * x: [N, C, H, W]; gives [N, C, ...size].
 * @throws ValueError unless one of size and scaleFactor is given.
 * @example
 * import { nn, tensor } from 'lanegrad';
 * const layer = new nn.UpsamplingBilinear2d({ size: [1, 3] });
 * layer.forward(tensor([[[[1.5, 2.5]]]])).tolist(); // => [[[[1.5, 2, 2.5]]]]
 */
export class UpsamplingBilinear2d extends Upsample {
  constructor(options: UpsampleImageOptions) {
    const { size, scaleFactor } = readOptions('UpsamplingBilinear2d', options, {
      size: null,
      scaleFactor: null,
    });
    super({ size, scaleFactor, mode: 'bilinear', alignCorners: true });
  }
}

/**
 * Makes images larger out of their channels: r * r channels become r x r pixels, r = upscaleFactor (Shi et al., 2016). See
 * {@link pixelShuffle}.
 *
 * x: [..., C r², H, W]; gives [..., C, H r, W r].
 * @throws ValueError for a factor below 1.
 * @throws ShapeError from `forward`, if r² does not divide the channels.
 * @example
 * import { nn, tensor } from 'lanegrad';
 * new nn.PixelShuffle(2).forward(tensor([[[1]], [[2]], [[3]], [[4]]])).tolist(); // => [[[1, 2], [3, 4]]]
 */
export class PixelShuffle extends Module {
  constructor(readonly upscaleFactor: number) {
    super();
    checkSize('PixelShuffle', 'upscaleFactor', upscaleFactor);
  }

  forward(x: Tensor): Tensor {
    return pixelShuffle(x, this.upscaleFactor);
  }
}

/**
 * The inverse of {@link PixelShuffle}: r x r pixels become r * r channels, r = downscaleFactor. See {@link pixelUnshuffle}.
 *
 * x: [..., C, H r, W r]; gives [..., C r², H, W].
 * @throws ValueError for a factor below 1.
 * @throws ShapeError from `forward`, if r does not divide height and width.
 * @example
 * import { nn, tensor } from 'lanegrad';
 * new nn.PixelUnshuffle(2).forward(tensor([[[1, 2], [3, 4]]])).tolist(); // => [[[1]], [[2]], [[3]], [[4]]]
 */
export class PixelUnshuffle extends Module {
  constructor(readonly downscaleFactor: number) {
    super();
    checkSize('PixelUnshuffle', 'downscaleFactor', downscaleFactor);
  }

  forward(x: Tensor): Tensor {
    return pixelUnshuffle(x, this.downscaleFactor);
  }
}

/**
 * Deals the channels out: those of the groups, one after the other, become one of each group, then the next of each (Zhang
 * et al., 2018). See {@link channelShuffle}.
 *
 * x: [N, C, ...] of at least three dims; gives its shape.
 * @throws ValueError for groups below 1.
 * @throws ShapeError from `forward`, if groups does not divide the channels.
 * @example
 * import { nn, tensor } from 'lanegrad';
 * new nn.ChannelShuffle(2).forward(tensor([[[1], [2], [3], [4]]])).tolist(); // => [[[1], [3], [2], [4]]]
 */
export class ChannelShuffle extends Module {
  constructor(readonly groups: number) {
    super();
    checkSize('ChannelShuffle', 'groups', groups);
  }

  forward(x: Tensor): Tensor {
    return channelShuffle(x, this.groups);
  }
}
