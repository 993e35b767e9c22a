import { runComposite } from '../ops/composite.js';
import { atLeast, flag, numbers } from './option.js';
import { Optimizer } from './optimizer.js';
import type { Params } from './optimizer.js';
import type { Rule } from './rule.js';

export interface RpropOptions {
  /** The size of the first step. Default 0.01. */
  lr?: number;
  /** Factors of a step's size after a change of sign and without one. Default [0.5, 1.2]. */
  etas?: readonly [number, number];
  /** The least and the largest size. Default [1e-6, 50]. */
  stepSizes?: readonly [number, number];
  /** Step along the gradient, not against it. Default false. */
  maximize?: boolean;
}

const rule: Rule<RpropOptions> = {
  options: {
    lr: atLeast(1e-2),
    etas: numbers(
      [0.5, 1.2] as const,
      'a number in (0, 1) and one above 1',
      (a, b) => a > 0 && a < 1 && b > 1,
    ),
    stepSizes: numbers(
      [1e-6, 50] as const,
      'two numbers of at least 0, the first no larger',
      (a, b) => a >= 0 && a <= b,
    ),
    maximize: flag(false),
  },
  states: { prev: {}, stepSize: {} },
  rows: ['step'],
  run: (inputs, { maximize }) => void runComposite('rpropStep', inputs, { maximize }),
};

/**
 * Rprop (Riedmiller and Braun, 1993), by the signs of the gradients alone, as PyTorch has it. For the whole data at once:
 *
 * each element has a step size, which is multiplied by etas[1] where its gradient kept the sign and by etas[0] where it
 * changed; there the element stays for once. param -= size sign(g).
 *
 * The state of a parameter is `step`, `prev`, `stepSize`.
 *
 * @throws ValueError for options out of range or unknown, no parameters, or one given twice.
 * @throws DTypeError for parameters that are not floating tensors.
 * @example
 * import { optim, tensor } from 'lanegrad';
 * const w = tensor([1, -2], { dtype: 'float32', requiresGrad: true });
 * const optimizer = new optim.Rprop([w], { lr: 0.5 });
 * w.square().sum().backward();
 * optimizer.step();
 * Array.from(w.data, (value) => value.toFixed(4)); // => ['0.5000', '-1.5000']
 */
export class Rprop extends Optimizer<RpropOptions> {
  constructor(params: Params<RpropOptions>, options: RpropOptions = {}) {
    super('Rprop', rule, params, options);
  }
}
