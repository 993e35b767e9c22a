import { backend } from '../backend/current.js';
import type { OpAttrs } from '../backend/op-schema.gen.js';
import type { Tensor } from '../tensor.js';

/**
 * x, or a ValueError in the name of `caller` if a value of it is not in [low, high]. What the backend checks while it
 * computes: nothing is read here, so that a recorded step checks too. The result must be used in the place of x.
 */
export function within(
  caller: OpAttrs['checkRange']['caller'],
  x: Tensor,
  low: number,
  high: number,
  takesNaN: boolean,
): Tensor {
  return backend.run1('checkRange', [x], { low, high, takesNaN, caller });
}
