import { checkChoice, checkInt, checkOptions } from '../check.js';
import { logSoftmax, softmax } from '../ops/reduction.js';
import { gelu, relu, sigmoid, silu, tanh } from '../ops/unary.js';
import type { GeluOptions } from '../ops/unary.js';
import type { Tensor } from '../tensor.js';
import { Module } from './module.js';

// Activations as layers. All keep the shape of x.

/**
 * max(x, 0). See {@link relu}.
 *
 * @example
 * import { nn, tensor } from 'lanegrad';
 * new nn.ReLU().forward(tensor([-1.5, 2])).tolist(); // => [0, 2]
 */
export class ReLU extends Module {
  forward(x: Tensor): Tensor {
    return relu(x);
  }
}

/**
 * x * Phi(x), exactly or by tanh. See {@link gelu}.
 *
 * @throws ValueError for an unknown `approximate`.
 * @example
 * import { nn, tensor } from 'lanegrad';
 * new nn.GELU({ approximate: 'tanh' }).forward(tensor([0.0])).tolist(); // => [0]
 */
export class GELU extends Module {
  readonly approximate: 'none' | 'tanh';

  constructor(options: GeluOptions = {}) {
    super();
    checkOptions('GELU', options);
    const { approximate = 'none' } = options;
    checkChoice('GELU', 'approximate', approximate, ['none', 'tanh']);
    this.approximate = approximate;
  }

  forward(x: Tensor): Tensor {
    return gelu(x, this.approximate === 'none' ? undefined : { approximate: this.approximate });
  }
}

/**
 * The hyperbolic tangent. See {@link tanh}.
 *
 * @example
 * import { nn, tensor } from 'lanegrad';
 * new nn.Tanh().forward(tensor([0.0])).tolist(); // => [0]
 */
export class Tanh extends Module {
  forward(x: Tensor): Tensor {
    return tanh(x);
  }
}

/**
 * 1 / (1 + e^-x). See {@link sigmoid}.
 *
 * @example
 * import { nn, tensor } from 'lanegrad';
 * new nn.Sigmoid().forward(tensor([0.0])).tolist(); // => [0.5]
 */
export class Sigmoid extends Module {
  forward(x: Tensor): Tensor {
    return sigmoid(x);
  }
}

/**
 * x * sigmoid(x), also called swish. See {@link silu}.
 *
 * @example
 * import { nn, tensor } from 'lanegrad';
 * new nn.SiLU().forward(tensor([0.0])).tolist(); // => [0]
 */
export class SiLU extends Module {
  forward(x: Tensor): Tensor {
    return silu(x);
  }
}

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
