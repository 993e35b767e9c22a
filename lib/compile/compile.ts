import type { ProgramDescription, ProgramOptions } from '../backend/programs.js';
import { backend } from '../backend/current.js';
import { runsPlainly } from '../backend/recording.js';
import { checkChoice, checkFlag, checkInt, checkOptions, checkRange, describe } from '../check.js';
import { DisposedError, ValueError } from '../errors.js';
import { checkFunction } from '../scope.js';
import { gradientsChanged } from '../tensor.js';
import type { Tensor } from '../tensor.js';
import { environmentKey } from './environment.js';
import { Explanation } from './explain.js';
import { record, refuseNested, runPlainly } from './recorded.js';
import type { AnyFunction, Recorded } from './recorded.js';

export interface CompileOptions {
  /** What errors and reports call it. Default the name of the function. */
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
  /** The same on a thread of its own: the event loop goes on meanwhile. A call that is recorded runs here. */
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
 * Calls are of the same kind if arguments have the same structure, shapes, strides, dtypes and `requiresGrad`, numbers, booleans
 * and strings among them are equal, grad mode, {@link autocast} and precision are the same, and so are the fields of the modules
 * that ran (`training`, parameters), the gradients that are set, groups, hooks and options that are no numbers. Tensors that `fn`
 * reaches otherwise, such as parameters, states of optimizers, running statistics and the generator of random numbers, are
 * state: read and written where they are. JavaScript in `fn` runs only while it is recorded. Results are new tensors without
 * history.
 *
 * On the TypeScript backend, and within {@link detectAnomaly}, the function runs at each call as it stands, under the same rules.
 *
 * @param fn Takes and gives tensors, numbers, booleans and strings, in arrays and plain objects.
 * @throws RecordingError from a call in which `fn` reads a value, calls a compiled function, or uses a disposed tensor.
 * @throws DTypeError from a call with, or for, something else than such values.
 * @throws ValueError from a call, if `fn` returns a promise; for options out of range or unknown.
 * @throws DisposedError from a call after `dispose`.
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
  fn: (...args: Args) => Result,
  options: CompileOptions = {},
): CompiledFunction<Args, Result> {
  checkFunction('compile', fn);
  const compilation = new Compilation(fn, options);
  const call = (...args: Args): Result => compilation.call(args) as Result;
  return Object.defineProperties(call, {
    name: { value: compilation.name },
    async: { value: (...args: Args) => compilation.callAsync(args, undefined) },
    asyncWith: {
      value: async (given: AsyncCallOptions, ...args: Args) => compilation.callAsync(args, signalOf(given)),
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

/** A function with its programs, the one used last first. */
class Compilation {
  recordings = 0;
  replays = 0;
  readonly name: string;
  readonly #fn: AnyFunction;
  readonly #options: ProgramOptions;
  readonly #most: number;
  #recorded: Recorded[] = [];
  #disposed = false;
  /** The tensors of the call that is looked for. */
  #tensors: Tensor[] = [];

  constructor(fn: AnyFunction, options: CompileOptions) {
    checkOptions('compile', options, ['name', 'passes', 'keepGrads', 'profile', 'maxPrograms']);
    const { name = fn.name, passes = 'all', keepGrads, profile, maxPrograms = 16 } = options;
    if (typeof name !== 'string')
      throw new ValueError(`[compile] name: got ${describe(name)}, wanted a string`);
    if (!Array.isArray(passes)) checkChoice('compile', 'passes', passes as string, ['all', 'exact']);
    else if (!passes.every((pass) => typeof pass === 'string'))
      throw new ValueError(`[compile] passes: got ${describe(passes)}, wanted names of passes`);
    checkInt('compile', 'maxPrograms', maxPrograms);
    checkRange('compile', 'maxPrograms', maxPrograms, 1, Infinity);
    this.name = name;
    this.#fn = fn;
    this.#most = maxPrograms;
    this.#options = {
      passes,
      keepGrads: keepGrads === undefined || checkFlag('compile', 'keepGrads', keepGrads),
      profile: checkFlag('compile', 'profile', profile),
      name,
    };
  }

  get programs(): number {
    return this.#recorded.length;
  }

  call(args: readonly unknown[]): unknown {
    const recorded = this.#find(args);
    if (recorded === undefined) return this.#record(args);
    this.replays += 1;
    try {
      return recorded.build(recorded.program.run(this.#tensors));
    } finally {
      gradientsChanged();
    }
  }

  async callAsync(args: readonly unknown[], signal: AbortSignal | undefined): Promise<unknown> {
    signal?.throwIfAborted();
    if (line === undefined) {
      const recorded = this.#find(args);
      if (recorded !== undefined) return this.#start(recorded, signal);
      if (backend.programs?.busy !== true) return this.#record(args);
    }
    const { running } = await waitInLine(async () => {
      const known = this.#find(args);
      if (known !== undefined) return { running: this.#start(known, signal) };
      // The function would meet what programs in flight are writing.
      await backend.programs?.idle();
      signal?.throwIfAborted();
      const recorded = this.#find(args);
      return { running: recorded ? this.#start(recorded, signal) : this.#record(args) };
    });
    return running;
  }

  /** Before the first wait, so that programs start in the order of their calls. */
  async #start(recorded: Recorded, signal: AbortSignal | undefined): Promise<unknown> {
    const running = recorded.program.runAsync(this.#tensors, signal);
    this.replays += 1;
    try {
      return recorded.build(await running);
    } finally {
      gradientsChanged();
    }
  }

  /** The program for a call, whose tensors stand in `#tensors` then. */
  #find(args: readonly unknown[]): Recorded | undefined {
    if (this.#disposed) throw new DisposedError(`[compile] ${this.name || 'the function'} was disposed`);
    refuseNested();
    if (runsPlainly()) return undefined;
    const list = this.#recorded;
    const environment = environmentKey();
    for (let i = 0; i < list.length; ++i) {
      const recorded = list[i]!;
      if (recorded.isOutdated) {
        recorded.program.dispose();
        list.splice(i--, 1);
        continue;
      }
      this.#tensors = [];
      if (!recorded.fits(args, environment, this.#tensors)) continue;
      if (i > 0) {
        list.splice(i, 1);
        list.unshift(recorded);
      }
      return recorded;
    }
    return undefined;
  }

  #record(args: readonly unknown[]): unknown {
    const { programs } = backend;
    if (programs === null || runsPlainly()) {
      const result = runPlainly(this.#fn, args);
      this.recordings += 1;
      return result;
    }
    const { recorded, result } = record(programs, this.#fn, args, this.#options);
    this.recordings += 1;
    this.#recorded.unshift(recorded);
    while (this.#recorded.length > this.#most) this.#recorded.pop()!.program.dispose();
    return result;
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

function signalOf(options: AsyncCallOptions): AbortSignal | undefined {
  checkOptions('asyncWith', options, ['signal']);
  const { signal } = options;
  if (signal !== undefined && !((signal as unknown) instanceof AbortSignal))
    throw new ValueError(`[asyncWith] signal: got ${describe(signal)}, wanted an AbortSignal`);
  return signal;
}
