import { asGiven } from '../autocast-policy.js';
import type { OpInput } from '../backend/backend.js';
import { backend } from '../backend/current.js';
import { describe, shapeText } from '../check.js';
import { ShapeError, ValueError } from '../errors.js';
import { narrow } from '../ops/view.js';
import { scoped } from '../scope.js';
import type { Tensor } from '../tensor.js';
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
  run(inputs, options) {
    const [params, buffers, steps] = inputs as [readonly Tensor[], readonly Tensor[], Tensor];
    for (const [i, param] of params.entries()) {
      scoped(() => {
        const grad = backend.getGrad(param);
        if (!grad) return;
        narrow(steps, 0, i, 1).add_(1);
        update(param, grad, buffers[i]!, inputs.slice(3), options);
      });
    }
  },
};

/** The numbers stay tensors, so that a recorded step sees what they are then. */
function update(
  param: Tensor,
  grad: Tensor,
  buffer: Tensor,
  numbers: readonly OpInput<Tensor>[],
  { nesterov, nsSteps, adjustLrFn }: Required<MuonOptions>,
): void {
  const [lr, weightDecay, momentum, a, b, c, eps] = numbers as readonly Tensor[] as [
    Tensor,
    Tensor,
    Tensor,
    ...Coefficients,
    Tensor,
  ];
  buffer.add_(grad.sub(buffer).mul(momentum.neg().add(1)));
  const along = nesterov ? grad.add(buffer.sub(grad).mul(momentum)) : buffer;
  const direction = asGiven(orthogonal, along, [a, b, c], eps, nsSteps);
  const [rows, columns] = param.shape as [number, number];
  const ratio =
    adjustLrFn === 'match_rms_adamw'
      ? 0.2 * Math.sqrt(Math.max(rows, columns))
      : Math.sqrt(Math.max(1, rows / columns));
  param.mul_(lr.mul(weightDecay).neg().add(1)).sub_(direction.mul(lr.mul(ratio)));
}

type Coefficients = [Tensor, Tensor, Tensor];

/** Nearly the orthogonal factor of a matrix: x = a x + (b g + c g g) x with g = x xᵀ, on the shorter side. */
function orthogonal(matrix: Tensor, [a, b, c]: Coefficients, eps: Tensor, steps: number): Tensor {
  const narrowed = matrix.dtype === 'float16' || matrix.dtype === 'bfloat16' ? matrix.float() : matrix;
  const tall = matrix.shape[0]! > matrix.shape[1]!;
  let x = tall ? narrowed.t() : narrowed;
  x = x.div(x.norm().maximum(eps.to(x.dtype)));
  for (let i = 0; i < steps; ++i) {
    const gram = x.matmul(x.t());
    const factor = gram.mul(b).add_(gram.matmul(gram).mul_(c));
    x = factor.matmul(x).add_(x.mul(a));
  }
  return tall ? x.t() : x;
}

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
