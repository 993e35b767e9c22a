import { Handle } from './backend.js';

/** What a tensor of any copy of the library has under this name: another copy's tensors are no tensors here. */
export const tensorMark: unique symbol = Symbol.for('lanegrad.tensor');

/** How an error message shows a value: `"text"`, `undefined`, `[1, an object]`, `NaN`. Never runs into the value's own errors. */
export function describe(value: unknown): string {
  try {
    return shown(value, 0);
  } catch {
    // A getter that throws, a proxy that was revoked.
    return 'an object that cannot be looked at';
  }
}

function shown(value: unknown, depth: number): string {
  switch (typeof value) {
    case 'string':
      return JSON.stringify(value.length > 40 ? `${value.slice(0, 40)}...` : value);
    case 'number':
      return Object.is(value, -0) ? '-0' : String(value);
    case 'bigint':
      return `${value}n`;
    case 'function':
      return 'a function';
    case 'symbol':
      return 'a symbol';
    case 'object':
      return value === null ? 'null' : shownObject(value, depth);
    default:
      return String(value);
  }
}

function shownObject(value: object, depth: number): string {
  if (Handle.is(value)) return 'a tensor';
  if (Array.isArray(value)) {
    return value.length <= 8 && depth < 4
      ? `[${value.map((entry) => shown(entry, depth + 1)).join(', ')}]`
      : `an array of ${value.length}`;
  }
  if (tensorMark in value) return 'an imitation of a tensor, or one of another copy of lanegrad';
  if ('slot' in value && 'generation' in value && Object.getPrototypeOf(value) === Object.prototype) {
    return 'what structuredClone or postMessage left of a tensor (pass its data and shape instead)';
  }
  const name: unknown = value.constructor?.name;
  return typeof name !== 'string' || name === 'Object' ? 'an object' : `a value of type ${name}`;
}
