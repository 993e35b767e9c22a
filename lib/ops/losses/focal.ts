import { checkRange, checkSameShape } from '../../check.js';
import { scoped } from '../../scope.js';
import type { Tensor } from '../../tensor.js';
import { add, mul, pow, sub } from '../binary.js';
import { exp, neg, sigmoid } from '../unary.js';
import { bceWithLogits } from './binary.js';
import { crossEntropy } from './classes.js';
import { checkPair, numberOf, reduce, reductionOf } from './common.js';
import type { LossOptions } from './common.js';

// Cross-entropies in which what is known well already counts little (Lin et al., 2017).

export interface SigmoidFocalOptions extends LossOptions {
  /** Weight of the positive targets in [0, 1], 1 - alpha that of the others; null for none. Default 0.25. */
  alpha?: number | null;
  /** Power with which what is known well fades. Default 2. */
  gamma?: number;
}

/**
 * Focal loss of logits: -a (1 - p)^gamma log p, where p is the probability that σ(input) gives the target, and a is alpha for
 * a target of 1 and 1 - alpha for 0. Lin et al., 2017. Same shapes, floating. torchvision's sigmoid_focal_loss, whose default
 * is no reduction.
 *
 * @throws ShapeError if the shapes differ.
 * @example
 * import { F, tensor } from 'lanegrad';
 * F.sigmoidFocalLoss(tensor([0.0]), tensor([1.0])).item().toFixed(4); // => '0.0433'
 */
export function sigmoidFocalLoss(input: Tensor, target: Tensor, options: SigmoidFocalOptions = {}): Tensor {
  const op = 'sigmoidFocalLoss';
  checkPair(op, input, target);
  checkSameShape(op, input, 'input', target, 'target');
  const reduction = reductionOf(op, options);
  const gamma = numberOf(op, 'gamma', options.gamma, 2);
  const { alpha = 0.25 } = options;
  if (alpha !== null) checkRange(op, 'alpha', alpha, 0, 1);
  return scoped(() => {
    // t u + (1 - t) v = v + t (u - v)
    const between = (u: Tensor | number, v: Tensor | number): Tensor =>
      add(mul(target, typeof u === 'number' ? u - (v as number) : sub(u, v)), v);
    const p = sigmoid(input);
    const wrong = between(sub(1, p), p);
    const losses = mul(bceWithLogits(input, target, { reduction: 'none' }), pow(wrong, gamma));
    return reduce(alpha === null ? losses : mul(losses, between(alpha, 1 - alpha)), reduction);
  });
}

export interface FocalOptions extends LossOptions {
  /** Power with which what is known well fades. Default 2. */
  gamma?: number;
  /** A weight per class, [C]. */
  weight?: Tensor | null;
}

/**
 * Focal loss of logits of classes: -weight[target] (1 - p)^gamma log p with p = softmax(input)[target]. Lin et al., 2017.
 * input: [N, C], [N, C, d...] or [C]; target: int64 [N], [N, d...] or []. The mean is over all targets. Not in PyTorch.
 *
 * @throws ShapeError if target does not fit input.
 * @throws IndexError for a class outside [0, C).
 * @example
 * import { F, tensor } from 'lanegrad';
 * F.focalLoss(tensor([[2.5, 2.5]]), tensor([0])).item().toFixed(4); // => '0.1733'
 */
export function focalLoss(input: Tensor, target: Tensor, options: FocalOptions = {}): Tensor {
  const op = 'focalLoss';
  checkPair(op, input, target);
  const reduction = reductionOf(op, options);
  const gamma = numberOf(op, 'gamma', options.gamma, 2);
  const { weight = null } = options;
  return scoped(() => {
    const losses = crossEntropy(input, target, { reduction: 'none' });
    const known = exp(neg(losses));
    const weighted = weight ? crossEntropy(input, target, { weight, reduction: 'none' }) : losses;
    return reduce(mul(weighted, pow(sub(1, known), gamma)), reduction);
  });
}
