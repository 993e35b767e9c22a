import { checkInt } from '../check.js';
import { flatten } from '../ops/view.js';
import type { Tensor } from '../tensor.js';
import { Module } from './module.js';

/**
 * Joins the dims from startDim to endDim, both included. By default all but the first: [N, C, H, W] gives [N, C * H * W].
 *
 * @throws ValueError if a dim is not an integer.
 * @throws IndexError from `forward`, for a dim out of range.
 * @example
 * import { nn, zeros } from 'lanegrad';
 * new nn.Flatten().forward(zeros([2, 3, 4, 5])).shape; // => [2, 60]
 */
export class Flatten extends Module {
  constructor(
    readonly startDim = 1,
    readonly endDim = -1,
  ) {
    super();
    checkInt('Flatten', 'startDim', startDim);
    checkInt('Flatten', 'endDim', endDim);
  }

  forward(x: Tensor): Tensor {
    return flatten(x, this.startDim, this.endDim);
  }
}

/**
 * Gives what it takes: a place for a layer that may be absent.
 *
 * @example
 * import { nn, tensor } from 'lanegrad';
 * new nn.Identity().forward(tensor([1, 2])).tolist(); // => [1, 2]
 */
export class Identity<T = Tensor> extends Module<[T], T> {
  forward(x: T): T {
    return x;
  }
}
