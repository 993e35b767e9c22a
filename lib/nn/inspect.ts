import { Handle } from '../backend/backend.js';
import { shapeText } from '../check.js';
import { DisposedError } from '../errors.js';
import type { Tensor } from '../tensor.js';

/** What Node's inspect hands to an object that shows itself. */
export type Inspect = (value: unknown, options: object) => string;

const custom = Symbol.for('nodejs.util.inspect.custom');

/** A module as console.log shows it: its fields, of tensors the dtype and shape only, of what is nested too deep the name. */
export function inspectModule(
  module: object,
  depth: number | null,
  options: object,
  inspect: Inspect,
): string {
  const { name } = module.constructor;
  if (depth !== null && depth < 0) return `[${name}]`;
  const fields: Record<string, unknown> = {};
  for (const [field, value] of Object.entries(module)) {
    fields[field] = Handle.is(value) ? outline(value as Tensor) : value;
  }
  return `${name} ${inspect(fields, { ...options, depth })}`;
}

function outline(tensor: Tensor): object {
  let text = 'tensor(<disposed>)';
  try {
    text = `tensor(${tensor.dtype} ${shapeText(tensor.shape)})`;
  } catch (error) {
    if (!(error instanceof DisposedError)) throw error;
  }
  return { [custom]: () => text };
}
