import { avgPoolAttrs, runAvgPool } from '../ops/pool/average.js';
import type { AvgPool2dOptions, AvgPoolAttrs } from '../ops/pool/average.js';
import { maxPoolAttrs, runMaxPool } from '../ops/pool/max.js';
import type { MaxPool2dOptions, MaxPoolAttrs } from '../ops/pool/max.js';
import type { Pair } from '../ops/sizes.js';
import type { Tensor } from '../tensor.js';
import { Module } from './module.js';

/**
 * The largest element of each window. See {@link maxPool2d}.
 *
 * x: [N, C, H, W] or [C, H, W]; gives [N, C, H', W'] with
 * H' = floor((H + 2 padding - dilation (kernel - 1) - 1) / stride) + 1; stride defaults to the kernel.
 * @throws ValueError for sizes below 1.
 * @throws ShapeError from `forward`, if the window is larger than the padded image.
 * @example
 * import { nn, tensor } from 'lanegrad';
 * new nn.MaxPool2d(2).forward(tensor([[[[1.5, 2], [4, 3]]]])).tolist(); // => [[[[4]]]]
 */
export class MaxPool2d extends Module {
  readonly #attrs: MaxPoolAttrs;

  constructor(
    readonly kernelSize: Pair,
    options: MaxPool2dOptions = {},
  ) {
    super();
    this.#attrs = maxPoolAttrs('maxPool2d', kernelSize, 2, options);
  }

  forward(x: Tensor): Tensor {
    return runMaxPool('maxPool2d', x, this.#attrs);
  }
}

/**
 * The mean of each window. See {@link avgPool2d}.
 *
 * x: [N, C, H, W] or [C, H, W]; gives [N, C, H', W'] with H' = floor((H + 2 padding - kernel) / stride) + 1; stride defaults to
 * the kernel.
 * @throws ValueError for sizes below 1.
 * @throws ShapeError from `forward`, if the window is larger than the padded image.
 * @example
 * import { nn, tensor } from 'lanegrad';
 * new nn.AvgPool2d(2).forward(tensor([[[[1.5, 2], [4, 2.5]]]])).tolist(); // => [[[[2.5]]]]
 */
export class AvgPool2d extends Module {
  readonly #attrs: AvgPoolAttrs;

  constructor(
    readonly kernelSize: Pair,
    options: AvgPool2dOptions = {},
  ) {
    super();
    this.#attrs = avgPoolAttrs('avgPool2d', kernelSize, 2, options);
  }

  forward(x: Tensor): Tensor {
    return runAvgPool('avgPool2d', x, this.#attrs);
  }
}
