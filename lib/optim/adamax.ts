import { runComposite } from '../ops/composite.js';
import { atLeast, betas, flag } from './option.js';
import { Optimizer } from './optimizer.js';
import type { Params } from './optimizer.js';
import type { Rule } from './rule.js';

export interface AdamaxOptions {
  /** Learning rate. Default 2e-3. */
  lr?: number;
  /** Decay of the mean of the gradient and of its largest size, each in [0, 1). Default [0.9, 0.999]. */
  betas?: readonly [number, number];
  /** Added to the denominator. Default 1e-8. */
  eps?: number;
  /** L2 penalty. Default 0. */
  weightDecay?: number;
  /** Step along the gradient, not against it. Default false. */
  maximize?: boolean;
}

const rule: Rule<AdamaxOptions> = {
  options: {
    lr: atLeast(2e-3),
    betas: betas(),
    eps: atLeast(1e-8),
    weightDecay: atLeast(0),
    maximize: flag(false),
  },
  states: { expAvg: {}, expInf: {} },
  rows: ['step'],
  run: (inputs, { maximize }) => void runComposite('adamaxStep', inputs, { maximize }),
};

/**
 * Adamax (Kingma and Ba, 2015), Adam by the largest gradient instead of the mean square, as PyTorch has it:
 *
 * g = grad + weightDecay param; m = beta1 m + (1 - beta1) g; u = max(beta2 u, |g| + eps);
 * param -= lr / (1 - beta1ᵗ) m / u.
 *
 * The state of a parameter is `step`, `expAvg`, `expInf`.
 *
 * @throws ValueError for options out of range or unknown, no parameters, or one given twice.
 * @throws DTypeError for parameters that are not floating tensors.
 * @example
 * import { optim, tensor } from 'lanegrad';
 * const w = tensor([1, -2], { dtype: 'float32', requiresGrad: true });
 * const optimizer = new optim.Adamax([w], { lr: 0.5 });
 * w.square().sum().backward();
 * optimizer.step();
 * Array.from(w.data, (value) => value.toFixed(4)); // => ['0.5000', '-1.5000']
 */
export class Adamax extends Optimizer<AdamaxOptions> {
  constructor(params: Params<AdamaxOptions>, options: AdamaxOptions = {}) {
    super('Adamax', rule, params, options);
  }
}
