import { BusyError } from '../errors.js';
import { macrotask } from './macrotask.js';
import type { Addon } from './addon.js';
import type { Handle } from './backend.js';
import type { Program, ProgramDescription, ProgramOptions, Programs } from './programs.js';

/** How tensors pass between the native backend and its programs: as ids in the shared ints. */
export interface IdTransfer<T extends Handle> {
  /** Writes the ids of tensors from 0 on. */
  write(tensors: readonly T[]): void;
  /** New tensors on `count` ids that native code wrote from 0 on. */
  receive(count: number): T[];
  newTensor(): T;
  ints(): Int32Array;
  /** New tensors on ids: slot and generation, by turns. */
  adopt(ids: readonly number[]): T[];
}

/** How many results pass as arguments of the call; see native/binding/program.cc. */
const handles = 8;

/** Calls on the thread of programs, for cancelling them. */
let jobs = 0;

/** Programs of the addon. */
export class NativePrograms<T extends Handle> implements Programs<T> {
  readonly #addon: Addon;
  readonly #ids: IdTransfer<T>;
  /** A program that nobody holds any more gives its memory back some time. */
  readonly #unused: FinalizationRegistry<number>;
  readonly #inFlight = new Set<Promise<unknown>>();

  constructor(addon: Addon, ids: IdTransfer<T>) {
    this.#addon = addon;
    this.#ids = ids;
    this.#unused = new FinalizationRegistry((number) => {
      addon.disposeProgram(number);
    });
  }

  get busy(): boolean {
    return this.#inFlight.size > 0;
  }

  get recording(): boolean {
    return this.#addon.recordingProgram();
  }

  begin(args: readonly T[]): void {
    this.#ids.write(args);
    this.#addon.beginProgram(args.length);
  }

  end(results: readonly T[], options: ProgramOptions): Program<T> {
    this.#ids.write(results);
    const passes = typeof options.passes === 'string' ? options.passes : options.passes.join(',');
    const { keepGrads, profile, name = 'program' } = options;
    const number = this.#addon.endProgram(results.length, passes, keepGrads, profile, name);
    const program = new NativeProgram(this.#addon, this.#ids, number, this.#unused, this.#inFlight);
    this.#unused.register(program, number, program);
    return program;
  }

  retain(tensors: readonly T[]): T[] {
    this.#ids.write(tensors);
    this.#addon.retainTensors(tensors.length);
    return this.#ids.receive(tensors.length);
  }

  /** A read behind programs marks memory as they do: a recording waits for it too. */
  async follow<T>(read: Promise<T>): Promise<T> {
    this.#inFlight.add(read);
    try {
      return await read;
    } finally {
      this.#inFlight.delete(read);
    }
  }

  async idle(): Promise<void> {
    while (this.#inFlight.size > 0) await Promise.allSettled(this.#inFlight);
  }

  abort(): void {
    this.#addon.abortProgram();
  }

  pause(): void {
    this.#addon.pauseProgram(true);
  }

  isFresh(tensor: T): boolean {
    this.#ids.write([tensor]);
    return this.#addon.freshInProgram();
  }

  isUsedState(tensor: T): boolean {
    this.#ids.write([tensor]);
    return this.#addon.standingInProgram() === 2;
  }

  isState(tensor: T): boolean {
    this.#ids.write([tensor]);
    return this.#addon.standingInProgram() > 0;
  }

  resume(): void {
    this.#addon.pauseProgram(false);
  }
}

class NativeProgram<T extends Handle> implements Program<T> {
  readonly #addon: Addon;
  readonly #ids: IdTransfer<T>;
  readonly #number: number;
  readonly #results: number;
  readonly #unused: FinalizationRegistry<number>;

  readonly #inFlight: Set<Promise<unknown>>;

  constructor(
    addon: Addon,
    ids: IdTransfer<T>,
    number: number,
    unused: FinalizationRegistry<number>,
    inFlight: Set<Promise<unknown>>,
  ) {
    this.#addon = addon;
    this.#ids = ids;
    this.#number = number;
    this.#unused = unused;
    this.#inFlight = inFlight;
    this.#results = addon.programResults(number);
  }

  ready(args: readonly T[]): boolean {
    this.#ids.write(args);
    return this.#addon.programReady(this.#number, args.length);
  }

  run(args: readonly T[]): T[] {
    const ids = this.#ids;
    ids.write(args);
    if (this.#results > handles) {
      this.#addon.runProgram(this.#number, args.length);
      return ids.receive(this.#results);
    }
    const results: T[] = [];
    for (let i = 0; i < this.#results; i++) results.push(ids.newTensor());
    this.#addon.runProgram(this.#number, args.length, ...results);
    const ints = ids.ints();
    for (let i = 0; i < results.length; i++) {
      results[i]!.slot = ints[2 * i]!;
      results[i]!.generation = ints[2 * i + 1]!;
    }
    return results;
  }

  async runAsync(args: readonly T[], signal?: AbortSignal): Promise<T[]> {
    signal?.throwIfAborted();
    const job = ++jobs;
    this.#ids.write(args);
    const promise = this.#addon.startProgram(this.#number, args.length, job);
    const cancel = (): void => {
      this.#addon.cancelProgram(job);
    };
    signal?.addEventListener('abort', cancel);
    this.#inFlight.add(promise);
    let ids: readonly number[] | null;
    try {
      ids = await promise;
    } finally {
      this.#inFlight.delete(promise);
      signal?.removeEventListener('abort', cancel);
      // However it ended: those who await several calls hear of them in their order.
      await macrotask();
    }
    if (ids === null)
      throw signal?.aborted === true ? signal.reason : new BusyError('[compile] the program was stopped');
    return this.#ids.adopt(ids);
  }

  describe(): ProgramDescription {
    return JSON.parse(this.#addon.describeProgram(this.#number)) as ProgramDescription;
  }

  print(): string {
    return this.#addon.printProgram(this.#number);
  }

  dispose(): void {
    this.#unused.unregister(this);
    this.#addon.disposeProgram(this.#number);
  }
}
