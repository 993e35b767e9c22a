import { isFloat, makeTypedArray, type DType, type TypedArray } from '../../dtype.js';
import {
  AutogradError,
  BackendError,
  DTypeError,
  InternalError,
  ShapeError,
  ValueError,
} from '../../errors.js';
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
} from '../backend.js';
import { frozenList } from '../lists.js';
import { macrotask } from '../macrotask.js';
import { opRecords, type OpAttrs, type OpName } from '../op-schema.gen.js';
import { refuseReading } from '../recording.js';
import { allocate, allocation, fail, liveBytes, show, RefTensor } from './array.js';
import { BackwardPass } from './backward.js';
import { copyInto } from './cast.js';
import { Handles } from './handles.js';
import type { TapeNode } from './node.js';
import { referenceOps } from './ops/table.js';
import { roundHalves } from './half.js';
import { checkSizes, contiguousStrides, numelOf, sameShape } from './shape.js';
import { multiplyAddRate } from './peak.js';
import { Tape, type Operand } from './tape.js';
import { checkAttrs, describe, kindOf } from './validate.js';

/**
 * The backend in plain TypeScript: the same primitives and the same tape as the native one, on typed arrays.
 * Memory belongs to the JavaScript garbage collector, so `memory().handles` counts handles that were made and not
 * released, garbage included, and bytes are those of all array buffers of the process.
 */
export function createReferenceBackend<T extends Handle>(hooks: BackendHooks<T>): Backend<T> {
  return new ReferenceBackend(hooks);
}

class ReferenceBackend<T extends Handle> implements Backend<T> {
  private parts = 3;
  readonly name = 'js';
  private readonly tape = new Tape();
  readonly observer = this.tape.observer;
  readonly programs = null;
  private readonly handles: Handles<T>;
  private readonly gradHandles = new WeakMap<RefTensor, T>();
  private readonly customs: { readonly name: string; readonly backward: CustomBackward<T> }[] = [];
  private crossings = 0;
  private peakBytes = 0;

  constructor(hooks: BackendHooks<T>) {
    this.handles = new Handles(hooks);
  }

  has(op: OpName): boolean {
    return Object.hasOwn(referenceOps, op);
  }

  create(dtype: DType, shape: readonly number[], data: TypedArray): T {
    this.crossings += 1;
    const wanted = makeTypedArray(dtype, 0);
    if (!ArrayBuffer.isView(data) || data[Symbol.toStringTag] !== wanted[Symbol.toStringTag]) {
      fail(DTypeError, 'create', `${dtype} wants a ${wanted.constructor.name}, got ${describe(data)}`);
    }
    const bad = shape.find((size) => !Number.isSafeInteger(size));
    if (bad !== undefined) fail(ShapeError, 'create', `sizes want integers, got ${describe(bad)}`);
    checkSizes('create', shape);
    if (numelOf(shape) !== data.length) {
      fail(
        ShapeError,
        'create',
        `shape ${show(shape)} has ${numelOf(shape)} elements, the data ${data.length}`,
      );
    }
    const storage = allocate('create', dtype, shape);
    if (dtype === 'bool') for (let i = 0; i < data.length; i++) storage.data[i] = data[i] ? 1 : 0;
    else (storage.data as Float64Array).set(data as Float64Array);
    const made = new RefTensor(dtype, shape.slice(), contiguousStrides(shape), 0, storage);
    roundHalves([made]);
    return this.handles.make(made);
  }

  read(tensor: T): TypedArray {
    refuseReading();
    this.crossings += 1;
    const t = this.handles.tensor('read', tensor);
    const storage = allocate('read', t.dtype, t.shape);
    copyInto(new RefTensor(t.dtype, t.shape, contiguousStrides(t.shape), 0, storage), t);
    return storage.data;
  }

  async readLater(tensor: T): Promise<TypedArray> {
    const values = this.read(tensor);
    await macrotask();
    return values;
  }

  info(tensor: T): TensorInfo {
    const t = this.handles.tensor('info', tensor);
    const { dtype, offset, data } = t;
    const shape = frozenList(t.shape, 0, t.shape.length);
    const strides = frozenList(t.strides, 0, t.strides.length);
    return { dtype, shape, strides, offset, room: data.length };
  }

  release(tensor: T): void {
    this.crossings += 1;
    this.handles.release(tensor);
  }

  beginScope(): void {
    this.handles.beginScope();
  }

  endScope(keep: readonly T[]): void {
    this.handles.endScope(keep);
  }

  run<Name extends OpName>(op: Name, inputs: readonly OpInput<T>[], attrs: OpAttrs[Name]): T[] {
    this.enter();
    return this.tape.run(op, this.operands(op, inputs, attrs), attrs).map((t) => this.handles.make(t));
  }

  run1<Name extends OpName>(op: Name, inputs: readonly OpInput<T>[], attrs: OpAttrs[Name]): T {
    this.enter();
    return this.handles.make(this.tape.run(op, this.operands(op, inputs, attrs), attrs)[0]!);
  }

  runInPlace<Name extends OpName>(op: Name, inputs: readonly OpInput<T>[], attrs: OpAttrs[Name]): void {
    this.enter();
    this.tape.runInPlace(op, this.operands(op, inputs, attrs), attrs);
  }

  // ---- autograd

  setGradMode(enabled: boolean): boolean {
    const before = this.tape.gradMode;
    this.tape.gradMode = enabled;
    return before;
  }

  setAutocast(dtype: DType | null): void {
    this.tape.casts.dtype = dtype;
  }

  forgetCasts(): void {
    this.tape.casts.forget();
  }

  castToScope(tensor: T): T | null {
    const source = this.handles.tensor('autocast', tensor);
    const cast = this.tape.casts.lowered(source);
    return cast === source ? null : this.handles.make(cast);
  }

  requiresGrad(tensor: T): boolean {
    return this.tape.requiresGrad(this.handles.tensor('requiresGrad', tensor));
  }

  setRequiresGrad(tensor: T, value: boolean): void {
    const t = this.handles.tensor('setRequiresGrad', tensor);
    if (!this.tape.isLeaf(t)) {
      if (value) return;
      fail(AutogradError, 'setRequiresGrad', 'only a leaf can stop requiring a gradient; use detach');
    }
    if (value && !isFloat(t.dtype)) {
      fail(DTypeError, 'setRequiresGrad', `only floating tensors can require a gradient, got ${t.dtype}`);
    }
    t.requiresGrad = value;
    // As a leaf it has a history of its own: none.
    if (value) t.view = undefined;
  }

  isLeaf(tensor: T): boolean {
    return this.tape.isLeaf(this.handles.tensor('isLeaf', tensor));
  }

  gradFn(tensor: T): string | null {
    const t = this.handles.tensor('gradFn', tensor);
    return this.tape.isLeaf(t) ? null : t.node!.op;
  }

  getGrad(tensor: T): T | null {
    const { grad } = this.handles.tensor('getGrad', tensor);
    if (!grad) return null;
    // One handle until the gradient is replaced, or somebody frees it.
    let handle = this.gradHandles.get(grad);
    if (handle?.value !== grad) this.gradHandles.set(grad, (handle = this.handles.make(grad)));
    return handle;
  }

  setGrad(tensor: T, grad: T | null): void {
    const t = this.handles.tensor('setGrad', tensor);
    if (grad === null) {
      t.grad = undefined;
      return;
    }
    const g = this.handles.tensor('setGrad', grad);
    if (g === t) fail(AutogradError, 'grad', 'a tensor cannot be its own gradient; assign a clone');
    if (!sameShape(g.shape, t.shape)) {
      fail(ShapeError, 'setGrad', `the gradient has shape ${show(g.shape)}, its tensor ${show(t.shape)}`);
    }
    if (g.dtype !== t.dtype) fail(DTypeError, 'setGrad', `the gradient is ${g.dtype}, its tensor ${t.dtype}`);
    t.grad = g;
  }

  retainGrad(tensor: T): void {
    const t = this.handles.tensor('retainGrad', tensor);
    if (!this.tape.requiresGrad(t)) {
      fail(AutogradError, 'retainGrad', 'the tensor does not require a gradient');
    }
    if (!t.node || t.retainsGrad) return;
    t.retainsGrad = true;
    (t.node.retaining ??= []).push(t);
  }

  hookGradient(tensor: T, hook: (grad: T) => T | null): void {
    const t = this.handles.tensor('registerHook', tensor);
    if (this.tape.isLeaf(t)) fail(InternalError, 'registerHook', 'the tensor is a leaf');
    (t.node!.hooks ??= []).push({
      output: t.outputIndex,
      hook: (grad) => {
        const [result] = this.handles.callBack('registerHook', [grad], ([given]) => [hook(given!)]);
        return result ?? grad;
      },
    });
  }

  backward(roots: readonly T[], grads: readonly (T | null)[], options: BackwardOptions): void {
    this.enter();
    this.pass(options, undefined).run(
      this.handles.tensors('backward', roots),
      this.handles.tensorsOrNone('backward', grads),
      'backward',
    );
  }

  grad(
    roots: readonly T[],
    inputs: readonly T[],
    grads: readonly (T | null)[],
    options: BackwardOptions,
  ): (T | null)[] {
    this.enter();
    const tensors = this.handles.tensors('grad', inputs);
    const edges = tensors.map((t, i) => {
      const edge = this.tape.edge(t);
      if (!edge) fail(AutogradError, 'grad', `input ${i} does not require a gradient`);
      return edge;
    });
    const pass = this.pass(options, new Set(edges));
    pass.run(this.handles.tensors('grad', roots), this.handles.tensorsOrNone('grad', grads), 'grad');
    return edges.map((edge, i) => {
      const found = pass.result(edge, tensors[i]!.node ? tensors[i]!.outputIndex : 0);
      return found ? this.handles.make(found) : null;
    });
  }

  version(tensor: T): number {
    return this.handles.tensor('version', tensor).storage.version;
  }

  registerCustom(name: string, backward: CustomBackward<T>): number {
    this.customs.push({ name, backward });
    return this.customs.length - 1;
  }

  attachCustom(
    custom: number,
    inputs: readonly T[],
    outputs: readonly T[],
    saved: readonly T[],
    attrs: string,
  ): void {
    this.enter();
    const def = this.customs[custom];
    if (!def) fail(ValueError, 'attachCustom', `there is no custom op ${describe(custom)}`);
    const op = `customOp:${def.name}`;
    const from = this.handles.tensors(op, inputs);
    const to = this.handles.tensors(op, outputs);
    const kept = this.handles.tensors(op, saved);
    if (!this.tape.gradMode || !from.some((t) => this.tape.requiresGrad(t))) return;
    const old = to.findIndex((t) => this.tape.requiresGrad(t));
    if (old >= 0)
      fail(AutogradError, op, `output ${old} already has a history; forward must return fresh tensors`);
    const node = this.tape.makeNode(op, from, () => true);
    node.custom = custom;
    node.attrs = attrs;
    node.outputShapes = to.map((t) => t.shape);
    node.outputDtypes = to.map((t) => t.dtype);
    node.savedInputs = kept.map((t) => this.tape.save(t));
    to.forEach((t, j) => {
      if (!isFloat(t.dtype)) return;
      t.view = undefined;
      this.tape.setHistory(t, node, j);
    });
  }

  // ---- housekeeping

  collect(): void {
    // The garbage collector of JavaScript does this.
  }

  memory(): MemoryInfo {
    const bytes = liveBytes();
    this.peakBytes = Math.max(this.peakBytes, bytes);
    const handles = this.handles.made - this.handles.released;
    const limitBytes = allocation.limit || Infinity;
    return { handles, tensors: handles, bytes, pooledBytes: 0, peakBytes: this.peakBytes, limitBytes };
  }

  counters(): Counters {
    const { counts } = this.tape;
    return {
      ops: counts.ops,
      crossings: this.crossings,
      allocations: allocation.blocks,
      allocatedBytes: allocation.bytes,
      handlesMade: this.handles.made,
      tapeNodes: counts.nodes,
      savedBytes: counts.savedBytes,
      parallelRegions: 0,
    };
  }

  backendInfo(): BackendInfo {
    return {
      name: 'js',
      isa: 'typescript',
      bestIsa: 'typescript',
      bf16: 'emulated',
      threads: 1,
      threadsSource: 'single-threaded',
      lastCacheBytes: 0,
    };
  }

  peak(seconds: number): PeakRates {
    const rate = multiplyAddRate(seconds);
    return { float32: rate, float64: rate, tiles: 0 };
  }

  setNumThreads(threads: number): void {
    if (!Number.isSafeInteger(threads) || threads < 1) {
      fail(ValueError, 'setNumThreads', `wants an integer of at least 1, got ${describe(threads)}`);
    }
  }

  // Products are computed in float64 here, whatever is asked for.
  matmulParts(): number {
    return this.parts;
  }

  setMatmulParts(parts: number): void {
    this.parts = parts;
  }

  setMemoryLimit(bytes: number): void {
    if (!(bytes >= 0))
      fail(ValueError, 'setMemoryLimit', `wants bytes, 0 for no limit, got ${describe(bytes)}`);
    allocation.limit = bytes;
  }

  // ---- of calls

  /** A call that may record. */
  private enter(): void {
    this.crossings += 1;
    this.observer.sites?.note(this.tape.nextNode);
  }

  private operands(op: OpName, inputs: readonly OpInput<T>[], attrs: unknown): Operand[] {
    const record = Object.hasOwn(opRecords, op) ? opRecords[op] : undefined;
    if (!record) fail(InternalError, 'run', `no op is called ${String(op)}`);
    if (!this.has(op)) {
      fail(BackendError, op, 'the TypeScript backend has primitives only: call the function of that name');
    }
    const defs = record.inputs;
    if (!Array.isArray(inputs) || inputs.length !== defs.length) {
      const got = Array.isArray(inputs) ? String(inputs.length) : kindOf(inputs);
      fail(ValueError, op, `wants ${defs.length} inputs, got ${got}`);
    }
    checkAttrs(op, record, attrs);
    const flat: Operand[] = [];
    for (let i = 0; i < defs.length; i++) {
      const input = inputs[i] as OpInput<T>;
      const def = defs[i]!;
      if (def.kind === 'list') {
        if (!Array.isArray(input)) {
          fail(DTypeError, op, `input ${def.name} wants a list of tensors, got ${kindOf(input)}`);
        }
        input.forEach((t: unknown, j: number) =>
          flat.push(this.handles.tensor(op, t, `input ${def.name}[${j}]`)),
        );
      } else if (input == null && def.kind === 'optional') {
        continue; // only ever the last one
      } else {
        flat.push(this.operand(op, def.name, input));
      }
    }
    return flat;
  }

  private operand(op: string, name: string, input: unknown): Operand {
    if (input instanceof Handle) {
      const { value } = input;
      return value instanceof RefTensor ? value : this.handles.tensor(op, input, `input ${name}`);
    }
    if (typeof input === 'number' || typeof input === 'boolean') return input;
    fail(DTypeError, op, `input ${name} wants a tensor or number, got ${kindOf(input)}`);
  }

  private pass(options: BackwardOptions, wanted: ReadonlySet<TapeNode> | undefined): BackwardPass {
    return new BackwardPass(
      this.tape,
      options,
      (node, grads, saved) => this.runCustom(node, grads, saved),
      wanted,
    );
  }

  private runCustom(
    node: TapeNode,
    grads: readonly (RefTensor | undefined)[],
    saved: readonly RefTensor[],
  ): (RefTensor | undefined)[] {
    const results = this.handles.callBack(node.op, [...grads, ...saved], (given) =>
      this.customs[node.custom]!.backward(
        given.slice(0, grads.length),
        given.slice(grads.length) as T[],
        node.attrs as string,
      ),
    );
    if (results.length !== node.edges.length) {
      fail(ValueError, node.op, `backward must return ${node.edges.length} gradients, got ${results.length}`);
    }
    return results.map((grad, i) => {
      const dtype = node.inputDtypes[i]!;
      return grad === undefined || grad.dtype === dtype ? grad : this.tape.run('to', [grad], { dtype })[0]!;
    });
  }
}
