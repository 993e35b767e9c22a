import { Handle } from '../backend/backend.js';
import { Module } from '../nn/module.js';

// What a program takes for granted of the modules that ran while it was recorded: their fields, which are plain, so that
// nobody is told when one is assigned. They are looked at when a program is called.

/** A field that must be what it was. */
interface Field {
  readonly holder: object;
  readonly key: string | number;
  readonly value: unknown;
}

/** The fields of the modules that a recording reached. */
export class Guards {
  readonly #modules = new Set<object>();
  #fields: Field[] = [];

  /** Takes down the fields of a module and of those below, before its `forward` runs. */
  reached(module: object): void {
    if (this.#modules.has(module) || !(module instanceof Module)) return;
    for (const each of module.modules()) {
      if (this.#modules.has(each)) continue;
      this.#modules.add(each);
      for (const key of Object.keys(each)) {
        const field = Object.getOwnPropertyDescriptor(each, key);
        if (field !== undefined && 'value' in field) this.#take(each, key, field.value);
      }
    }
  }

  #take(holder: object, key: string | number, value: unknown): void {
    this.#fields.push({ holder, key, value });
    if (!Array.isArray(value) || Handle.is(value)) return;
    this.#fields.push({ holder: value, key: 'length', value: value.length });
    value.forEach((entry: unknown, i) => this.#take(value, i, entry));
  }

  /** After the recording: what it changed itself is an effect of the function, not what it depends on. */
  settle(): void {
    this.#fields = this.#fields.filter(isAsBefore);
  }

  hold(): boolean {
    const fields = this.#fields;
    for (let i = 0; i < fields.length; ++i) if (!isAsBefore(fields[i]!)) return false;
    return true;
  }
}

function isAsBefore({ holder, key, value }: Field): boolean {
  const now = (holder as Record<string | number, unknown>)[key];
  // The first is the faster question; it has another answer for NaN alone, and for a zero's sign the second is not asked.
  return now === value || Object.is(now, value);
}
