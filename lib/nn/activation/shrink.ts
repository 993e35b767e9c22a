import { checkRange } from '../../check.js';
import { hardshrink, softshrink, tanhshrink } from '../../ops/activation.js';
import type { ShrinkOptions } from '../../ops/activation.js';
import type { Tensor } from '../../tensor.js';
import { Module } from '../module.js';
import { readOptions } from '../options.js';

// Activations that take small x to 0. All keep the shape of x.

/**
 * x, or 0 where |x| is at most lambd. See {@link hardshrink}.
 *
 * @throws ValueError for an option that is unknown or no number.
 * @example
 * import { nn, tensor } from 'lanegrad';
 * new nn.Hardshrink({ lambd: 1 }).forward(tensor([-1.5, 0.5, 2])).tolist(); // => [-1.5, 0, 2]
 */
export class Hardshrink extends Module {
  readonly lambd: number;

  constructor(options: ShrinkOptions = {}) {
    super();
    this.lambd = readOptions('Hardshrink', options, { lambd: 0.5 }).lambd;
  }

  forward(x: Tensor): Tensor {
    return hardshrink(x, { lambd: this.lambd });
  }
}

/**
 * x moved towards 0 by lambd, at most to 0. See {@link softshrink}.
 *
 * @throws ValueError for a negative lambd.
 * @example
 * import { nn, tensor } from 'lanegrad';
 * new nn.Softshrink({ lambd: 1 }).forward(tensor([-1.5, 0.5, 2])).tolist(); // => [-0.5, 0, 1]
 */
export class Softshrink extends Module {
  readonly lambd: number;

  constructor(options: ShrinkOptions = {}) {
    super();
    this.lambd = readOptions('Softshrink', options, { lambd: 0.5 }).lambd;
    checkRange('Softshrink', 'lambd', this.lambd, 0, Infinity);
  }

  forward(x: Tensor): Tensor {
    return softshrink(x, { lambd: this.lambd });
  }
}

/**
 * x - tanh x. See {@link tanhshrink}.
 *
 * @example
 * import { nn, tensor } from 'lanegrad';
 * new nn.Tanhshrink().forward(tensor([0.0, 1.0], { dtype: 'float32' })).tolist(); // => [0, 0.2384]
 */
export class Tanhshrink extends Module {
  forward(x: Tensor): Tensor {
    return tanhshrink(x);
  }
}
