import type { Cases } from '../read/cases.js';
import type { Outcome } from '../outcome.js';

/** One sample that can be run by itself. */
export interface Job {
  readonly id: string;
  readonly dtype: string;
  run(): Outcome;
}

/** What belongs together in the report: an op. */
export interface Unit {
  readonly name: string;
  readonly tier: number | null;
  /** Methods that PyTorch has for it and the library does not. No failure: listed in the report. */
  readonly lacks: readonly string[];
  readonly jobs: readonly Job[];
}

/** A kind of reference cases. Another kind is another file here and an entry in kinds/index.ts. */
export interface Kind {
  names(cases: Cases): readonly string[];
  unit(cases: Cases, name: string): Unit;
}
