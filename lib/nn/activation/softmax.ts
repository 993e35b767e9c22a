import { checkInt, checkTensor, shapeText } from '../../check.js';
import { ShapeError } from '../../errors.js';
import { softmin } from '../../ops/activation.js';
import { logSoftmax, softmax } from '../../ops/reduction.js';
import type { Tensor } from '../../tensor.js';
import { Module } from '../module.js';

// Activations that normalise along a dim. All keep the shape of x.

/**
 * The probabilities e^x / sum(e^x) along a dim. See {@link softmax}.
 *
 * @throws ValueError if dim is not an integer.
 * @throws IndexError from `forward`, for a dim out of range.
 * @example
 * import { nn, tensor } from 'lanegrad';
 * new nn.Softmax(-1).forward(tensor([[2.5, 2.5]])).tolist(); // => [[0.5, 0.5]]
 */
export class Softmax extends Module {
  constructor(readonly dim: number) {
    super();
    checkInt('Softmax', 'dim', dim);
  }

  forward(x: Tensor): Tensor {
    return softmax(x, this.dim);
  }
}

/**
 * The logarithm of {@link Softmax}, computed stably. See {@link logSoftmax}.
 *
 * @throws ValueError if dim is not an integer.
 * @throws IndexError from `forward`, for a dim out of range.
 * @example
 * import { nn, tensor } from 'lanegrad';
 * new nn.LogSoftmax(0).forward(tensor([1.5])).tolist(); // => [0]
 */
export class LogSoftmax extends Module {
  constructor(readonly dim: number) {
    super();
    checkInt('LogSoftmax', 'dim', dim);
  }

  forward(x: Tensor): Tensor {
    return logSoftmax(x, this.dim);
  }
}

/**
 * The softmax of -x: e^-x / sum(e^-x) along a dim. See {@link softmin}.
 *
 * @throws ValueError if dim is not an integer.
 * @throws IndexError from `forward`, for a dim out of range.
 * @example
 * import { nn, tensor } from 'lanegrad';
 * new nn.Softmin(0).forward(tensor([2.5, 2.5])).tolist(); // => [0.5, 0.5]
 */
export class Softmin extends Module {
  constructor(readonly dim: number) {
    super();
    checkInt('Softmin', 'dim', dim);
  }

  forward(x: Tensor): Tensor {
    return softmin(x, this.dim);
  }
}

/**
 * The softmax over the channels of each pixel.
 *
 * x: [N, C, H, W] or [C, H, W].
 * @throws ShapeError from `forward`, for another rank.
 * @example
 * import { nn, tensor } from 'lanegrad';
 * new nn.Softmax2d().forward(tensor([[[2.5]], [[2.5]]])).tolist(); // => [[[0.5]], [[0.5]]]
 */
export class Softmax2d extends Module {
  forward(x: Tensor): Tensor {
    checkTensor('Softmax2d', 'x', x);
    if (x.ndim !== 3 && x.ndim !== 4) {
      throw new ShapeError(`[Softmax2d] x is ${shapeText(x.shape)}, wanted [N, C, H, W] or [C, H, W]`);
    }
    return softmax(x, -3);
  }
}
