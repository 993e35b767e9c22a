import { configurationEpoch } from '../backend/configuration.js';
import { backend } from '../backend/current.js';
import { currentRecording, recordingError, recordingWith, withLocation } from '../backend/recording.js';
import type { Program, ProgramOptions, Programs } from '../backend/programs.js';
import { DisposedError, RecordingError } from '../errors.js';
import { makeRandomState } from '../generator.js';
import { noGrad } from '../grad-mode.js';
import { clone, detach } from '../ops/convert.js';
import { closeScope, openScope, synchronous } from '../scope.js';
import { gradientsChanged } from '../tensor.js';
import type { Tensor } from '../tensor.js';
import { environmentKey } from './environment.js';
import { Guards } from './guards.js';
import { matches, putTogether, takeApart } from './tree.js';
import type { Template } from './tree.js';

// One call of a compiled function: what it is recognised by, and how it is recorded.

export type AnyFunction = (...args: never[]) => unknown;

/** A recorded call, and all that it was recorded under. */
export class Recorded {
  constructor(
    readonly args: Template,
    readonly environment: number,
    readonly epoch: number,
    readonly guards: Guards,
    readonly results: Template,
    readonly program: Program<Tensor>,
  ) {}

  /** Whether a call is the one that was recorded; its tensors are added to `tensors`. */
  fits(args: readonly unknown[], environment: number, tensors: Tensor[]): boolean {
    return (
      environment === this.environment &&
      matches(this.args, args, tensors) &&
      this.guards.hold() &&
      this.program.ready(tensors)
    );
  }

  /** Whether it can never fit again. */
  get isOutdated(): boolean {
    return this.epoch !== configurationEpoch();
  }

  build(tensors: readonly Tensor[]): unknown {
    return putTogether(this.results, tensors);
  }
}

/** A compiled function cannot be called while one is recorded. */
export function refuseNested(): void {
  if (currentRecording() === undefined) return;
  throw recordingError(
    'a compiled function is called while another is recorded',
    'call the plain function there: its ops become part of the program',
    { op: 'compile' },
  );
}

interface Ran {
  readonly template: Template;
  readonly tensors: readonly Tensor[];
}

/**
 * Runs `fn` in a scope, while what no program can repeat is refused, and takes its result apart. `give` makes of the tensors in
 * it what outlives the scope.
 */
function runRecording(
  programs: Programs<Tensor> | null,
  guards: Guards,
  fn: AnyFunction,
  args: readonly unknown[],
  give: (tensors: readonly Tensor[]) => readonly Tensor[],
): Ran {
  const recording = {
    reached: (module: object): void => guards.reached(module),
    pause: (): void => programs?.pause(),
    resume: (): void => programs?.resume(),
  };
  const found: Tensor[] = [];
  let tensors: readonly Tensor[] = [];
  openScope();
  try {
    const template = recordingWith(recording, () => {
      const result = synchronous('compile', (fn as (...values: readonly unknown[]) => unknown)(...args));
      return takeApart(result, 'the result', found);
    });
    tensors = give(found);
    return { template, tensors };
  } catch (error) {
    if (error instanceof RecordingError) throw withLocation(error);
    if (!(error instanceof DisposedError)) throw error;
    throw recordingError(
      `a tensor was used that is no longer there (${error.message})`,
      'keep what the function needs, or pass it as an argument',
      { cause: error },
    );
  } finally {
    closeScope(tensors);
  }
}

/** What it gives out of its state would change with the next call, and nothing has a history. */
const copies = (tensors: readonly Tensor[]): readonly Tensor[] =>
  noGrad(() => tensors.map((each) => clone(each)));

/** Where nothing is recorded: the function as it stands, under the same rules. */
export function runPlainly(fn: AnyFunction, args: readonly unknown[]): unknown {
  takeApart(args, 'arguments', []);
  const { template, tensors } = runRecording(null, new Guards(), fn, args, copies);
  return putTogether(template, tensors);
}

/**
 * What the function is given: the same memory under another descriptor, by which the recorder tells an argument from the same
 * tensor reached by closure. A tensor that requires a gradient is given itself, since its `.grad` is what it is for.
 */
function standIns(tensors: readonly Tensor[]): Tensor[] {
  return tensors.map((each) => (each.requiresGrad ? each : detach(each)));
}

/** Runs `fn` once, and makes a program of it. */
export function record(
  programs: Programs<Tensor>,
  fn: AnyFunction,
  args: readonly unknown[],
  options: ProgramOptions,
): { recorded: Recorded; result: unknown } {
  const given: Tensor[] = [];
  const key = takeApart(args, 'arguments', given);
  let results: readonly Tensor[] = [];
  openScope();
  try {
    const inputs = standIns(given);
    const made = recordOn(programs, fn, key, inputs, options);
    results = made.tensors;
    return { recorded: made.recorded, result: made.recorded.build(results) };
  } finally {
    closeScope(results);
  }
}

/** What could not be ended must not keep others from recording. */
function endOrAbort(
  programs: Programs<Tensor>,
  results: readonly Tensor[],
  options: ProgramOptions,
): Program<Tensor> {
  try {
    return programs.end(results, options);
  } catch (error) {
    if (programs.recording) programs.abort();
    throw error;
  }
}

function recordOn(
  programs: Programs<Tensor>,
  fn: AnyFunction,
  key: Template,
  inputs: readonly Tensor[],
  options: ProgramOptions,
): { recorded: Recorded; tensors: readonly Tensor[] } {
  const environment = environmentKey();
  const guards = new Guards();
  makeRandomState();
  // Casts that a scope around this call keeps would be state, which no later call makes anew.
  backend.forgetCasts();
  programs.begin(inputs);
  let ran: Ran;
  try {
    ran = runRecording(programs, guards, fn, putTogether(key, inputs) as unknown[], (tensors) =>
      // State, arguments and gradients would change with the next call.
      noGrad(() => tensors.map((each) => (programs.isFresh(each) ? each : clone(each)))),
    );
  } catch (error) {
    programs.abort();
    throw error;
  } finally {
    backend.forgetCasts();
    gradientsChanged();
  }
  const program = endOrAbort(programs, ran.tensors, options);
  guards.settle();
  const recorded = new Recorded(key, environment, configurationEpoch(), guards, ran.template, program);
  return { recorded, tensors: ran.tensors };
}
