import { softplus as softplusOf } from '../activation.js';
import { checkChoice, checkFlag, checkNumber, checkOptions, checkTensor, shapeText } from '../../check.js';
import { isFloat } from '../../dtype.js';
import { ShapeError } from '../../errors.js';
import type { Tensor } from '../../tensor.js';
import { mul } from '../binary.js';
import { to } from '../convert.js';
import { mean, sum } from '../reduction.js';

/** What becomes of the losses of the elements. */
export type Reduction = 'none' | 'mean' | 'sum';

export interface LossOptions {
  /** Default 'mean'. */
  reduction?: Reduction;
}

const reductions = ['none', 'mean', 'sum'] as const;

export function reductionOf(op: string, options: LossOptions): Reduction {
  checkOptions(op, options);
  const { reduction = 'mean' } = options;
  checkChoice(op, 'reduction', reduction, reductions);
  return reduction;
}

export function reduce(losses: Tensor, reduction: Reduction): Tensor {
  if (reduction === 'none') return losses;
  return reduction === 'sum' ? sum(losses) : mean(losses);
}

export function checkPair(op: string, input: Tensor, target: Tensor): void {
  checkTensor(op, 'input', input);
  checkTensor(op, 'target', target);
}

/** A weight, [C], one per class. */
export function checkWeight(op: string, weight: Tensor, classes: number): void {
  checkTensor(op, 'weight', weight);
  if (weight.ndim !== 1 || weight.shape[0] !== classes) {
    throw new ShapeError(`[${op}] weight is ${shapeText(weight.shape)}, wanted [${classes}], one per class`);
  }
}

/** An optional number. */
export function numberOf(op: string, name: string, value: number | undefined, otherwise: number): number {
  if (value === undefined) return otherwise;
  checkNumber(op, name, value);
  return value;
}

/** An optional boolean. */
export function flagOf(op: string, name: string, value: boolean | undefined, otherwise: boolean): boolean {
  return value === undefined ? otherwise : checkFlag(op, name, value);
}

/** Floats as they are; integers and bools as float32. */
export function asFloat(x: Tensor): Tensor {
  return isFloat(x.dtype) ? x : to(x, 'float32');
}

/** log(1 + e^x), of any size of x: the loss functions have no threshold above which it is x. */
export function softplus(x: Tensor): Tensor {
  return softplusOf(asFloat(x), { threshold: Infinity });
}

/** x² / 2 */
export function halfSquare(x: Tensor): Tensor {
  return mul(mul(x, x), 0.5);
}
