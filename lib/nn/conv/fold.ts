import { fold, unfold } from '../../ops/fold.js';
import type { FoldOptions } from '../../ops/fold.js';
import { sizesOf } from '../../ops/sizes.js';
import type { Pair } from '../../ops/sizes.js';
import type { Tensor } from '../../tensor.js';
import { Module } from '../module.js';
import { readOptions } from '../options.js';

/** Options that are checked already. */
function windowOptions(op: string, options: FoldOptions): Required<FoldOptions> {
  const settings = readOptions(op, options, { dilation: 1, padding: 0, stride: 1 }, [
    'dilation',
    'padding',
    'stride',
  ]);
  sizesOf(op, 'dilation', settings.dilation, 2, 1);
  sizesOf(op, 'padding', settings.padding, 2, 0);
  sizesOf(op, 'stride', settings.stride, 2, 1);
  return settings;
}

/**
 * The windows that slide over an image, each as a column: what a convolution multiplies with its weights. See
 * {@link unfold}.
 *
 * x: [N, C, H, W] or [C, H, W]; gives [N, C kH kW, L], L the number of windows.
 * @throws ValueError for sizes below 1.
 * @throws ShapeError from `forward`, for another rank, or a window larger than the padded image.
 * @example
 * import { nn, tensor } from 'lanegrad';
 * new nn.Unfold(2).forward(tensor([[[1, 2, 3], [4, 5, 6]]])).tolist(); // => [[1, 2], [2, 3], [4, 5], [5, 6]]
 */
export class Unfold extends Module {
  readonly dilation: Pair;
  readonly padding: Pair;
  readonly stride: Pair;

  constructor(
    readonly kernelSize: Pair,
    options: FoldOptions = {},
  ) {
    super();
    sizesOf('Unfold', 'kernelSize', kernelSize, 2, 1);
    const { dilation, padding, stride } = windowOptions('Unfold', options);
    this.dilation = dilation;
    this.padding = padding;
    this.stride = stride;
  }

  forward(x: Tensor): Tensor {
    const { kernelSize, dilation, padding, stride } = this;
    return unfold(x, kernelSize, { dilation, padding, stride });
  }
}

/**
 * The transpose of {@link Unfold}: puts the windows back into an image; where they overlap, they add up. See {@link fold}.
 *
 * x: [N, C kH kW, L] or [C kH kW, L]; gives [N, C, ...outputSize].
 * @throws ValueError for sizes below 1.
 * @throws ShapeError from `forward`, if x does not have the shape that Unfold gives.
 * @example
 * import { nn, ones } from 'lanegrad';
 * new nn.Fold([2, 3], 2).forward(ones([1, 4, 2])).tolist(); // => [[[[1, 2, 1], [1, 2, 1]]]]
 */
export class Fold extends Module {
  readonly dilation: Pair;
  readonly padding: Pair;
  readonly stride: Pair;

  constructor(
    readonly outputSize: Pair,
    readonly kernelSize: Pair,
    options: FoldOptions = {},
  ) {
    super();
    sizesOf('Fold', 'outputSize', outputSize, 2, 1);
    sizesOf('Fold', 'kernelSize', kernelSize, 2, 1);
    const { dilation, padding, stride } = windowOptions('Fold', options);
    this.dilation = dilation;
    this.padding = padding;
    this.stride = stride;
  }

  forward(x: Tensor): Tensor {
    const { outputSize, kernelSize, dilation, padding, stride } = this;
    return fold(x, outputSize, kernelSize, { dilation, padding, stride });
  }
}
