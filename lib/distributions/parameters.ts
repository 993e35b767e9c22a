import { Handle } from '../backend/backend.js';
import { checkFlag, checkOptions, describe } from '../check.js';
import { isFloat, machineEpsilon, promoteTypes } from '../dtype.js';
import type { FloatDType } from '../dtype.js';
import { DTypeError, ValueError } from '../errors.js';
import { commonShape } from '../ops/broadcast.js';
import { to } from '../ops/convert.js';
import { full } from '../ops/creation.js';
import { expand } from '../ops/view.js';
import type { Tensor } from '../tensor.js';
import type { DistributionOptions } from './distribution.js';

// From what a constructor is given to tensors of one shape and dtype.

/** The least normal numbers. */
const least: Readonly<Record<FloatDType, number>> = {
  float16: 2 ** -14,
  bfloat16: 2 ** -126,
  float32: 2 ** -126,
  float64: 2 ** -1022,
};

/** The dtype of a tensor of parameters, which is always floating. */
export function floatOf(x: Tensor): FloatDType {
  return isFloat(x.dtype) ? x.dtype : 'float32';
}

export const epsilonOf = (x: Tensor): number => machineEpsilon[floatOf(x)];

export const leastOf = (x: Tensor): number => least[floatOf(x)];

/**
 * Parameters broadcast to one shape and promoted to one floating dtype: that of the tensors among them, else float32.
 * Gradients flow through.
 */
export function broadcastParameters(
  op: string,
  given: Readonly<Record<string, Tensor | number>>,
): readonly Tensor[] {
  let dtype: FloatDType | undefined;
  const shapes: (readonly number[])[] = [];
  for (const [name, value] of Object.entries(given)) {
    if (Handle.is(value)) {
      shapes.push(value.shape);
      const own = floatOf(value);
      const promoted = dtype === undefined ? own : promoteTypes(dtype, own);
      if (isFloat(promoted)) dtype = promoted;
    } else if (typeof value !== 'number') {
      throw new DTypeError(`[${op}] ${name}: got ${describe(value)}, wanted a tensor or a number`);
    }
  }
  const shape = commonShape(op, shapes);
  return Object.values(given).map((value) => {
    if (typeof value === 'number') return full(shape, value, { dtype: dtype ?? 'float32' });
    return expand(to(value, dtype ?? 'float32'), shape);
  });
}

/** Values as a tensor: a number takes the dtype of the parameters. */
export function valueTensor(op: string, value: Tensor | number, like: Tensor): Tensor {
  if (Handle.is(value)) return value;
  if (typeof value === 'number') return full([], value, { dtype: floatOf(like) });
  throw new DTypeError(`[${op}] value: got ${describe(value)}, wanted a tensor or a number`);
}

/** Options of a distribution whose only one is `validateArgs`, or that has `more` of them. */
export function checkDistributionOptions(
  op: string,
  options: DistributionOptions,
  more: readonly string[] = [],
): void {
  checkOptions(op, options, [...more, 'validateArgs']);
  checkFlag(op, 'validateArgs', options.validateArgs);
}

/** Probabilities of success, or their logits: one of the two must be given. */
export interface ProbabilityOptions extends DistributionOptions {
  /** The probabilities of success. Default: the sigmoid of `logits`. */
  readonly probs?: Tensor | number;
  /** The logarithms of the odds of success. Default: those of `probs`. */
  readonly logits?: Tensor | number;
}

/** Which of the two was given, as a floating tensor. */
export function readProbabilities(
  op: string,
  options: ProbabilityOptions,
): { readonly name: 'probs' | 'logits'; readonly tensor: Tensor } {
  checkDistributionOptions(op, options, ['probs', 'logits']);
  const { probs, logits } = options;
  if ((probs === undefined) === (logits === undefined)) {
    const got = probs === undefined ? 'neither' : 'both';
    throw new ValueError(`[${op}] options: got ${got} of probs and logits, wanted one of them`);
  }
  const name = probs === undefined ? 'logits' : 'probs';
  const [tensor] = broadcastParameters(op, { [name]: (probs ?? logits)! });
  return { name, tensor: tensor! };
}

/** Probabilities away from 0 and 1 by epsilon, so that their logarithms are finite. */
export function clampedProbs(probs: Tensor): Tensor {
  const eps = epsilonOf(probs);
  return probs.clamp({ min: eps, max: 1 - eps });
}
