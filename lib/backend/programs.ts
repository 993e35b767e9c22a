import type { DType } from '../dtype.js';
import type { Handle } from './backend.js';

/** What to do with a recording that is complete. */
export interface ProgramOptions {
  /** Which passes are on: `all`, those that keep every bit, or by name (see {@link ProgramDescription.passes}). */
  readonly passes: readonly string[] | 'all' | 'exact';
  /** Whether gradients that are set at the end outlive the call; else looking at one is an error. */
  readonly keepGrads: boolean;
  /** Whether each node is timed. */
  readonly profile: boolean;
  /** What errors and listings call it. */
  readonly name?: string;
}

/** Records what a function does, and makes programs of it. One recording at a time. */
export interface Programs<T extends Handle = Handle> {
  /** True while a recording runs: values cannot be read, and state cannot be disposed of. */
  readonly recording: boolean;
  /** Starts a recording; `args` are the tensors of the call. */
  begin(args: readonly T[]): void;
  /** The function returned `results`. */
  end(results: readonly T[], options: ProgramOptions): Program<T>;
  /** Whether a call is on the thread of programs. */
  readonly busy: boolean;
  /** Other handles on the same tensors, for a call that waits: their owner may dispose of his. */
  retain(tensors: readonly T[]): T[];
  /** Resolves when none is: a recording would meet tensors that are in use. */
  idle(): Promise<void>;
  /** The function threw: memory, gradients and generators are as before. Does nothing when nothing is recorded. */
  abort(): void;
  /** What runs until `resume` is not recorded: what it makes is state, as if it had been there before. */
  pause(): void;
  resume(): void;
  /** Whether an op made it while recording, and nothing else is known to stand on its memory: a result that may be given out. */
  isFresh(tensor: T): boolean;
  /** Whether an op of the recording used its memory, which was there before. */
  isUsedState(tensor: T): boolean;
  /** Whether its memory was there before. */
  isState(tensor: T): boolean;
}

/** A recorded step. */
export interface Program<T extends Handle = Handle> {
  /**
   * Whether what it took for granted still holds: layouts of the arguments, which gradients are set, `requiresGrad` of what it
   * uses. Else the function is to be recorded anew.
   */
  ready(args: readonly T[]): boolean;
  /** Replays it in one crossing; the results are fresh tensors. Gradients may be others afterwards. */
  run(args: readonly T[]): T[];
  /**
   * The same on the thread of programs. Programs run in the order in which they were started; what they write cannot be used
   * meanwhile (BusyError), but by other programs and `read()`.
   */
  runAsync(args: readonly T[], signal?: AbortSignal): Promise<T[]>;
  describe(): ProgramDescription;
  /** One line a node. */
  print(): string;
  dispose(): void;
}

/** An operand of a node: a window on a storage, a number, or null for one that is absent. */
export interface ProgramOperand {
  readonly kind:
    'argument' | 'gradient' | 'state' | 'constant' | 'temporary' | 'result' | 'kept' | 'hoisted' | 'number';
  /** By which operands on the same memory are told. */
  readonly storage: number;
  /** Writes that the memory has seen. */
  readonly version: number;
  readonly dtype: DType;
  readonly shape: readonly number[];
}

/** A program as plain data. */
export interface ProgramDescription {
  readonly name: string;
  readonly nodesBefore: number;
  readonly nodesAfter: number;
  /** Nodes that depend on state alone, and run only when it was written; `nodesAfter` does not count them. */
  readonly nodesHoisted: number;
  /** Of temporaries, workspaces, and gradients that nobody had seen when the program was made. */
  readonly arenaBytes: number;
  /** The most that temporaries and workspaces took while the function was recorded, which runs as without compile. */
  readonly eagerPeakBytes: number;
  /** Results that lie where an operand was that is not needed any more. */
  readonly inPlace: number;
  /** Of what else outlives the call that makes it. */
  readonly keptBytes: number;
  readonly stateBytes: number;
  /** What the hoisted nodes made. */
  readonly hoistedBytes: number;
  readonly calls: number;
  readonly passes: readonly {
    readonly name: string;
    readonly changes: number;
    readonly nodesAfter: number;
  }[];
  readonly nodes: readonly {
    readonly op: string;
    readonly inputs: readonly (ProgramOperand | null)[];
    readonly outputs: readonly (ProgramOperand | null)[];
    readonly workspaceBytes: number;
    /** The ops that a fused node stands for, in their order, separated by spaces. */
    readonly fused?: string;
    /** Of a hoisted node: how often it ran. */
    readonly runs?: number;
    /** Of all calls together, if the program was made with `profile`. */
    readonly microseconds?: number;
  }[];
}
