import { backend } from '../../backend/current.js';
import { checkInt, checkOptions, checkRange, describe, noAttrs, wrapDim } from '../../check.js';
import { ValueError } from '../../errors.js';
import { noGrad } from '../../grad-mode.js';
import { div, mul } from '../../ops/binary.js';
import { clone } from '../../ops/convert.js';
import { vectorNorm } from '../../ops/linalg/vector-norm.js';
import { dot, mv } from '../../ops/matmul.js';
import { randn } from '../../ops/random.js';
import { normalize } from '../../ops/similarity.js';
import { flatten, permute, t } from '../../ops/view.js';
import { scoped } from '../../scope.js';
import type { Tensor } from '../../tensor.js';
import { ConvolutionTranspose } from '../conv/transpose.js';
import { Module } from '../module.js';
import type { AnyModule } from '../module.js';
import { registerParametrization } from './parametrize.js';

export interface WeightNormOptions {
  /** Which parameter. Default `weight`. */
  name?: string;
  /** The dim along which each slice has a magnitude of its own; null for one magnitude. Default 0. */
  dim?: number | null;
}

/** g v / ‖v‖, with the norm over all dims but one. */
class WeightNorm extends Module<[g: Tensor, v: Tensor]> {
  constructor(private readonly dim: number | null) {
    super();
  }

  forward(g: Tensor, v: Tensor): Tensor {
    return scoped(() => mul(v, div(g, normExcept(v, this.dim))));
  }

  rightInverse(weight: Tensor): readonly Tensor[] {
    return [normExcept(weight, this.dim), weight];
  }
}

function normExcept(v: Tensor, dim: number | null): Tensor {
  if (dim === null) return vectorNorm(v);
  const others = v.shape.flatMap((_, i) => (i === dim ? [] : [i]));
  // Of a vector each element is a slice of its own.
  return others.length === 0 ? v.abs() : vectorNorm(v, { dim: others, keepdim: true });
}

/**
 * Learns the direction v and the magnitude g of a weight apart: weight = g v / ‖v‖, with one norm for each slice along `dim`
 * (Salimans and Kingma, 2016). The weight itself stays what it was. In the state: `parametrizations.weight.original0`, g, of
 * size 1 in all dims but `dim`, and `original1`, v. Returns the module.
 *
 * @throws ValueError if the module has no such parameter.
 * @throws IndexError for a dim out of range.
 * @example
 * import { nn } from 'lanegrad';
 * const layer = nn.utils.parametrizations.weightNorm(new nn.Linear(4, 3));
 * const shapes = Object.entries(layer.stateDict()).map(([name, x]) => [name, x.shape]);
 * shapes[1]; // => ['parametrizations.weight.original0', [3, 1]]
 * shapes[2]; // => ['parametrizations.weight.original1', [3, 4]]
 */
export function weightNorm<M extends AnyModule>(module: M, options: WeightNormOptions = {}): M {
  checkOptions('weightNorm', options, ['name', 'dim']);
  const { name = 'weight', dim = 0 } = options;
  const rank = rankOf('weightNorm', module, name);
  const wrapped = dim === null ? null : wrapDim('weightNorm', dim, rank ?? 1);
  return registerParametrization(module, name, new WeightNorm(wrapped) as Module<Tensor[]>);
}

function rankOf(op: string, module: unknown, name: string): number | undefined {
  if (!(module instanceof Module))
    throw new ValueError(`[${op}] module: got ${describe(module)}, wanted a module`);
  const value: unknown = Reflect.get(module, name);
  return typeof value === 'object' && value !== null && 'ndim' in value ? (value.ndim as number) : undefined;
}

export interface SpectralNormOptions {
  /** Which parameter. Default `weight`. */
  name?: string;
  /** Steps of the power method in each forward of training. Default 1. */
  nPowerIterations?: number;
  /** The least norm to divide by. Default 1e-12. */
  eps?: number;
  /** The dim of the outputs: rows of the matrix whose norm it is. Default 0, of transposed convolutions 1. */
  dim?: number;
}

interface SpectralPlan {
  readonly dim: number;
  readonly steps: number;
  readonly eps: number;
}

/** weight / sigma, with the largest singular value sigma followed by the power method. */
class SpectralNorm extends Module {
  declare readonly u: Tensor;
  declare readonly v: Tensor;
  readonly #plan: SpectralPlan;

  constructor(weight: Tensor, plan: SpectralPlan) {
    super();
    this.#plan = plan;
    if (weight.ndim < 2) return;
    noGrad(() => {
      const matrix = this.#matrix(weight);
      const [rows, columns] = matrix.shape as [number, number];
      const { eps } = plan;
      const start = (size: number): Tensor => normalize(randn([size]).to(weight.dtype), { dim: 0, eps });
      this.registerBuffer('u', start(rows));
      this.registerBuffer('v', start(columns));
      this.#iterate(matrix, 15);
    });
  }

  protected override stateName(field: string): string {
    return field === 'u' || field === 'v' ? `_${field}` : field;
  }

  /** [outputs, all else]. */
  #matrix(weight: Tensor): Tensor {
    const { dim } = this.#plan;
    if (dim === 0) return flatten(weight, 1);
    const others = weight.shape.flatMap((_, i) => (i === dim ? [] : [i]));
    return flatten(permute(weight, [dim, ...others]), 1);
  }

  #iterate(matrix: Tensor, steps: number): void {
    const { eps } = this.#plan;
    noGrad(() =>
      scoped(() => {
        for (let i = 0; i < steps; ++i) {
          const u = normalize(mv(matrix, this.v), { dim: 0, eps });
          backend.runInPlace('copy', [this.u, u], noAttrs);
          const v = normalize(mv(t(matrix), this.u), { dim: 0, eps });
          backend.runInPlace('copy', [this.v, v], noAttrs);
        }
      }),
    );
  }

  forward(weight: Tensor): Tensor {
    if (weight.ndim < 2) return normalize(weight, { dim: 0, eps: this.#plan.eps });
    return scoped(() => {
      const matrix = this.#matrix(weight);
      if (this.training) this.#iterate(matrix, this.#plan.steps);
      // Copies, since the next forward changes them before this one's gradient is computed.
      const [u, v] = [clone(this.u), clone(this.v)];
      return div(weight, dot(u, mv(matrix, v)));
    });
  }

  rightInverse(value: Tensor): Tensor {
    return value;
  }
}

/**
 * Divides a weight by its largest singular value, as a matrix of one row for each output (Miyato et al., 2018), which the power
 * method follows by a step in each forward of training. A vector is divided by its norm. In the state:
 * `parametrizations.weight.original`, `parametrizations.weight.0._u` and `._v`. Returns the module.
 *
 * @throws ValueError if the module has no such parameter, or for fewer than one step.
 * @throws IndexError for a dim out of range.
 * @example
 * import { linalg, nn } from 'lanegrad';
 * const layer = nn.utils.parametrizations.spectralNorm(new nn.Linear(4, 3), { nPowerIterations: 20 });
 * linalg.norm(layer.weight, { ord: 2 }).item(); // => 1.00
 */
export function spectralNorm<M extends AnyModule>(module: M, options: SpectralNormOptions = {}): M {
  checkOptions('spectralNorm', options, ['name', 'nPowerIterations', 'eps', 'dim']);
  const { name = 'weight', nPowerIterations: steps = 1, eps = 1e-12 } = options;
  checkInt('spectralNorm', 'nPowerIterations', steps);
  if (steps < 1) {
    throw new ValueError(`[spectralNorm] nPowerIterations: got ${steps}, wanted an integer of at least 1`);
  }
  checkRange('spectralNorm', 'eps', eps, 0, Infinity);
  const rank = rankOf('spectralNorm', module, name);
  if (rank === undefined) {
    throw new ValueError(`[spectralNorm] ${module.constructor.name} has no parameter "${name}"`);
  }
  const dim = wrapDim('spectralNorm', options.dim ?? (module instanceof ConvolutionTranspose ? 1 : 0), rank);
  const weight: unknown = Reflect.get(module, name);
  return registerParametrization(module, name, new SpectralNorm(weight as Tensor, { dim, steps, eps }));
}
