import { dtypes, type DType } from '../dtype.js';

/** What is looked for in results and gradients while `detectAnomaly` runs. In the order of AnomalyCheck in native/graph/observer.h. */
export const anomalyChecks = ['none', 'nan', 'nanOrInf'] as const;
export type AnomalyCheck = (typeof anomalyChecks)[number];

/** Ops as a backend noted them. */
export interface RawProfile {
  /** Rows of numbers; see `decodeEvents`. */
  readonly rows: ArrayLike<number>;
  /** Names of the ops by their number in the rows. */
  readonly names: readonly string[];
  /** Ops that ran after the list was full. */
  readonly dropped: number;
}

/** How a backend is watched. Off, it costs an op no more than a branch. */
export interface BackendObserver {
  /** Notes every op from here on, at most so many. */
  startProfile(maxEvents: number): void;
  stopProfile(): RawProfile;
  /** Returns the former check. */
  setAnomalyCheck(check: AnomalyCheck): AnomalyCheck;
}

/** A tensor that an op read or wrote. */
export interface EventTensor {
  readonly dtype: DType;
  readonly shape: readonly number[];
}

/** One op that ran. */
export interface OpEvent {
  readonly name: string;
  /** Whether a backward pass ran it. */
  readonly phase: 'forward' | 'backward';
  /** Microseconds since the profile began. */
  readonly start: number;
  /** Microseconds. */
  readonly duration: number;
  /** Of what it wrote; 0 for a view. */
  readonly bytes: number;
  /** The first eight operands; null for a gradient that is not there. */
  readonly inputs: readonly (EventTensor | null)[];
  /** What it wrote. */
  readonly outputs: readonly (EventTensor | null)[];
}

/**
 * The events of a profile. A row is: op, 1 in a backward pass, start, duration, bytes, numbers of inputs and outputs; then for
 * each of these dtype (-1: none), rank, sizes.
 */
export function decodeEvents({ rows, names }: RawProfile): OpEvent[] {
  const events: OpEvent[] = [];
  let at = 0;
  const next = (): number => rows[at++]!;
  const tensor = (): EventTensor | null => {
    const dtype = dtypes[next()];
    const shape = Array.from({ length: next() }, next);
    return dtype === undefined ? null : { dtype, shape };
  };
  while (at < rows.length) {
    const [op, backward, start, duration, bytes] = [next(), next(), next(), next(), next()];
    const [inputs, outputs] = [next(), next()];
    events.push({
      name: names[op] ?? 'unknown',
      phase: backward ? 'backward' : 'forward',
      start,
      duration,
      bytes,
      inputs: Array.from({ length: inputs }, tensor),
      outputs: Array.from({ length: outputs }, tensor),
    });
  }
  return events;
}
