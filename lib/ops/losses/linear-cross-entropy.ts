import { checkOptions, checkTensor, shapeText } from '../../check.js';
import { ShapeError } from '../../errors.js';
import { scoped } from '../../scope.js';
import type { Tensor } from '../../tensor.js';
import { linear } from '../matmul.js';
import { reshape } from '../view.js';
import { crossEntropy } from './classes.js';
import type { CrossEntropyOptions } from './classes.js';

export interface LinearCrossEntropyOptions extends CrossEntropyOptions {
  /** Added to the logits, [C, ...]. */
  linearBias?: Tensor | null;
}

/**
 * The cross-entropy of input linearWeightᵀ + linearBias, as {@link crossEntropy} has it. input: [N, In] or [In];
 * linearWeight: [C, In], or [C, d..., In] for targets of [N, d...].
 *
 * @throws ShapeError if the shapes do not fit.
 * @example
 * import { F, tensor } from 'lanegrad';
 * const weight = tensor([[1.5], [-0.5]]);
 * F.linearCrossEntropy(tensor([[1.0]], { dtype: 'float32' }), weight, tensor([0])).item().toFixed(4); // => '0.1269'
 */
export function linearCrossEntropy(
  input: Tensor,
  linearWeight: Tensor,
  target: Tensor,
  options: LinearCrossEntropyOptions = {},
): Tensor {
  const op = 'linearCrossEntropy';
  checkTensor(op, 'input', input);
  checkTensor(op, 'linearWeight', linearWeight);
  checkTensor(op, 'target', target);
  checkOptions(op, options);
  const { linearBias = null, ...rest } = options;
  const [shape, wanted] = [input.shape, linearWeight.shape];
  const outputs = wanted.slice(0, -1);
  const fits = shape.length >= 1 && shape.length <= 2 && wanted.length >= 2 && shape.at(-1) === wanted.at(-1);
  if (!fits || (shape.length === 1 && wanted.length > 2)) {
    throw new ShapeError(
      `[${op}] got input ${shapeText(shape)} and linearWeight ${shapeText(wanted)}, wanted [N, In] and [C, ..., In]`,
    );
  }
  if (linearBias !== null) {
    checkTensor(op, 'linearBias', linearBias);
    if (linearBias.ndim !== outputs.length || linearBias.shape.some((size, i) => size !== outputs[i])) {
      throw new ShapeError(
        `[${op}] linearBias is ${shapeText(linearBias.shape)}, wanted ${shapeText(outputs)}, the outputs of linearWeight`,
      );
    }
  }
  return scoped(() => {
    const columns = outputs.reduce((n, size) => n * size, 1);
    const rows = reshape(linearWeight, [columns, wanted.at(-1)!]);
    const flat = linear(input, rows, linearBias && reshape(linearBias, [columns]));
    return crossEntropy(reshape(flat, [...shape.slice(0, -1), ...outputs]), target, rest);
  });
}
