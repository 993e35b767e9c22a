import { backend, provideScopes } from './backend/current.js';
import { Handle } from './backend/backend.js';
import { checkTensor, describe } from './check.js';
import { ValueError } from './errors.js';
import type { Tensor } from './tensor.js';

/** For each open scope, what `keep` took out of it; made when first needed. */
const frames: (Tensor[] | undefined)[] = [];

/** Whether handles made now belong to a scope. */
export function insideScope(): boolean {
  return frames.length > 0;
}

/**
 * Runs `fn` and releases the tensors made in it, except those that it returns (alone, or in arrays and plain objects).
 * What every composite of the library runs in.
 */
export function scoped<T>(fn: () => T): T {
  const kept: Tensor[] = [];
  openScope();
  try {
    const result = fn();
    collectTensors(result, kept, noneSeen, 0);
    return result;
  } finally {
    closeScope(kept);
  }
}

/** Opens a scope; `closeScope` must follow on every path. */
export function openScope(): void {
  backend.beginScope();
  frames.push(undefined);
}

/** Releases what was made since `openScope`, except `kept` and what `keep` took out. */
export function closeScope(kept: readonly Tensor[]): void {
  const frame = frames.pop();
  backend.endScope(frame === undefined ? kept : kept.concat(frame));
}

provideScopes(openScope, closeScope);

/**
 * Runs `fn` and releases every tensor made in it, except those that it returns (alone, or in arrays, plain objects, maps
 * and sets). Never needed for correctness: memory is reclaimed without it, only later.
 *
 * `fn` is synchronous; a promise is an error.
 *
 * @throws ValueError if `fn` returns a promise.
 * @example
 * import { randn, tidy } from 'lanegrad';
 * const norm = tidy(() => randn([100]).square().sum().sqrt());
 * norm.shape; // => []
 */
export function tidy<T>(fn: () => Synchronous<T>): T {
  checkFunction('tidy', fn);
  return scoped(() => synchronous<T>('tidy', fn()));
}

/**
 * Takes a tensor out of every scope that is open, so that it outlives them: for a module that stores an activation
 * while it runs in a scope. Returns the tensor.
 *
 * @example
 * import { keep, tidy, zeros, type Tensor } from 'lanegrad';
 * let hidden: Tensor | undefined;
 * tidy(() => {
 *   hidden = keep(zeros([2]));
 * });
 * hidden?.tolist(); // => [0, 0]
 */
export function keep<T extends Tensor>(tensor: T): T {
  checkTensor('keep', 'tensor', tensor);
  for (let i = 0; i < frames.length; ++i) (frames[i] ??= []).push(tensor);
  return tensor;
}

/** What says in an error of the compiler why a promise does not fit. */
interface NoPromise {
  readonly 'wanted a synchronous function, not one that returns a promise': never;
}

/**
 * What a synchronous function gives: anything but a promise. A function of your own that passes such functions on takes them as
 * `fn: () => Synchronous<T>`.
 */
export type Synchronous<T> = T extends PromiseLike<unknown> ? NoPromise : T;

/** The result of a function that must have finished: a promise is an error. */
export function synchronous<T>(op: string, result: T): T;
export function synchronous<T>(op: string, result: Synchronous<T>): T;
export function synchronous(op: string, result: unknown): unknown {
  if (
    typeof result === 'object' &&
    result !== null &&
    'then' in result &&
    typeof result.then === 'function'
  ) {
    // Nobody will await it any more; its failure must not end the process.
    void Promise.resolve(result).catch(() => undefined);
    throw new ValueError(`[${op}] got a function that returns a promise, wanted a synchronous one`);
  }
  return result;
}

/** For what calls its function later, or many times: an async one is refused before it has begun. */
export function refuseAsync(op: string, fn: unknown): void {
  if (Object.prototype.toString.call(fn) === '[object AsyncFunction]')
    throw new ValueError(`[${op}] got an async function, wanted a synchronous one`);
}

export function checkFunction(op: string, fn: unknown): void {
  if (typeof fn !== 'function') throw new ValueError(`[${op}] got ${describe(fn)}, wanted a function`);
}

const maxDepth = 16;

const noneSeen: ReadonlySet<unknown> = new Set();

/** `seen` holds the objects that were gone into, so that what is reached by many ways (children with a parent) costs once. */
function collectTensors(value: unknown, found: Tensor[], seen: ReadonlySet<unknown>, depth: number): void {
  if (typeof value !== 'object' || value === null) return;
  if (Handle.is(value)) {
    found.push(value as Tensor);
    return;
  }
  if (depth === maxDepth || ArrayBuffer.isView(value) || seen.has(value)) return;
  const inside = seen === noneSeen ? new Set<unknown>() : (seen as Set<unknown>);
  inside.add(value);
  if (Array.isArray(value) || value instanceof Set) {
    for (const entry of value as Iterable<unknown>) collectTensors(entry, found, inside, depth + 1);
  } else if (value instanceof Map) {
    for (const entry of value.values()) collectTensors(entry, found, inside, depth + 1);
  } else {
    for (const entry of Object.values(value)) collectTensors(entry, found, inside, depth + 1);
  }
}
