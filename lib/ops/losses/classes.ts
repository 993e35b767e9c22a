import { autocasting, inFloat32 } from '../../autocast-policy.js';
import { backend } from '../../backend/current.js';
import type { OpAttrs } from '../../backend/op-schema.gen.js';
import { checkInt, checkRange, checkSameShape, checkTensor, noAttrs, shapeText } from '../../check.js';
import { isFloat } from '../../dtype.js';
import { DTypeError, ShapeError, ValueError } from '../../errors.js';
import { scoped } from '../../scope.js';
import type { Tensor } from '../../tensor.js';
import { runComposite, runDefinition } from '../composite.js';
import { to } from '../convert.js';
import { gather, indexSelect } from '../indexing.js';
import { reshape, squeeze, unsqueeze } from '../view.js';
import { checkWeight, reductionOf } from './common.js';
import type { LossOptions, Reduction } from './common.js';

const mul = (a: Tensor, b: Tensor | number) => backend.run1('mul', [a, b], noAttrs);
const sumAll = (x: Tensor) => backend.run1('sum', [x], { dims: [], keepdim: false });

/** The dim of the classes; checks that there is a target for each place. */
function classDim(op: string, input: Tensor, target: Tensor): 0 | 1 {
  const shape = input.shape;
  if (shape.length === 0) throw new ShapeError(`[${op}] input is [], wanted [C] or [N, C, ...]`);
  const dim = shape.length > 1 ? 1 : 0;
  const wanted = shape.filter((_, i) => i !== dim);
  if (target.ndim !== wanted.length || target.shape.some((size, i) => size !== wanted[i])) {
    throw new ShapeError(
      `[${op}] target is ${shapeText(target.shape)}, wanted class indices ${shapeText(wanted)} for input ${shapeText(shape)}`,
    );
  }
  return dim;
}

export interface CrossEntropyOptions extends LossOptions {
  /** A weight per class, [C]; the mean is then weighted too. */
  weight?: Tensor | null;
  /** Targets with this index count nothing. Default -100. */
  ignoreIndex?: number;
  /** In [0, 1]: how much of the target goes evenly to all classes. Default 0. */
  labelSmoothing?: number;
}

/**
 * Cross-entropy of logits with class indices or probabilities: -Σ_c q_c log softmax(input)_c.
 * input: [N, C], [N, C, d...] or [C]. target: int64 indices [N], [N, d...] or [], or probabilities of input's shape, which
 * get a gradient too. Without gradients of the weights it is one pass forward and one back: the softmax is never stored.
 *
 * @throws ShapeError if target does not fit input.
 * @throws IndexError for a class outside [0, C).
 * @example
 * import { crossEntropy, tensor } from 'lanegrad';
 * const logits = tensor([[2.5, 0.5], [0.5, 0.5]]);
 * crossEntropy(logits, tensor([0, 1])).item().toFixed(4); // => '0.4100'
 */
export function crossEntropy(input: Tensor, target: Tensor, options: CrossEntropyOptions = {}): Tensor {
  checkTensor('crossEntropy', 'input', input);
  checkTensor('crossEntropy', 'target', target);
  const reduction = reductionOf('crossEntropy', options);
  const { weight = null, ignoreIndex = -100, labelSmoothing = 0 } = options;
  checkInt('crossEntropy', 'ignoreIndex', ignoreIndex);
  checkRange('crossEntropy', 'labelSmoothing', labelSmoothing, 0, 1);
  if (isFloat(target.dtype) && target.ndim !== input.ndim) {
    throw new DTypeError(
      `[crossEntropy] target is ${target.dtype} ${shapeText(target.shape)}: class indices want an integer dtype ` +
        `(dtype: 'int64'), probabilities the shape of input, ${shapeText(input.shape)}`,
    );
  }
  if (isFloat(target.dtype)) {
    if (ignoreIndex >= 0) {
      throw new ValueError(
        `[crossEntropy] got ignoreIndex ${ignoreIndex}, wanted none with probabilities as target`,
      );
    }
    checkSameShape('crossEntropy', input, 'input', target, 'target');
    if (input.ndim === 0) throw new ShapeError('[crossEntropy] input is [], wanted [C] or [N, C, ...]');
    if (weight) checkWeight('crossEntropy', weight, input.shape[input.ndim > 1 ? 1 : 0]!);
    return runLoss('softCrossEntropy', input, target, weight, { reduction, labelSmoothing });
  }
  const dim = classDim('crossEntropy', input, target);
  if (weight) checkWeight('crossEntropy', weight, input.shape[dim]!);
  const narrow = target.dtype === 'uint8' || target.dtype === 'int8' || target.dtype === 'int16';
  const classes = narrow ? to(target, 'int64') : target;
  return runLoss('crossEntropy', input, classes, weight, { reduction, ignoreIndex, labelSmoothing });
}

/**
 * The loss in one piece where it takes the operands: of one dtype, and weights without gradient. PyTorch has none for
 * weights with class indices; here the definition has.
 */
function runLoss<Name extends 'crossEntropy' | 'softCrossEntropy'>(
  op: Name,
  input: Tensor,
  target: Tensor,
  weight: Tensor | null,
  attrs: OpAttrs[Name],
): Tensor {
  const alike =
    (op === 'crossEntropy' || target.dtype === input.dtype) &&
    (weight === null || (weight.dtype === input.dtype && !backend.requiresGrad(weight)));
  // What is alike is cast by the op.
  if (!alike && autocasting()) {
    return inFloat32((x, y, w) => runLoss(op, x, y, w, attrs), input, target, weight);
  }
  return scoped(() => (alike ? runComposite : runDefinition)(op, [input, target, weight], attrs)[0]!);
}

/** Per target: its class with 0 where ignored, whether it counts, and its class's weight (0 where ignored). */
function targetParts(target: Tensor, weight: Tensor, ignoreIndex: number) {
  const counts = backend.run1('ne', [target, ignoreIndex], noAttrs);
  const safe = backend.run1('where', [counts, target, 0], noAttrs);
  const flat = indexSelect(weight, 0, reshape(safe, [-1]));
  const weights = backend.run1('where', [counts, reshape(flat, target.shape), 0], noAttrs);
  return { counts, safe, weights };
}

function weightedMean(losses: Tensor, weights: Tensor, reduction: Reduction): Tensor {
  if (reduction === 'none') return losses;
  const total = sumAll(losses);
  return reduction === 'sum' ? total : backend.run1('div', [total, sumAll(weights)], noAttrs);
}

export interface NllOptions extends LossOptions {
  /** A weight per class, [C]. */
  weight?: Tensor | null;
  /** Targets with this index count nothing. Default -100. */
  ignoreIndex?: number;
}

/**
 * Negative log likelihood: -input[target], for log probabilities. input: [N, C], [N, C, d...] or [C]; target: int64
 * indices [N], [N, d...] or []. The mean is weighted.
 *
 * @throws ShapeError if target does not fit input.
 * @example
 * import { nll, tensor } from 'lanegrad';
 * nll(tensor([[-0.5, -2.5]]), tensor([1])).item(); // => 2.5
 */
export function nll(input: Tensor, target: Tensor, options: NllOptions = {}): Tensor {
  if (autocasting()) return inFloat32(nll, input, target, options);
  checkTensor('nll', 'input', input);
  checkTensor('nll', 'target', target);
  const reduction = reductionOf('nll', options);
  const { weight = null, ignoreIndex = -100 } = options;
  checkInt('nll', 'ignoreIndex', ignoreIndex);
  if (isFloat(target.dtype))
    throw new DTypeError(`[nll] target is ${target.dtype}, wanted class indices of an integer dtype`);
  const dim = classDim('nll', input, target);
  if (weight) checkWeight('nll', weight, input.shape[dim]!);
  return scoped(() => {
    const ones =
      weight ?? backend.run1('full', [], { shape: [input.shape[dim]!], value: 1, dtype: input.dtype });
    const { safe, weights } = targetParts(target, ones, ignoreIndex);
    const picked = squeeze(gather(input, dim, unsqueeze(safe, dim)), dim);
    return weightedMean(backend.run1('neg', [mul(picked, weights)], noAttrs), weights, reduction);
  });
}
