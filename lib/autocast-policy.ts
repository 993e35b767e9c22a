import { Handle } from './backend/backend.js';
import { backend } from './backend/current.js';
import { isFloat, type DType } from './dtype.js';
import { scoped } from './scope.js';
import type { Tensor } from './tensor.js';

// What mixed precision means for functions. An op has its rule on its record, and a backend casts its operands by that. A
// function that is composed of several ops, but is one entry of PyTorch's lists, begins with one of the lines below.

/** The dtypes that autocast lowers to. */
export type AutocastDType = 'bfloat16' | 'float16';

let scope: AutocastDType | null = null;

/** The dtype that ops are lowered to here, null where they are not. */
export function autocastScope(): AutocastDType | null {
  return scope;
}

/** Whether a function with a rule has to look at its operands. */
export function autocasting(): boolean {
  return scope !== null;
}

/** Runs `fn` in a scope of that dtype, or outside of any with null. */
export function withAutocastScope<T>(dtype: AutocastDType | null, fn: () => T): T {
  const former = scope;
  if (dtype === former) return fn();
  backend.setAutocast((scope = dtype));
  try {
    return fn();
  } finally {
    backend.setAutocast((scope = former));
  }
}

/** `if (autocasting()) return inFloat32(f, ...)`: f on float32 operands, and all that it calls as it is. */
export function inFloat32<Args extends unknown[], Out>(fn: (...args: Args) => Out, ...args: Args): Out {
  return scoped(() => {
    const given = args.map((arg) => castAll(arg, (tensor) => castTo(tensor, 'float32'))) as Args;
    return withAutocastScope(null, () => fn(...given));
  });
}

/** The same in the dtype of the scope: f as one op of the list of lower precision. */
export function inScopeDType<Args extends unknown[], Out>(fn: (...args: Args) => Out, ...args: Args): Out {
  return scoped(() => {
    const given = args.map((arg) => castAll(arg, (tensor) => backend.castToScope(tensor) ?? tensor)) as Args;
    return withAutocastScope(null, () => fn(...given));
  });
}

/** The same without casts: f as one op that is on no list. */
export function asGiven<Args extends unknown[], Out>(fn: (...args: Args) => Out, ...args: Args): Out {
  return withAutocastScope(null, () => fn(...args));
}

/** A tensor of another floating dtype than float64 in `dtype`. */
export function castTo(tensor: Tensor, dtype: DType): Tensor {
  const from = tensor.dtype;
  return !isFloat(from) || from === 'float64' || from === dtype
    ? tensor
    : backend.run1('to', [tensor], { dtype });
}

/** An argument with its tensors cast: itself, an array, or an object of options. */
function castAll(arg: unknown, cast: (tensor: Tensor) => Tensor): unknown {
  if (typeof arg !== 'object' || arg === null) return arg;
  if (Handle.is(arg)) return cast(arg as Tensor);
  const castOne = (value: unknown): unknown => (Handle.is(value) ? cast(value as Tensor) : value);
  if (Array.isArray(arg)) return arg.some((value) => Handle.is(value)) ? arg.map(castOne) : arg;
  if (!Object.values(arg).some((value) => Handle.is(value))) return arg;
  return Object.fromEntries(Object.entries(arg).map(([name, value]) => [name, castOne(value)]));
}
