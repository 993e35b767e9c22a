import { maxUnpool1d, maxUnpool2d, maxUnpool3d } from '../../ops/pool/unpool.js';
import type { MaxUnpoolOptions } from '../../ops/pool/unpool.js';
import { sizesOf } from '../../ops/sizes.js';
import type { Pair, Single, Triple } from '../../ops/sizes.js';
import type { Tensor } from '../../tensor.js';
import { Module } from '../module.js';
import { readOptions } from '../options.js';

export type MaxUnpoolLayerOptions<Size> = Omit<MaxUnpoolOptions<Size>, 'outputSize'>;

/** What `forward` takes besides tensors. */
export type MaxUnpoolCallOptions = Pick<MaxUnpoolOptions<unknown>, 'outputSize'>;

/** What the inverses of the max pools share. */
export abstract class MaxUnpool<Size> extends Module<
  [x: Tensor, indices: Tensor, options?: MaxUnpoolCallOptions]
> {
  readonly stride: Size;
  readonly padding: Size;

  protected constructor(
    name: string,
    directions: number,
    readonly kernelSize: Size,
    options: MaxUnpoolLayerOptions<Size>,
    none: Size,
  ) {
    super();
    sizesOf(name, 'kernelSize', kernelSize, directions, 1);
    const { stride, padding } = readOptions(name, options, { stride: kernelSize, padding: none }, [
      'stride',
      'padding',
    ]);
    sizesOf(name, 'stride', stride, directions, 1);
    sizesOf(name, 'padding', padding, directions, 0);
    this.stride = stride;
    this.padding = padding;
  }
}

/**
 * Undoes {@link MaxPool1d}: zeros, with each element at the place that `indices` says. See {@link maxUnpool1d}.
 *
 * x, indices (int64): [N, C, L] or [C, L]; gives [N, C, L'] with
 * L' = (L - 1) stride - 2 padding + kernel, or the option `outputSize` of `forward`; stride defaults to the kernel.
 * @throws ValueError for sizes below 1, and from `forward` for an outputSize that cannot be.
 * @throws IndexError from `forward`, for an index out of range.
 * @example
 * import { nn, ones } from 'lanegrad';
 * const { values, indices } = new nn.MaxPool1d(2, { returnIndices: true }).forward(ones([1, 2, 4]));
 * new nn.MaxUnpool1d(2).forward(values, indices).shape; // => [1, 2, 4]
 */
export class MaxUnpool1d extends MaxUnpool<Single> {
  constructor(kernelSize: Single, options: MaxUnpoolLayerOptions<Single> = {}) {
    super('MaxUnpool1d', 1, kernelSize, options, 0);
  }

  forward(x: Tensor, indices: Tensor, options: MaxUnpoolCallOptions = {}): Tensor {
    const { kernelSize, stride, padding } = this;
    return maxUnpool1d(x, indices, kernelSize, { stride, padding, ...options });
  }
}

/**
 * Undoes {@link MaxPool2d}: zeros, with each element at the place that `indices` says. See {@link maxUnpool2d}.
 *
 * x, indices (int64): [N, C, H, W] or [C, H, W]; gives [N, C, H', W'] with
 * H' = (H - 1) stride - 2 padding + kernel, or the option `outputSize` of `forward`; stride defaults to the kernel.
 * @throws ValueError for sizes below 1, and from `forward` for an outputSize that cannot be.
 * @throws IndexError from `forward`, for an index out of range.
 * @example
 * import { nn, ones } from 'lanegrad';
 * const { values, indices } = new nn.MaxPool2d(2, { returnIndices: true }).forward(ones([1, 2, 4, 4]));
 * new nn.MaxUnpool2d(2).forward(values, indices).shape; // => [1, 2, 4, 4]
 */
export class MaxUnpool2d extends MaxUnpool<Pair> {
  constructor(kernelSize: Pair, options: MaxUnpoolLayerOptions<Pair> = {}) {
    super('MaxUnpool2d', 2, kernelSize, options, 0);
  }

  forward(x: Tensor, indices: Tensor, options: MaxUnpoolCallOptions = {}): Tensor {
    const { kernelSize, stride, padding } = this;
    return maxUnpool2d(x, indices, kernelSize, { stride, padding, ...options });
  }
}

/**
 * Undoes {@link MaxPool3d}: zeros, with each element at the place that `indices` says. See {@link maxUnpool3d}.
 *
 * x, indices (int64): [N, C, D, H, W] or [C, D, H, W]; gives [N, C, D', H', W'] with
 * D' = (D - 1) stride - 2 padding + kernel, or the option `outputSize` of `forward`; stride defaults to the kernel.
 * @throws ValueError for sizes below 1, and from `forward` for an outputSize that cannot be.
 * @throws IndexError from `forward`, for an index out of range.
 * @example
 * import { nn, ones } from 'lanegrad';
 * const { values, indices } = new nn.MaxPool3d(2, { returnIndices: true }).forward(ones([1, 2, 4, 4, 4]));
 * new nn.MaxUnpool3d(2).forward(values, indices).shape; // => [1, 2, 4, 4, 4]
 */
export class MaxUnpool3d extends MaxUnpool<Triple> {
  constructor(kernelSize: Triple, options: MaxUnpoolLayerOptions<Triple> = {}) {
    super('MaxUnpool3d', 3, kernelSize, options, 0);
  }

  forward(x: Tensor, indices: Tensor, options: MaxUnpoolCallOptions = {}): Tensor {
    const { kernelSize, stride, padding } = this;
    return maxUnpool3d(x, indices, kernelSize, { stride, padding, ...options });
  }
}
