import { autocasting, inFloat32 } from '../../autocast-policy.js';
import { backend } from '../../backend/current.js';
import { checkInt, checkInts, checkTensor, shapeText } from '../../check.js';
import { isFloat } from '../../dtype.js';
import { DTypeError, ShapeError, ValueError } from '../../errors.js';
import { Handle } from '../../backend/backend.js';
import { scoped } from '../../scope.js';
import type { Tensor } from '../../tensor.js';
import { runComposite1 } from '../composite.js';
import { to } from '../convert.js';
import { reshape, select, unsqueeze } from '../view.js';
import { flagOf, reductionOf } from './common.js';
import type { LossOptions } from './common.js';

export interface CtcLossOptions extends LossOptions {
  /** Class of the blank. Default 0. */
  blank?: number;
  /** Whether the loss of an impossible alignment is 0, without gradient, and not Infinity. Default false. */
  zeroInfinity?: boolean;
}

type Lengths = Tensor | readonly number[] | number;

/** One length for each sample, as int64 [N]. Their values are checked by the op. */
function lengthsOf(name: string, value: Lengths, samples: number): Tensor {
  const op = 'ctcLoss';
  if (!Handle.is(value)) {
    const values = typeof value === 'number' ? [value] : value;
    if (typeof value === 'number') checkInt(op, name, value);
    else checkInts(op, name, values);
    if (values.length !== samples) {
      throw new ShapeError(
        `[${op}] ${name}: got ${values.length}, wanted one for each of ${samples} samples`,
      );
    }
    return backend.create('int64', [samples], BigInt64Array.from(values, BigInt));
  }
  if (isFloat(value.dtype) || value.dtype === 'bool') {
    throw new DTypeError(`[${op}] ${name} is ${value.dtype}, wanted integers`);
  }
  if (value.numel() !== samples || value.ndim > 1) {
    throw new ShapeError(
      `[${op}] ${name} is ${shapeText(value.shape)}, wanted one for each of ${samples} samples`,
    );
  }
  return to(value.ndim === 0 ? reshape(value, [1]) : value, 'int64');
}

/**
 * Connectionist temporal classification: -log of the probability that a sequence of log probabilities, blanks and
 * repetitions dropped, reads as the targets. Graves et al., 2006. logProbs: [T, N, C] or [T, C], of log softmax, floating;
 * targets: integers [N, S], or all of them behind one another; inputLengths, targetLengths: [N], or numbers. The mean
 * divides each loss by the length of its target first. Gives [N] or [] without a reduction. The gradient of logProbs is, as
 * in PyTorch, that of the logits in front of the log softmax; unlike there it has a gradient itself.
 *
 * @throws ShapeError if the shapes do not fit.
 * @throws ValueError for lengths out of range, or a blank that is no class.
 * @throws IndexError for a target that is no class.
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
  if (autocasting()) return inFloat32(ctcLoss, logProbs, targets, inputLengths, targetLengths, options);
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
  return scoped(() => {
    const wide = single ? unsqueeze(logProbs, 1) : logProbs;
    const samples = wide.shape[1]!;
    const labels = targets.dtype === 'int64' || targets.dtype === 'int32' ? targets : to(targets, 'int64');
    const operands = [
      wide,
      labels,
      lengthsOf('inputLengths', inputLengths, samples),
      lengthsOf('targetLengths', targetLengths, samples),
    ];
    const losses = runComposite1('ctcLoss', operands, { blank, reduction, zeroInfinity });
    return single && reduction === 'none' ? select(losses, 0, 0) : losses;
  });
}
