import { runComposite } from '../ops/composite.js';
import { atLeast, betas, flag } from './option.js';
import { Optimizer } from './optimizer.js';
import type { Params } from './optimizer.js';
import type { Rule } from './rule.js';

export interface AdamWOptions {
  /** Learning rate. Default 0.001. */
  lr?: number;
  /** Decay of the running means of gradient and squared gradient, each in [0, 1). Default [0.9, 0.999]. */
  betas?: readonly [number, number];
  /** Added to the denominator. Default 1e-8. */
  eps?: number;
  /** Adam: L2 penalty, default 0. AdamW: decay apart from the gradient, default 0.01. */
  weightDecay?: number;
  /** Divide by the largest second moment so far (Reddi, Kale and Kumar, 2018). Default false. */
  amsgrad?: boolean;
  /** Step along the gradient, not against it. Default false. */
  maximize?: boolean;
}

export interface AdamOptions extends AdamWOptions {
  /** Decay as {@link AdamW} does. Default false. */
  decoupledWeightDecay?: boolean;
}

const states: Rule<AdamWOptions>['states'] = {
  expAvg: {},
  expAvgSq: {},
  maxExpAvgSq: { when: ({ amsgrad }) => amsgrad },
};

const options: Rule<AdamWOptions>['options'] = {
  lr: atLeast(1e-3),
  betas: betas(),
  eps: atLeast(1e-8),
  weightDecay: atLeast(0),
  amsgrad: flag(false),
  maximize: flag(false),
};

const adamRule: Rule<AdamOptions> = {
  options: { ...options, decoupledWeightDecay: flag(false) },
  states,
  rows: ['step'],
  run: (inputs, { amsgrad, maximize, decoupledWeightDecay: decoupled }) =>
    void runComposite('adamStep', inputs, { decoupled, amsgrad, maximize }),
};

const adamWRule: Rule<AdamWOptions> = {
  options: { ...options, weightDecay: atLeast(1e-2) },
  states,
  rows: ['step'],
  run: (inputs, { amsgrad, maximize }) =>
    void runComposite('adamStep', inputs, { decoupled: true, amsgrad, maximize }),
};

/**
 * Adam (Kingma and Ba, 2015), as PyTorch has it:
 *
 * g = grad + weightDecay param; m = beta1 m + (1 - beta1) g; v = beta2 v + (1 - beta2) g²;
 * param -= lr / (1 - beta1ᵗ) m / (sqrt(v) / sqrt(1 - beta2ᵗ) + eps), where t counts the steps of the parameter.
 *
 * The state of a parameter is `step`, `expAvg`, `expAvgSq` and, with `amsgrad`, `maxExpAvgSq`.
 *
 * @throws ValueError for options out of range or unknown, no parameters, or one given twice.
 * @throws DTypeError for parameters that are not floating tensors.
 * @example
 * import { optim, tensor } from 'lanegrad';
 * const w = tensor([1, -2], { dtype: 'float32', requiresGrad: true });
 * const optimizer = new optim.Adam([w], { lr: 0.5, eps: 0 });
 * w.square().sum().backward();
 * optimizer.step();
 * Array.from(w.data, (value) => value.toFixed(4)); // => ['0.5000', '-1.5000']
 */
export class Adam extends Optimizer<AdamOptions> {
  constructor(params: Params<AdamOptions>, options: AdamOptions = {}) {
    super('Adam', adamRule, params, options);
  }
}

/**
 * AdamW (Loshchilov and Hutter, 2019): {@link Adam} with weight decay apart from the gradient:
 * param *= 1 - lr weightDecay, then Adam's step on the plain gradient. `weightDecay` is 0.01 by default.
 *
 * @throws ValueError for options out of range or unknown, no parameters, or one given twice.
 * @throws DTypeError for parameters that are not floating tensors.
 * @example
 * import { optim, tensor } from 'lanegrad';
 * const w = tensor([1, -2], { dtype: 'float32', requiresGrad: true });
 * const optimizer = new optim.AdamW([w], { lr: 0.5, eps: 0, weightDecay: 1 });
 * w.square().sum().backward();
 * optimizer.step();
 * Array.from(w.data, (value) => value.toFixed(4)); // => ['0.0000', '-0.5000']
 */
export class AdamW extends Optimizer<AdamWOptions> {
  constructor(params: Params<AdamWOptions>, options: AdamWOptions = {}) {
    super('AdamW', adamWRule, params, options);
  }
}
