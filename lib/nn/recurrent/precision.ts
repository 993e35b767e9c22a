import { autocastScope, castTo, inFloat32, inScopeDType } from '../../autocast-policy.js';
import type { OpInput } from '../../backend/backend.js';
import type { OpAttrs } from '../../backend/op-schema.gen.js';
import { runComposite } from '../../ops/composite.js';
import type { Tensor } from '../../tensor.js';

/**
 * The op `recurrent`. Under autocast RNN and LSTM layers run in the dtype of the scope; what is made of all steps at once, the
 * gradients of weights and inputs, are products of it. A GRU, and a cell of an LSTM, adds to its state in every step: as in
 * PyTorch such a state stays float32 if it comes so. The steps themselves are computed in float32 in any case: they run one
 * after another on few rows, where products of bfloat16 gain nothing and their rounding adds up.
 */
export function runRecurrent(
  inputs: readonly OpInput<Tensor>[],
  attrs: OpAttrs['recurrent'],
  addsToState: boolean,
): Tensor[] {
  const scope = autocastScope();
  if (scope === null) return runComposite('recurrent', inputs, attrs);
  const run = (given: readonly OpInput<Tensor>[]): Tensor[] => runComposite('recurrent', given, attrs);
  if (!addsToState) return inScopeDType(run, inputs);
  const state = inputs[1] as Tensor;
  const [out, h, c] = inFloat32(run, inputs);
  const states = [out!, h!, c!];
  return state.dtype === 'float32' ? states : states.map((x) => castTo(x, scope));
}
