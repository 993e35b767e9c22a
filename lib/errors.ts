import { named } from './error-names.js';

/** The base of every error that lanegrad throws. The message says the op, what it got and what it wanted. */
export class LanegradError extends Error {
  override name = 'LanegradError';

  constructor(message?: string, options?: ErrorOptions) {
    super(message === undefined ? message : named(message), options);
  }
}

/** Ranks, sizes or broadcasting do not fit. */
export class ShapeError extends LanegradError {
  override name = 'ShapeError';
}

/** The op does not take this dtype, or a JavaScript value is of the wrong type. */
export class DTypeError extends LanegradError {
  override name = 'DTypeError';
}

/** An index or dim is out of range. */
export class IndexError extends LanegradError {
  override name = 'IndexError';
}

/** An argument makes no sense: a negative size, a probability of 2, a missing option. */
export class ValueError extends LanegradError {
  override name = 'ValueError';
}

/** The tensor was freed, or belongs to another backend or worker. */
export class DisposedError extends LanegradError {
  override name = 'DisposedError';
}

/** The allocation is impossible, or passes the limit that was set. */
export class OutOfMemoryError extends LanegradError {
  override name = 'OutOfMemoryError';
}

/** The tape forbids it: in-place on a leaf, a second backward, a changed saved tensor. */
export class AutogradError extends LanegradError {
  override name = 'AutogradError';
}

/** The backend cannot be loaded, or lacks what was asked of it. */
export class BackendError extends LanegradError {
  override name = 'BackendError';
}

/** A defect of lanegrad itself; please report it. */
export class InternalError extends LanegradError {
  override name = 'InternalError';
}

/** A matrix is singular or not positive definite, or an iteration did not converge. */
export class LinAlgError extends LanegradError {
  override name = 'LinAlgError';
}

/** A file is damaged, cut short, or not of the format that it should have. */
export class FormatError extends LanegradError {
  override name = 'FormatError';
}

/** What {@link AnomalyError} says besides its message. */
export interface AnomalyDetails {
  readonly op: string;
  readonly phase: 'forward' | 'backward';
  readonly found: 'NaN' | 'Infinity';
  readonly location: string | undefined;
}

/** A value or gradient is NaN or infinite, and `detectAnomaly` was looking. */
export class AnomalyError extends LanegradError {
  override name = 'AnomalyError';
  /** The op that made it. */
  readonly op: string;
  /** Whether it is in the result of the op, or in the gradient of one of its inputs. */
  readonly phase: 'forward' | 'backward';
  readonly found: 'NaN' | 'Infinity';
  /** Where the op was called, outside of the library: `file:line:column`. */
  readonly location: string | undefined;

  constructor(message: string, details?: AnomalyDetails) {
    super(message);
    this.op = details?.op ?? '';
    this.phase = details?.phase ?? 'forward';
    this.found = details?.found ?? 'NaN';
    this.location = details?.location;
  }
}

/** What {@link RecordingError} says besides its message. */
export interface RecordingDetails {
  /** What cannot be recorded: the function of the library that was called. */
  readonly op?: string | undefined;
  /** Where the compiled function called it, outside of the library: `file:line:column`. */
  readonly location?: string | undefined;
}

/** A compiled function does what a program cannot repeat, while it is recorded: it reads a value, or compiles in itself. */
export class RecordingError extends LanegradError {
  override name = 'RecordingError';
  /** What cannot be recorded: the function of the library that was called. */
  readonly op: string;
  /** Where the compiled function called it, outside of the library: `file:line:column`. */
  readonly location: string | undefined;

  constructor(message: string, details: RecordingDetails & ErrorOptions = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.op = details.op ?? /^\[([^\]]*)\]/.exec(message)?.[1] ?? '';
    this.location = details.location;
  }
}

/** A program that runs on another thread has not done with this tensor: await it, or `t.read()`. */
export class BusyError extends LanegradError {
  override name = 'BusyError';
}

/** In the order of ErrorKind in native/core/error.h. */
export const errorKinds = [
  ShapeError,
  DTypeError,
  IndexError,
  ValueError,
  DisposedError,
  OutOfMemoryError,
  AutogradError,
  InternalError,
  LinAlgError,
  AnomalyError,
  RecordingError,
  BusyError,
] as const;
