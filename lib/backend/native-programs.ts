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
}

/** How many results pass as arguments of the call; see native/binding/program.cc. */
const handles = 8;

/** Programs of the addon. */
export class NativePrograms<T extends Handle> implements Programs<T> {
  readonly #addon: Addon;
  readonly #ids: IdTransfer<T>;
  /** A program that nobody holds any more gives its memory back some time. */
  readonly #unused: FinalizationRegistry<number>;

  constructor(addon: Addon, ids: IdTransfer<T>) {
    this.#addon = addon;
    this.#ids = ids;
    this.#unused = new FinalizationRegistry((number) => {
      addon.disposeProgram(number);
    });
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
    const program = new NativeProgram(this.#addon, this.#ids, number, this.#unused);
    this.#unused.register(program, number, program);
    return program;
  }

  abort(): void {
    this.#addon.abortProgram();
  }
}

class NativeProgram<T extends Handle> implements Program<T> {
  readonly #addon: Addon;
  readonly #ids: IdTransfer<T>;
  readonly #number: number;
  readonly #results: number;
  readonly #unused: FinalizationRegistry<number>;

  constructor(addon: Addon, ids: IdTransfer<T>, number: number, unused: FinalizationRegistry<number>) {
    this.#addon = addon;
    this.#ids = ids;
    this.#number = number;
    this.#unused = unused;
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

  runAsync(args: readonly T[], signal?: AbortSignal): Promise<T[]> {
    return new Promise((resolve) => {
      signal?.throwIfAborted();
      resolve(this.run(args));
    });
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
