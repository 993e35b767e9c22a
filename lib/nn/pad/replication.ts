import { pad } from '../../ops/pad.js';
import type { Tensor } from '../../tensor.js';
import { Pad } from './pad.js';
import type { Padding1d, Padding2d, Padding3d } from './pad.js';

/**
 * Repeats the edges around signals; negative sizes cut. See {@link pad}.
 *
 * padding: one size, or {@link Padding1d}. x: [N, C, L] or [C, L]; gives [N, C, left + L + right].
 * @throws ValueError for what are not the sizes.
 * @throws ShapeError from `forward`, for another rank, or a border wider than the mode can make it.
 * @example
 * import { nn, tensor } from 'lanegrad';
 * new nn.ReplicationPad1d([2, 1]).forward(tensor([[1, 2, 3]])).tolist(); // => [[1, 1, 1, 2, 3, 3]]
 */
export class ReplicationPad1d extends Pad {
  constructor(padding: Padding1d) {
    super('ReplicationPad1d', 1, padding);
  }

  forward(x: Tensor): Tensor {
    return pad(x, this.padding, { mode: 'replicate' });
  }
}

/**
 * Repeats the edges around images; negative sizes cut. See {@link pad}.
 *
 * padding: one size, or {@link Padding2d}. x: [N, C, H, W] or [C, H, W]; gives [N, C, top + H + bottom, left + W + right].
 * @throws ValueError for what are not the sizes.
 * @throws ShapeError from `forward`, for another rank, or a border wider than the mode can make it.
 * @example
 * import { nn, ones } from 'lanegrad';
 * new nn.ReplicationPad2d(1).forward(ones([1, 2, 3, 4])).shape; // => [1, 2, 5, 6]
 */
export class ReplicationPad2d extends Pad {
  constructor(padding: Padding2d) {
    super('ReplicationPad2d', 2, padding);
  }

  forward(x: Tensor): Tensor {
    return pad(x, this.padding, { mode: 'replicate' });
  }
}

/**
 * Repeats the edges around volumes; negative sizes cut. See {@link pad}.
 *
 * padding: one size, or {@link Padding3d}. x: [N, C, D, H, W] or [C, D, H, W]; gives [N, C, front + D + back, top + H + bottom, left + W + right].
 * @throws ValueError for what are not the sizes.
 * @throws ShapeError from `forward`, for another rank, or a border wider than the mode can make it.
 * @example
 * import { nn, ones } from 'lanegrad';
 * new nn.ReplicationPad3d(1).forward(ones([1, 2, 3, 4, 5])).shape; // => [1, 2, 5, 6, 7]
 */
export class ReplicationPad3d extends Pad {
  constructor(padding: Padding3d) {
    super('ReplicationPad3d', 3, padding);
  }

  forward(x: Tensor): Tensor {
    return pad(x, this.padding, { mode: 'replicate' });
  }
}
