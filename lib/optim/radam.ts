import { runComposite } from '../ops/composite.js';
import { atLeast, betas, flag } from './option.js';
import { Optimizer } from './optimizer.js';
import type { Params } from './optimizer.js';
import type { Rule } from './rule.js';

export interface RAdamOptions {
  /** Learning rate. Default 1e-3. */
  lr?: number;
  /** Decay of the running means of gradient and squared gradient, each in [0, 1). Default [0.9, 0.999]. */
  betas?: readonly [number, number];
  /** Added to the denominator. Default 1e-8. */
  eps?: number;
  /** L2 penalty, or decay apart from the gradient with `decoupledWeightDecay`. Default 0. */
  weightDecay?: number;
  /** Decay as {@link AdamW} does. Default false. */
  decoupledWeightDecay?: boolean;
  /** Step along the gradient, not against it. Default false. */
  maximize?: boolean;
}

const rule: Rule<RAdamOptions> = {
  options: {
    lr: atLeast(1e-3),
    betas: betas(),
    eps: atLeast(1e-8),
    weightDecay: atLeast(0),
    decoupledWeightDecay: flag(false),
    maximize: flag(false),
  },
  states: { expAvg: {}, expAvgSq: {} },
  rows: ['step'],
  run: (inputs, { maximize, decoupledWeightDecay: decoupled }) =>
    void runComposite('radamStep', inputs, { decoupled, maximize }),
};

/**
 * RAdam (Liu et al., 2020), Adam whose first steps have no variance to go by, as PyTorch has it:
 *
 * rho = 2 / (1 - beta2) - 1; rho_t = rho - 2 t beta2ᵗ / (1 - beta2ᵗ); m and v as in {@link Adam};
 * where rho_t > 5: param -= lr r m / (1 - beta1ᵗ) sqrt(1 - beta2ᵗ) / (sqrt(v) + eps),
 * r = sqrt((rho_t - 4) (rho_t - 2) rho / ((rho - 4) (rho - 2) rho_t)); else param -= lr m / (1 - beta1ᵗ).
 *
 * The state of a parameter is `step`, `expAvg`, `expAvgSq`.
 *
 * @throws ValueError for options out of range or unknown, no parameters, or one given twice.
 * @throws DTypeError for parameters that are not floating tensors.
 * @example
 * import { optim, tensor } from 'lanegrad';
 * const w = tensor([1, -2], { dtype: 'float32', requiresGrad: true });
 * const optimizer = new optim.RAdam([w], { lr: 0.25 });
 * w.square().sum().backward();
 * optimizer.step();
 * Array.from(w.data, (value) => value.toFixed(4)); // => ['0.5000', '-1.0000']
 */
export class RAdam extends Optimizer<RAdamOptions> {
  constructor(params: Params<RAdamOptions>, options: RAdamOptions = {}) {
    super('RAdam', rule, params, options);
  }
}
