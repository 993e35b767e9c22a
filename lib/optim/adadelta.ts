import { runComposite } from '../ops/composite.js';
import { atLeast, between, flag } from './option.js';
import { Optimizer } from './optimizer.js';
import type { Params } from './optimizer.js';
import type { Rule } from './rule.js';

export interface AdadeltaOptions {
  /** Learning rate. Default 1. */
  lr?: number;
  /** Decay of the running means, in [0, 1]. Default 0.9. */
  rho?: number;
  /** Added to the denominator. Default 1e-6. */
  eps?: number;
  /** L2 penalty. Default 0. */
  weightDecay?: number;
  /** Step along the gradient, not against it. Default false. */
  maximize?: boolean;
}

const rule: Rule<AdadeltaOptions> = {
  options: {
    lr: atLeast(1),
    rho: between(0.9, 0, 1),
    eps: atLeast(1e-6),
    weightDecay: atLeast(0),
    maximize: flag(false),
  },
  states: { squareAvg: {}, accDelta: {} },
  rows: ['step'],
  run: (inputs, { maximize }) => void runComposite('adadeltaStep', inputs, { maximize }),
};

/**
 * Adadelta (Zeiler, 2012), as PyTorch has it:
 *
 * g = grad + weightDecay param; v = rho v + (1 - rho) g²; delta = sqrt(d + eps) / sqrt(v + eps) g;
 * d = rho d + (1 - rho) delta²; param -= lr delta.
 *
 * The state of a parameter is `step`, `squareAvg`, `accDelta`.
 *
 * @throws ValueError for options out of range or unknown, no parameters, or one given twice.
 * @throws DTypeError for parameters that are not floating tensors.
 * @example
 * import { optim, tensor } from 'lanegrad';
 * const w = tensor([1, -2], { dtype: 'float32', requiresGrad: true });
 * const optimizer = new optim.Adadelta([w], { eps: 0.25 });
 * w.square().sum().backward();
 * optimizer.step();
 * Array.from(w.data, (value) => value.toFixed(4)); // => ['-0.2403', '-0.5296']
 */
export class Adadelta extends Optimizer<AdadeltaOptions> {
  constructor(params: Params<AdadeltaOptions>, options: AdadeltaOptions = {}) {
    super('Adadelta', rule, params, options);
  }
}
