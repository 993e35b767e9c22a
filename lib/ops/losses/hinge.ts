import { checkTensor } from '../../check.js';
import { scoped } from '../../scope.js';
import type { Tensor } from '../../tensor.js';
import { add, mul, sub } from '../binary.js';
import { relu, square } from '../unary.js';
import { checkPair, numberOf, reduce, reductionOf, softplus } from './common.js';
import type { LossOptions } from './common.js';
import type { MarginOptions } from './margin.js';

// Losses that Keras and optax have and PyTorch has not.

/** max(0, margin - target input), before the reduction. */
function shortfall(op: string, input: Tensor, target: Tensor, options: MarginOptions): Tensor {
  const margin = numberOf(op, 'margin', options.margin, 1);
  return relu(sub(margin, mul(target, input)));
}

/**
 * max(0, margin - target input) for targets of 1 or -1, as support vector machines have it. Shapes broadcast; margin: default
 * 1. Not in PyTorch.
 *
 * @throws ShapeError if the shapes do not broadcast.
 * @example
 * import { F, tensor } from 'lanegrad';
 * F.hingeLoss(tensor([0.25, 0.25]), tensor([1, -1]), { reduction: 'none' }).tolist(); // => [0.75, 1.25]
 */
export function hingeLoss(input: Tensor, target: Tensor, options: MarginOptions = {}): Tensor {
  checkPair('hingeLoss', input, target);
  const reduction = reductionOf('hingeLoss', options);
  return scoped(() => reduce(shortfall('hingeLoss', input, target, options), reduction));
}

/**
 * The square of {@link hingeLoss}: max(0, margin - target input)². Shapes broadcast; margin: default 1. Not in PyTorch.
 *
 * @throws ShapeError if the shapes do not broadcast.
 * @example
 * import { F, tensor } from 'lanegrad';
 * F.squaredHingeLoss(tensor([0.5, 0.5]), tensor([1, -1]), { reduction: 'none' }).tolist(); // => [0.25, 2.25]
 */
export function squaredHingeLoss(input: Tensor, target: Tensor, options: MarginOptions = {}): Tensor {
  checkPair('squaredHingeLoss', input, target);
  const reduction = reductionOf('squaredHingeLoss', options);
  return scoped(() => reduce(square(shortfall('squaredHingeLoss', input, target, options)), reduction));
}

/**
 * log cosh(input - target), near d² / 2 for small differences and |d| - log 2 for large ones, computed so that it does not
 * overflow. Shapes broadcast, floating. Not in PyTorch.
 *
 * @throws ShapeError if the shapes do not broadcast.
 * @example
 * import { F, tensor } from 'lanegrad';
 * F.logCoshLoss(tensor([1.5, 1000.5]), tensor([1.5, 0]), { reduction: 'none' }).tolist(); // => [0, 999.8069]
 */
export function logCoshLoss(input: Tensor, target: Tensor, options: LossOptions = {}): Tensor {
  checkTensor('logCoshLoss', 'input', input);
  checkTensor('logCoshLoss', 'target', target);
  const reduction = reductionOf('logCoshLoss', options);
  return scoped(() => {
    // log cosh d = d + log(1 + e^(-2 d)) - log 2, for either sign of d.
    const d = sub(input, target);
    const half = softplus(mul(d, -2));
    return reduce(sub(add(d, half), Math.LN2), reduction);
  });
}
