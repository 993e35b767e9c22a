import { dtypes, heldBytes, viewBuffer, type DType, type TypedArray } from '../dtype.js';
import { AnomalyError, BackendError, errorKinds, InternalError } from '../errors.js';
import type { Addon } from './addon.js';
import type { Handle } from './backend.js';
import {
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
import { CallBuffer } from './call-buffer.js';
import { makeCollector } from './collector.js';
import { makeBuffer } from './guards.js';
import { frozenList } from './lists.js';
import { macrotask } from './macrotask.js';
import { NativeObserver } from './native-observer.js';
import { NativePrograms } from './native-programs.js';
import { decodeAttrs, planOf, type Plan } from './plan.js';
import { refuseReading } from './recording.js';
import { opRecords, type OpAttrs, type OpName } from './op-schema.gen.js';

/** Bytes: some ten microseconds. */
const copiedAtOnce = 128 * 1024;

/** The backend on the C++ addon. One instance an environment. */
export class NativeBackend<T extends Handle> implements Backend<T> {
  readonly name = 'native';
  readonly observer: NativeObserver;
  readonly programs: NativePrograms<T>;
  readonly #addon: Addon;
  readonly #hooks: BackendHooks<T>;
  readonly #plans = new Map<string, Plan>();
  readonly #customs: CustomBackward<T>[] = [];
  readonly #calls: CallBuffer;

  constructor(addon: Addon, hooks: BackendHooks<T>) {
    this.#addon = addon;
    this.#hooks = hooks;
    this.#calls = new CallBuffer(addon);
    for (const [id, op] of addon.describeOps().entries()) this.#plans.set(op.name, planOf(id, op));
    this.observer = new NativeObserver(addon, [...this.#plans.keys()]);
    this.programs = new NativePrograms(addon, {
      write: (tensors) => void this.#calls.writeIds(0, tensors),
      receive: (count) => this.#receive(0, count) as T[],
      newTensor: () => hooks.newTensor(),
      ints: () => this.#calls.ints,
      adopt: (ids) => this.#adopt(ids) as T[],
    });
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

  /** New tensors on `count` ids that native code wrote from `at` on. */
  #receive(at: number, count: number): (T | null)[] {
    return this.#adopt(this.#calls.ints.slice(at, at + 2 * count));
  }

  #adopt(ids: ArrayLike<number>): (T | null)[] {
    const tensors: (T | null)[] = [];
    for (let i = 0; 2 * i < ids.length; i++) {
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

  #encode(op: OpName, inputs: readonly OpInput<T>[], attrs: object, inPlace: number): Plan {
    const plan = this.#plans.get(op);
    if (!plan) throw new InternalError(`[run] no op is called ${String(op)}`);
    this.#calls.encode(plan, inputs, attrs, inPlace);
    return plan;
  }

  /** Before anything is encoded: where the call comes from, if anomalies are looked for. */
  #note(): void {
    const { sites } = this.observer;
    if (sites !== undefined) this.observer.note(sites);
  }

  // Tensors

  create(dtype: DType, shape: readonly number[], data: TypedArray): T {
    this.#calls.writeShape(shape);
    const tensor = this.#hooks.newTensor();
    this.#addon.create(tensor, dtypes.indexOf(dtype), data, shape.length);
    tensor.slot = this.#calls.ints[0]!;
    tensor.generation = this.#calls.ints[1]!;
    return tensor;
  }

  read(tensor: T): TypedArray {
    refuseReading();
    const { dtype, shape } = this.info(tensor);
    const buffer = makeBuffer(shape.reduce((bytes, size) => bytes * size, heldBytes(dtype)));
    this.#calls.subject(tensor);
    this.#addon.read(buffer);
    return viewBuffer(dtype, buffer);
  }

  async readLater(tensor: T): Promise<TypedArray> {
    refuseReading();
    const { dtype, shape } = this.info(tensor);
    const bytes = shape.reduce((product, size) => product * size, heldBytes(dtype));
    // A round trip to another thread takes longer than that copy.
    if (bytes <= copiedAtOnce && !this.programs.busy) {
      const values = this.read(tensor);
      await macrotask();
      return values;
    }
    const buffer = makeBuffer(bytes);
    this.#calls.subject(tensor);
    const reading = this.#addon.readLater(buffer);
    return viewBuffer(dtype, await (this.programs.busy ? this.programs.follow(reading) : reading));
  }

  info(tensor: T): TensorInfo {
    this.#calls.subject(tensor);
    this.#addon.info();
    const rank = this.#calls.ints[1]!;
    const dtype = dtypes[this.#calls.ints[0]!] ?? 'float32';
    const { floats } = this.#calls;
    const shape = frozenList(floats, 0, rank);
    const strides = frozenList(floats, rank, rank);
    const [offset, room] = [floats[2 * rank]!, floats[2 * rank + 1]!];
    return { dtype, shape, strides, offset, room };
  }

  release(tensor: T): void {
    this.#calls.subject(tensor);
    this.#addon.release();
    tensor.slot = -1;
  }

  beginScope(): void {
    this.#addon.beginScope();
  }

  endScope(keep: readonly T[]): void {
    this.#calls.writeIds(0, keep);
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
      tensors[j]!.slot = this.#calls.ints[2 * j]!;
      tensors[j]!.generation = this.#calls.ints[2 * j + 1]!;
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
    tensor.slot = this.#calls.ints[0]!;
    tensor.generation = this.#calls.ints[1]!;
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
    this.#calls.subject(tensor);
    const cast = this.#hooks.newTensor();
    if (!this.#addon.castToScope(cast)) return null;
    cast.slot = this.#calls.ints[0]!;
    cast.generation = this.#calls.ints[1]!;
    return cast;
  }

  requiresGrad(tensor: T): boolean {
    this.#calls.subject(tensor);
    return this.#addon.requiresGrad();
  }

  setRequiresGrad(tensor: T, value: boolean): void {
    this.#calls.subject(tensor);
    this.#addon.setRequiresGrad(value);
  }

  isLeaf(tensor: T): boolean {
    this.#calls.subject(tensor);
    return this.#addon.isLeaf();
  }

  gradFn(tensor: T): string | null {
    this.#calls.subject(tensor);
    return this.#addon.gradFn();
  }

  getGrad(tensor: T): T | null {
    this.#calls.subject(tensor);
    const living = this.#addon.getGrad();
    if (living) return living as T;
    return this.#receive(0, 1)[0]!;
  }

  setGrad(tensor: T, grad: T | null): void {
    this.#calls.writeIds(0, [tensor, grad]);
    this.#addon.setGrad();
  }

  retainGrad(tensor: T): void {
    this.#calls.subject(tensor);
    this.#addon.retainGrad();
  }

  hookGradient(tensor: T, hook: (grad: T) => T | null): void {
    const hooks = this.#gradientHooks;
    this.#hookCaller ??= this.registerCustom('tensorHook', (grads, _saved, id) => [
      hooks.get(Number(id))?.(grads[0]!) ?? grads[0]!,
    ]);
    const id = ++this.#hookCount;
    this.#calls.subject(tensor);
    const dropped = this.#addon.hookGradient(this.#hookCaller, id);
    for (let i = 0; i < dropped; ++i) hooks.delete(this.#calls.ints[i]!);
    hooks.set(id, hook);
  }

  version(tensor: T): number {
    this.#calls.subject(tensor);
    return this.#addon.version();
  }

  backward(roots: readonly T[], grads: readonly (T | null)[], options: BackwardOptions): void {
    this.#note();
    this.#calls.writeIds(this.#calls.writeIds(0, roots), grads);
    this.#addon.backward(roots.length, options.retainGraph, options.createGraph);
  }

  grad(
    roots: readonly T[],
    inputs: readonly T[],
    grads: readonly (T | null)[],
    options: BackwardOptions,
  ): (T | null)[] {
    this.#note();
    this.#calls.writeIds(this.#calls.writeIds(this.#calls.writeIds(0, roots), inputs), grads);
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
    this.#calls.writeIds(this.#calls.writeIds(this.#calls.writeIds(0, inputs), outputs), saved);
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
    const attrs = decodeAttrs(this.#plans.get(op)!, this.#calls.floats);
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
    this.#calls.writeIds(0, results);
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
