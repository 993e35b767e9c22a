import { runComposite } from '../ops/composite.js';
import { atLeast, betas, flag } from './option.js';
import { Optimizer } from './optimizer.js';
import type { Params } from './optimizer.js';
import type { Rule } from './rule.js';

export interface LambOptions {
  /** Learning rate. Default 1e-3. */
  lr?: number;
  /** Decay of the running means of gradient and squared gradient, each in [0, 1). Default [0.9, 0.999]. */
  betas?: readonly [number, number];
  /** Added to the denominator. Default 1e-6. */
  eps?: number;
  /** Of the parameter in the direction of the step. Default 0. */
  weightDecay?: number;
  /** Step along the gradient, not against it. Default false. */
  maximize?: boolean;
}

const rule: Rule<LambOptions> = {
  options: {
    lr: atLeast(1e-3),
    betas: betas(),
    eps: atLeast(1e-6),
    weightDecay: atLeast(0),
    maximize: flag(false),
  },
  states: { expAvg: {}, expAvgSq: {} },
  rows: ['step'],
  run: (inputs, { maximize }) => void runComposite('lambStep', inputs, { maximize }),
};

/**
 * LAMB (You et al., 2020), Adam for large batches: the step of each parameter is as long as the parameter, times the
 * learning rate. PyTorch has no such optimizer; this is what optax computes.
 *
 * m and v as in {@link Adam}; u = m / (1 - beta1ᵗ) / (sqrt(v / (1 - beta2ᵗ)) + eps) + weightDecay param;
 * param -= lr |param| / |u| u, with norms of the whole parameter, and a ratio of 1 where one of them is 0.
 *
 * The state of a parameter is `step`, `expAvg`, `expAvgSq`.
 *
 * @throws ValueError for options out of range or unknown, no parameters, or one given twice.
 * @throws DTypeError for parameters that are not floating tensors.
 * @example
 * import { optim, tensor } from 'lanegrad';
 * const w = tensor([3, -4], { dtype: 'float32', requiresGrad: true });
 * const optimizer = new optim.Lamb([w], { lr: 0.1 });
 * w.square().sum().backward();
 * optimizer.step();
 * Array.from(w.data, (value) => value.toFixed(4)); // => ['2.6464', '-3.6464']
 */
export class Lamb extends Optimizer<LambOptions> {
  constructor(params: Params<LambOptions>, options: LambOptions = {}) {
    super('Lamb', rule, params, options);
  }
}
