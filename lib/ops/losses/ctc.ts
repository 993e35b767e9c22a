import { clampMin } from '../clamp.js';
import { backend } from '../../backend/current.js';
import { checkInt, checkInts, checkTensor, shapeText } from '../../check.js';
import { isFloat } from '../../dtype.js';
import { DTypeError, ShapeError, ValueError } from '../../errors.js';
import { Handle } from '../../backend/backend.js';
import { scoped } from '../../scope.js';
import type { Tensor } from '../../tensor.js';
import { add, div, ge, gt, lt, ne, sub, where } from '../binary.js';
import { detach, to } from '../convert.js';
import { full, zeros } from '../creation.js';
import { arange } from '../ranges.js';
import { tensor } from '../from-data.js';
import { gather } from '../indexing.js';
import { cat, stack } from '../join.js';
import { amax, mean, sum } from '../reduction.js';
import { exp, log } from '../unary.js';
import { expand, narrow, reshape, select, squeeze, unsqueeze } from '../view.js';
import { flagOf, reductionOf } from './common.js';
import type { LossOptions } from './common.js';

export interface CtcLossOptions extends LossOptions {
  /** Class of the blank. Default 0. */
  blank?: number;
  /** Whether the loss of an impossible alignment is 0, without gradient, and not Infinity. Default false. */
  zeroInfinity?: boolean;
}

/** The logarithm of 0: small enough that e^x is 0, finite so that no difference of two is NaN. */
const logZero = -1e30;

interface Problem {
  /** [T, N, C] */
  readonly logProbs: Tensor;
  /** [N, S], the blank behind the end of each. */
  readonly labels: Tensor;
  readonly inputLengths: readonly number[];
  readonly targetLengths: readonly number[];
}

/** log Σ e^x along the last dim of equal tensors stacked there; flows no gradient through the shift. */
function logAdd(terms: readonly Tensor[]): Tensor {
  const all = stack(terms, -1);
  const shift = amax(detach(all), { dim: -1, keepdim: true });
  return add(log(sum(exp(sub(all, shift)), { dim: -1 })), squeeze(shift, -1));
}

/** x moved `by` places to the right along dim 1, log 0 at the left. */
function shifted(x: Tensor, by: number): Tensor {
  const [rows, states] = x.shape as [number, number];
  const empty = full([rows, Math.min(by, states)], logZero, { dtype: x.dtype });
  return states <= by ? empty : cat([empty, narrow(x, 1, 0, states - by)], 1);
}

/** The forward recursion of Graves et al. over states blank, label, blank, ..., all samples at once; gives -log p, [N]. */
function negativeLogLikelihood(
  { logProbs, labels, inputLengths, targetLengths }: Problem,
  blank: number,
): Tensor {
  const [steps, samples] = logProbs.shape as [number, number, number];
  const width = labels.shape[1]!;
  const blanks = full([samples, width + 1], blank, { dtype: 'int64' });
  const pairs = reshape(stack([narrow(blanks, 1, 0, width), labels], 2), [samples, 2 * width]);
  const states = cat([pairs, narrow(blanks, 1, width, 1)], 1);
  const count = 2 * width + 1;
  const before = cat(
    [
      full([samples, Math.min(2, count)], blank, { dtype: 'int64' }),
      narrow(states, 1, 0, Math.max(0, count - 2)),
    ],
    1,
  );
  // A label may follow the label before it at once if the two differ.
  const skips = ne(states, before);
  const emitted = clampMin(
    gather(logProbs, 2, expand(unsqueeze(states, 0), [steps, samples, count])),
    logZero,
  );
  const lengths = tensor([...inputLengths], { dtype: 'int64' });
  let alpha = where(lt(arange(count), 1), 0, full([samples, count], logZero, { dtype: logProbs.dtype }));
  for (let t = 0; t < steps; t++) {
    const ways =
      t === 0
        ? logAdd([alpha, shifted(alpha, 1)])
        : logAdd([alpha, shifted(alpha, 1), where(skips, shifted(alpha, 2), logZero)]);
    const next = add(ways, select(emitted, 0, t));
    alpha = where(unsqueeze(gt(lengths, t), 1), next, alpha);
  }
  const last = tensor([...targetLengths], { dtype: 'int64' }).mul(2);
  const endBlank = squeeze(gather(alpha, 1, unsqueeze(last, 1)), 1);
  const previous = clampMin(sub(last, 1), 0);
  const endLabel = where(gt(last, 0), squeeze(gather(alpha, 1, unsqueeze(previous, 1)), 1), logZero);
  return sub(0, logAdd([endBlank, endLabel]));
}

/**
 * Zero, with the gradient of Σ e^logProbs over the time steps that count. With it the gradient of the loss is that of the
 * logits in front of log softmax, which PyTorch gives for logProbs.
 */
function softmaxPart({ logProbs, inputLengths }: Problem): Tensor {
  const steps = unsqueeze(arange(logProbs.shape[0]!), 1);
  const counts = lt(steps, tensor([...inputLengths], { dtype: 'int64' }));
  const masses = where(counts, sum(exp(logProbs), { dim: 2 }), 0);
  return sum(sub(masses, detach(masses)), { dim: 0 });
}

function lengthsOf(op: string, name: string, value: Tensor | readonly number[] | number): readonly number[] {
  if (typeof value === 'number') {
    checkInt(op, name, value);
    return [value];
  }
  if (!Handle.is(value)) {
    checkInts(op, name, value);
    return value;
  }
  if (isFloat(value.dtype) || value.dtype === 'bool') {
    throw new DTypeError(`[${op}] ${name} is ${value.dtype}, wanted integers`);
  }
  return Array.from(backend.read(value), Number);
}

function checkLengths(
  op: string,
  name: string,
  values: readonly number[],
  count: number,
  most: number,
): void {
  if (values.length !== count) {
    throw new ShapeError(`[${op}] ${name}: got ${values.length}, wanted one for each of ${count} samples`);
  }
  for (const value of values) {
    if (value < 0 || value > most) {
      throw new ValueError(`[${op}] ${name}: got ${value}, wanted lengths in [0, ${most}]`);
    }
  }
}

/** Targets as [N, S], the blank behind the end of each. */
function paddedLabels(op: string, targets: Tensor, lengths: readonly number[], blank: number): Tensor {
  const samples = lengths.length;
  const places = to(targets, 'int64');
  const ends = unsqueeze(tensor([...lengths], { dtype: 'int64' }), 1);
  if (targets.ndim === 2) {
    checkLengths(op, 'targetLengths', lengths, targets.shape[0]!, targets.shape[1]!);
    return where(lt(arange(targets.shape[1]!), ends), places, blank);
  }
  const total = lengths.reduce((n, length) => n + length, 0);
  if (targets.ndim !== 1 || total !== targets.shape[0]) {
    throw new ShapeError(
      `[${op}] targets is ${shapeText(targets.shape)}, wanted [N, S], or [${total}] by the sum of targetLengths`,
    );
  }
  const width = Math.max(0, ...lengths);
  if (total === 0) return zeros([samples, width], { dtype: 'int64' });
  let start = 0;
  const rows = lengths.map((length) => {
    const at = arange(width).add(start);
    start += length;
    return where(lt(arange(width), length), gather(places, 0, where(lt(at, total), at, 0)), blank);
  });
  return stack(rows, 0);
}

/**
 * Connectionist temporal classification: -log of the probability that a sequence of log probabilities, blanks and
 * repetitions dropped, reads as the targets. Graves et al., 2006. logProbs: [T, N, C] or [T, C], of log softmax, floating;
 * targets: integers [N, S], or all of them behind one another; inputLengths, targetLengths: [N], or numbers. The mean
 * divides each loss by the length of its target first. Gives [N] or [] without a reduction. The gradient of logProbs is, as
 * in PyTorch, that of the logits in front of the log softmax.
 *
 * @throws ShapeError if the shapes do not fit.
 * @throws ValueError for lengths out of range, or a blank or target that is no class.
 * @example
 * import { F, tensor } from 'lanegrad';
 * const logProbs = tensor([[[0.5, 0.5]], [[0.5, 0.5]]]).log();
 * F.ctcLoss(logProbs, tensor([[1]]), [2], [1]).item().toFixed(4); // => '0.2877'
 */
export function ctcLoss(
  logProbs: Tensor,
  targets: Tensor,
  inputLengths: Tensor | readonly number[] | number,
  targetLengths: Tensor | readonly number[] | number,
  options: CtcLossOptions = {},
): Tensor {
  const op = 'ctcLoss';
  checkTensor(op, 'logProbs', logProbs);
  checkTensor(op, 'targets', targets);
  const reduction = reductionOf(op, options);
  const { blank = 0 } = options;
  checkInt(op, 'blank', blank);
  const zeroInfinity = flagOf(op, 'zeroInfinity', options.zeroInfinity, false);
  if (!isFloat(logProbs.dtype)) throw new DTypeError(`[${op}] logProbs is ${logProbs.dtype}, wanted a float`);
  if (isFloat(targets.dtype) || targets.dtype === 'bool') {
    throw new DTypeError(`[${op}] targets is ${targets.dtype}, wanted integers`);
  }
  const single = logProbs.ndim === 2;
  if (!single && logProbs.ndim !== 3) {
    throw new ShapeError(`[${op}] logProbs is ${shapeText(logProbs.shape)}, wanted [T, N, C] or [T, C]`);
  }
  const classes = logProbs.shape.at(-1)!;
  if (blank < 0 || blank >= classes)
    throw new ValueError(`[${op}] blank: got ${blank} for ${classes} classes`);
  const inputs = lengthsOf(op, 'inputLengths', inputLengths);
  const ends = lengthsOf(op, 'targetLengths', targetLengths);
  return scoped(() => {
    const wide = single ? unsqueeze(logProbs, 1) : logProbs;
    const [steps, samples] = wide.shape as [number, number, number];
    checkLengths(op, 'inputLengths', inputs, samples, steps);
    checkLengths(op, 'targetLengths', ends, samples, Infinity);
    const labels = paddedLabels(op, targets, ends, blank);
    const problem = { logProbs: wide, labels, inputLengths: inputs, targetLengths: ends };
    const raw = add(negativeLogLikelihood(problem, blank), softmaxPart(problem));
    const losses = where(ge(raw, -logZero / 2), zeroInfinity ? 0 : Infinity, raw);
    if (reduction === 'sum') return sum(losses);
    if (reduction === 'none') return single ? select(losses, 0, 0) : losses;
    const divisors = clampMin(tensor([...ends], { dtype: logProbs.dtype }), 1);
    return mean(div(losses, divisors));
  });
}
