import { autocasting, inFloat32 } from '../../autocast-policy.js';
import type { OpInput } from '../../backend/backend.js';
import type { OpAttrs } from '../../backend/op-schema.gen.js';
import { runComposite } from '../../ops/composite.js';
import type { Tensor } from '../../tensor.js';

/**
 * The op `recurrent`. Under autocast RNN and LSTM layers are lowered. A GRU, and a cell of an LSTM, adds to its state in every
 * step: as in PyTorch such a state stays float32 if it comes so, and what is computed with it here does too.
 */
export function runRecurrent(
  inputs: readonly OpInput<Tensor>[],
  attrs: OpAttrs['recurrent'],
  addsToState: boolean,
): Tensor[] {
  const state = inputs[1] as Tensor;
  if (addsToState && autocasting() && state.dtype === 'float32') {
    return inFloat32((given) => runComposite('recurrent', given, attrs), inputs);
  }
  return runComposite('recurrent', inputs, attrs);
}
