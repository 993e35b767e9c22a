import { Handle } from '../backend/backend.js';
import type { TensorInfo } from '../backend/backend.js';
import { backend } from '../backend/current.js';
import { describe } from '../check.js';
import type { DType } from '../dtype.js';
import { DTypeError } from '../errors.js';
import type { Tensor } from '../tensor.js';

// What a compiled function takes and gives: tensors and constants in arrays and plain objects.

/** A value with its tensors taken out. */
export type Template =
  | {
      readonly kind: 'tensor';
      /** Which of the tensors. */
      readonly index: number;
      readonly dtype: DType;
      readonly shape: readonly number[];
      readonly strides: readonly number[];
    }
  | { readonly kind: 'constant'; readonly value: unknown }
  | { readonly kind: 'array'; readonly items: readonly Template[] }
  | { readonly kind: 'record'; readonly keys: readonly string[]; readonly items: readonly Template[] };

const maxDepth = 16;

/** What an argument may be that is no tensor, beside null: programs tell calls apart by it. */
const constants: ReadonlySet<string> = new Set(['number', 'boolean', 'string', 'undefined']);

function isConstant(value: unknown): boolean {
  return value === null || constants.has(typeof value);
}

/** An object of no class. */
export function isPlain(value: object): value is Readonly<Record<string, unknown>> {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

/**
 * The template of a value, and its tensors in order; with `seen`, one that occurs again is the same tensor again. `where` is
 * what errors call it.
 */
export function takeApart(
  value: unknown,
  where: string,
  tensors: Tensor[],
  seen?: Map<Tensor, number>,
  depth = 0,
): Template {
  if (Handle.is(value)) {
    const tensor = value as Tensor;
    const index = seen?.get(tensor) ?? tensors.length;
    if (index === tensors.length) tensors.push(tensor);
    seen?.set(tensor, index);
    const { dtype, shape, strides } = infoOf(tensor);
    return { kind: 'tensor', index, dtype, shape, strides };
  }
  if (isConstant(value)) return { kind: 'constant', value };
  if (depth === maxDepth)
    throw new DTypeError(`[compile] ${where}: is nested more than ${maxDepth} levels deep`);
  if (Array.isArray(value)) {
    // A hole is undefined, too.
    const items = Array.from(value, (item, i) => takeApart(item, `${where}[${i}]`, tensors, seen, depth + 1));
    return { kind: 'array', items };
  }
  if (typeof value === 'object' && value !== null && isPlain(value)) {
    const keys = Object.keys(value);
    return {
      kind: 'record',
      keys,
      items: keys.map((key) => takeApart(value[key], `${where}.${key}`, tensors, seen, depth + 1)),
    };
  }
  throw new DTypeError(
    `[compile] ${where}: got ${describe(value)}, wanted tensors, numbers, booleans, strings, null and undefined, in arrays and plain objects`,
  );
}

function infoOf(tensor: Tensor): TensorInfo {
  // None of it ever changes. Whether the tensor is there, and requires a gradient, is a question for the program.
  return (tensor.cachedInfo ??= backend.info(tensor));
}

/** Whether a value has this template; its tensors are added to `tensors`. Makes nothing else. */
export function matches(template: Template, value: unknown, tensors: Tensor[]): boolean {
  switch (template.kind) {
    case 'tensor': {
      if (!Handle.is(value)) return false;
      const tensor = value as Tensor;
      const { dtype, shape, strides } = infoOf(tensor);
      if (dtype !== template.dtype) return false;
      if (!sameNumbers(shape, template.shape) || !sameNumbers(strides, template.strides)) return false;
      tensors.push(tensor);
      return true;
    }
    case 'constant':
      return Object.is(value, template.value);
    case 'array': {
      if (!Array.isArray(value) || value.length !== template.items.length) return false;
      for (let i = 0; i < template.items.length; ++i) {
        if (!matches(template.items[i]!, value[i], tensors)) return false;
      }
      return true;
    }
    case 'record': {
      if (typeof value !== 'object' || value === null || Handle.is(value) || !isPlain(value)) return false;
      if (!sameKeys(value, template.keys)) return false;
      for (let i = 0; i < template.keys.length; ++i) {
        if (!matches(template.items[i]!, value[template.keys[i]!], tensors)) return false;
      }
      return true;
    }
  }
}

function sameNumbers(a: readonly number[], b: readonly number[]): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; ++i) if (a[i] !== b[i]) return false;
  return true;
}

function sameKeys(value: object, keys: readonly string[]): boolean {
  const own = Object.keys(value);
  return own.length === keys.length && own.every((key, i) => key === keys[i]);
}

/** A value of this template with tensors in their order. */
export function putTogether(template: Template, tensors: readonly Tensor[]): unknown {
  switch (template.kind) {
    case 'tensor':
      return tensors[template.index];
    case 'constant':
      return template.value;
    case 'array':
      return template.items.map((item) => putTogether(item, tensors));
    case 'record':
      return Object.fromEntries(
        template.keys.map((key, i) => [key, putTogether(template.items[i]!, tensors)]),
      );
  }
}
