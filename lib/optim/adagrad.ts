import { runComposite } from '../ops/composite.js';
import { atLeast, flag } from './option.js';
import { Optimizer } from './optimizer.js';
import type { Params } from './optimizer.js';
import type { Rule } from './rule.js';

export interface AdagradOptions {
  /** Learning rate. Default 1e-2. */
  lr?: number;
  /** How the learning rate falls with the steps. Default 0. */
  lrDecay?: number;
  /** L2 penalty. Default 0. */
  weightDecay?: number;
  /** What the sum of squares starts at. Default 0. */
  initialAccumulatorValue?: number;
  /** Added to the denominator. Default 1e-10. */
  eps?: number;
  /** Step along the gradient, not against it. Default false. */
  maximize?: boolean;
}

const rule: Rule<AdagradOptions> = {
  options: {
    lr: atLeast(1e-2),
    lrDecay: atLeast(0),
    weightDecay: atLeast(0),
    initialAccumulatorValue: atLeast(0),
    eps: atLeast(1e-10),
    maximize: flag(false),
  },
  states: { sum: {} },
  rows: ['step'],
  run: (inputs, { maximize }) => void runComposite('adagradStep', inputs, { maximize }),
};

/**
 * Adagrad (Duchi, Hazan and Singer, 2011), as PyTorch has it:
 *
 * g = grad + weightDecay param; sum += g²; param -= lr / (1 + (t - 1) lrDecay) g / (sqrt(sum) + eps).
 *
 * The state of a parameter is `step`, `sum`.
 *
 * @throws ValueError for options out of range or unknown, no parameters, or one given twice.
 * @throws DTypeError for parameters that are not floating tensors.
 * @example
 * import { optim, tensor } from 'lanegrad';
 * const w = tensor([1, -2], { dtype: 'float32', requiresGrad: true });
 * const optimizer = new optim.Adagrad([w], { lr: 0.5 });
 * w.square().sum().backward();
 * optimizer.step();
 * Array.from(w.data, (value) => value.toFixed(4)); // => ['0.5000', '-1.5000']
 */
export class Adagrad extends Optimizer<AdagradOptions> {
  constructor(params: Params<AdagradOptions>, options: AdagradOptions = {}) {
    super('Adagrad', rule, params, options);
  }
}
