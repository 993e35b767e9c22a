import type { OpInput } from '../../backend/backend.js';
import { backend } from '../../backend/current.js';
import { noAttrs, shapeText } from '../../check.js';
import { ShapeError } from '../../errors.js';
import type { Tensor } from '../../tensor.js';
import { matmul } from '../matmul.js';
import { t } from '../view.js';

/** x weightᵀ + bias; x: [..., In], weight: [Out, In], bias: [Out]. */
export function linear(inputs: readonly OpInput<Tensor>[]): Tensor[] {
  const [x, weight, bias] = inputs as [Tensor, Tensor, Tensor | null];
  const features = weight.shape[0];
  if (weight.shape.length !== 2) {
    throw new ShapeError(`[linear] weight must be [out, in], got ${shapeText(weight.shape)}`);
  }
  if (bias && (bias.shape.length !== 1 || bias.shape[0] !== features)) {
    throw new ShapeError(`[linear] bias must be [${features}], got ${shapeText(bias.shape)}`);
  }
  const product = matmul(x, t(weight));
  return [bias ? backend.run1('add', [product, bias], noAttrs) : product];
}
