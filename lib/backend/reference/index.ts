import { isFloat, makeTypedArray, type DType, type TypedArray } from '../../dtype.js';
import {
  AutogradError,
  BackendError,
  DisposedError,
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
import { opRecords, type OpAttrs, type OpName } from '../op-schema.gen.js';
import { allocate, allocation, fail, liveBytes, show, RefTensor } from './array.js';
import { BackwardPass } from './backward.js';
import { copyInto } from './cast.js';
import type { TapeNode } from './node.js';
import { referenceOps } from './ops/table.js';
import { roundHalves } from './half.js';
import { checkSizes, contiguousStrides, numelOf, sameShape } from './shape.js';
import { multiplyAddRate } from './peak.js';
import { Tape, type Operand } from './tape.js';
import { checkAttrs, describe } from './validate.js';

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
  private readonly scopes: T[][] = [];
  private readonly gradHandles = new WeakMap<RefTensor, T>();
  private readonly customs: { readonly name: string; readonly backward: CustomBackward<T> }[] = [];
  private crossings = 0;
  private made = 0;
  private released = 0;
  private peakBytes = 0;

  constructor(private readonly hooks: BackendHooks<T>) {}

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
    return this.handle(made);
  }

  read(tensor: T): TypedArray {
    this.crossings += 1;
    const t = this.tensor('read', tensor);
    const storage = allocate('read', t.dtype, t.shape);
    copyInto(new RefTensor(t.dtype, t.shape, contiguousStrides(t.shape), 0, storage), t);
    return storage.data;
  }

  readLater(tensor: T): Promise<TypedArray> {
    return new Promise((resolve) => resolve(this.read(tensor)));
  }

  info(tensor: T): TensorInfo {
    const t = this.tensor('info', tensor);
    const { dtype, offset, data } = t;
    return { dtype, shape: t.shape.slice(), strides: t.strides.slice(), offset, room: data.length };
  }

  release(tensor: T): void {
    this.crossings += 1;
    if (!Handle.is(tensor)) fail(DTypeError, 'dispose', `got ${describe(tensor)}, wanted a tensor`);
    if (tensor.value === undefined) return;
    tensor.value = undefined;
    this.released += 1;
  }

  beginScope(): void {
    this.scopes.push([]);
  }

  endScope(keep: readonly T[]): void {
    const scope = this.scopes.pop();
    if (!scope) fail(ValueError, 'endScope', 'there is no open scope');
    const kept = new Set(keep);
    for (const tensor of scope) {
      if (kept.has(tensor)) this.scopes[this.scopes.length - 1]?.push(tensor);
      else this.release(tensor);
    }
  }

  run<Name extends OpName>(op: Name, inputs: readonly OpInput<T>[], attrs: OpAttrs[Name]): T[] {
    this.enter();
    return this.tape.run(op, this.operands(op, inputs, attrs), attrs).map((t) => this.handle(t));
  }

  run1<Name extends OpName>(op: Name, inputs: readonly OpInput<T>[], attrs: OpAttrs[Name]): T {
    this.enter();
    return this.handle(this.tape.run(op, this.operands(op, inputs, attrs), attrs)[0]!);
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
    const source = this.tensor('autocast', tensor);
    const cast = this.tape.casts.lowered(source);
    return cast === source ? null : this.handle(cast);
  }

  requiresGrad(tensor: T): boolean {
    return this.tape.requiresGrad(this.tensor('requiresGrad', tensor));
  }

  setRequiresGrad(tensor: T, value: boolean): void {
    const t = this.tensor('setRequiresGrad', tensor);
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
    return this.tape.isLeaf(this.tensor('isLeaf', tensor));
  }

  gradFn(tensor: T): string | null {
    const t = this.tensor('gradFn', tensor);
    return this.tape.isLeaf(t) ? null : t.node!.op;
  }

  getGrad(tensor: T): T | null {
    const { grad } = this.tensor('getGrad', tensor);
    if (!grad) return null;
    // One handle until the gradient is replaced, or somebody frees it.
    let handle = this.gradHandles.get(grad);
    if (handle?.value !== grad) this.gradHandles.set(grad, (handle = this.handle(grad)));
    return handle;
  }

  setGrad(tensor: T, grad: T | null): void {
    const t = this.tensor('setGrad', tensor);
    if (grad === null) {
      t.grad = undefined;
      return;
    }
    const g = this.tensor('setGrad', grad);
    if (g === t) fail(AutogradError, 'grad', 'a tensor cannot be its own gradient; assign a clone');
    if (!sameShape(g.shape, t.shape)) {
      fail(ShapeError, 'setGrad', `the gradient has shape ${show(g.shape)}, its tensor ${show(t.shape)}`);
    }
    if (g.dtype !== t.dtype) fail(DTypeError, 'setGrad', `the gradient is ${g.dtype}, its tensor ${t.dtype}`);
    t.grad = g;
  }

  retainGrad(tensor: T): void {
    const t = this.tensor('retainGrad', tensor);
    if (!this.tape.requiresGrad(t)) {
      fail(AutogradError, 'retainGrad', 'the tensor does not require a gradient');
    }
    if (!t.node || t.retainsGrad) return;
    t.retainsGrad = true;
    (t.node.retaining ??= []).push(t);
  }

  hookGradient(tensor: T, hook: (grad: T) => T | null): void {
    const t = this.tensor('registerHook', tensor);
    if (this.tape.isLeaf(t)) fail(InternalError, 'registerHook', 'the tensor is a leaf');
    (t.node!.hooks ??= []).push({
      output: t.outputIndex,
      hook: (grad) => {
        const [result] = this.callBack('registerHook', [grad], ([given]) => [hook(given!)]);
        return result ?? grad;
      },
    });
  }

  backward(roots: readonly T[], grads: readonly (T | null)[], options: BackwardOptions): void {
    this.enter();
    this.pass(options, undefined).run(
      this.tensors('backward', roots),
      this.gradsOf('backward', grads),
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
    const tensors = this.tensors('grad', inputs);
    const edges = tensors.map((t, i) => {
      const edge = this.tape.edge(t);
      if (!edge) fail(AutogradError, 'grad', `input ${i} does not require a gradient`);
      return edge;
    });
    const pass = this.pass(options, new Set(edges));
    pass.run(this.tensors('grad', roots), this.gradsOf('grad', grads), 'grad');
    return edges.map((edge, i) => {
      const found = pass.result(edge, tensors[i]!.node ? tensors[i]!.outputIndex : 0);
      return found ? this.handle(found) : null;
    });
  }

  version(tensor: T): number {
    return this.tensor('version', tensor).storage.version;
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
    const from = this.tensors(op, inputs);
    const to = this.tensors(op, outputs);
    const kept = this.tensors(op, saved);
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
    const handles = this.made - this.released;
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
      handlesMade: this.made,
      tapeNodes: counts.nodes,
      savedBytes: counts.savedBytes,
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

  // ---- between handles and tensors

  /** A call that may record. */
  private enter(): void {
    this.crossings += 1;
    this.observer.sites?.note(this.tape.nextNode);
  }

  private handle(t: RefTensor): T {
    const tensor = this.hooks.newTensor();
    tensor.value = t;
    this.made += 1;
    this.scopes[this.scopes.length - 1]?.push(tensor);
    return tensor;
  }

  private tensor(op: string, tensor: unknown, what = 'the tensor'): RefTensor {
    if (!(tensor instanceof Handle)) {
      fail(DTypeError, op, `${what} wants a tensor, got ${kindOfValue(tensor)}`);
    }
    const { value } = tensor;
    if (value instanceof RefTensor) return value;
    if (tensor.slot >= 0) fail(DisposedError, op, `${what} belongs to another backend`);
    fail(DisposedError, op, `${what} was freed by dispose, tidy or the end of a scope, wanted a live tensor`);
  }

  private tensors(op: string, list: readonly T[]): RefTensor[] {
    return list.map((t, i) => this.tensor(op, t, `tensor ${i}`));
  }

  private gradsOf(op: string, grads: readonly (T | null)[]): (RefTensor | undefined)[] {
    return grads.map((g, i) => (g === null ? undefined : this.tensor(op, g, `gradient ${i}`)));
  }

  private operands(op: OpName, inputs: readonly OpInput<T>[], attrs: unknown): Operand[] {
    const record = Object.hasOwn(opRecords, op) ? opRecords[op] : undefined;
    if (!record) fail(InternalError, 'run', `no op is called ${String(op)}`);
    if (!this.has(op)) {
      fail(BackendError, op, 'the TypeScript backend has primitives only: call the function of that name');
    }
    const defs = record.inputs;
    if (!Array.isArray(inputs) || inputs.length !== defs.length) {
      const got = Array.isArray(inputs) ? String(inputs.length) : kindOfValue(inputs);
      fail(ValueError, op, `wants ${defs.length} inputs, got ${got}`);
    }
    checkAttrs(op, record, attrs);
    const flat: Operand[] = [];
    for (let i = 0; i < defs.length; i++) {
      const input = inputs[i] as OpInput<T>;
      const def = defs[i]!;
      if (def.kind === 'list') {
        if (!Array.isArray(input)) {
          fail(DTypeError, op, `input ${def.name} wants a list of tensors, got ${kindOfValue(input)}`);
        }
        input.forEach((t: unknown, j: number) => flat.push(this.tensor(op, t, `input ${def.name}[${j}]`)));
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
      return value instanceof RefTensor ? value : this.tensor(op, input, `input ${name}`);
    }
    if (typeof input === 'number' || typeof input === 'boolean') return input;
    fail(DTypeError, op, `input ${name} wants a tensor or number, got ${kindOfValue(input)}`);
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
    const results = this.callBack(node.op, [...grads, ...saved], (given) =>
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

  /** Calls a function of the user from a backward pass. What it makes on the way and does not return goes with the scope. */
  private callBack(
    op: string,
    tensors: readonly (RefTensor | undefined)[],
    fn: (given: readonly (T | null)[]) => readonly (T | null)[],
  ): (RefTensor | undefined)[] {
    // The caller of the function may hold the same memory.
    const give = (t: RefTensor): T => {
      t.storage.shared = true;
      return this.handle(t);
    };
    const { openScope = () => this.beginScope(), closeScope = (kept) => this.endScope(kept) } = this.hooks;
    openScope();
    let result: readonly (T | null)[] = [];
    try {
      result = fn(tensors.map((t) => (t ? give(t) : null)));
    } finally {
      closeScope(Array.isArray(result) ? result.filter((t): t is T => t instanceof Handle) : []);
    }
    if (!Array.isArray(result))
      fail(ValueError, op, `backward must return an array of gradients, got ${kindOfValue(result)}`);
    return (result as readonly (T | null | undefined)[]).map((g, i) => {
      if (g === null || g === undefined) return undefined;
      const t = this.tensor(op, g, `gradient ${i}`);
      t.storage.shared = true;
      return t;
    });
  }
}

function kindOfValue(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'list';
  return typeof value;
}
