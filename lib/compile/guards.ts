import { Handle } from '../backend/backend.js';
import { Module } from '../nn/module.js';
import { isPlain } from './tree.js';

// What a program takes for granted of the modules that ran while it was recorded: their fields, which are plain, so that
// nobody is told when one is assigned. They are looked at when a program is called.

/** A field that must be what it was. */
export interface Field {
  readonly holder: object;
  readonly key: string | number;
  readonly value: unknown;
}

/** An object that must have as many fields as it had: what is added is not among those that were taken down. */
interface Count {
  readonly holder: object;
  count: number;
}

interface Entry {
  readonly map: ReadonlyMap<unknown, unknown>;
  readonly key: unknown;
  readonly value: unknown;
}

interface Member {
  readonly set: ReadonlySet<unknown>;
  readonly value: unknown;
}

interface Size {
  readonly of: ReadonlyMap<unknown, unknown> | ReadonlySet<unknown>;
  size: number;
}

/** The fields of the modules that a recording reached, and what arrays, plain objects, maps and sets in them hold. */
export class Guards {
  readonly #seen = new Set<object>();
  #fields: Field[] = [];
  readonly #counts: Count[] = [];
  readonly #sizes: Size[] = [];
  #entries: Entry[] = [];
  #members: Member[] = [];

  /** Takes down the fields of a module and of those below, before its `forward` runs. */
  reached(module: object): void {
    if (this.#seen.has(module) || !(module instanceof Module)) return;
    for (const each of module.modules()) {
      if (this.#seen.has(each)) continue;
      this.#seen.add(each);
      this.#counts.push({ holder: each, count: countFields(each) });
      // The class's, or one that was put in its place.
      this.#fields.push({ holder: each, key: 'forward', value: Reflect.get(each, 'forward') });
      this.#takeFields(each);
    }
  }

  #takeFields(holder: object): void {
    for (const key of Object.keys(holder)) {
      const field = Object.getOwnPropertyDescriptor(holder, key);
      if (field === undefined || !('value' in field)) continue;
      this.#fields.push({ holder, key, value: field.value });
      this.#takeContents(field.value);
    }
  }

  #takeContents(value: unknown): void {
    if (typeof value !== 'object' || value === null || Handle.is(value) || this.#seen.has(value)) return;
    if (Array.isArray(value)) {
      this.#seen.add(value);
      this.#fields.push({ holder: value, key: 'length', value: value.length });
      value.forEach((entry: unknown, i) => {
        this.#fields.push({ holder: value, key: i, value: entry });
        this.#takeContents(entry);
      });
    } else if (value instanceof Map) {
      this.#seen.add(value);
      this.#sizes.push({ of: value, size: value.size });
      for (const [key, entry] of value as ReadonlyMap<unknown, unknown>) {
        this.#entries.push({ map: value, key, value: entry });
        this.#takeContents(entry);
      }
    } else if (value instanceof Set) {
      this.#seen.add(value);
      this.#sizes.push({ of: value, size: value.size });
      for (const member of value) this.#members.push({ set: value, value: member });
    } else if (isPlain(value)) {
      this.#seen.add(value);
      this.#counts.push({ holder: value, count: countFields(value) });
      this.#takeFields(value);
    }
  }

  /** After the recording: what it changed itself is an effect of the function, not what it depends on. */
  settle(): void {
    this.#fields = this.#fields.filter(isAsBefore);
    this.#entries = this.#entries.filter(isInMap);
    this.#members = this.#members.filter(isInSet);
    for (const each of this.#counts) each.count = countFields(each.holder);
    for (const each of this.#sizes) each.size = each.of.size;
  }

  /** Fields of modules that held a tensor, and that the recording has given another. */
  replacedTensors(): Field[] {
    return this.#fields.filter((field) => {
      if (!Handle.is(field.value) || isAsBefore(field)) return false;
      return Handle.is(Reflect.get(field.holder, field.key));
    });
  }

  hold(): boolean {
    const fields = this.#fields;
    for (let i = 0; i < fields.length; ++i) if (!isAsBefore(fields[i]!)) return false;
    const counts = this.#counts;
    for (let i = 0; i < counts.length; ++i)
      if (countFields(counts[i]!.holder) !== counts[i]!.count) return false;
    if (this.#sizes.length === 0) return true;
    return (
      this.#sizes.every(({ of, size }) => of.size === size) &&
      this.#entries.every(isInMap) &&
      this.#members.every(isInSet)
    );
  }

  /** The fields as they are now. */
  fieldsNow(): Field[] {
    return this.#fields.map(({ holder, key }) => ({
      holder,
      key,
      value: Reflect.get(holder, key) as unknown,
    }));
  }
}

function isAsBefore({ holder, key, value }: Field): boolean {
  const now = (holder as Record<string | number, unknown>)[key];
  // The first is the faster question; it has another answer for NaN alone, and for a zero's sign the second is not asked.
  return now === value || Object.is(now, value);
}

function isInMap({ map, key, value }: Entry): boolean {
  return Object.is(map.get(key), value) && (value !== undefined || map.has(key));
}

function isInSet({ set, value }: Member): boolean {
  return set.has(value);
}

/** Enumerable ones. Unlike `Object.keys` this makes no array. */
function countFields(holder: object): number {
  let count = 0;
  // eslint-disable-next-line @typescript-eslint/no-unused-vars, guard-for-in
  for (const _ in holder) ++count;
  return count;
}
