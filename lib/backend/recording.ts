import { RecordingError } from '../errors.js';
import { callIn } from './call-sites.js';

// Whether a compiled function is being recorded in this environment, and what it must not do meanwhile. A program repeats what
// the backend was asked for; what JavaScript decided on the way, from a value that it read, is not asked again.

/** The error to throw in place of one of a replay; undefined where that one has another cause. */
export type Explain = (error: unknown) => Error | undefined;

/** What listens to a recording besides the backend. */
export interface Recording {
  /** A module whose `forward` ran. */
  reached(module: object): void;
  /** What ran can say more about an error of a replay than the op that met it. */
  explains(explain: Explain): void;
  /** The backend's recorder looks away, and back. */
  pause(): void;
  resume(): void;
}

let current: Recording | undefined;
let suspended = 0;
let definitions = 0;
let watched = false;

/** Whether what happens now is recorded. */
export function isRecording(): boolean {
  return current !== undefined && suspended === 0;
}

/** The recording that runs, for what has to tell it something; undefined mostly. */
export function currentRecording(): Recording | undefined {
  return current;
}

/** Frames between the compiled function and an op may be many: layers in layers. */
const frames = 100;

/** Runs `fn` as a recording that `recording` listens to. */
export function recordingWith<T>(recording: Recording, fn: () => T): T {
  const former = Error.stackTraceLimit;
  current = recording;
  Error.stackTraceLimit = Math.max(former, frames);
  try {
    return fn();
  } finally {
    Error.stackTraceLimit = former;
    current = undefined;
  }
}

/**
 * Runs `fn` beside the recording: what it makes is state, as if it had been there before, and it may read. For state that is
 * made when it is first needed, which a replay must not make anew.
 */
export function unrecorded<T>(fn: () => T): T {
  if (current === undefined) return fn();
  if (suspended === 0) current.pause();
  suspended += 1;
  try {
    return fn();
  } finally {
    suspended -= 1;
    if (suspended === 0) current.resume();
  }
}

/** Runs the definition of an op that is one op where programs are recorded: it may read what such an op reads. */
export function asOneOp<T>(fn: () => T): T {
  if (current === undefined) return fn();
  definitions += 1;
  try {
    return fn();
  } finally {
    definitions -= 1;
  }
}

/** Throws while a function is recorded: `what` cannot be repeated, and `instead` says what to do. */
export function refuseRecorded(what: string, instead: string, op?: string): void {
  if (current === undefined || suspended > 0 || definitions > 0) return;
  throw recordingError(what, instead, { op });
}

/** Throws while a function is recorded, since a value is read. */
export function refuseReading(): void {
  refuseRecorded(
    'a value is read while a compiled function is recorded; a replay would not read it again',
    'return the tensor and read it outside, or compute with tensors (where, clamp, masks) in place of a condition',
  );
}

/** Throws while a function is recorded, since a tensor is printed. */
export function refusePrinting(): void {
  refuseRecorded(
    'printing a tensor reads its values while a compiled function is recorded; a replay would not print it again',
    'return the tensor and print it outside',
  );
}

/** The error for the call of the library that is under way; `op` is its name where that is not the name of the function. */
export function recordingError(
  what: string,
  instead: string,
  { op, cause }: { op?: string | undefined; cause?: Error } = {},
): RecordingError {
  const { name, location } = callIn(cause ?? new Error('call'));
  const place = location === undefined ? '' : ` (at ${location})`;
  const called = op ?? name ?? 'compile';
  return new RecordingError(`[${called}] ${what}: ${instead}${place}`, { op: called, location, cause });
}

/** The same error with the place of the call, where it has none: a backend knows only the op. */
export function withLocation(error: RecordingError): RecordingError {
  const { location } = callIn(error);
  if (error.location !== undefined || location === undefined) return error;
  return new RecordingError(`${error.message} (at ${location})`, { op: error.op, location, cause: error });
}

/** Whether compiled functions run as they stand: whoever looks for anomalies wants each op and the line that called it. */
export function runsPlainly(): boolean {
  return watched;
}

export function watchAnomalies(enabled: boolean): void {
  watched = enabled;
}
