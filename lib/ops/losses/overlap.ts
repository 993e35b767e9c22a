import { checkSameShape, wrapDims } from '../../check.js';
import { scoped } from '../../scope.js';
import type { Tensor } from '../../tensor.js';
import { add, div, mul, sub } from '../binary.js';
import { sum } from '../reduction.js';
import { checkPair, numberOf, reduce, reductionOf } from './common.js';
import type { LossOptions } from './common.js';

// Losses of the overlap of two soft sets, as masks in segmentation.

export interface DiceOptions extends LossOptions {
  /** Added to both sides of the fraction, so that two empty sets overlap. Default 1e-7. */
  smooth?: number;
  /** The dims of one set. Default: all but the first; all of a tensor of one dim. */
  dim?: number | readonly number[] | null;
}

interface Overlap {
  /** Σ input target */
  readonly both: Tensor;
  /** Σ input */
  readonly claimed: Tensor;
  /** Σ target */
  readonly wanted: Tensor;
}

/** The sizes of the sets, which are the dims `dim`. */
function overlapOf(op: string, input: Tensor, target: Tensor, options: DiceOptions): Overlap {
  const { dim } = options;
  const all = input.shape.map((_, d) => d);
  const dims = dim == null ? (all.length > 1 ? all.slice(1) : all) : wrapDims(op, dim, input.ndim);
  const total = (x: Tensor): Tensor => (dims.length === 0 ? x : sum(x, { dim: dims }));
  return { both: total(mul(input, target)), claimed: total(input), wanted: total(target) };
}

/**
 * 1 - (2 Σ x t + smooth) / (Σ x + Σ t + smooth): what two soft sets have not in common (Milletari, Navab and Ahmadi, 2016).
 * input: [N, ...], probabilities; target: the same shape, 0 or 1 or between; gives [N] before the reduction, or what `dim`
 * leaves. Not in PyTorch.
 *
 * @throws ShapeError if the shapes differ.
 * @throws IndexError for a dim out of range.
 * @example
 * import { F, tensor } from 'lanegrad';
 * F.diceLoss(tensor([[1, 0.5]]), tensor([[1.0, 0]])).item().toFixed(4); // => '0.2000'
 */
export function diceLoss(input: Tensor, target: Tensor, options: DiceOptions = {}): Tensor {
  const op = 'diceLoss';
  checkPair(op, input, target);
  checkSameShape(op, input, 'input', target, 'target');
  const reduction = reductionOf(op, options);
  const smooth = numberOf(op, 'smooth', options.smooth, 1e-7);
  return scoped(() => {
    const { both, claimed, wanted } = overlapOf(op, input, target, options);
    const overlap = div(add(mul(both, 2), smooth), add(add(claimed, wanted), smooth));
    return reduce(sub(1, overlap), reduction);
  });
}

export interface TverskyOptions extends DiceOptions {
  /** Weight of what input has and target has not. Default 0.5. */
  alpha?: number;
  /** Weight of what target has and input has not. Default 0.5. */
  beta?: number;
}

/**
 * 1 - (Σ x t + smooth) / (Σ x t + alpha Σ x (1 - t) + beta Σ (1 - x) t + smooth): {@link diceLoss} with a weight for each kind
 * of mistake (Salehi, Erdogmus and Gholipour, 2017). input: [N, ...], probabilities; target: the same shape; gives [N] before
 * the reduction, or what `dim` leaves. Not in PyTorch.
 *
 * @throws ShapeError if the shapes differ.
 * @throws IndexError for a dim out of range.
 * @example
 * import { F, tensor } from 'lanegrad';
 * F.tverskyLoss(tensor([[1, 0.5]]), tensor([[1.0, 0]]), { alpha: 1, beta: 0 }).item().toFixed(4); // => '0.3333'
 */
export function tverskyLoss(input: Tensor, target: Tensor, options: TverskyOptions = {}): Tensor {
  const op = 'tverskyLoss';
  checkPair(op, input, target);
  checkSameShape(op, input, 'input', target, 'target');
  const reduction = reductionOf(op, options);
  const smooth = numberOf(op, 'smooth', options.smooth, 1e-7);
  const alpha = numberOf(op, 'alpha', options.alpha, 0.5);
  const beta = numberOf(op, 'beta', options.beta, 0.5);
  return scoped(() => {
    const { both, claimed, wanted } = overlapOf(op, input, target, options);
    const mistakes = add(mul(sub(claimed, both), alpha), mul(sub(wanted, both), beta));
    const overlap = div(add(both, smooth), add(add(both, mistakes), smooth));
    return reduce(sub(1, overlap), reduction);
  });
}
