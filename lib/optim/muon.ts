import { describe, shapeText } from '../check.js';
import { ShapeError, ValueError } from '../errors.js';
import { runComposite } from '../ops/composite.js';
import { atLeast, flag, integer, numbers } from './option.js';
import type { OptionKind } from './option.js';
import { Optimizer } from './optimizer.js';
import type { Params } from './optimizer.js';
import type { Rule } from './rule.js';

export interface MuonOptions {
  /** Learning rate. Default 0.001. */
  lr?: number;
  /** Decay apart from the gradient. Default 0.1. */
  weightDecay?: number;
  /** Default 0.95. */
  momentum?: number;
  /** Look ahead along the momentum. Default true. */
  nesterov?: boolean;
  /** Of the polynomial a x + b x³ + c x⁵ that drives singular values to 1. Default [3.4445, -4.775, 2.0315]. */
  nsCoefficients?: readonly [number, number, number];
  /** The least norm to divide by. Default 1e-7. */
  eps?: number;
  /** Iterations, below 100. Default 5. */
  nsSteps?: number;
  /**
   * How the learning rate goes with the shape [A, B]: 'original' by sqrt(max(1, A / B)), which null means too, or
   * 'match_rms_adamw' by 0.2 sqrt(max(A, B)). Default null.
   */
  adjustLrFn?: 'original' | 'match_rms_adamw' | null;
}

const adjustment: OptionKind<'original' | 'match_rms_adamw' | null> = {
  initial: null,
  check(op, name, value) {
    if (value !== null && value !== 'original' && value !== 'match_rms_adamw')
      throw new ValueError(
        `[${op}] ${name}: got ${describe(value)}, wanted 'original', 'match_rms_adamw' or null`,
      );
  },
};

const rule: Rule<MuonOptions> = {
  options: {
    lr: atLeast(1e-3),
    weightDecay: atLeast(0.1),
    momentum: atLeast(0.95),
    nesterov: flag(true),
    nsCoefficients: numbers([3.4445, -4.775, 2.0315] as const, 'three numbers', () => true),
    eps: atLeast(1e-7),
    nsSteps: integer(5, 0, 99),
    adjustLrFn: adjustment,
  },
  checkParam(op, param, i) {
    if (param.shape.length !== 2)
      throw new ShapeError(`[${op}] params[${i}]: got shape ${shapeText(param.shape)}, wanted a matrix`);
  },
  states: { momentumBuffer: {} },
  rows: [],
  run: (inputs, { nesterov, nsSteps: iterations, adjustLrFn }) =>
    void runComposite('muonStep', inputs, {
      nesterov,
      iterations,
      matchAdam: adjustLrFn === 'match_rms_adamw',
    }),
};

/**
 * Muon (Jordan et al., 2024) as PyTorch has it, for the weight matrices of hidden layers; leave embeddings, biases and the
 * last layer to AdamW.
 *
 * buffer += (1 - momentum) (g - buffer); d = buffer, with `nesterov` g + momentum (buffer - g);
 * param *= 1 - lr weightDecay; param -= lr ratio orthogonal(d), which makes the singular values of d nearly 1 by a
 * Newton-Schulz iteration. PyTorch iterates in bfloat16, this in float32.
 *
 * The state of a parameter is `momentumBuffer`.
 *
 * @param params Matrices.
 * @throws ValueError for options out of range or unknown, no parameters, or one given twice.
 * @throws DTypeError for parameters that are not floating tensors.
 * @throws ShapeError for parameters that are no matrices.
 * @example
 * import { optim, tensor } from 'lanegrad';
 * const w = tensor(
 *   [
 *     [1, 0],
 *     [0, 2],
 *   ],
 *   { dtype: 'float32', requiresGrad: true },
 * );
 * const optimizer = new optim.Muon([w], { lr: 0.5, weightDecay: 0, nsCoefficients: [1.5, -0.5, 0], nsSteps: 30 });
 * w.square().sum().backward();
 * optimizer.step();
 * Array.from(w.data, (value) => value.toFixed(3)); // => ['0.500', '0.000', '0.000', '1.500']
 */
export class Muon extends Optimizer<MuonOptions> {
  constructor(params: Params<MuonOptions>, options: MuonOptions = {}) {
    super('Muon', rule, params, options);
  }
}
