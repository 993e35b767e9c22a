import { dtypes, type DType } from '../dtype.js';
import { DTypeError, ValueError } from '../errors.js';
import type { Addon } from './addon.js';
import { Handle } from './backend.js';
import { describe } from './describe.js';
import { checkHandle, copyList } from './guards.js';
import type { Plan } from './plan.js';

// How an operand is tagged in the shared ints; see native/binding/run.cc.
const enum Tag {
  Tensor,
  Integer,
  Float,
  Boolean,
  Absent,
}

/**
 * The memory by which calls reach native code and ids of tensors come back. It may be exchanged by a larger one whenever
 * something is written: `ints` and `floats` are read anew each time.
 */
export class CallBuffer {
  ints!: Int32Array;
  floats!: Float64Array;
  readonly #addon: Addon;
  // Write positions of the call that is being encoded.
  #intAt = 0;
  #floatAt = 0;

  constructor(addon: Addon) {
    this.#addon = addon;
    this.#reserve(4096, 1024);
  }

  /** Writes one call of an op. */
  encode(plan: Plan, inputs: readonly unknown[], attrs: object, inPlace: number): void {
    const operands = plan.hasList ? inputs.map(copyList) : inputs;
    // Most ops have no lists: nothing is made for them.
    const lists =
      plan.lists.length === 0
        ? plan.lists
        : plan.lists.map((name): unknown => copyList((attrs as Record<string, unknown>)[name]));
    let nextList = 0;
    this.ints[0] = plan.id;
    this.ints[1] = inPlace;
    this.#intAt = 2;
    this.#floatAt = 0;
    const defs = plan.inputs;
    for (let i = 0; i < defs.length; i++) {
      const def = defs[i]!;
      const value = operands[i];
      if (def.kind === 'list') {
        if (!Array.isArray(value)) {
          throw new DTypeError(
            `[${plan.name}] input ${def.name} wants a list of tensors, got ${describe(value)}`,
          );
        }
        this.#ensure(3 * value.length + 64, 64);
        this.ints[this.#intAt++] = value.length;
        for (const item of value as unknown[]) {
          if (!Handle.is(item)) {
            throw new DTypeError(
              `[${plan.name}] input ${def.name} wants a list of tensors, got ${describe(item)} in it`,
            );
          }
          this.#operand(plan, def, item);
        }
      } else {
        this.#operand(plan, def, value);
      }
    }
    for (let k = 0; k < plan.attrs.length; k++) {
      const attr = plan.attrs[k]!;
      const isList = attr.type === 'ints';
      this.#attr(plan, attr, isList ? lists[nextList++] : (attrs as Record<string, unknown>)[attr.name]);
    }
  }

  /** Writes the ids of tensors (null: none) from `at` on; returns where they end. */
  writeIds(at: number, tensors: readonly (Handle | null)[]): number {
    this.#intAt = at;
    this.#ensure(2 * tensors.length, 0);
    for (const tensor of tensors) {
      if (tensor !== null) checkHandle(tensor);
      // -1 is an absent tensor; a freed one, whose slot is negative too, must not pass for that.
      this.ints[at++] = tensor === null ? -1 : tensor.slot < 0 ? -2 : tensor.slot;
      this.ints[at++] = tensor === null ? 0 : tensor.generation;
    }
    return at;
  }

  /** The tensor that a call is about. */
  subject(tensor: Handle): void {
    checkHandle(tensor);
    this.ints[0] = tensor.slot;
    this.ints[1] = tensor.generation;
  }

  writeShape(shape: readonly number[]): void {
    this.#intAt = this.#floatAt = 0;
    this.#ensure(0, shape.length);
    for (let i = 0; i < shape.length; i++) this.floats[i] = shape[i]!;
  }

  #reserve(ints: number, floats: number): void {
    const buffer = this.#addon.reserve(ints, floats);
    const oldInts = this.ints as Int32Array | undefined;
    const oldFloats = this.floats as Float64Array | undefined;
    this.floats = new Float64Array(buffer, 0, floats);
    this.ints = new Int32Array(buffer, floats * 8, ints);
    if (oldInts) this.ints.set(oldInts);
    if (oldFloats) this.floats.set(oldFloats);
  }

  /** Makes room for a call with `ints` more integers and `floats` more doubles. */
  #ensure(ints: number, floats: number): void {
    if (this.#intAt + ints <= this.ints.length && this.#floatAt + floats <= this.floats.length) return;
    this.#reserve(
      Math.max(this.ints.length, 2 * (this.#intAt + ints)),
      Math.max(this.floats.length, 2 * (this.#floatAt + floats)),
    );
  }

  #operand(plan: Plan, input: Plan['inputs'][number], value: unknown): void {
    const ints = this.ints;
    if (Handle.is(value)) {
      ints[this.#intAt] = Tag.Tensor;
      ints[this.#intAt + 1] = value.slot;
      ints[this.#intAt + 2] = value.generation;
      this.#intAt += 3;
    } else if (typeof value === 'number') {
      ints[this.#intAt++] = Number.isSafeInteger(value) && !Object.is(value, -0) ? Tag.Integer : Tag.Float;
      this.floats[this.#floatAt++] = value;
    } else if (typeof value === 'boolean') {
      ints[this.#intAt++] = Tag.Boolean;
      this.floats[this.#floatAt++] = value ? 1 : 0;
    } else if ((value === null || value === undefined) && input.kind === 'optional') {
      ints[this.#intAt++] = Tag.Absent;
    } else {
      const wanted = input.kind === 'optional' ? 'a tensor, a number or null' : 'a tensor or a number';
      throw new DTypeError(`[${plan.name}] input ${input.name} wants ${wanted}, got ${describe(value)}`);
    }
  }

  #attr(plan: Plan, attr: Plan['attrs'][number], value: unknown): void {
    const floats = this.floats;
    switch (attr.type) {
      case 'ints':
        if (Array.isArray(value)) {
          this.#ensure(0, value.length + 8);
          this.floats[this.#floatAt++] = value.length;
          let numbers = true;
          for (const item of value as unknown[]) {
            if ((numbers = typeof item === 'number')) this.floats[this.#floatAt++] = item;
            else break;
          }
          if (numbers) return;
        }
        break;
      case 'int':
      case 'float':
        if (typeof value === 'number') {
          floats[this.#floatAt++] = value;
          return;
        }
        break;
      case 'bool':
        if (typeof value === 'boolean') {
          floats[this.#floatAt++] = value ? 1 : 0;
          return;
        }
        break;
      case 'enum': {
        const index = attr.choices.indexOf(value as string);
        if (index >= 0) {
          floats[this.#floatAt++] = index;
          return;
        }
        break;
      }
      case 'dtype': {
        const index = dtypes.indexOf(value as DType);
        if (index >= 0) {
          floats[this.#floatAt++] = index;
          return;
        }
        throw new DTypeError(`[${plan.name}] wants a dtype (${dtypes.join(', ')}), got ${describe(value)}`);
      }
    }
    const wanted = {
      ints: 'a list of integers',
      int: 'an integer',
      float: 'a number',
      bool: 'true or false',
      enum: `one of ${attr.choices.join(', ')}`,
      dtype: 'a dtype',
    }[attr.type];
    throw new ValueError(`[${plan.name}] attribute ${attr.name} wants ${wanted}, got ${describe(value)}`);
  }
}
