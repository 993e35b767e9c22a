import type { ProgramDescription, ProgramOptions } from '../backend/programs.js';
import { backend } from '../backend/current.js';
import { runsPlainly } from '../backend/recording.js';
import { checkFlag, checkInt, checkOptions, checkRange, describe } from '../check.js';
import { macrotask } from '../backend/macrotask.js';
import { BusyError, DisposedError, ValueError } from '../errors.js';
import { checkFunction, keep, refuseAsync } from '../scope.js';
import type { Synchronous } from '../scope.js';
import { gradientsChanged } from '../tensor.js';
import type { Tensor } from '../tensor.js';
import { environmentKey } from './environment.js';
import { Explanation } from './explain.js';
import { namingArgument } from './freed.js';
import type { Field } from './guards.js';
import { checkPasses } from './passes.js';
import { record, refuseNested, runPlainly } from './recorded.js';
import type { AnyFunction, Given, Recorded, Results } from './recorded.js';
import { WaitingCall } from './waiting.js';

export interface CompileOptions {
  /** What errors and reports call it. Default the name of the function, or 'compiled function'. */
  name?: string;
  /**
   * What is done to a program: 'all'; 'exact', what keeps every bit of the results; or the names of passes, as
   * `explain()` lists them. Default 'all'.
   */
  passes?: 'all' | 'exact' | readonly string[];
  /** Whether `.grad` is there after a call, as it is after the function. With false its memory is saved. Default true. */
  keepGrads?: boolean;
  /** Measure each node in each replay, for `explain()`. Default false. */
  profile?: boolean;
  /** How many programs are kept, one for each kind of call; the one unused for longest goes. Default 16. */
  maxPrograms?: number;
}

export interface AsyncCallOptions {
  /** Stops the program at the next node when it is aborted. */
  signal?: AbortSignal;
}

/** A function as {@link compile} gives it. */
export interface CompiledFunction<Args extends unknown[], Result> {
  (...args: Args): Result;
  /**
   * The same on another thread: the event loop goes on meanwhile. Calls run in their order where one writes what another uses,
   * others at the same time. A call that is recorded runs here, when nothing is in flight, with what it was given. The function
   * has no `this`.
   */
  readonly async: (...args: Args) => Promise<Result>;
  /** As `async`, with options. */
  readonly asyncWith: (options: AsyncCallOptions, ...args: Args) => Promise<Result>;
  /** What the programs are: ops before and after the passes, memory, and times with `profile`. */
  readonly explain: () => Explanation;
  /** Frees all programs. A later call throws DisposedError. */
  readonly dispose: () => void;
  /** For `using step = compile(...)`. */
  [Symbol.dispose](): void;
  /** How many calls ran the function. */
  readonly recordings: number;
  /** How many calls ran a program. */
  readonly replays: number;
  /** How many programs there are. */
  readonly programs: number;
}

/**
 * Makes a function of tensors a native program: a call runs `fn` once and records what the library does in it, be it forward,
 * backward or optimizer step; calls of the same kind replay that in one native call.
 *
 * Calls are of the same kind if arguments have the same structure, shapes, strides, dtypes and `requiresGrad`, numbers, booleans,
 * strings, null and undefined among them are equal, grad mode, {@link autocast} and precision are the same, and so are the fields of the modules
 * that ran (`training`, parameters), the gradients that are set, groups, hooks and options that are no numbers. Tensors that `fn`
 * reaches otherwise, such as parameters, states of optimizers, running statistics and the generator of random numbers, are
 * state: read and written where they are. JavaScript in `fn` runs only while it is recorded. Results are new tensors without
 * history; one that is returned twice is one. A function that looks at `this` has programs for each.
 *
 * On the TypeScript backend, and within {@link detectAnomaly}, the function runs at each call as it stands, under the same rules.
 *
 * @param fn Takes and gives tensors, numbers, booleans, strings, null and undefined, in arrays and plain objects.
 * @throws RecordingError from a call in which `fn` reads a value, calls a compiled function, makes a parameter, an
 * optimizer or a schedule, uses a disposed tensor, or puts another tensor into the field of a module that it computes with.
 * @throws BusyError from a call while calls by `async` use what it would, or wait for their turn.
 * @throws DTypeError from a call with, or for, something else than such values.
 * @throws ValueError for an async function, and from a call, if `fn` returns a promise; for options out of range or unknown.
 * @throws DisposedError from a call after `dispose`, or with a tensor that was freed.
 * @example
 * import { compile, crossEntropy, nn, ones, optim, tensor, type Tensor } from 'lanegrad';
 * const model = new nn.Linear(4, 2);
 * const optimizer = new optim.SGD(model.parameters(), { lr: 0.5 });
 * const step = compile((x: Tensor, y: Tensor) => {
 *   optimizer.zeroGrad();
 *   const loss = crossEntropy(model.forward(x), y);
 *   loss.backward();
 *   optimizer.step();
 *   return loss;
 * });
 * const [x, y] = [ones([3, 4]), tensor([0, 1, 0])];
 * const first = step(x, y).item();
 * for (let i = 0; i < 20; i++) step(x, y);
 * step(x, y).item() < first; // => true
 */
export function compile<Args extends unknown[], Result>(
  fn: (...args: Args) => Synchronous<Result>,
  options: CompileOptions = {},
): CompiledFunction<Args, Result> {
  checkFunction('compile', fn);
  refuseAsync('compile', fn);
  const compilation = new Compilation(fn, options);
  const call = function (this: unknown, ...args: Args): Result {
    return compilation.call({ receiver: compilation.receiver(this), args }) as Result;
  };
  return Object.defineProperties(call, {
    name: { value: compilation.name },
    async: {
      value: (...args: Args) => compilation.callAsync({ receiver: undefined, args }, undefined),
    },
    asyncWith: {
      value: async (given: AsyncCallOptions, ...args: Args) =>
        compilation.callAsync({ receiver: undefined, args }, signalOf(given)),
    },
    explain: { value: () => compilation.explain() },
    dispose: { value: () => compilation.dispose() },
    [Symbol.dispose]: { value: () => compilation.dispose() },
    recordings: { get: () => compilation.recordings },
    replays: { get: () => compilation.replays },
    programs: { get: () => compilation.programs },
  }) as CompiledFunction<Args, Result>;
}

/** The last of the calls that wait for programs in flight, one of which is to be recorded; none mostly. */
let line: Promise<void> | undefined;

/** Runs `start` when all who wait have started. */
function waitInLine<T>(start: () => Promise<T>): Promise<T> {
  const turn = (line ?? Promise.resolve()).then(start);
  const done: Promise<void> = turn
    .then(
      () => undefined,
      () => undefined,
    )
    .then(() => {
      if (line === done) line = undefined;
    });
  line = done;
  return turn;
}

/** A program for a call, and the tensors of the call. */
interface Found {
  readonly recorded: Recorded;
  readonly tensors: readonly Tensor[];
}

/** A function with its programs, the one used last first. */
class Compilation {
  recordings = 0;
  replays = 0;
  readonly name: string;
  readonly #fn: AnyFunction;
  readonly #usesReceiver: boolean;
  readonly #options: ProgramOptions;
  readonly #most: number;
  #recorded: Recorded[] = [];
  #disposed = false;
  /** Calls that have not had their turn. */
  #waiting = 0;

  constructor(fn: AnyFunction, options: CompileOptions) {
    checkOptions('compile', options, ['name', 'passes', 'keepGrads', 'profile', 'maxPrograms']);
    const { name = fn.name || unnamed, passes = 'all', keepGrads, profile, maxPrograms = 16 } = options;
    if (typeof name !== 'string' || name === '')
      throw new ValueError(`[compile] name: got ${describe(name)}, wanted a string that is not empty`);
    checkPasses(passes);
    checkInt('compile', 'maxPrograms', maxPrograms);
    checkRange('compile', 'maxPrograms', maxPrograms, 1, Infinity);
    this.name = printable(name);
    this.#fn = fn;
    this.#usesReceiver = /\b(?:this|super|eval)\b/.test(Function.prototype.toString.call(fn));
    this.#most = maxPrograms;
    this.#options = {
      passes,
      keepGrads: keepGrads === undefined || checkFlag('compile', 'keepGrads', keepGrads),
      profile: checkFlag('compile', 'profile', profile),
      name: this.name,
    };
  }

  get programs(): number {
    return this.#recorded.length;
  }

  /** What is `this` in the function, if it matters: a program is one receiver's then. */
  receiver(receiver: unknown): unknown {
    return this.#usesReceiver ? receiver : undefined;
  }

  call(given: Given): unknown {
    const found = this.#find(given);
    if (this.#waiting > 0) {
      throw new BusyError(
        `[${this.name}] calls that were made by async wait for their turn; await them before a call without`,
      );
    }
    if (found === undefined) return this.#record(given).result;
    this.replays += 1;
    try {
      return found.recorded.build(found.recorded.program.run(found.tensors));
    } catch (error) {
      throw found.recorded.explained(error);
    } finally {
      gradientsChanged();
    }
  }

  async callAsync(given: Given, signal: AbortSignal | undefined): Promise<unknown> {
    signal?.throwIfAborted();
    const found = this.#find(given);
    if (line === undefined) {
      if (found !== undefined) return this.#start(found, signal);
      if (backend.programs?.busy !== true) {
        const { result, tensors } = this.#record(given);
        // They come later: a scope around the call will have ended.
        tensors.forEach(keep);
        await macrotask();
        return result;
      }
    }
    const fields = this.#recorded.flatMap(({ guards }) => guards.fieldsNow());
    const waiting = this.#wait(given, fields);
    this.#waiting += 1;
    const { running } = await waitInLine(async () => {
      try {
        return await this.#takeTurn(waiting, given.receiver, signal);
      } finally {
        this.#waiting -= 1;
        waiting.end();
      }
    });
    return running;
  }

  #wait({ args }: Given, fields: readonly Field[]): WaitingCall {
    try {
      return new WaitingCall(args, fields);
    } catch (error) {
      throw namingArgument(this.name, args, error);
    }
  }

  async #takeTurn(
    waiting: WaitingCall,
    receiver: unknown,
    signal: AbortSignal | undefined,
  ): Promise<{ running: Promise<unknown> }> {
    const started = waiting.run((args) => this.#startKnown({ receiver, args }, signal));
    if (started.running !== undefined) return { running: started.running };
    // The function would meet what programs in flight are writing.
    await backend.programs?.idle();
    signal?.throwIfAborted();
    return waiting.run((args) => {
      const { running } = this.#startKnown({ receiver, args }, signal);
      if (running !== undefined) return { running };
      const { result } = this.#record({ receiver, args });
      return { running: Promise.resolve(macrotask()).then(() => result) };
    });
  }

  #startKnown(given: Given, signal: AbortSignal | undefined): { running: Promise<unknown> | undefined } {
    const found = this.#find(given);
    return { running: found && this.#start(found, signal) };
  }

  /** Before the first wait, so that programs start in the order of their calls. */
  async #start({ recorded, tensors }: Found, signal: AbortSignal | undefined): Promise<unknown> {
    const running = recorded.program.runAsync(tensors, signal);
    this.replays += 1;
    try {
      return recorded.build(await running);
    } catch (error) {
      throw recorded.explained(error);
    } finally {
      gradientsChanged();
    }
  }

  /** The program for a call. */
  #find(given: Given): Found | undefined {
    if (this.#disposed) throw new DisposedError(`[compile] ${this.name} was disposed`);
    refuseNested();
    if (runsPlainly()) return undefined;
    try {
      return this.#findFitting(given);
    } catch (error) {
      throw namingArgument(this.name, given.args, error);
    }
  }

  #findFitting(given: Given): Found | undefined {
    const list = this.#recorded;
    const environment = environmentKey();
    for (let i = 0; i < list.length; ++i) {
      const recorded = list[i]!;
      if (recorded.isOutdated) {
        recorded.program.dispose();
        list.splice(i--, 1);
        continue;
      }
      const tensors: Tensor[] = [];
      if (!recorded.fits(given, environment, tensors)) continue;
      // Looking at arguments may have called this function again.
      const at = list.indexOf(recorded);
      if (at > 0) {
        list.splice(at, 1);
        list.unshift(recorded);
      }
      return { recorded, tensors };
    }
    return undefined;
  }

  #record(given: Given): Results {
    try {
      return this.#recordCall(given);
    } catch (error) {
      throw namingArgument(this.name, given.args, error);
    }
  }

  #recordCall(given: Given): Results {
    const { programs } = backend;
    if (programs === null || runsPlainly()) {
      const results = runPlainly(this.#fn, given);
      this.recordings += 1;
      return results;
    }
    const { recorded, ...results } = record(programs, this.#fn, given, this.#options);
    this.recordings += 1;
    if (recorded === undefined) return results;
    this.#recorded.unshift(recorded);
    // The function may have disposed of what it was compiled to.
    const most = this.#disposed ? 0 : this.#most;
    while (this.#recorded.length > most) this.#recorded.pop()!.program.dispose();
    return results;
  }

  explain(): Explanation {
    const descriptions: ProgramDescription[] = this.#recorded.map(({ program }) => program.describe());
    const listings = this.#recorded.map(({ program }) => program.print());
    return new Explanation(this.name, descriptions, listings);
  }

  dispose(): void {
    this.#disposed = true;
    for (const { program } of this.#recorded) program.dispose();
    this.#recorded = [];
  }
}

/** What a function without a name is called. */
const unnamed = 'compiled function';

/** Errors and reports are lines of text. */
function printable(name: string): string {
  return name.replace(/[\p{Cc}\p{Cs}\p{Zl}\p{Zp}]/gu, ' ');
}

function signalOf(options: AsyncCallOptions): AbortSignal | undefined {
  checkOptions('asyncWith', options, ['signal']);
  const { signal } = options;
  if (signal !== undefined && !((signal as unknown) instanceof AbortSignal))
    throw new ValueError(`[asyncWith] signal: got ${describe(signal)}, wanted an AbortSignal`);
  return signal;
}
