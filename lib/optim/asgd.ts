import { runComposite } from '../ops/composite.js';
import { anyNumber, atLeast, flag } from './option.js';
import { Optimizer } from './optimizer.js';
import type { Params } from './optimizer.js';
import type { Rule } from './rule.js';

export interface ASGDOptions {
  /** Learning rate. Default 1e-2. */
  lr?: number;
  /** Decay, also of the learning rate. Default 0.0001. */
  lambd?: number;
  /** Power by which the learning rate falls. Default 0.75. */
  alpha?: number;
  /** The step at which averaging starts. Default 1e6. */
  t0?: number;
  /** L2 penalty. Default 0. */
  weightDecay?: number;
  /** Step along the gradient, not against it. Default false. */
  maximize?: boolean;
}

const rule: Rule<ASGDOptions> = {
  options: {
    lr: atLeast(1e-2),
    lambd: anyNumber(1e-4),
    alpha: anyNumber(0.75),
    t0: anyNumber(1e6),
    weightDecay: atLeast(0),
    maximize: flag(false),
  },
  states: { ax: {} },
  rows: ['step', 'eta', 'mu'],
  run: (inputs, { maximize }) => void runComposite('asgdStep', inputs, { maximize }),
};

/**
 * Averaged stochastic gradient descent (Polyak and Juditsky, 1992), as PyTorch has it:
 *
 * param -= eta (lambd param + g); ax += mu (param - ax); then, for the next step,
 * eta = lr / (1 + lambd lr t)^alpha and mu = 1 / max(1, t - t0).
 *
 * The average `ax` is not used by training: it is read from the state. The state of a parameter is `step`, `eta`, `mu`, `ax`.
 *
 * @throws ValueError for options out of range or unknown, no parameters, or one given twice.
 * @throws DTypeError for parameters that are not floating tensors.
 * @example
 * import { optim, tensor } from 'lanegrad';
 * const w = tensor([1, -2], { dtype: 'float32', requiresGrad: true });
 * const optimizer = new optim.ASGD([w], { lr: 0.25, lambd: 0 });
 * w.square().sum().backward();
 * optimizer.step();
 * Array.from(w.data, (value) => value.toFixed(4)); // => ['0.5000', '-1.0000']
 */
export class ASGD extends Optimizer<ASGDOptions> {
  constructor(params: Params<ASGDOptions>, options: ASGDOptions = {}) {
    super('ASGD', rule, params, options);
  }
}
