import { backend } from '../backend/current.js';
import { checkRange, describe } from '../check.js';
import { machineEpsilon, type FloatDType } from '../dtype.js';
import { ValueError } from '../errors.js';
import { runComposite } from '../ops/composite.js';
import { scoped } from '../scope.js';
import type { Tensor } from '../tensor.js';
import { atLeast, between, flag } from './option.js';
import type { OptionKind } from './option.js';
import { Optimizer } from './optimizer.js';
import type { Params } from './optimizer.js';
import type { Rule } from './rule.js';

export interface AdafactorOptions {
  /** The largest learning rate. Default 0.01. */
  lr?: number;
  /** Power of the step by which the running means become slower, at most 0. Default -0.8. */
  beta2Decay?: number;
  /** The least variance (as a root), null for the dtype's epsilon, and the least size of a parameter. Default [null, 1e-3]. */
  eps?: readonly [number | null, number];
  /** An update whose root mean square is larger is scaled down to it. Default 1. */
  d?: number;
  /** Decay apart from the gradient. Default 0. */
  weightDecay?: number;
  /** Step along the gradient, not against it. Default false. */
  maximize?: boolean;
}

const epsilons: OptionKind<readonly [number | null, number]> = {
  initial: [null, 1e-3],
  check(op, name, value) {
    const given: unknown = value;
    if (!Array.isArray(given) || given.length !== 2)
      throw new ValueError(`[${op}] ${name}: got ${describe(value)}, wanted [number or null, number]`);
    if (given[0] !== null) checkRange(op, `${name}[0]`, given[0], 0, Infinity);
    checkRange(op, `${name}[1]`, given[1], 0, Infinity);
  },
};

const isFactored = (shape: readonly number[]): boolean => shape.length > 1;

/** A shape with one of its dims, counted from the end, of size 1. */
const flattened = (shape: readonly number[], fromEnd: number): readonly number[] | null =>
  isFactored(shape) ? shape.map((size, i) => (i === shape.length - fromEnd ? 1 : size)) : null;

const rule: Rule<AdafactorOptions> = {
  options: {
    lr: atLeast(1e-2),
    beta2Decay: between(-0.8, -Infinity, 0),
    eps: epsilons,
    d: atLeast(1, 1),
    weightDecay: atLeast(0),
    maximize: flag(false),
  },
  states: {
    rowVar: { shape: (param) => flattened(param, 1) },
    colVar: { shape: (param) => flattened(param, 2) },
    variance: { shape: (param) => (isFactored(param) ? null : param) },
  },
  rows: ['step'],
  run(inputs, { eps: [least, leastSize], maximize }) {
    const params = inputs[0] as readonly Tensor[];
    scoped(() => {
      // The constructor takes floating parameters only.
      const values = params.map((param) => least ?? machineEpsilon[param.dtype as FloatDType]);
      const eps = backend.create('float64', [values.length], Float64Array.from(values));
      runComposite('adafactorStep', [...inputs.slice(0, 5), eps, ...inputs.slice(5)], {
        leastSize,
        maximize,
      });
    });
  },
};

/**
 * Adafactor (Shazeer and Stern, 2018) as PyTorch has it: the second moments of a matrix are known by those of its rows and
 * columns alone, and steps go with the size of the parameter.
 *
 * w = t^beta2Decay; of a matrix (and of each of the last two dims beyond) r += w (mean of g² over columns - r),
 * c += w (mean of g² over rows - c), v = r c / mean(r); of a vector v += w (g² - v);
 * u = g / sqrt(max(v, eps0²)); param *= 1 - lr weightDecay;
 * param -= max(eps1, rms(param)) min(lr, 1 / sqrt(t)) u / max(1, rms(u) / d).
 *
 * The state of a parameter is `step`, and `rowVar` and `colVar` or `variance`.
 *
 * @throws ValueError for options out of range or unknown, no parameters, or one given twice.
 * @throws DTypeError for parameters that are not floating tensors.
 * @example
 * import { optim, tensor } from 'lanegrad';
 * const w = tensor([1, -2], { dtype: 'float32', requiresGrad: true });
 * const optimizer = new optim.Adafactor([w], { lr: 0.5 });
 * w.square().sum().backward();
 * optimizer.step();
 * Array.from(w.data, (value) => value.toFixed(4)); // => ['0.2094', '-1.2094']
 */
export class Adafactor extends Optimizer<AdafactorOptions> {
  constructor(params: Params<AdafactorOptions>, options: AdafactorOptions = {}) {
    super('Adafactor', rule, params, options);
  }
}
