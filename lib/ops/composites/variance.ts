import type { OpInput } from '../../backend/backend.js';
import { backend } from '../../backend/current.js';
import type { OpAttrs } from '../../backend/op-schema.gen.js';
import { noAttrs } from '../../check.js';
import type { Tensor } from '../../tensor.js';

/** Σ (x - mean)² / max(0, n - correction) over `dims`; [] means all. */
export function variance(inputs: readonly OpInput<Tensor>[], attrs: OpAttrs['var']): Tensor[] {
  const [x] = inputs as [Tensor];
  const { dims, correction, keepdim } = attrs;
  const mean = backend.run1('mean', [x], { dims, keepdim: true });
  const deviation = backend.run1('sub', [x, mean], noAttrs);
  const squares = backend.run1('sum', [backend.run1('square', [deviation], noAttrs)], { dims, keepdim });
  const shape = x.shape;
  const count = (dims.length === 0 ? shape : dims.map((dim) => shape.at(dim) ?? 1)).reduce(
    (n, size) => n * size,
    1,
  );
  return [backend.run1('div', [squares, Math.max(0, count - correction)], noAttrs)];
}
