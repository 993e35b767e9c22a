import type { DType, TypedArray } from '../dtype.js';
import type { BackendObserver } from './observer.js';
import type { OpAttrs, OpName } from './op-schema.gen.js';
import type { Programs } from './programs.js';

/**
 * What a backend knows a tensor by. `Tensor` extends it; nothing but a backend reads or writes these fields.
 * The native backend uses slot and generation (a row of its handle table), the TypeScript one `value`.
 */
export class Handle {
  /** @internal */ slot = -1;
  /** @internal */ generation = 0;
  /** @internal */ value: unknown = undefined;
  readonly #brand = true;

  /** Whether a value is a handle of this copy of the library: cheaper than instanceof, and not to be forged. */
  static is(value: unknown): value is Handle {
    return typeof value === 'object' && value !== null && #brand in value;
  }
}

/** A number or boolean becomes a 0-dim operand that promotes by kind only: an integer as int, any other as float. */
export type OpInput<T extends Handle = Handle> = T | number | boolean | null | readonly T[];

export interface TensorInfo {
  readonly dtype: DType;
  readonly shape: readonly number[];
  /** In elements. */
  readonly strides: readonly number[];
  /** Elements between the start of the storage and the first one. */
  readonly offset: number;
  /** Elements of the storage. */
  readonly room: number;
}

export interface BackwardOptions {
  readonly retainGraph: boolean;
  readonly createGraph: boolean;
}

export interface MemoryInfo {
  /** Tensors that JavaScript can reach, or that were not swept yet. */
  readonly handles: number;
  /** Live tensor descriptors in the backend: handles, and what tapes and gradients hold. */
  readonly tensors: number;
  /** Bytes of live storage. */
  readonly bytes: number;
  /** Bytes kept for reuse. */
  readonly pooledBytes: number;
  /** The most bytes of live storage so far. */
  readonly peakBytes: number;
  /** What `setMemoryLimit` set; without it the memory of the machine, or Infinity where nothing limits it. */
  readonly limitBytes: number;
}

/** Counts since the environment started; differences of two readings say what a piece of code cost. */
export interface Counters {
  /** Ops evaluated, those of backward included. */
  readonly ops: number;
  /** Calls from JavaScript into the backend. */
  readonly crossings: number;
  /** Storage blocks handed out. */
  readonly allocations: number;
  /** Bytes of the storage blocks handed out. */
  readonly allocatedBytes: number;
  /** Tensor objects made for JavaScript. */
  readonly handlesMade: number;
  /** Nodes put on the tape. */
  readonly tapeNodes: number;
  /** Bytes of tensors held by tape nodes when they were made. */
  readonly savedBytes: number;
  /** Times that work was cut for the threads of the process; what is too small for that stays on its thread. */
  readonly parallelRegions: number;
}

export interface BackendInfo {
  readonly name: 'native' | 'js';
  /** CPU level of the kernels: scalar, avx2, avx512, avx512-bf16, amx, neon; `typescript` on the js backend. */
  readonly isa: string;
  readonly bestIsa: string;
  /**
   * What products of bfloat16 run on: instructions of their own, which makes them faster than float32, or `emulated`: by way
   * of float32, with the same results up to rounding.
   */
  readonly bf16: 'amx' | 'avx512-bf16' | 'emulated';
  readonly threads: number;
  /**
   * Where the number of threads comes from: affinity, cgroup, physical cores, LANEGRAD_NUM_THREADS, setNumThreads;
   * `single-threaded` on the js backend.
   */
  readonly threadsSource: string;
  /**
   * Size of the last cache that a core reaches, in bytes; a guess where the system does not tell, 0 on the js backend. Results
   * that do not fit are written past it.
   */
  readonly lastCacheBytes: number;
}

/** Floating operations a second that multiply-adds in registers reach, all threads together. */
export interface PeakRates {
  readonly float32: number;
  readonly float64: number;
  /** Of bfloat16 products on a tile unit; 0 where there is none. */
  readonly tiles: number;
}

/**
 * The seam between the library and what computes. Everything above it exists once; see docs/architecture.md.
 * T is the tensor class of the library: a backend makes its tensors with the factory it was given.
 */
export interface Backend<T extends Handle = Handle> {
  readonly name: 'native' | 'js';

  /** Whether `run` takes this op. Every backend has all primitives. */
  has(op: OpName): boolean;

  /** A tensor on a copy of `data`, which has exactly as many elements as `shape`. */
  create(dtype: DType, shape: readonly number[], data: TypedArray): T;

  /** The elements in row-major order, as a copy. */
  read(tensor: T): TypedArray;

  /** The same elements, as they are now, copied off the JavaScript thread where that pays. */
  readLater(tensor: T): Promise<TypedArray>;

  info(tensor: T): TensorInfo;

  /** Frees the tensor now; using it afterwards throws DisposedError. A second release does nothing. */
  release(tensor: T): void;

  /** Handles made from here on are released by the matching endScope, except those in `keep`. Scopes nest. */
  beginScope(): void;
  endScope(keep: readonly T[]): void;

  /**
   * Runs one op: promotes, infers, computes, records it on the tape. `inputs` follow the schema, one entry per schema
   * input that is not `gradsOf`; null for an absent optional one. Returns one tensor per output of the schema.
   */
  run<Name extends OpName>(op: Name, inputs: readonly OpInput<T>[], attrs: OpAttrs[Name]): T[];

  /** `run` for its first output, the others released. The hot path. */
  run1<Name extends OpName>(op: Name, inputs: readonly OpInput<T>[], attrs: OpAttrs[Name]): T;

  /**
   * Writes the op's result into inputs[0] (in-place ops: `add_` is `add` run in place). The result must have the shape of
   * inputs[0] and a dtype that may be cast to its dtype (a float result into an integer tensor is an error).
   * History, views and versions as in PyTorch.
   */
  runInPlace<Name extends OpName>(op: Name, inputs: readonly OpInput<T>[], attrs: OpAttrs[Name]): void;

  // Autograd

  /** Whether ops are recorded; returns the former mode. */
  setGradMode(enabled: boolean): boolean;
  /** The dtype to which autocast lowers operands from here on, by the records of the ops; null for off. */
  setAutocast(dtype: DType | null): void;
  /** Drops the casts of parameters that a scope has kept. */
  forgetCasts(): void;
  /** The tensor in the dtype of the scope, from the kept casts where there is one; null where it is of no other dtype. */
  castToScope(tensor: T): T | null;
  requiresGrad(tensor: T): boolean;
  /** Only on a floating leaf; setting false on a non-leaf is an error. */
  setRequiresGrad(tensor: T, value: boolean): void;
  isLeaf(tensor: T): boolean;
  /** Name of the op that made it ("add", "customOp:name"), or null for a leaf. */
  gradFn(tensor: T): string | null;
  /** The accumulated gradient. `Tensor.grad` caches the handle until `gradientsChanged` says that it may be another. */
  getGrad(tensor: T): T | null;
  setGrad(tensor: T, grad: T | null): void;
  /** Keeps the gradient of a non-leaf in `.grad` too. */
  retainGrad(tensor: T): void;
  /**
   * Lets `hook` see the gradient of a tensor that is no leaf when it is complete, and replace it by what it returns. Only what
   * leads to that tensor holds the hook.
   */
  hookGradient(tensor: T, hook: (grad: T) => T | null): void;
  /** Accumulates into the leaves. A null gradient means ones, and needs a one-element root. */
  backward(roots: readonly T[], grads: readonly (T | null)[], options: BackwardOptions): void;
  /** Gradients of the roots with respect to `inputs`; null where nothing depends on one. Leaves keep their `.grad`. */
  grad(
    roots: readonly T[],
    inputs: readonly T[],
    grads: readonly (T | null)[],
    options: BackwardOptions,
  ): (T | null)[];
  /** In-place writes that this tensor's storage has seen. */
  version(tensor: T): number;

  /**
   * Registers, once per custom op, how its gradient is computed. It gets the gradients of the outputs (null where
   * nothing depends on one), the saved tensors and the attributes, and returns one gradient or null per input.
   */
  registerCustom(name: string, backward: CustomBackward<T>): number;
  /**
   * Puts one custom node on the tape: `outputs` were computed from `inputs` without recording. `saved` are any tensors,
   * the outputs included; `attrs` is plain data as JSON. Does nothing when no input requires a gradient.
   */
  attachCustom(
    custom: number,
    inputs: readonly T[],
    outputs: readonly T[],
    saved: readonly T[],
    attrs: string,
  ): void;

  /** Recording and replaying programs; null where compiled functions run as they stand. */
  readonly programs: Programs<T> | null;

  /** Profiles and anomalies. */
  readonly observer: BackendObserver;

  // Housekeeping

  /** Sweeps dead handles and gives cached memory back to the system. */
  collect(): void;
  memory(): MemoryInfo;
  counters(): Counters;
  backendInfo(): BackendInfo;
  /** Measured for that long: the limit that benchmarks are held against. */
  peak(seconds: number): PeakRates;
  setNumThreads(threads: number): void;
  /** How many bfloat16 parts, 1 to 3, a float32 is split into where a matrix unit computes the products. */
  matmulParts(): number;
  setMatmulParts(parts: number): void;
  /** 0 lifts the limit. */
  setMemoryLimit(bytes: number): void;
}

export type CustomBackward<T extends Handle> = (
  grads: readonly (T | null)[],
  saved: readonly T[],
  attrs: string,
) => readonly (T | null)[];

/**
 * What the library hands to a backend when it is made.
 * `composite` differentiates a fused op whose gradient is to be differentiated again: it runs the TypeScript composite of
 * that name on the inputs and returns the gradients (null where not wanted), recorded on the tape.
 */
export interface BackendHooks<T extends Handle = Handle> {
  newTensor(): T;
  /**
   * As beginScope and endScope, but known to `keep`: for what a backend calls in the middle of a backward pass. Without them
   * its own are used.
   */
  readonly openScope?: () => void;
  readonly closeScope?: (kept: readonly T[]) => void;
  compositeVjp(
    op: OpName,
    inputs: readonly (T | null)[],
    attrs: Readonly<Record<string, unknown>>,
    grads: readonly (T | null)[],
  ): readonly (T | null)[];
}
