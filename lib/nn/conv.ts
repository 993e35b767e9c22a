import { checkFlag, checkOptions, checkTensor, pairOf, product, shapeText } from '../check.js';
import { ShapeError, ValueError } from '../errors.js';
import { zeros } from '../ops/creation.js';
import { runConv } from '../ops/conv/conv.js';
import { convPlan } from '../ops/conv/options.js';
import type { Conv2dOptions, ConvPlan } from '../ops/conv/options.js';
import type { Pair } from '../ops/sizes.js';
import type { Tensor } from '../tensor.js';
import { initialize } from './linear.js';
import { Module } from './module.js';
import { checkSize, layerDType } from './options.js';
import type { LayerOptions } from './options.js';
import { parameter } from './parameter.js';
import type { Parameter } from './parameter.js';

export interface Conv2dLayerOptions extends Conv2dOptions, LayerOptions {
  /** Whether there is a bias. Default true. */
  bias?: boolean;
}

/**
 * The 2-D cross-correlation of an image with learned kernels.
 *
 * x: [N, inChannels, H, W] or [inChannels, H, W]; gives [N, outChannels, H', W'] with
 * H' = floor((H + 2 padding - dilation (kernel - 1) - 1) / stride) + 1.
 * weight: [outChannels, inChannels / groups, kH, kW], bias: [outChannels], both drawn uniformly from [-b, b) with
 * b = 1/sqrt(inChannels / groups * kH * kW).
 * @throws ValueError for sizes below 1, or channels that `groups` does not divide.
 * @throws ShapeError from `forward`, if the channels differ or the kernel is larger than the padded image.
 * @example
 * import { nn, ones } from 'lanegrad';
 * const layer = new nn.Conv2d(3, 8, 3, { padding: 1, stride: 2 });
 * layer.forward(ones([1, 3, 32, 32])).shape; // => [1, 8, 16, 16]
 */
export class Conv2d extends Module {
  readonly weight: Parameter;
  readonly bias: Parameter | null;
  readonly kernelSize: readonly [number, number];
  readonly #plan: ConvPlan;

  constructor(
    readonly inChannels: number,
    readonly outChannels: number,
    kernelSize: Pair,
    options: Conv2dLayerOptions = {},
  ) {
    super();
    checkSize('Conv2d', 'inChannels', inChannels);
    checkSize('Conv2d', 'outChannels', outChannels);
    checkOptions('Conv2d', options);
    const { bias = true } = options;
    const dtype = layerDType('Conv2d', options);
    this.kernelSize = pairOf('Conv2d', 'kernelSize', kernelSize, 1);
    this.#plan = convPlan('Conv2d', this.kernelSize, options);
    const { groups } = this.#plan.attrs;
    if (inChannels % groups !== 0 || outChannels % groups !== 0) {
      throw new ValueError(
        `[Conv2d] groups: got ${groups}, wanted a divisor of inChannels, ${inChannels}, and outChannels, ${outChannels}`,
      );
    }
    const kernel = [inChannels / groups, ...this.kernelSize];
    this.weight = parameter(zeros([outChannels, ...kernel], { dtype }));
    this.bias = checkFlag('Conv2d', 'bias', bias) ? parameter(zeros([outChannels], { dtype })) : null;
    initialize(this.weight, this.bias, product(kernel));
  }

  forward(x: Tensor): Tensor {
    checkTensor('Conv2d', 'x', x);
    if (x.ndim !== 3 && x.ndim !== 4) {
      throw new ShapeError(`[Conv2d] x is ${shapeText(x.shape)}, wanted [N, ${this.inChannels}, H, W]`);
    }
    return runConv('conv2d', x, this.weight, this.bias, this.#plan);
  }
}
