import { autocasting, inFloat32 } from '../../autocast-policy.js';
import { clampMin } from '../clamp.js';
import { checkChoice, checkOperand, checkOptions, shapeText } from '../../check.js';
import { ShapeError } from '../../errors.js';
import { scoped } from '../../scope.js';
import type { Tensor } from '../../tensor.js';
import { add, div, eq, gt, mul, sub, where } from '../binary.js';
import { detach } from '../convert.js';
import { full } from '../creation.js';
import { sum } from '../reduction.js';
import { exp, log, square } from '../unary.js';
import { unsqueeze } from '../view.js';
import { within } from '../within.js';
import { asFloat, checkPair, flagOf, numberOf, reduce, reductionOf } from './common.js';
import type { LossOptions } from './common.js';

// Losses that are the negative logarithm of a density, and the divergence of densities.

export interface KlDivOptions {
  /** 'batchmean' divides the sum by the size of dim 0. Default 'mean'. */
  reduction?: 'none' | 'mean' | 'sum' | 'batchmean';
  /** Whether the target is a logarithm as well. Default false. */
  logTarget?: boolean;
}

/** t log t, and 0 at 0. */
function entropyTerm(t: Tensor): Tensor {
  const zero = eq(t, 0);
  // Finite at 0, so that the gradient there is not NaN.
  const safe = where(zero, 1, t);
  return where(zero, mul(t, 0), mul(safe, log(safe)));
}

/**
 * Kullback-Leibler divergence, element by element: t (log t - input), where input is the logarithm of probabilities. Shapes
 * broadcast, floating.
 *
 * @throws ShapeError if the shapes do not broadcast.
 * @example
 * import { F, tensor } from 'lanegrad';
 * F.klDiv(tensor([[0.0, 0]]), tensor([[0.5, 0.5]]), { reduction: 'batchmean' }).item().toFixed(4); // => '-0.6931'
 */
export function klDiv(input: Tensor, target: Tensor, options: KlDivOptions = {}): Tensor {
  if (autocasting()) return inFloat32(klDiv, input, target, options);
  checkPair('klDiv', input, target);
  checkOptions('klDiv', options);
  const { reduction = 'mean' } = options;
  checkChoice('klDiv', 'reduction', reduction, ['none', 'mean', 'sum', 'batchmean'] as const);
  const logTarget = flagOf('klDiv', 'logTarget', options.logTarget, false);
  return scoped(() => {
    const losses = logTarget
      ? mul(exp(target), sub(target, input))
      : sub(entropyTerm(target), mul(target, input));
    if (reduction !== 'batchmean') return reduce(losses, reduction);
    return div(sum(losses), input.shape[0] ?? 1);
  });
}

export interface PoissonNllOptions extends LossOptions {
  /** Whether input is the logarithm of the rate. Default true. */
  logInput?: boolean;
  /** Whether to add Stirling's approximation of log t! for t > 1. Default false. */
  full?: boolean;
  /** Added to a rate before its logarithm is taken. Default 1e-8. */
  eps?: number;
}

/**
 * Negative log likelihood of counts under a Poisson distribution: e^x - t x, or x - t log(x + eps) without `logInput`.
 * Shapes broadcast.
 *
 * @throws ShapeError if the shapes do not broadcast.
 * @example
 * import { F, tensor } from 'lanegrad';
 * F.poissonNllLoss(tensor([0.0]), tensor([2.0])).item(); // => 1
 */
export function poissonNllLoss(input: Tensor, target: Tensor, options: PoissonNllOptions = {}): Tensor {
  if (autocasting()) return inFloat32(poissonNllLoss, input, target, options);
  const op = 'poissonNllLoss';
  checkPair(op, input, target);
  const reduction = reductionOf(op, options);
  const logInput = flagOf(op, 'logInput', options.logInput, true);
  const whole = flagOf(op, 'full', options.full, false);
  const eps = numberOf(op, 'eps', options.eps, 1e-8);
  return scoped(() => {
    const x = asFloat(input);
    const t = asFloat(target);
    let losses = logInput ? sub(exp(x), mul(t, x)) : sub(x, mul(t, log(add(x, eps))));
    if (whole) {
      const large = gt(t, 1);
      const safe = where(large, t, 1);
      const stirling = add(sub(mul(safe, log(safe)), safe), mul(log(mul(safe, 2 * Math.PI)), 0.5));
      losses = add(losses, where(large, stirling, 0));
    }
    return reduce(losses, reduction);
  });
}

export interface GaussianNllOptions extends LossOptions {
  /** Whether to add log(2 π) / 2. Default false. */
  full?: boolean;
  /** The least variance. Default 1e-6. */
  eps?: number;
}

/** variance in a shape that broadcasts to input: of equal sizes but for one that is 1, or without the last dim. */
function varianceFor(op: string, variance: Tensor, input: Tensor): Tensor {
  const wanted = input.shape;
  const got = variance.shape;
  if (got.length === wanted.length - 1 && got.every((size, i) => size === wanted[i])) {
    return unsqueeze(variance, -1);
  }
  const others = got.filter((size, i) => size !== wanted[i]);
  if (got.length !== wanted.length || others.length > 1 || (others[0] ?? 1) !== 1) {
    throw new ShapeError(
      `[${op}] variance is ${shapeText(got)}, wanted ${shapeText(wanted)} as input, with one size 1, or without the last`,
    );
  }
  return variance;
}

/**
 * Negative log likelihood of normal distributions: (log v + (input - target)² / v) / 2 with v = max(variance, eps), which
 * is constant below eps. input: [...]; target: broadcasts with it; variance: a number, [...], [...] with one size 1, or [...] without the last dim.
 *
 * @throws ShapeError if the shapes do not fit.
 * @throws ValueError for a negative variance.
 * @example
 * import { F, tensor } from 'lanegrad';
 * F.gaussianNllLoss(tensor([1.0]), tensor([3.0]), tensor([1.0])).item(); // => 2
 */
export function gaussianNllLoss(
  input: Tensor,
  target: Tensor,
  variance: Tensor | number,
  options: GaussianNllOptions = {},
): Tensor {
  const op = 'gaussianNllLoss';
  checkPair(op, input, target);
  checkOperand(op, 'variance', variance);
  const reduction = reductionOf(op, options);
  const whole = flagOf(op, 'full', options.full, false);
  const eps = numberOf(op, 'eps', options.eps, 1e-6);
  return scoped(() => {
    const given =
      typeof variance === 'number' ? full(input.shape, variance, { dtype: input.dtype }) : variance;
    const v = within(op, varianceFor(op, given, input), 0, Infinity, true);
    // The gradient goes through the clamp as if it were not there, as in PyTorch.
    const least = add(v, sub(clampMin(detach(v), eps), detach(v)));
    let losses = mul(add(log(least), div(square(sub(input, target)), least)), 0.5);
    if (whole) losses = add(losses, 0.5 * Math.log(2 * Math.PI));
    return reduce(losses, reduction);
  });
}
