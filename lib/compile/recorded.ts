import { configurationEpoch } from '../backend/configuration.js';
import { backend } from '../backend/current.js';
import { currentRecording, recordingError, recordingWith, withLocation } from '../backend/recording.js';
import type { Explain } from '../backend/recording.js';
import type { Program, ProgramOptions, Programs } from '../backend/programs.js';
import { DisposedError, OutOfMemoryError, RecordingError } from '../errors.js';
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

/** What a call is made with: its receiver, `this`, and its arguments. */
export interface Given {
  readonly receiver: unknown;
  readonly args: readonly unknown[];
}

/** What a call gives, and the tensors in it. */
export interface Results {
  readonly result: unknown;
  readonly tensors: readonly Tensor[];
}

/** A recorded call, and all that it was recorded under. */
export class Recorded {
  constructor(
    readonly receiver: unknown,
    readonly args: Template,
    readonly environment: number,
    readonly epoch: number,
    readonly guards: Guards,
    readonly explanations: readonly Explain[],
    readonly results: Template,
    readonly program: Program<Tensor>,
  ) {}

  /** Whether a call is the one that was recorded; its tensors are added to `tensors`. */
  fits({ receiver, args }: Given, environment: number, tensors: Tensor[]): boolean {
    return (
      environment === this.environment &&
      receiver === this.receiver &&
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

  /** An error of a replay as the function would have thrown it. */
  explained(error: unknown): unknown {
    for (const explain of this.explanations) {
      const better = explain(error);
      if (better !== undefined) return better;
    }
    return error;
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

/** A replay would not put the tensor into the field again, and go on from the one that was there. */
function refuseReplaced(programs: Programs<Tensor> | null, guards: Guards): void {
  if (programs === null) return;
  for (const { holder, key, value } of guards.replacedTensors()) {
    const former = value as Tensor;
    const now = Reflect.get(holder, key) as Tensor;
    if (programs.isState(now) || !programs.isUsedState(former)) continue;
    Reflect.set(holder, key, former);
    throw recordingError(
      `the field ${key} of a ${holder.constructor.name} is computed with, and given another tensor, which no replay would do`,
      `write into the one that is there, this.${key}.copy_(...) within noGrad`,
      { op: 'compile' },
    );
  }
}

interface Ran {
  readonly template: Template;
  readonly tensors: readonly Tensor[];
  readonly explanations: readonly Explain[];
}

/**
 * Runs `fn` in a scope, while what no program can repeat is refused, and takes its result apart. `give` makes of the tensors in
 * it what outlives the scope.
 */
function runRecording(
  programs: Programs<Tensor> | null,
  guards: Guards,
  fn: AnyFunction,
  { receiver, args }: Given,
  give: (tensors: readonly Tensor[]) => readonly Tensor[],
): Ran {
  const explanations: Explain[] = [];
  const recording = {
    reached: (module: object): void => guards.reached(module),
    explains: (explain: Explain): void => void explanations.push(explain),
    pause: (): void => programs?.pause(),
    resume: (): void => programs?.resume(),
  };
  const found: Tensor[] = [];
  let tensors: readonly Tensor[] = [];
  openScope();
  try {
    const template = recordingWith(recording, () => {
      const result: unknown = synchronous<unknown>('compile', Reflect.apply(fn, receiver, args));
      refuseReplaced(programs, guards);
      // A tensor that is returned twice is one tensor.
      return takeApart(result, 'the result', found, new Map());
    });
    tensors = give(found);
    return { template, tensors, explanations };
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
export function runPlainly(fn: AnyFunction, given: Given): Results {
  const tensorsGiven: Tensor[] = [];
  const key = takeApart(given.args, 'arguments', tensorsGiven);
  // One that a scope has freed remembers what it was; where calls are recorded, taking a stand-in asks.
  for (const each of tensorsGiven) backend.info(each);
  // Looked at once, as where they are recorded.
  const args = putTogether(key, tensorsGiven) as readonly unknown[];
  const { template, tensors } = runRecording(null, new Guards(), fn, { ...given, args }, copies);
  return { result: putTogether(template, tensors), tensors };
}

/**
 * What the function is given: the same memory under another descriptor, by which the recorder tells an argument from the same
 * tensor reached by closure. A tensor that requires a gradient is given itself, since its `.grad` is what it is for.
 */
function standIns(tensors: readonly Tensor[]): Tensor[] {
  return tensors.map((each) => (each.requiresGrad ? each : detach(each)));
}

/** Runs `fn` once, and makes a program of it: none if there is no memory for that, when what `fn` did is done. */
export function record(
  programs: Programs<Tensor>,
  fn: AnyFunction,
  { receiver, args }: Given,
  options: ProgramOptions,
): Results & { readonly recorded: Recorded | undefined } {
  const given: Tensor[] = [];
  const key = takeApart(args, 'arguments', given);
  let results: readonly Tensor[] = [];
  openScope();
  try {
    const inputs = standIns(given);
    const made = recordOn(programs, fn, receiver, key, inputs, options);
    results = made.tensors;
    return { recorded: made.recorded, result: putTogether(made.results, results), tensors: results };
  } finally {
    closeScope(results);
  }
}

/** What could not be ended must not keep others from recording. */
function endOrAbort(
  programs: Programs<Tensor>,
  results: readonly Tensor[],
  options: ProgramOptions,
): Program<Tensor> | undefined {
  try {
    return programs.end(results, options);
  } catch (error) {
    if (programs.recording) programs.abort();
    // The step has happened, and is not to happen again: the next call may find memory for a program.
    if (error instanceof OutOfMemoryError) return undefined;
    throw error;
  }
}

function recordOn(
  programs: Programs<Tensor>,
  fn: AnyFunction,
  receiver: unknown,
  key: Template,
  inputs: readonly Tensor[],
  options: ProgramOptions,
): { recorded: Recorded | undefined; results: Template; tensors: readonly Tensor[] } {
  const environment = environmentKey();
  const guards = new Guards();
  makeRandomState();
  // Casts that a scope around this call keeps would be state, which no later call makes anew.
  backend.forgetCasts();
  programs.begin(inputs);
  let ran: Ran;
  try {
    const args = putTogether(key, inputs) as readonly unknown[];
    ran = runRecording(programs, guards, fn, { receiver, args }, (tensors) =>
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
  const { template: results, tensors, explanations } = ran;
  const program = endOrAbort(programs, tensors, options);
  if (program === undefined) return { recorded: undefined, results, tensors };
  guards.settle();
  const epoch = configurationEpoch();
  const recorded = new Recorded(receiver, key, environment, epoch, guards, explanations, results, program);
  return { recorded, results, tensors };
}
