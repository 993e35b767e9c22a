import { checkRange } from '../check.js';
import { dropout } from '../ops/dropout.js';
import type { Tensor } from '../tensor.js';
import { Module } from './module.js';

/**
 * In training, zeroes each element with probability p and scales the others by 1 / (1 - p); in evaluation gives x itself
 * (Srivastava et al., 2014). See {@link dropout}. Repeats after {@link manualSeed}.
 *
 * x: any shape, which it keeps.
 * @throws ValueError for p outside [0, 1].
 * @example
 * import { nn, ones } from 'lanegrad';
 * const layer = new nn.Dropout(0.5);
 * layer.eval().forward(ones([3])).tolist(); // => [1, 1, 1]
 */
export class Dropout extends Module {
  constructor(readonly p = 0.5) {
    super();
    checkRange('Dropout', 'p', p, 0, 1);
  }

  forward(x: Tensor): Tensor {
    return dropout(x, { p: this.p, training: this.training });
  }
}
