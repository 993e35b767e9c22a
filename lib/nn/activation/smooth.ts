import { checkChoice } from '../../check.js';
import { glu, hardsigmoid, hardswish, logsigmoid, mish, softplus, softsign } from '../../ops/activation.js';
import type { GluOptions, SoftplusOptions } from '../../ops/activation.js';
import { gelu, sigmoid, silu, tanh } from '../../ops/unary.js';
import type { GeluOptions } from '../../ops/unary.js';
import type { Tensor } from '../../tensor.js';
import { Module } from '../module.js';
import { readOptions } from '../options.js';

// Activations made of sigmoid, tanh and the like, and the straight lines that stand in for them. All but GLU keep the shape
// of x.

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
 * log(1 / (1 + e^-x)), computed stably. See {@link logsigmoid}.
 *
 * @example
 * import { nn, tensor } from 'lanegrad';
 * new nn.LogSigmoid().forward(tensor([0, -200.5])).tolist(); // => [-0.6931, -200.5]
 */
export class LogSigmoid extends Module {
  forward(x: Tensor): Tensor {
    return logsigmoid(x);
  }
}

/**
 * min(max(x / 6 + 1/2, 0), 1), a sigmoid of straight lines. See {@link hardsigmoid}.
 *
 * @example
 * import { nn, tensor } from 'lanegrad';
 * new nn.Hardsigmoid().forward(tensor([-4, 0, 4.5])).tolist(); // => [0, 0.5, 1]
 */
export class Hardsigmoid extends Module {
  forward(x: Tensor): Tensor {
    return hardsigmoid(x);
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
 * x / (1 + |x|). See {@link softsign}.
 *
 * @example
 * import { nn, tensor } from 'lanegrad';
 * new nn.Softsign().forward(tensor([-1, 1.0])).tolist(); // => [-0.5, 0.5]
 */
export class Softsign extends Module {
  forward(x: Tensor): Tensor {
    return softsign(x);
  }
}

/**
 * log(1 + e^(beta x)) / beta, and x itself where beta x is above threshold. See {@link softplus}.
 *
 * @throws ValueError for an option that is unknown or no number.
 * @example
 * import { nn, tensor } from 'lanegrad';
 * new nn.Softplus({ beta: 2 }).forward(tensor([0, 50.5])).tolist(); // => [0.3466, 50.5]
 */
export class Softplus extends Module {
  readonly beta: number;
  readonly threshold: number;

  constructor(options: SoftplusOptions = {}) {
    super();
    const { beta, threshold } = readOptions('Softplus', options, { beta: 1, threshold: 20 });
    this.beta = beta;
    this.threshold = threshold;
  }

  forward(x: Tensor): Tensor {
    return softplus(x, { beta: this.beta, threshold: this.threshold });
  }
}

/**
 * x Φ(x), Φ the distribution function of the normal distribution, exactly or by tanh (Hendrycks and Gimpel, 2016). See
 * {@link gelu}.
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
    const { approximate } = readOptions('GELU', options, { approximate: 'none' });
    checkChoice('GELU', 'approximate', approximate, ['none', 'tanh']);
    this.approximate = approximate;
  }

  forward(x: Tensor): Tensor {
    return gelu(x, this.approximate === 'none' ? undefined : { approximate: this.approximate });
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
 * x * tanh(log(1 + e^x)) (Misra, 2019). See {@link mish}.
 *
 * @example
 * import { nn, tensor } from 'lanegrad';
 * new nn.Mish().forward(tensor([0, 1.0], { dtype: 'float32' })).tolist(); // => [0, 0.8651]
 */
export class Mish extends Module {
  forward(x: Tensor): Tensor {
    return mish(x);
  }
}

/**
 * x * min(max(x / 6 + 1/2, 0), 1), swish with a sigmoid of straight lines (Howard et al., 2019). See {@link hardswish}.
 *
 * @example
 * import { nn, tensor } from 'lanegrad';
 * new nn.Hardswish().forward(tensor([-4, 0, 4.5])).tolist(); // => [0, 0, 4.5]
 */
export class Hardswish extends Module {
  forward(x: Tensor): Tensor {
    return hardswish(x);
  }
}

/**
 * a * sigmoid(b), where a and b are the halves of x along a dim (Dauphin et al., 2017). See {@link glu}.
 *
 * x: [..., 2 D, ...]; gives [..., D, ...].
 * @throws ShapeError from `forward`, for a dim of odd size.
 * @example
 * import { nn, tensor } from 'lanegrad';
 * new nn.GLU().forward(tensor([[3, 5, 0, 0.0]])).tolist(); // => [[1.5, 2.5]]
 */
export class GLU extends Module {
  readonly dim: number;

  constructor(options: GluOptions = {}) {
    super();
    this.dim = readOptions('GLU', options, { dim: -1 }).dim;
  }

  forward(x: Tensor): Tensor {
    return glu(x, { dim: this.dim });
  }
}
