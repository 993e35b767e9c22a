import { DTypeError, OutOfMemoryError } from '../errors.js';
import { Handle } from './backend.js';
import { describe } from './describe.js';

// What stands between a caller's values and the shared buffer.

/**
 * A copy of an array, anything else as it is. Lists of a call are read once, before anything of it is encoded: reading a
 * caller's array (a proxy, an accessor in place of an element) may run code that comes back to the backend.
 */
export function copyList(value: unknown): unknown {
  if (!Array.isArray(value)) return value;
  const { length } = value;
  const copy: unknown[] = [];
  for (let i = 0; i < length; i++) copy.push(value[i]);
  return copy;
}

/** What looks like a tensor (an object made from the prototype, say) has no slot of its own. */
export function checkHandle(tensor: unknown): void {
  if (!Handle.is(tensor)) throw new DTypeError(`[tensor] got ${describe(tensor)}, wanted a tensor`);
}

/** Memory for the elements of a tensor, or an error of ours where the engine has none. */
export function makeBuffer(bytes: number): ArrayBuffer {
  try {
    return new ArrayBuffer(bytes);
  } catch {
    throw new OutOfMemoryError(`[data] JavaScript cannot hold an array of ${bytes} bytes`);
  }
}
