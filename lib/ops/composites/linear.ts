import type { OpInput } from '../../backend/backend.js';
import { backend } from '../../backend/current.js';
import { noAttrs } from '../../check.js';
import type { Tensor } from '../../tensor.js';
import { matmul } from '../matmul.js';
import { t } from '../view.js';

/** x weightᵀ + bias; x: [..., In], weight: [Out, In], bias: [Out]. */
export function linear(inputs: readonly OpInput<Tensor>[]): Tensor[] {
  const [x, weight, bias] = inputs as [Tensor, Tensor, Tensor | null];
  const product = matmul(x, t(weight));
  return [bias ? backend.run1('add', [product, bias], noAttrs) : product];
}
