import { autocasting, inFloat32 } from '../../autocast-policy.js';
import { isRecording } from '../../backend/recording.js';
import { clampMin } from '../clamp.js';
import { checkSameShape, checkTensor } from '../../check.js';
import { ValueError } from '../../errors.js';
import { noGrad } from '../../grad-mode.js';
import { scoped } from '../../scope.js';
import type { Tensor } from '../../tensor.js';
import { add, lt, mul, sub, where } from '../binary.js';
import { detach, to } from '../convert.js';
import { mean } from '../reduction.js';
import { aminmax } from '../statistics.js';
import { log, neg } from '../unary.js';
import { checkPair, reduce, reductionOf, softplus } from './common.js';
import type { LossOptions } from './common.js';

// Losses of yes-or-no targets.

export interface BinaryCrossEntropyOptions extends LossOptions {
  /** Multiplies each loss; broadcasts to input. */
  weight?: Tensor | null;
}

const singleOf = (x: Tensor): Tensor => (x.dtype === 'float64' ? x : to(x, 'float32'));

/**
 * log x, at least -100. The slope is at most 1e12, as PyTorch has it: where x is below 1e-12 the logarithm goes on as a line.
 */
function boundedLog(x: Tensor): Tensor {
  const near = lt(x, 1e-12);
  const here = detach(x);
  const line = add(clampMin(log(here), -100), mul(sub(x, here), 1e12));
  return where(near, line, log(where(near, 1, x)));
}

/** Two folds beside the dozen passes of the loss. */
function checkProbabilities(op: string, name: string, x: Tensor): void {
  if (isRecording() || x.numel() === 0) return;
  const [low, high] = noGrad(() =>
    scoped(() => {
      const { min, max } = aminmax(x);
      return [Number(min.item()), Number(max.item())] as const;
    }),
  );
  if (low >= 0 && high <= 1) return;
  const got = Number.isNaN(low) ? 'NaN' : low < 0 ? low : high;
  throw new ValueError(
    `[${op}] ${name}: got ${got}, wanted probabilities in [0, 1]: apply sigmoid, or use binaryCrossEntropyWithLogits on the logits`,
  );
}

/**
 * Binary cross-entropy of probabilities: -(t log x + (1 - t) log(1 - x)), each logarithm at least -100. Same shapes,
 * floating, input in [0, 1].
 *
 * @throws ShapeError if the shapes differ.
 * @throws ValueError for an input outside of [0, 1] or NaN; within {@link compile}, where no value is read, the loss is NaN then.
 * @example
 * import { F, tensor } from 'lanegrad';
 * F.binaryCrossEntropy(tensor([0.5, 0.25]), tensor([1, 0]), { reduction: 'none' }).tolist(); // => [0.6931, 0.2877]
 */
export function binaryCrossEntropy(
  input: Tensor,
  target: Tensor,
  options: BinaryCrossEntropyOptions = {},
): Tensor {
  if (autocasting()) return inFloat32(binaryCrossEntropy, input, target, options);
  checkPair('binaryCrossEntropy', input, target);
  checkSameShape('binaryCrossEntropy', input, 'input', target, 'target');
  const reduction = reductionOf('binaryCrossEntropy', options);
  const { weight = null } = options;
  if (weight !== null) checkTensor('binaryCrossEntropy', 'weight', weight);
  checkProbabilities('binaryCrossEntropy', 'input', input);
  return scoped(() => {
    // 1e-12 is 0 in 16 bits: those compute in float32.
    const x = singleOf(input);
    const t = singleOf(target);
    const losses = sub(mul(sub(t, 1), boundedLog(sub(1, x))), mul(t, boundedLog(x)));
    return to(reduce(weight ? mul(losses, weight) : losses, reduction), input.dtype);
  });
}

export interface BceWithLogitsOptions extends BinaryCrossEntropyOptions {
  /** Multiplies the loss of positive targets; broadcasts to input. */
  posWeight?: Tensor | null;
}

/**
 * Binary cross-entropy of logits: -(p t log σ(x) + (1 - t) log(1 - σ(x))) with p = posWeight, computed as
 * (1 - t) x + (1 + (p - 1) t) log(1 + exp(-x)), which does not overflow. Same shapes. In `F` it is called
 * binaryCrossEntropyWithLogits, as in PyTorch.
 *
 * @throws ShapeError if the shapes differ.
 * @example
 * import { bceWithLogits, tensor } from 'lanegrad';
 * bceWithLogits(tensor([0, 1.5]), tensor([1, 1])).item().toFixed(4); // => '0.4473'
 */
export function bceWithLogits(input: Tensor, target: Tensor, options: BceWithLogitsOptions = {}): Tensor {
  if (autocasting()) return inFloat32(bceWithLogits, input, target, options);
  checkPair('bceWithLogits', input, target);
  checkSameShape('bceWithLogits', input, 'input', target, 'target');
  const reduction = reductionOf('bceWithLogits', options);
  const { weight = null, posWeight = null } = options;
  if (weight !== null) checkTensor('bceWithLogits', 'weight', weight);
  if (posWeight !== null) checkTensor('bceWithLogits', 'posWeight', posWeight);
  return scoped(() => {
    const unsure = softplus(neg(input));
    const scale = posWeight ? add(mul(target, sub(posWeight, 1)), 1) : null;
    const losses = add(mul(input, sub(1, target)), scale ? mul(unsure, scale) : unsure);
    return reduce(weight ? mul(losses, weight) : losses, reduction);
  });
}

/**
 * Binary cross-entropy of logits for several labels at once, the mean over the classes: the mean over c of
 * -(t log σ(x) + (1 - t) log σ(-x)). input and target: [..., C], weight: broadcasts to them; gives [...] before the
 * reduction.
 *
 * @throws ShapeError if the shapes differ.
 * @example
 * import { F, tensor } from 'lanegrad';
 * F.multilabelSoftMarginLoss(tensor([[0, 0.0]]), tensor([[1.0, 0]])).item().toFixed(4); // => '0.6931'
 */
export function multilabelSoftMarginLoss(
  input: Tensor,
  target: Tensor,
  options: BinaryCrossEntropyOptions = {},
): Tensor {
  checkPair('multilabelSoftMarginLoss', input, target);
  checkSameShape('multilabelSoftMarginLoss', input, 'input', target, 'target');
  const reduction = reductionOf('multilabelSoftMarginLoss', options);
  const { weight = null } = options;
  if (weight !== null) checkTensor('multilabelSoftMarginLoss', 'weight', weight);
  return scoped(() => {
    const losses = add(mul(input, sub(1, target)), softplus(neg(input)));
    return reduce(mean(weight ? mul(losses, weight) : losses, { dim: -1 }), reduction);
  });
}
