import { Handle } from '../backend/backend.js';
import { backend } from '../backend/current.js';
import { DisposedError } from '../errors.js';
import type { Tensor } from '../tensor.js';
import { isPlain } from './tree.js';

// A call with a tensor that was freed fails wherever that tensor is met first. The error says whose argument it is.

/** The error for the caller of the compiled function `name`; `error` itself where another tensor is the cause. */
export function namingArgument(name: string, args: readonly unknown[], error: unknown): unknown {
  if (!(error instanceof DisposedError)) return error;
  const found = freedIn(args, 'arguments');
  return found === undefined
    ? error
    : new DisposedError(`[${name}] ${found.where}: ${found.complaint}`, { cause: error });
}

/** Where the first tensor is that was freed, and what the backend says of it. */
function freedIn(value: unknown, where: string): { where: string; complaint: string } | undefined {
  if (Handle.is(value)) {
    try {
      // Not from what the tensor remembers.
      backend.info(value as Tensor);
    } catch (error) {
      if (error instanceof DisposedError)
        return { where, complaint: error.message.replace(/^\[[^\]]*\] /, '') };
    }
    return undefined;
  }
  if (typeof value !== 'object' || value === null) return undefined;
  const isList = Array.isArray(value);
  if (!isList && !isPlain(value)) return undefined;
  for (const [key, entry] of Object.entries(value)) {
    const found = freedIn(entry, isList ? `${where}[${key}]` : `${where}.${key}`);
    if (found !== undefined) return found;
  }
  return undefined;
}
