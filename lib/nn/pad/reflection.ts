import { pad } from '../../ops/pad.js';
import type { Tensor } from '../../tensor.js';
import { Pad } from './pad.js';
import type { Padding1d, Padding2d, Padding3d } from './pad.js';

/**
 * Mirrors the inside at the edges, which are not repeated, around signals; negative sizes cut. See {@link pad}. A border is narrower than the inside.
 *
 * padding: one size, or {@link Padding1d}. x: [N, C, L] or [C, L]; gives [N, C, left + L + right].
 * @throws ValueError for what are not the sizes.
 * @throws ShapeError from `forward`, for another rank, or a border wider than the mode can make it.
 * @example
 * import { nn, tensor } from 'lanegrad';
 * new nn.ReflectionPad1d([2, 1]).forward(tensor([[1, 2, 3]])).tolist(); // => [[3, 2, 1, 2, 3, 2]]
 */
export class ReflectionPad1d extends Pad {
  constructor(padding: Padding1d) {
    super('ReflectionPad1d', 1, padding);
  }

  forward(x: Tensor): Tensor {
    return pad(x, this.padding, { mode: 'reflect' });
  }
}

/**
 * Mirrors the inside at the edges, which are not repeated, around images; negative sizes cut. See {@link pad}. A border is narrower than the inside.
 *
 * padding: one size, or {@link Padding2d}. x: [N, C, H, W] or [C, H, W]; gives [N, C, top + H + bottom, left + W + right].
 * @throws ValueError for what are not the sizes.
 * @throws ShapeError from `forward`, for another rank, or a border wider than the mode can make it.
 * @example
 * import { nn, tensor } from 'lanegrad';
 * new nn.ReflectionPad2d([1, 0, 0, 1]).forward(tensor([[[1, 2], [3, 4]]])).tolist();
 * // => [[[2, 1, 2], [4, 3, 4], [2, 1, 2]]]
 */
export class ReflectionPad2d extends Pad {
  constructor(padding: Padding2d) {
    super('ReflectionPad2d', 2, padding);
  }

  forward(x: Tensor): Tensor {
    return pad(x, this.padding, { mode: 'reflect' });
  }
}

/**
 * Mirrors the inside at the edges, which are not repeated, around volumes; negative sizes cut. See {@link pad}. A border is narrower than the inside.
 *
 * padding: one size, or {@link Padding3d}. x: [N, C, D, H, W] or [C, D, H, W]; gives [N, C, front + D + back, top + H + bottom, left + W + right].
 * @throws ValueError for what are not the sizes.
 * @throws ShapeError from `forward`, for another rank, or a border wider than the mode can make it.
 * @example
 * import { nn, ones } from 'lanegrad';
 * new nn.ReflectionPad3d(1).forward(ones([1, 2, 3, 4, 5])).shape; // => [1, 2, 5, 6, 7]
 */
export class ReflectionPad3d extends Pad {
  constructor(padding: Padding3d) {
    super('ReflectionPad3d', 3, padding);
  }

  forward(x: Tensor): Tensor {
    return pad(x, this.padding, { mode: 'reflect' });
  }
}
