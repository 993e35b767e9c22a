import { isFloat, itemSize, makeTypedArray, type DType, type TypedArray } from '../../dtype.js';
import type { LanegradError } from '../../errors.js';
import { OutOfMemoryError } from '../../errors.js';
import { makeCollector } from '../collector.js';
import type { TapeNode, ViewInfo } from './node.js';
import { contiguousStrides, numelOf } from './shape.js';

/** Elements that views share, with the count of in-place writes they have seen. */
export class RefStorage {
  version = 0;
  /** Number of the backward pass that made it; 0 outside of one. A leaf may keep such memory as its gradient. */
  pass = 0;
  /** Something else may hold on to this memory: a gradient that is to be kept must be copied. */
  shared = false;

  constructor(readonly data: TypedArray) {}
}

/** What a shape rule says of an output. */
export interface Spec {
  readonly dtype: DType;
  readonly shape: readonly number[];
  readonly strides: readonly number[];
  /** Set for a view: the output lies in the storage of input 0, `offset` elements behind its first. */
  readonly viewOffset?: number;
}

/** A tensor of this backend: a strided window on a storage, and what the tape knows of it. */
export class RefTensor {
  /** A JavaScript number that became an operand: it takes part in promotion by kind only. */
  wrapped = false;

  // Autograd. A leaf has no node; `requiresGrad` is its own flag.
  requiresGrad = false;
  node: TapeNode | undefined = undefined;
  outputIndex = 0;
  /** Of a leaf: the node that adds to `grad`, made when it is first needed. */
  accumulator: TapeNode | undefined = undefined;
  grad: RefTensor | undefined = undefined;
  retainsGrad = false;
  view: ViewInfo | undefined = undefined;
  /** Counts changes of history by in-place ops; views compare it to know that theirs is stale. */
  historyVersion = 0;

  constructor(
    readonly dtype: DType,
    readonly shape: readonly number[],
    readonly strides: readonly number[],
    readonly offset: number,
    readonly storage: RefStorage,
  ) {}

  get data(): TypedArray {
    return this.storage.data;
  }

  /**
   * The elements as an array of numbers. For int64 they are bigints at run time: use it only where the code is right
   * for both (comparisons, + - * among elements), or where int64 cannot come.
   */
  get numbers(): Float64Array {
    return this.storage.data as unknown as Float64Array;
  }

  get numel(): number {
    return numelOf(this.shape);
  }

  get rank(): number {
    return this.shape.length;
  }

  get isFloat(): boolean {
    return isFloat(this.dtype);
  }
}

type ErrorClass = new (message: string) => LanegradError;

/** Throws `[op] message`. */
export function fail(kind: ErrorClass, op: string, message: string): never {
  throw new kind(`[${op}] ${message}`);
}

/** `[2, 3]`, as messages print shapes. */
export function show(shape: readonly number[]): string {
  return `[${shape.join(', ')}]`;
}

/** Counts what is allocated, for `counters()`. */
export const allocation = { blocks: 0, bytes: 0, limit: 0, pass: 0 };

// A typed array can be longer on some engines, but index arithmetic in the loops stays within 31 bits.
const maxElements = 2 ** 31 - 1;

/** Zeroed memory for `elements` elements; OutOfMemoryError where that cannot be. */
export function allocate(op: string, dtype: DType, shape: readonly number[]): RefStorage {
  const elements = numelOf(shape);
  const bytes = elements * itemSize(dtype);
  if (elements > maxElements) {
    fail(OutOfMemoryError, op, `a ${dtype} tensor of shape ${show(shape)} needs ${bytes} bytes: too many`);
  }
  if (allocation.limit > 0 && bytes > 0) makeRoom(op, bytes);
  let data: TypedArray;
  try {
    data = makeTypedArray(dtype, elements);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    fail(OutOfMemoryError, op, `${bytes} bytes for shape ${show(shape)} are not to be had`);
  }
  allocation.blocks += 1;
  allocation.bytes += bytes;
  const storage = new RefStorage(data);
  storage.pass = allocation.pass;
  return storage;
}

let collect: ((full: boolean) => void) | undefined;

/** Under a limit: what is garbage goes before anything fails. */
function makeRoom(op: string, bytes: number): void {
  const { limit } = allocation;
  // Arrays that one collection finds dead are swept in the background; the next one waits for that.
  for (let collected = 0; liveBytes() + bytes > limit; ++collected) {
    if (collected === 2) {
      const live = liveBytes();
      fail(
        OutOfMemoryError,
        op,
        `cannot allocate ${bytes} bytes: ${live} bytes are live, the limit is ${limit}`,
      );
    }
    collect ??= makeCollector();
    collect(true);
  }
}

interface NodeProcess {
  memoryUsage?: () => { arrayBuffers?: number };
}

/** Bytes of all array buffers of the process, the garbage among them included; 0 where the platform does not say. */
export function liveBytes(): number {
  const host = (globalThis as { process?: NodeProcess }).process;
  return host?.memoryUsage?.().arrayBuffers ?? 0;
}

/** A fresh row-major tensor of zeros. */
export function zeros(op: string, dtype: DType, shape: readonly number[]): RefTensor {
  return new RefTensor(dtype, shape, contiguousStrides(shape), 0, allocate(op, dtype, shape));
}

/** A fresh tensor as a shape rule wants it. */
export function fromSpec(op: string, spec: Spec): RefTensor {
  return new RefTensor(spec.dtype, spec.shape, spec.strides, 0, allocate(op, spec.dtype, spec.shape));
}

/** The spec of a fresh row-major output. */
export function fresh(dtype: DType, shape: readonly number[]): Spec {
  return { dtype, shape, strides: contiguousStrides(shape) };
}
