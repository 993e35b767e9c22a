import { runComposite } from '../ops/composite.js';
import { atLeast, flag } from './option.js';
import { Optimizer } from './optimizer.js';
import type { Params } from './optimizer.js';
import type { Rule } from './rule.js';

export interface RMSpropOptions {
  /** Learning rate. Default 1e-2. */
  lr?: number;
  /** Decay of the running means. Default 0.99. */
  alpha?: number;
  /** Added to the denominator. Default 1e-8. */
  eps?: number;
  /** L2 penalty. Default 0. */
  weightDecay?: number;
  /** Default 0: none. */
  momentum?: number;
  /** Divide by the deviation of the gradient from its mean (Graves, 2013). Default false. */
  centered?: boolean;
  /** Step along the gradient, not against it. Default false. */
  maximize?: boolean;
}

const rule: Rule<RMSpropOptions> = {
  options: {
    lr: atLeast(1e-2),
    alpha: atLeast(0.99),
    eps: atLeast(1e-8),
    weightDecay: atLeast(0),
    momentum: atLeast(0),
    centered: flag(false),
    maximize: flag(false),
  },
  states: {
    squareAvg: {},
    gradAvg: { when: ({ centered }) => centered },
    momentumBuffer: { when: ({ momentum }) => momentum !== 0 },
  },
  rows: ['step'],
  run: (inputs, { centered, maximize }) => void runComposite('rmspropStep', inputs, { centered, maximize }),
};

/**
 * RMSprop (Hinton, 2012), as PyTorch has it, with eps outside of the root:
 *
 * g = grad + weightDecay param; v = alpha v + (1 - alpha) g², with `centered` less the square of the mean of g;
 * u = g / (sqrt(v) + eps); with momentum buffer = u = momentum buffer + u; param -= lr u.
 *
 * The state of a parameter is `step`, `squareAvg`, and `momentumBuffer` and `gradAvg` where they are used.
 *
 * @throws ValueError for options out of range or unknown, no parameters, or one given twice.
 * @throws DTypeError for parameters that are not floating tensors.
 * @example
 * import { optim, tensor } from 'lanegrad';
 * const w = tensor([1, -2], { dtype: 'float32', requiresGrad: true });
 * const optimizer = new optim.RMSprop([w], { lr: 0.1, alpha: 0.75 });
 * w.square().sum().backward();
 * optimizer.step();
 * Array.from(w.data, (value) => value.toFixed(4)); // => ['0.8000', '-1.8000']
 */
export class RMSprop extends Optimizer<RMSpropOptions> {
  constructor(params: Params<RMSpropOptions>, options: RMSpropOptions = {}) {
    super('RMSprop', rule, params, options);
  }
}
