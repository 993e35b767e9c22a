import type { Handle } from './backend.js';

/** What describeOps() says of one op; the order of the list is the order of the ids that `run` takes. */
export interface DescribedOp {
  readonly name: string;
  readonly inputs: readonly {
    readonly name: string;
    readonly kind: 'one' | 'optional' | 'list';
    readonly gradsOf: number;
  }[];
  readonly outputs: readonly { readonly name: string }[];
  readonly attrs: readonly {
    readonly name: string;
    readonly type: 'int' | 'float' | 'bool' | 'enum' | 'dtype' | 'ints';
    readonly choices: readonly string[];
  }[];
  readonly flags: readonly string[];
}

/** The exports of lanegrad.node; see native/binding. Tensors pass as (slot, generation) in the shared ints. */
export interface Addon {
  open(
    makeError: (kind: number, message: string) => Error,
    collectGarbage: (full: boolean) => void,
    customBackward: (
      custom: number,
      grads: number,
      saved: number,
      createGraph: boolean,
      attrs: string,
    ) => number,
    compositeVjp: (op: string, inputs: number, grads: number) => number,
  ): void;
  /** Doubles first, then integers. */
  reserve(ints: number, floats: number): ArrayBuffer;
  describeOps(): DescribedOp[];

  run(...outputs: Handle[]): void;
  create(handle: Handle, dtype: number, data: ArrayBufferView, rank: number): void;
  /** Into a buffer of exactly the size. */
  read(target: ArrayBuffer): void;
  /** The same on another thread; gives the buffer. */
  readLater(target: ArrayBuffer): Promise<ArrayBuffer>;
  info(): void;
  release(): void;
  bind(handle: Handle, slot: number, generation: number): void;
  beginScope(): void;
  endScope(kept: number): void;

  setGradMode(enabled: boolean): boolean;
  /** The index of a dtype, or -1 for off. */
  setAutocast(dtype: number): void;
  forgetCasts(): void;
  castToScope(handle: Handle): boolean;
  requiresGrad(): boolean;
  setRequiresGrad(value: boolean): void;
  isLeaf(): boolean;
  gradFn(): string | null;
  getGrad(): Handle | null;
  setGrad(): void;
  retainGrad(): void;
  /** Then the ids of hooks that are gone stand in the ints, as many as it returns. */
  hookGradient(custom: number, id: number): number;
  version(): number;
  backward(roots: number, retainGraph: boolean, createGraph: boolean): void;
  grad(roots: number, inputs: number, retainGraph: boolean, createGraph: boolean): void;
  registerCustom(name: string): number;
  attachCustom(custom: number, inputs: number, outputs: number, saved: number, attrs: string): void;

  collect(): void;
  memory(): {
    handles: number;
    tensors: number;
    bytes: number;
    pooledBytes: number;
    peakBytes: number;
    limitBytes: number;
  };
  counters(): {
    ops: number;
    crossings: number;
    allocations: number;
    allocatedBytes: number;
    handlesMade: number;
    tapeNodes: number;
    savedBytes: number;
    parallelRegions: number;
  };
  backendInfo(): {
    name: 'native';
    isa: string;
    bestIsa: string;
    bf16: 'amx' | 'avx512-bf16' | 'emulated';
    lastCacheBytes: number;
    isaProblem: string;
    threadsProblem: string;
    threads: number;
    threadsSource: string;
    matmulParts: number;
  };
  peak(seconds: number): { float32: number; float64: number; tiles: number };
  setNumThreads(threads: number): void;
  setMatmulParts(parts: number): void;
  setMemoryLimit(bytes: number): void;

  startProfile(mostEvents: number): void;
  stopProfile(): { rows: ArrayBuffer; events: number; dropped: number };
  setAnomalyCheck(mode: number): number;
  anomaly(): { op: string; backward: boolean; nan: boolean; node: number };
  nextNode(): number;

  beginProgram(args: number): void;
  /** Gives the number of the program. */
  endProgram(results: number, passes: string, keepGrads: boolean, profile: boolean, name: string): number;
  abortProgram(): void;
  /** What follows is not recorded, or is again. */
  pauseProgram(pause: boolean): void;
  freshInProgram(): boolean;
  /** 0: made while recording, or not there any more; 1: was there before; 2: and an op used it. */
  standingInProgram(): number;
  recordingProgram(): boolean;
  programReady(program: number, args: number): boolean;
  runProgram(program: number, args: number, ...results: Handle[]): void;
  /** A promise of the ids of the results, or of null if the job was cancelled. */
  startProgram(program: number, args: number, job: number): Promise<readonly number[] | null>;
  cancelProgram(job: number): void;
  /** Ids of other handles on the same tensors take the place of theirs. */
  retainTensors(count: number): void;
  programResults(program: number): number;
  /** JSON */
  describeProgram(program: number): string;
  printProgram(program: number): string;
  disposeProgram(program: number): void;

  /** For tests: what a tree of files under `root` and these processors grant. */
  grantedCores(root: string, ...cpus: number[]): { count: number; source: string };
  /** For tests and figures: microseconds until a parallel region, begun `pause` of them after another, has a second thread; NaN if others took the cores. */
  regionStart(pause: number): number;
}
