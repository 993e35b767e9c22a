import { autocastScope, castTo, inFloat32 } from '../../autocast-policy.js';
import type { OpInput } from '../../backend/backend.js';
import type { OpAttrs } from '../../backend/op-schema.gen.js';
import { runComposite } from '../../ops/composite.js';
import type { Tensor } from '../../tensor.js';

/**
 * The op `recurrent`. Under autocast RNN and LSTM layers give the dtype of the scope. A GRU, and a cell of an LSTM, adds to its
 * state in every step: as in PyTorch such a state stays float32 if it comes so. The steps themselves are computed in float32
 * in any case: they run one after another on few rows, where products of bfloat16 gain nothing and their rounding adds up.
 */
export function runRecurrent(
  inputs: readonly OpInput<Tensor>[],
  attrs: OpAttrs['recurrent'],
  addsToState: boolean,
): Tensor[] {
  const scope = autocastScope();
  if (scope === null) return runComposite('recurrent', inputs, attrs);
  const state = inputs[1] as Tensor;
  const [out, h, c] = inFloat32((given) => runComposite('recurrent', given, attrs), inputs);
  const states = [out!, h!, c!];
  return addsToState && state.dtype === 'float32' ? states : states.map((x) => castTo(x, scope));
}
