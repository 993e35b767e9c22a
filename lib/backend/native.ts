import { dtypes, heldBytes, viewBuffer, type DType, type TypedArray } from '../dtype.js';
import { AnomalyError, BackendError, DTypeError, errorKinds, InternalError, ValueError } from '../errors.js';
import type { Addon } from './addon.js';
import {
  Handle,
  type Backend,
  type BackendHooks,
  type BackendInfo,
  type BackwardOptions,
  type Counters,
  type CustomBackward,
  type MemoryInfo,
  type OpInput,
  type PeakRates,
  type TensorInfo,
} from './backend.js';
import { makeCollector } from './collector.js';
import { describe } from './describe.js';
import { checkHandle, copyList, makeBuffer } from './guards.js';
import { NativeObserver } from './native-observer.js';
import { decodeAttrs, planOf, type Plan } from './plan.js';
import { opRecords, type OpAttrs, type OpName } from './op-schema.gen.js';

// How an operand is tagged in the shared ints; see native/binding/run.cc.
const enum Tag {
  Tensor,
  Integer,
  Float,
  Boolean,
  Absent,
}

/** Bytes: some ten microseconds. */
const copiedAtOnce = 128 * 1024;

/** The backend on the C++ addon. One instance an environment. */
export class NativeBackend<T extends Handle> implements Backend<T> {
  readonly name = 'native';
  readonly observer: NativeObserver;
  readonly #addon: Addon;
  readonly #hooks: BackendHooks<T>;
  readonly #plans = new Map<string, Plan>();
  readonly #customs: CustomBackward<T>[] = [];
  #ints!: Int32Array;
  #floats!: Float64Array;
  // Write positions of the call that is being encoded.
  #intAt = 0;
  #floatAt = 0;

  constructor(addon: Addon, hooks: BackendHooks<T>) {
    this.#addon = addon;
    this.#hooks = hooks;
    this.#reserve(4096, 1024);
    for (const [id, op] of addon.describeOps().entries()) this.#plans.set(op.name, planOf(id, op));
    this.observer = new NativeObserver(addon, [...this.#plans.keys()]);
    for (const name of Object.keys(opRecords)) {
      if (!this.#plans.has(name)) {
        throw new BackendError(
          `the addon lacks the op ${name}: it was built from another version; build it again`,
        );
      }
    }
    addon.open(
      (kind, message) => {
        const made = errorKinds[kind] ?? InternalError;
        return made === AnomalyError ? this.observer.anomaly(message) : new made(message);
      },
      makeCollector(),
      (custom, grads, saved, _createGraph, attrs) => this.#customBackward(custom, grads, saved, attrs),
      (op, inputs, grads) => this.#compositeVjp(op, inputs, grads),
    );
  }

  /** By their numbers, which the tape holds. */
  readonly #gradientHooks = new Map<number, (grad: T) => T | null>();
  #hookCaller: number | undefined;
  #hookCount = 0;

  has(op: OpName): boolean {
    return this.#plans.has(op);
  }

  // Encoding

  #reserve(ints: number, floats: number): void {
    const buffer = this.#addon.reserve(ints, floats);
    const oldInts = this.#ints as Int32Array | undefined;
    const oldFloats = this.#floats as Float64Array | undefined;
    this.#floats = new Float64Array(buffer, 0, floats);
    this.#ints = new Int32Array(buffer, floats * 8, ints);
    if (oldInts) this.#ints.set(oldInts);
    if (oldFloats) this.#floats.set(oldFloats);
  }

  /** Makes room for a call with `ints` more integers and `floats` more doubles. */
  #ensure(ints: number, floats: number): void {
    if (this.#intAt + ints <= this.#ints.length && this.#floatAt + floats <= this.#floats.length) return;
    this.#reserve(
      Math.max(this.#ints.length, 2 * (this.#intAt + ints)),
      Math.max(this.#floats.length, 2 * (this.#floatAt + floats)),
    );
  }

  #operand(plan: Plan, input: Plan['inputs'][number], value: unknown): void {
    const ints = this.#ints;
    if (Handle.is(value)) {
      ints[this.#intAt] = Tag.Tensor;
      ints[this.#intAt + 1] = value.slot;
      ints[this.#intAt + 2] = value.generation;
      this.#intAt += 3;
    } else if (typeof value === 'number') {
      ints[this.#intAt++] = Number.isSafeInteger(value) && !Object.is(value, -0) ? Tag.Integer : Tag.Float;
      this.#floats[this.#floatAt++] = value;
    } else if (typeof value === 'boolean') {
      ints[this.#intAt++] = Tag.Boolean;
      this.#floats[this.#floatAt++] = value ? 1 : 0;
    } else if ((value === null || value === undefined) && input.kind === 'optional') {
      ints[this.#intAt++] = Tag.Absent;
    } else {
      const wanted = input.kind === 'optional' ? 'a tensor, a number or null' : 'a tensor or a number';
      throw new DTypeError(`[${plan.name}] input ${input.name} wants ${wanted}, got ${describe(value)}`);
    }
  }

  #attr(plan: Plan, attr: Plan['attrs'][number], value: unknown): void {
    const floats = this.#floats;
    switch (attr.type) {
      case 'ints':
        if (Array.isArray(value)) {
          this.#ensure(0, value.length + 8);
          this.#floats[this.#floatAt++] = value.length;
          let numbers = true;
          for (const item of value as unknown[]) {
            if ((numbers = typeof item === 'number')) this.#floats[this.#floatAt++] = item;
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

  #encode(op: OpName, inputs: readonly OpInput<T>[], attrs: object, inPlace: number): Plan {
    const plan = this.#plans.get(op);
    if (!plan) throw new InternalError(`[run] no op is called ${String(op)}`);
    const operands = plan.hasList ? inputs.map(copyList) : inputs;
    // Most ops have no lists: nothing is made for them.
    const lists =
      plan.lists.length === 0
        ? plan.lists
        : plan.lists.map((name): unknown => copyList((attrs as Record<string, unknown>)[name]));
    let nextList = 0;
    this.#ints[0] = plan.id;
    this.#ints[1] = inPlace;
    this.#intAt = 2;
    this.#floatAt = 0;
    const defs = plan.inputs;
    for (let i = 0; i < defs.length; i++) {
      const def = defs[i]!;
      const value = operands[i];
      if (def.kind === 'list') {
        if (!Array.isArray(value)) {
          throw new DTypeError(`[${op}] input ${def.name} wants a list of tensors, got ${describe(value)}`);
        }
        this.#ensure(3 * value.length + 64, 64);
        this.#ints[this.#intAt++] = value.length;
        for (const item of value as unknown[]) {
          if (!Handle.is(item)) {
            throw new DTypeError(
              `[${op}] input ${def.name} wants a list of tensors, got ${describe(item)} in it`,
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
    return plan;
  }

  /** Writes the ids of tensors (null: none) from `at` on; returns where they end. */
  #writeIds(at: number, tensors: readonly (T | null)[]): number {
    this.#intAt = at;
    this.#ensure(2 * tensors.length, 0);
    for (const tensor of tensors) {
      if (tensor !== null) checkHandle(tensor);
      // -1 is an absent tensor; a freed one, whose slot is negative too, must not pass for that.
      this.#ints[at++] = tensor === null ? -1 : tensor.slot < 0 ? -2 : tensor.slot;
      this.#ints[at++] = tensor === null ? 0 : tensor.generation;
    }
    return at;
  }

  #subject(tensor: T): void {
    checkHandle(tensor);
    this.#ints[0] = tensor.slot;
    this.#ints[1] = tensor.generation;
  }

  /** New tensors on `count` ids that native code wrote from `at` on. */
  #receive(at: number, count: number): (T | null)[] {
    const ids = this.#ints.slice(at, at + 2 * count);
    const tensors: (T | null)[] = [];
    for (let i = 0; i < count; i++) {
      const slot = ids[2 * i]!;
      if (slot < 0) {
        tensors.push(null);
        continue;
      }
      const tensor = this.#hooks.newTensor();
      tensor.slot = slot;
      tensor.generation = ids[2 * i + 1]!;
      this.#addon.bind(tensor, slot, tensor.generation);
      tensors.push(tensor);
    }
    return tensors;
  }

  /** Before anything is encoded: where the call comes from, if anomalies are looked for. */
  #note(): void {
    const { sites } = this.observer;
    if (sites !== undefined) this.observer.note(sites);
  }

  // Tensors

  create(dtype: DType, shape: readonly number[], data: TypedArray): T {
    this.#intAt = this.#floatAt = 0;
    this.#ensure(0, shape.length);
    for (let i = 0; i < shape.length; i++) this.#floats[i] = shape[i]!;
    const tensor = this.#hooks.newTensor();
    this.#addon.create(tensor, dtypes.indexOf(dtype), data, shape.length);
    tensor.slot = this.#ints[0]!;
    tensor.generation = this.#ints[1]!;
    return tensor;
  }

  read(tensor: T): TypedArray {
    const { dtype, shape } = this.info(tensor);
    const buffer = makeBuffer(shape.reduce((bytes, size) => bytes * size, heldBytes(dtype)));
    this.#subject(tensor);
    this.#addon.read(buffer);
    return viewBuffer(dtype, buffer);
  }

  async readLater(tensor: T): Promise<TypedArray> {
    const { dtype, shape } = this.info(tensor);
    const bytes = shape.reduce((product, size) => product * size, heldBytes(dtype));
    // A round trip to another thread takes longer than that copy.
    if (bytes <= copiedAtOnce) return this.read(tensor);
    const buffer = makeBuffer(bytes);
    this.#subject(tensor);
    return viewBuffer(dtype, await this.#addon.readLater(buffer));
  }

  info(tensor: T): TensorInfo {
    this.#subject(tensor);
    this.#addon.info();
    const rank = this.#ints[1]!;
    const dtype = dtypes[this.#ints[0]!] ?? 'float32';
    const shape: number[] = [];
    const strides: number[] = [];
    for (let i = 0; i < rank; i++) {
      shape.push(this.#floats[i]!);
      strides.push(this.#floats[rank + i]!);
    }
    const [offset, room] = [this.#floats[2 * rank]!, this.#floats[2 * rank + 1]!];
    return { dtype, shape, strides, offset, room };
  }

  release(tensor: T): void {
    this.#subject(tensor);
    this.#addon.release();
    tensor.slot = -1;
  }

  beginScope(): void {
    this.#addon.beginScope();
  }

  endScope(keep: readonly T[]): void {
    this.#writeIds(0, keep);
    this.#addon.endScope(keep.length);
  }

  // Ops

  run<Name extends OpName>(op: Name, inputs: readonly OpInput<T>[], attrs: OpAttrs[Name]): T[] {
    this.#note();
    const plan = this.#encode(op, inputs, attrs, 0);
    const tensors: T[] = [];
    for (let j = 0; j < plan.outputs; j++) tensors.push(this.#hooks.newTensor());
    this.#addon.run(...tensors);
    for (let j = 0; j < tensors.length; j++) {
      tensors[j]!.slot = this.#ints[2 * j]!;
      tensors[j]!.generation = this.#ints[2 * j + 1]!;
    }
    return tensors;
  }

  run1<Name extends OpName>(op: Name, inputs: readonly OpInput<T>[], attrs: OpAttrs[Name]): T {
    this.#note();
    const plan = this.#encode(op, inputs, attrs, 0);
    if (plan.outputs !== 1) {
      const [first, ...others] = this.run(op, inputs, attrs);
      for (const other of others) this.release(other);
      return first!;
    }
    const tensor = this.#hooks.newTensor();
    this.#addon.run(tensor);
    tensor.slot = this.#ints[0]!;
    tensor.generation = this.#ints[1]!;
    return tensor;
  }

  runInPlace<Name extends OpName>(op: Name, inputs: readonly OpInput<T>[], attrs: OpAttrs[Name]): void {
    this.#note();
    this.#encode(op, inputs, attrs, 1);
    this.#addon.run();
  }

  // Autograd

  setGradMode(enabled: boolean): boolean {
    return this.#addon.setGradMode(enabled);
  }

  setAutocast(dtype: DType | null): void {
    this.#addon.setAutocast(dtype === null ? -1 : dtypes.indexOf(dtype));
  }

  forgetCasts(): void {
    this.#addon.forgetCasts();
  }

  castToScope(tensor: T): T | null {
    this.#subject(tensor);
    const cast = this.#hooks.newTensor();
    if (!this.#addon.castToScope(cast)) return null;
    cast.slot = this.#ints[0]!;
    cast.generation = this.#ints[1]!;
    return cast;
  }

  requiresGrad(tensor: T): boolean {
    this.#subject(tensor);
    return this.#addon.requiresGrad();
  }

  setRequiresGrad(tensor: T, value: boolean): void {
    this.#subject(tensor);
    this.#addon.setRequiresGrad(value);
  }

  isLeaf(tensor: T): boolean {
    this.#subject(tensor);
    return this.#addon.isLeaf();
  }

  gradFn(tensor: T): string | null {
    this.#subject(tensor);
    return this.#addon.gradFn();
  }

  getGrad(tensor: T): T | null {
    this.#subject(tensor);
    const living = this.#addon.getGrad();
    if (living) return living as T;
    return this.#receive(0, 1)[0]!;
  }

  setGrad(tensor: T, grad: T | null): void {
    this.#writeIds(0, [tensor, grad]);
    this.#addon.setGrad();
  }

  retainGrad(tensor: T): void {
    this.#subject(tensor);
    this.#addon.retainGrad();
  }

  hookGradient(tensor: T, hook: (grad: T) => T | null): void {
    const hooks = this.#gradientHooks;
    this.#hookCaller ??= this.registerCustom('tensorHook', (grads, _saved, id) => [
      hooks.get(Number(id))?.(grads[0]!) ?? grads[0]!,
    ]);
    const id = ++this.#hookCount;
    this.#subject(tensor);
    const dropped = this.#addon.hookGradient(this.#hookCaller, id);
    for (let i = 0; i < dropped; ++i) hooks.delete(this.#ints[i]!);
    hooks.set(id, hook);
  }

  version(tensor: T): number {
    this.#subject(tensor);
    return this.#addon.version();
  }

  backward(roots: readonly T[], grads: readonly (T | null)[], options: BackwardOptions): void {
    this.#note();
    this.#writeIds(this.#writeIds(0, roots), grads);
    this.#addon.backward(roots.length, options.retainGraph, options.createGraph);
  }

  grad(
    roots: readonly T[],
    inputs: readonly T[],
    grads: readonly (T | null)[],
    options: BackwardOptions,
  ): (T | null)[] {
    this.#note();
    this.#writeIds(this.#writeIds(this.#writeIds(0, roots), inputs), grads);
    this.#addon.grad(roots.length, inputs.length, options.retainGraph, options.createGraph);
    return this.#receive(0, inputs.length);
  }

  registerCustom(name: string, backward: CustomBackward<T>): number {
    const id = this.#addon.registerCustom(name);
    this.#customs[id] = backward;
    return id;
  }

  attachCustom(
    custom: number,
    inputs: readonly T[],
    outputs: readonly T[],
    saved: readonly T[],
    attrs: string,
  ): void {
    this.#note();
    this.#writeIds(this.#writeIds(this.#writeIds(0, inputs), outputs), saved);
    this.#addon.attachCustom(custom, inputs.length, outputs.length, saved.length, attrs);
  }

  // Calls from native code. Whatever is made on the way and not returned goes with the scope.

  #customBackward(custom: number, gradCount: number, savedCount: number, attrs: string): number {
    const backward = this.#customs[custom];
    if (!backward) throw new InternalError(`[customOp] number ${custom} is not registered`);
    return this.#answer(gradCount + savedCount, (tensors) =>
      backward(tensors.slice(0, gradCount), tensors.slice(gradCount) as T[], attrs),
    );
  }

  #compositeVjp(op: string, inputCount: number, gradCount: number): number {
    const attrs = decodeAttrs(this.#plans.get(op)!, this.#floats);
    return this.#answer(inputCount + gradCount, (tensors) =>
      this.#hooks.compositeVjp(op as OpName, tensors.slice(0, inputCount), attrs, tensors.slice(inputCount)),
    );
  }

  /** Runs `compute` on `count` received tensors and hands its results back by id. */
  #answer(count: number, compute: (tensors: (T | null)[]) => readonly (T | null)[]): number {
    const { openScope = () => this.beginScope(), closeScope = (kept) => this.endScope(kept) } = this.#hooks;
    openScope();
    let results: readonly (T | null)[] = [];
    try {
      results = compute(this.#receive(0, count)).map((result) => result ?? null);
    } finally {
      closeScope(results.filter((result) => result !== null));
    }
    this.#writeIds(0, results);
    return results.length;
  }

  // Housekeeping

  collect(): void {
    this.#addon.collect();
  }

  memory(): MemoryInfo {
    return this.#addon.memory();
  }

  counters(): Counters {
    return this.#addon.counters();
  }

  backendInfo(): BackendInfo {
    return this.#addon.backendInfo();
  }

  matmulParts(): number {
    return this.#addon.backendInfo().matmulParts;
  }

  setMatmulParts(parts: number): void {
    this.#addon.setMatmulParts(parts);
  }

  peak(seconds: number): PeakRates {
    return this.#addon.peak(seconds);
  }

  setNumThreads(threads: number): void {
    this.#addon.setNumThreads(threads);
  }

  setMemoryLimit(bytes: number): void {
    this.#addon.setMemoryLimit(bytes);
  }
}
