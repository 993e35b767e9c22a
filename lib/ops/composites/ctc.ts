import type { OpInput } from '../../backend/backend.js';
import { backend } from '../../backend/current.js';
import type { OpAttrs } from '../../backend/op-schema.gen.js';
import { shapeText } from '../../check.js';
import { IndexError, ShapeError, ValueError } from '../../errors.js';
import type { Tensor } from '../../tensor.js';
import { add, div, ge, gt, lt, mul, ne, sub, where } from '../binary.js';
import { clampMin } from '../clamp.js';
import { detach, to } from '../convert.js';
import { full, zeros } from '../creation.js';
import { gather } from '../indexing.js';
import { cat, stack } from '../join.js';
import { arange } from '../ranges.js';
import { amax, mean, sum } from '../reduction.js';
import { exp, log, sqrt } from '../unary.js';
import { expand, narrow, reshape, select, squeeze, unsqueeze } from '../view.js';

const integers = (values: readonly number[]): Tensor =>
  backend.create('int64', [values.length], BigInt64Array.from(values, BigInt));

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
  const lengths = integers(inputLengths);
  let alpha = where(lt(arange(count), 1), 0, full([samples, count], logZero, { dtype: logProbs.dtype }));
  for (let t = 0; t < steps; t++) {
    const ways =
      t === 0
        ? logAdd([alpha, shifted(alpha, 1)])
        : logAdd([alpha, shifted(alpha, 1), where(skips, shifted(alpha, 2), logZero)]);
    const next = add(ways, select(emitted, 0, t));
    alpha = where(unsqueeze(gt(lengths, t), 1), next, alpha);
  }
  const last = mul(integers(targetLengths), 2);
  const endBlank = squeeze(gather(alpha, 1, unsqueeze(last, 1)), 1);
  const previous = clampMin(sub(last, 1), 0);
  const endLabel = where(gt(last, 0), squeeze(gather(alpha, 1, unsqueeze(previous, 1)), 1), logZero);
  return sub(0, logAdd([endBlank, endLabel]));
}

/**
 * Σ e^logProbs over the time steps that count. With its gradient that of the loss is the gradient of the logits in front of
 * log softmax, which PyTorch gives for logProbs.
 */
function softmaxMasses({ logProbs, inputLengths }: Problem): Tensor {
  const steps = unsqueeze(arange(logProbs.shape[0]!), 1);
  const counts = lt(steps, integers(inputLengths));
  return sum(where(counts, sum(exp(logProbs), { dim: 2 }), 0), { dim: 0 });
}

function checkLengths(name: string, values: readonly number[], count: number, most: number): void {
  if (values.length !== count) {
    throw new ShapeError(`[ctcLoss] ${name}: got ${values.length}, wanted one for each of ${count} samples`);
  }
  for (const value of values) {
    if (!Number.isInteger(value) || value < 0 || value > most) {
      throw new ValueError(`[ctcLoss] ${name}: got ${value}, wanted lengths in [0, ${most}]`);
    }
  }
}

/** Targets as [N, S], the blank behind the end of each. */
function paddedLabels(targets: Tensor, lengths: readonly number[], blank: number): Tensor {
  const samples = lengths.length;
  const places = to(targets, 'int64');
  const ends = unsqueeze(integers(lengths), 1);
  if (targets.ndim === 2) {
    checkLengths('targetLengths', lengths, targets.shape[0]!, targets.shape[1]!);
    return where(lt(arange(targets.shape[1]!), ends), places, blank);
  }
  const total = lengths.reduce((n, length) => n + length, 0);
  if (targets.ndim !== 1 || total !== targets.shape[0]) {
    throw new ShapeError(
      `[ctcLoss] targets is ${shapeText(targets.shape)}, wanted [N, S], or [${total}] by the sum of targetLengths`,
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

/** Labels are classes: those that count, for what stands behind the end of a target was replaced. */
function checkLabels(labels: Tensor, classes: number): void {
  for (const label of backend.read(labels)) {
    if (label < 0 || label >= classes) {
      throw new IndexError(`[ctcLoss] target ${label} is out of range: there are ${classes} classes`);
    }
  }
}

/** Infinity for what is impossible; its gradient is NaN, as in PyTorch, by the slope of a square root at 0. */
function infinity(masses: Tensor, hopeless: Tensor): Tensor {
  return add(sqrt(where(hopeless, mul(masses, 0), 1)), Infinity);
}

/** Graves et al., 2006. logProbs: [T, N, C], targets: [N, S] or those of all samples behind one another, lengths: [N]. */
export function ctcLoss(inputs: readonly OpInput<Tensor>[], attrs: OpAttrs['ctcLoss']): Tensor[] {
  const [logProbs, targets, inputSizes, targetSizes] = inputs as [Tensor, Tensor, Tensor, Tensor];
  const [steps, samples, classes] = logProbs.shape as [number, number, number];
  const inputLengths = Array.from(backend.read(inputSizes), Number);
  const targetLengths = Array.from(backend.read(targetSizes), Number);
  checkLengths('inputLengths', inputLengths, samples, steps);
  checkLengths('targetLengths', targetLengths, samples, Infinity);
  const labels = paddedLabels(targets, targetLengths, attrs.blank);
  checkLabels(labels, classes);
  const problem = { logProbs, labels, inputLengths, targetLengths };
  const masses = softmaxMasses(problem);
  const raw = add(negativeLogLikelihood(problem, attrs.blank), sub(masses, detach(masses)));
  const hopeless = ge(raw, -logZero / 2);
  const losses = where(hopeless, attrs.zeroInfinity ? 0 : infinity(masses, hopeless), raw);
  if (attrs.reduction === 'sum') return [sum(losses)];
  if (attrs.reduction === 'none') return [losses];
  const divisors = clampMin(to(integers(targetLengths), logProbs.dtype), 1);
  return [mean(div(losses, divisors))];
}
