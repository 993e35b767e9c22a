import { runComposite } from '../ops/composite.js';
import { atLeast, betas, flag } from './option.js';
import { Optimizer } from './optimizer.js';
import type { Params } from './optimizer.js';
import type { Rule } from './rule.js';

export interface NAdamOptions {
  /** Learning rate. Default 2e-3. */
  lr?: number;
  /** Decay of the running means of gradient and squared gradient, each in [0, 1). Default [0.9, 0.999]. */
  betas?: readonly [number, number];
  /** Added to the denominator. Default 1e-8. */
  eps?: number;
  /** L2 penalty, or decay apart from the gradient with `decoupledWeightDecay`. Default 0. */
  weightDecay?: number;
  /** How slowly the momentum reaches its height. Default 0.004. */
  momentumDecay?: number;
  /** Decay as {@link AdamW} does. Default false. */
  decoupledWeightDecay?: boolean;
  /** Step along the gradient, not against it. Default false. */
  maximize?: boolean;
}

const rule: Rule<NAdamOptions> = {
  options: {
    lr: atLeast(2e-3),
    betas: betas(),
    eps: atLeast(1e-8),
    weightDecay: atLeast(0),
    momentumDecay: atLeast(4e-3),
    decoupledWeightDecay: flag(false),
    maximize: flag(false),
  },
  states: { expAvg: {}, expAvgSq: {} },
  rows: ['step', 'muProduct'],
  run: (inputs, { maximize, decoupledWeightDecay: decoupled }) =>
    void runComposite('nadamStep', inputs, { decoupled, maximize }),
};

/**
 * NAdam (Dozat, 2016), Adam with Nesterov's momentum, as PyTorch has it:
 *
 * mu_t = beta1 (1 - 0.96^(t momentumDecay) / 2); m and v as in {@link Adam};
 * param -= lr ((1 - mu_t) / (1 - Π mu) g + mu_{t+1} / (1 - mu_{t+1} Π mu) m) / (sqrt(v / (1 - beta2ᵗ)) + eps).
 *
 * The state of a parameter is `step`, `muProduct`, `expAvg`, `expAvgSq`.
 *
 * @throws ValueError for options out of range or unknown, no parameters, or one given twice.
 * @throws DTypeError for parameters that are not floating tensors.
 * @example
 * import { optim, tensor } from 'lanegrad';
 * const w = tensor([1, -2], { dtype: 'float32', requiresGrad: true });
 * const optimizer = new optim.NAdam([w], { lr: 0.5 });
 * w.square().sum().backward();
 * optimizer.step();
 * Array.from(w.data, (value) => value.toFixed(4)); // => ['0.4718', '-1.4718']
 */
export class NAdam extends Optimizer<NAdamOptions> {
  constructor(params: Params<NAdamOptions>, options: NAdamOptions = {}) {
    super('NAdam', rule, params, options);
  }
}
