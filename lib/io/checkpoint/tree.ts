import { Handle } from '../../backend/backend.js';
import { describe } from '../../check.js';
import { ValueError } from '../../errors.js';
import type { StateDict } from '../../nn/state-dict.js';
import type { Tensor } from '../../tensor.js';

// Plain data with tensors in it, as JSON and tensors by name. What JSON cannot say stands in an object with one name that
// begins with "$": {"$tensor": name}, {"$number": "NaN"}, {"$bigint": "1"}. A name of the data itself that begins so gets
// another "$" in front.

/** What can be kept in a checkpoint: plain data, and tensors anywhere in it. */
export type CheckpointValue =
  | null
  | boolean
  | number
  | bigint
  | string
  | Tensor
  | readonly CheckpointValue[]
  | { readonly [name: string]: CheckpointValue | undefined };

type Json = null | boolean | number | string | Json[] | { [name: string]: Json };

/** Data nested deeper than this is taken for a cycle. */
const deepest = 200;

/** Plain data as JSON; its tensors go to `tensors`, each by the path to it. */
export function packTree(op: string, root: string, data: unknown, tensors: Map<string, Tensor>): Json {
  const refuse = (path: string, value: unknown, wanted = 'plain data or a tensor'): never => {
    throw new ValueError(`[${op}] ${path}: got ${describe(value)}, wanted ${wanted}`);
  };
  const pack = (value: unknown, path: string, depth: number): Json => {
    if (depth > deepest) refuse(path, value, `data nested no deeper than ${deepest}`);
    if (value === null || typeof value === 'boolean' || typeof value === 'string') return value;
    if (typeof value === 'bigint') return { $bigint: String(value) };
    if (typeof value === 'number') {
      if (Number.isFinite(value) && !Object.is(value, -0)) return value;
      return { $number: Object.is(value, -0) ? '-0' : String(value) };
    }
    if (Handle.is(value)) {
      let name = path;
      // The paths ["a.b", "c"] and ["a", "b.c"] read the same.
      while (tensors.has(name)) name += "'";
      tensors.set(name, value as Tensor);
      return { $tensor: name };
    }
    if (Array.isArray(value)) return value.map((one, i) => pack(one, `${path}.${i}`, depth + 1));
    if (!isPlain(value)) return refuse(path, value);
    const entries = Object.entries(value).filter(([, one]) => one !== undefined);
    return Object.fromEntries(
      entries.map(([name, one]) => [
        name.startsWith('$') ? `$${name}` : name,
        pack(one, `${path}.${name}`, depth + 1),
      ]),
    );
  };
  return pack(data, root, 0);
}

function isPlain(value: unknown): value is Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

/** The names of the tensors in packed data. */
export function tensorNames(json: unknown): string[] {
  const names: string[] = [];
  const visit = (value: unknown): void => {
    if (Array.isArray(value)) return value.forEach(visit);
    if (typeof value !== 'object' || value === null) return;
    const { $tensor } = value as { $tensor?: unknown };
    if (typeof $tensor === 'string') names.push($tensor);
    else Object.values(value).forEach(visit);
  };
  visit(json);
  return names;
}

/** Packed data as it was; `complain` is called for what `packTree` cannot have written. */
export function unpackTree(
  json: unknown,
  tensors: StateDict,
  complain: (text: string) => never,
): CheckpointValue {
  const unpack = (value: unknown): CheckpointValue => {
    if (Array.isArray(value)) return value.map(unpack);
    if (typeof value !== 'object' || value === null) return value as null | boolean | number | string;
    const entries = Object.entries(value);
    const [name, content] = entries[0] ?? [];
    if (name?.startsWith('$') && !name.startsWith('$$')) return special(name, content);
    return Object.fromEntries(
      entries.map(([each, one]) => [each.startsWith('$') ? each.slice(1) : each, unpack(one)]),
    );
  };
  const special = (name: string, content: unknown): CheckpointValue => {
    const text = typeof content === 'string' ? content : complain(`${name} is ${describe(content)}`);
    if (name === '$tensor') return tensors[text] ?? complain(`tensor ${JSON.stringify(text)} is missing`);
    if (name === '$number') return Number(text);
    if (name === '$bigint' && /^-?\d+$/.test(text)) return BigInt(text);
    return complain(`has ${name} of ${JSON.stringify(text)}, which no checkpoint has`);
  };
  return unpack(json);
}
