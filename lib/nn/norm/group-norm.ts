import { checkInt, checkRange, checkTensor, shapeText } from '../../check.js';
import { ShapeError, ValueError } from '../../errors.js';
import { ones, zeros } from '../../ops/creation.js';
import { groupNorm, localResponseNorm } from '../../ops/group-norm.js';
import type { LocalResponseNormOptions } from '../../ops/group-norm.js';
import type { Tensor } from '../../tensor.js';
import { Module } from '../module.js';
import { checkSize, layerDType, readOptions } from '../options.js';
import type { LayerOptions } from '../options.js';
import { parameter } from '../parameter.js';
import type { Parameter } from '../parameter.js';
import { noteParameters } from '../parameter-fields.js';

export interface GroupNormLayerOptions extends LayerOptions {
  /** Added to the variance. Default 1e-5. */
  eps?: number;
  /** Whether there are weight and bias. Default true. */
  affine?: boolean;
  /** Whether there is a bias beside the weight. Default true. */
  bias?: boolean;
}

/**
 * Normalises each group of channels of each sample: (x - mean) / sqrt(variance + eps) * weight + bias (Wu and He, 2018). See
 * {@link groupNorm}.
 *
 * x: [N, C, ...], C = numChannels; gives the shape of x. weight: [C], ones at first; bias: [C], zeros at first.
 * @throws ValueError if numGroups does not divide numChannels.
 * @throws ShapeError from `forward`, for another number of channels.
 * @example
 * import { nn, tensor } from 'lanegrad';
 * new nn.GroupNorm(2, 4, { eps: 0 }).forward(tensor([[1.5, 3.5, 7, 9]])).tolist(); // => [[-1, 1, -1, 1]]
 */
export class GroupNorm extends Module {
  readonly eps: number;
  weight: Parameter | null;
  bias: Parameter | null;

  constructor(
    readonly numGroups: number,
    readonly numChannels: number,
    options: GroupNormLayerOptions = {},
  ) {
    super();
    checkSize('GroupNorm', 'numGroups', numGroups);
    checkSize('GroupNorm', 'numChannels', numChannels);
    if (numChannels % numGroups !== 0) {
      throw new ValueError(
        `[GroupNorm] numGroups: got ${numGroups}, wanted a divisor of numChannels, ${numChannels}`,
      );
    }
    const { eps, affine, bias } = readOptions('GroupNorm', options, {
      eps: 1e-5,
      affine: true,
      bias: true,
      dtype: 'float32',
    });
    checkRange('GroupNorm', 'eps', eps, 0, Infinity);
    const dtype = layerDType('GroupNorm', options);
    this.eps = eps;
    this.weight = affine ? parameter(ones([numChannels], { dtype })) : null;
    this.bias = affine && bias ? parameter(zeros([numChannels], { dtype })) : null;
    this[noteParameters]();
  }

  forward(x: Tensor): Tensor {
    checkTensor('GroupNorm', 'x', x);
    if (x.shape[1] !== this.numChannels) {
      throw new ShapeError(
        `[GroupNorm] x is ${shapeText(x.shape)}, wanted ${this.numChannels} channels in dim 1`,
      );
    }
    const { weight, bias, eps } = this;
    return groupNorm(x, this.numGroups, { weight, bias, eps });
  }
}

/**
 * x / (k + alpha m)^beta, where m is the mean of x² over `size` neighbouring channels (Krizhevsky, Sutskever and Hinton,
 * 2012). See {@link localResponseNorm}.
 *
 * x: [N, C, ...] of at least three dims; gives the shape of x.
 * @throws ValueError for a size below 1.
 * @throws ShapeError from `forward`, for x of fewer than three dims.
 * @example
 * import { nn, tensor } from 'lanegrad';
 * const norm = new nn.LocalResponseNorm(1, { alpha: 1, beta: 1 });
 * norm.forward(tensor([[[3.0], [4.0]]])).tolist(); // => [[[0.3], [0.2353]]]
 */
export class LocalResponseNorm extends Module {
  readonly alpha: number;
  readonly beta: number;
  readonly k: number;

  constructor(
    readonly size: number,
    options: LocalResponseNormOptions = {},
  ) {
    super();
    checkInt('LocalResponseNorm', 'size', size);
    if (size < 1) throw new ValueError(`[LocalResponseNorm] size: got ${size}, wanted at least 1`);
    const { alpha, beta, k } = readOptions('LocalResponseNorm', options, { alpha: 1e-4, beta: 0.75, k: 1 });
    this.alpha = alpha;
    this.beta = beta;
    this.k = k;
  }

  forward(x: Tensor): Tensor {
    const { alpha, beta, k } = this;
    return localResponseNorm(x, this.size, { alpha, beta, k });
  }
}
