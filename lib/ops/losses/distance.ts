import { autocasting, inFloat32 } from '../../autocast-policy.js';
import { checkSameShape } from '../../check.js';
import { ValueError } from '../../errors.js';
import { scoped } from '../../scope.js';
import type { Tensor } from '../../tensor.js';
import { div, lt, mul, sub, where } from '../binary.js';
import { abs, square } from '../unary.js';
import { checkPair, halfSquare, numberOf, reduce, reductionOf } from './common.js';
import type { LossOptions } from './common.js';

// Losses of the difference of input and target.

function checkAlike(op: string, input: Tensor, target: Tensor): void {
  checkPair(op, input, target);
  checkSameShape(op, input, 'input', target, 'target');
}

/**
 * Squared error: (input - target)². Same shapes. PyTorch's mse_loss; in `F` it is called mseLoss.
 *
 * @throws ShapeError if the shapes differ.
 * @example
 * import { mse, tensor } from 'lanegrad';
 * mse(tensor([1, 2.5]), tensor([1, 0.5])).item(); // => 2
 */
export function mse(input: Tensor, target: Tensor, options: LossOptions = {}): Tensor {
  if (autocasting()) return inFloat32(mse, input, target, options);
  checkAlike('mse', input, target);
  const reduction = reductionOf('mse', options);
  return scoped(() => reduce(square(sub(input, target)), reduction));
}

/**
 * Absolute error: |input - target|. Same shapes. PyTorch's l1_loss; in `F` it is called l1Loss.
 *
 * @throws ShapeError if the shapes differ.
 * @example
 * import { l1, tensor } from 'lanegrad';
 * l1(tensor([1, 2.5]), tensor([1, 0.5])).item(); // => 1
 */
export function l1(input: Tensor, target: Tensor, options: LossOptions = {}): Tensor {
  if (autocasting()) return inFloat32(l1, input, target, options);
  checkAlike('l1', input, target);
  const reduction = reductionOf('l1', options);
  return scoped(() => reduce(abs(sub(input, target)), reduction));
}

export interface SmoothL1Options extends LossOptions {
  /** Where the square ends; 0 gives the absolute error. Default 1. */
  beta?: number;
}

/**
 * d² / (2 beta) where d = |input - target| is below beta, else d - beta / 2. Girshick, 2015. Same shapes, floating.
 *
 * @throws ShapeError if the shapes differ.
 * @throws ValueError for a negative beta.
 * @example
 * import { F, tensor } from 'lanegrad';
 * F.smoothL1Loss(tensor([0.5, 3]), tensor([0, 0]), { reduction: 'none' }).tolist(); // => [0.125, 2.5]
 */
export function smoothL1Loss(input: Tensor, target: Tensor, options: SmoothL1Options = {}): Tensor {
  if (autocasting()) return inFloat32(smoothL1Loss, input, target, options);
  checkAlike('smoothL1Loss', input, target);
  const reduction = reductionOf('smoothL1Loss', options);
  const beta = numberOf('smoothL1Loss', 'beta', options.beta, 1);
  if (!(beta >= 0)) throw new ValueError(`[smoothL1Loss] beta: got ${beta}, wanted at least 0`);
  return scoped(() => {
    const difference = sub(input, target);
    const distance = abs(difference);
    if (beta === 0) return reduce(distance, reduction);
    const near = div(halfSquare(difference), beta);
    return reduce(where(lt(distance, beta), near, sub(distance, 0.5 * beta)), reduction);
  });
}

export interface HuberOptions extends LossOptions {
  /** Where the square ends. Default 1. */
  delta?: number;
}

/**
 * d² / 2 where d = |input - target| is below delta, else delta (d - delta / 2). Huber, 1964. Same shapes, floating.
 *
 * @throws ShapeError if the shapes differ.
 * @throws ValueError unless delta is above 0.
 * @example
 * import { F, tensor } from 'lanegrad';
 * F.huberLoss(tensor([1, 4]), tensor([0, 0]), { reduction: 'none', delta: 2 }).tolist(); // => [0.5, 6]
 */
export function huberLoss(input: Tensor, target: Tensor, options: HuberOptions = {}): Tensor {
  if (autocasting()) return inFloat32(huberLoss, input, target, options);
  checkAlike('huberLoss', input, target);
  const reduction = reductionOf('huberLoss', options);
  const delta = numberOf('huberLoss', 'delta', options.delta, 1);
  if (!(delta > 0)) throw new ValueError(`[huberLoss] delta: got ${delta}, wanted more than 0`);
  return scoped(() => {
    const difference = sub(input, target);
    const distance = abs(difference);
    const far = mul(sub(distance, 0.5 * delta), delta);
    return reduce(where(lt(distance, delta), halfSquare(difference), far), reduction);
  });
}
