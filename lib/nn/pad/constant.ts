import { checkNumber } from '../../check.js';
import { pad } from '../../ops/pad.js';
import type { Tensor } from '../../tensor.js';
import { Pad } from './pad.js';
import type { Padding1d, Padding2d, Padding3d } from './pad.js';

/**
 * Puts zeros around signals; negative sizes cut. See {@link pad}.
 *
 * padding: one size, or {@link Padding1d}. x: [..., L], of any dtype; gives [..., left + L + right].
 * @throws ValueError for what are not the sizes.
 * @throws ShapeError from `forward`, if more is cut than there is.
 * @example
 * import { nn, tensor } from 'lanegrad';
 * new nn.ZeroPad1d([1, 2]).forward(tensor([[1.5, 2]])).tolist(); // => [[0, 1.5, 2, 0, 0]]
 */
export class ZeroPad1d extends Pad {
  constructor(padding: Padding1d) {
    super('ZeroPad1d', 1, padding);
  }

  forward(x: Tensor): Tensor {
    return pad(x, this.padding);
  }
}

/**
 * Puts zeros around images; negative sizes cut. See {@link pad}.
 *
 * padding: one size, or {@link Padding2d}. x: [..., H, W], of any dtype; gives [..., top + H + bottom, left + W + right].
 * @throws ValueError for what are not the sizes.
 * @throws ShapeError from `forward`, if more is cut than there is.
 * @example
 * import { nn, ones } from 'lanegrad';
 * new nn.ZeroPad2d(1).forward(ones([1, 2, 3, 4])).shape; // => [1, 2, 5, 6]
 */
export class ZeroPad2d extends Pad {
  constructor(padding: Padding2d) {
    super('ZeroPad2d', 2, padding);
  }

  forward(x: Tensor): Tensor {
    return pad(x, this.padding);
  }
}

/**
 * Puts zeros around volumes; negative sizes cut. See {@link pad}.
 *
 * padding: one size, or {@link Padding3d}. x: [..., D, H, W], of any dtype; gives [..., front + D + back, top + H + bottom, left + W + right].
 * @throws ValueError for what are not the sizes.
 * @throws ShapeError from `forward`, if more is cut than there is.
 * @example
 * import { nn, ones } from 'lanegrad';
 * new nn.ZeroPad3d(1).forward(ones([1, 2, 3, 4, 5])).shape; // => [1, 2, 5, 6, 7]
 */
export class ZeroPad3d extends Pad {
  constructor(padding: Padding3d) {
    super('ZeroPad3d', 3, padding);
  }

  forward(x: Tensor): Tensor {
    return pad(x, this.padding);
  }
}

/**
 * Puts one value around signals; negative sizes cut. See {@link pad}.
 *
 * padding: one size, or {@link Padding1d}; value: what the border is made of. x: [..., L], of any dtype; gives [..., left + L + right].
 * @throws ValueError for what are not the sizes, or a value that is no number.
 * @throws ShapeError from `forward`, if more is cut than there is.
 * @example
 * import { nn, tensor } from 'lanegrad';
 * new nn.ConstantPad1d(1, 9).forward(tensor([[1.5, 2]])).tolist(); // => [[9, 1.5, 2, 9]]
 */
export class ConstantPad1d extends Pad {
  constructor(
    padding: Padding1d,
    readonly value: number,
  ) {
    super('ConstantPad1d', 1, padding);
    checkNumber('ConstantPad1d', 'value', value);
  }

  forward(x: Tensor): Tensor {
    return pad(x, this.padding, { value: this.value });
  }
}

/**
 * Puts one value around images; negative sizes cut. See {@link pad}.
 *
 * padding: one size, or {@link Padding2d}; value: what the border is made of. x: [..., H, W], of any dtype; gives [..., top + H + bottom, left + W + right].
 * @throws ValueError for what are not the sizes, or a value that is no number.
 * @throws ShapeError from `forward`, if more is cut than there is.
 * @example
 * import { nn, ones } from 'lanegrad';
 * new nn.ConstantPad2d(1, 9).forward(ones([1, 2, 3, 4])).shape; // => [1, 2, 5, 6]
 */
export class ConstantPad2d extends Pad {
  constructor(
    padding: Padding2d,
    readonly value: number,
  ) {
    super('ConstantPad2d', 2, padding);
    checkNumber('ConstantPad2d', 'value', value);
  }

  forward(x: Tensor): Tensor {
    return pad(x, this.padding, { value: this.value });
  }
}

/**
 * Puts one value around volumes; negative sizes cut. See {@link pad}.
 *
 * padding: one size, or {@link Padding3d}; value: what the border is made of. x: [..., D, H, W], of any dtype; gives [..., front + D + back, top + H + bottom, left + W + right].
 * @throws ValueError for what are not the sizes, or a value that is no number.
 * @throws ShapeError from `forward`, if more is cut than there is.
 * @example
 * import { nn, ones } from 'lanegrad';
 * new nn.ConstantPad3d(1, 9).forward(ones([1, 2, 3, 4, 5])).shape; // => [1, 2, 5, 6, 7]
 */
export class ConstantPad3d extends Pad {
  constructor(
    padding: Padding3d,
    readonly value: number,
  ) {
    super('ConstantPad3d', 3, padding);
    checkNumber('ConstantPad3d', 'value', value);
  }

  forward(x: Tensor): Tensor {
    return pad(x, this.padding, { value: this.value });
  }
}
