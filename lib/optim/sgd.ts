import { ValueError } from '../errors.js';
import { runComposite } from '../ops/composite.js';
import { anyNumber, atLeast, flag } from './option.js';
import { Optimizer } from './optimizer.js';
import type { Params } from './optimizer.js';
import type { Rule } from './rule.js';

export interface SGDOptions {
  /** Learning rate. Default 0.001. */
  lr?: number;
  /** Default 0: none. */
  momentum?: number;
  /** What part of a gradient is kept out of the momentum. Default 0. */
  dampening?: number;
  /** L2 penalty. Default 0. */
  weightDecay?: number;
  /** Look ahead along the momentum; needs a momentum and no dampening. Default false. */
  nesterov?: boolean;
  /** Step along the gradient, not against it. Default false. */
  maximize?: boolean;
}

const rule: Rule<SGDOptions> = {
  options: {
    lr: atLeast(1e-3),
    momentum: atLeast(0),
    dampening: anyNumber(0),
    weightDecay: atLeast(0),
    nesterov: flag(false),
    maximize: flag(false),
  },
  check(op, { nesterov, momentum, dampening }) {
    if (nesterov && (momentum === 0 || dampening !== 0)) {
      throw new ValueError(
        `[${op}] nesterov: got momentum ${momentum} and dampening ${dampening}, ` +
          'wanted a momentum above 0 and a dampening of 0',
      );
    }
  },
  states: { momentumBuffer: { when: ({ momentum }) => momentum !== 0 } },
  rows: [],
  run: (inputs, { nesterov, maximize }) => void runComposite('sgdStep', inputs, { nesterov, maximize }),
};

/**
 * Stochastic gradient descent, with momentum as PyTorch has it:
 *
 * d = grad + weightDecay param; buffer = momentum buffer + (1 - dampening) d, at first d;
 * param -= lr buffer, with `nesterov` lr (d + momentum buffer).
 *
 * The state of a parameter is `momentumBuffer`, where momentum is used.
 *
 * @throws ValueError for options out of range or unknown, no parameters, or one given twice.
 * @throws DTypeError for parameters that are not floating tensors.
 * @example
 * import { optim, tensor } from 'lanegrad';
 * const w = tensor([1, 2], { dtype: 'float32', requiresGrad: true });
 * const optimizer = new optim.SGD([w], { lr: 0.25, momentum: 0.5 });
 * for (let i = 0; i < 2; i++) {
 *   optimizer.zeroGrad();
 *   w.sum().backward();
 *   optimizer.step();
 * }
 * w.tolist(); // => [0.375, 1.375]
 */
export class SGD extends Optimizer<SGDOptions> {
  constructor(params: Params<SGDOptions>, options: SGDOptions = {}) {
    super('SGD', rule, params, options);
  }
}
