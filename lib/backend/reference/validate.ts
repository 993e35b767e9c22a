import { dtypes } from '../../dtype.js';
import { DTypeError, ValueError } from '../../errors.js';
import type { OpAttrDef, OpRecord } from '../op-record.js';
import { fail } from './array.js';
import { maxRank } from './shape.js';

/** A value as messages print it. */
export function describe(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value);
  if (typeof value === 'bigint') return `${value}n`;
  if (Array.isArray(value))
    return `[${value
      .slice(0, maxRank + 1)
      .map(describe)
      .join(', ')}]`;
  if (typeof value === 'function') return 'a function';
  if (typeof value === 'symbol') return 'a symbol';
  if (typeof value === 'object' && value !== null) return 'an object';
  return String(value);
}

/** What kind of value it is, for messages about what may be long. */
export function kindOf(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'list';
  return typeof value;
}

/** Checks attributes against the schema of the op: everything beyond this may trust their types. */
export function checkAttrs(op: string, record: OpRecord, attrs: unknown): void {
  const defs = record.attrs;
  if (defs.length === 0) return;
  if (typeof attrs !== 'object' || attrs === null)
    fail(ValueError, op, `wants attributes, got ${describe(attrs)}`);
  for (let i = 0; i < defs.length; i++) {
    const def = defs[i]!;
    const value = (attrs as Record<string, unknown>)[def.name];
    if (def.type === 'dtype' && !accepts(def, value)) {
      fail(DTypeError, op, `wants a dtype (${dtypes.join(', ')}), got ${describe(value)}`);
    }
    if (!accepts(def, value))
      fail(ValueError, op, `attribute ${def.name} wants ${wanted(def, value)}, got ${describe(value)}`);
  }
}

function accepts(def: OpAttrDef, value: unknown): boolean {
  switch (def.type) {
    case 'int':
      return Number.isSafeInteger(value);
    case 'float':
      return typeof value === 'number';
    case 'bool':
      return typeof value === 'boolean';
    case 'dtype':
      return (dtypes as readonly unknown[]).includes(value);
    case 'enum':
      return (def.choices as readonly unknown[] | undefined)?.includes(value) ?? false;
    case 'ints':
      return Array.isArray(value) && value.length <= maxRank && value.every((v) => Number.isSafeInteger(v));
  }
}

function wanted(def: OpAttrDef, value: unknown): string {
  switch (def.type) {
    case 'int':
      return 'an integer';
    case 'float':
      return 'a number';
    case 'bool':
      return 'a boolean';
    case 'dtype':
      return `one of ${dtypes.join(', ')}`;
    case 'enum':
      return `one of ${(def.choices ?? []).join(', ')}`;
    case 'ints':
      return Array.isArray(value) && value.length > maxRank
        ? `a list of at most ${maxRank} integers`
        : 'a list of integers';
  }
}
