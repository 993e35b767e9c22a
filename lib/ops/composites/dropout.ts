import type { OpInput } from '../../backend/backend.js';
import { backend } from '../../backend/current.js';
import type { OpAttrs } from '../../backend/op-schema.gen.js';
import { noAttrs } from '../../check.js';
import type { Tensor } from '../../tensor.js';

/** x / (1 - p) where a uniform number is at least p, else 0. The numbers depend on the counter alone. */
export function dropout(inputs: readonly OpInput<Tensor>[], attrs: OpAttrs['dropout']): Tensor[] {
  const [x, counter] = inputs as [Tensor, Tensor];
  const { p } = attrs;
  const uniform = backend.run1('uniform', [counter], { shape: x.shape, dtype: 'float32' });
  const kept = backend.run1('ge', [uniform, p], noAttrs);
  const scaled = backend.run1('mul', [x, p === 1 ? 0 : 1 / (1 - p)], noAttrs);
  return [backend.run1('where', [kept, scaled, 0], noAttrs)];
}
