import * as lanegrad from '../../lib/index.js';
import { Tensor } from '../../lib/index.js';

// The public surface as a map from names to functions, looked up when a case runs: what is not there is a finding, not a
// compile error.

export type Callable = (...args: readonly unknown[]) => unknown;

export class NotThere extends Error {
  override name = 'NotThere';
  constructor(readonly what: string) {
    super(`not there: ${what}`);
  }
}

/** `F.relu`, `linalg.qr`, `cumsum`; with a dot in front (`.float`) a method, which is called on its first argument. */
export function find(path: string): Callable | undefined {
  if (path.startsWith('.')) {
    const name = path.slice(1);
    return methodOf(name) && ((self, ...rest) => callMethod(self, name, rest));
  }
  let at: unknown = lanegrad;
  for (const part of path.split('.')) {
    if (at === undefined || at === null) return undefined;
    at = (at as Readonly<Record<string, unknown>>)[part];
  }
  if (typeof at === 'function') return at as Callable;
  // Some ops of PyTorch are methods alone: x.repeat(...).
  return path.includes('.') ? undefined : find(`.${path}`);
}

/** Narrows without the `any` that instanceof gives for a class with a type parameter. */
export function isTensor(value: unknown): value is Tensor {
  return value instanceof Tensor;
}

export function mustFind(path: string): Callable {
  const found = find(path);
  if (found === undefined) throw new NotThere(path);
  return found;
}

export function methodOf(name: string): Callable | undefined {
  const method: unknown = Object.getOwnPropertyDescriptor(Tensor.prototype, name)?.value;
  return typeof method === 'function' ? (method as Callable) : undefined;
}

export function callMethod(self: unknown, name: string, rest: readonly unknown[]): unknown {
  const method = methodOf(name);
  if (method === undefined) throw new NotThere(`Tensor.${name}`);
  return Reflect.apply(method, self, rest);
}

/** A property: x.T. */
export function getProperty(self: unknown, name: string): unknown {
  if (!(name in Tensor.prototype)) throw new NotThere(`Tensor.${name}`);
  return Reflect.get(self as object, name);
}
