import { runComposite } from '../ops/composite.js';
import { atLeast, betas, flag } from './option.js';
import { Optimizer } from './optimizer.js';
import type { Params } from './optimizer.js';
import type { Rule } from './rule.js';

export interface LionOptions {
  /** Learning rate. Default 1e-4. */
  lr?: number;
  /** Weight of the mean in the step, and its decay, each in [0, 1). Default [0.9, 0.99]. */
  betas?: readonly [number, number];
  /** Decay apart from the gradient. Default 0. */
  weightDecay?: number;
  /** Step along the gradient, not against it. Default false. */
  maximize?: boolean;
}

const rule: Rule<LionOptions> = {
  options: {
    lr: atLeast(1e-4),
    betas: betas(0.9, 0.99),
    weightDecay: atLeast(0),
    maximize: flag(false),
  },
  states: { expAvg: {} },
  rows: [],
  run: (inputs, { maximize }) => void runComposite('lionStep', inputs, { maximize }),
};

/**
 * Lion (Chen et al., 2023), steps of one size along signs; PyTorch has no such optimizer:
 *
 * param *= 1 - lr weightDecay; param -= lr sign(beta1 m + (1 - beta1) g); then m = beta2 m + (1 - beta2) g.
 *
 * It wants a learning rate 3 to 10 times smaller than Adam and a decay as much larger. The state of a parameter is `expAvg`.
 *
 * @throws ValueError for options out of range or unknown, no parameters, or one given twice.
 * @throws DTypeError for parameters that are not floating tensors.
 * @example
 * import { optim, tensor } from 'lanegrad';
 * const w = tensor([1, -2], { dtype: 'float32', requiresGrad: true });
 * const optimizer = new optim.Lion([w], { lr: 0.5 });
 * w.square().sum().backward();
 * optimizer.step();
 * Array.from(w.data, (value) => value.toFixed(4)); // => ['0.5000', '-1.5000']
 */
export class Lion extends Optimizer<LionOptions> {
  constructor(params: Params<LionOptions>, options: LionOptions = {}) {
    super('Lion', rule, params, options);
  }
}
