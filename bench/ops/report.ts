import type { Times } from './measure.js';

export interface OpsRow {
  readonly name: string;
  readonly group: string;
  /** Inputs read once and outputs written once. */
  readonly bytes: number;
  readonly ms: Times;
  /** The triad over as many bytes. */
  readonly triadMs: Times;
  readonly torchMs?: Times;
}

/** What `npm run bench:ops -- --json` writes. */
export interface OpsReport {
  readonly machine: string;
  readonly cores: number;
  readonly node: string;
  readonly date: string;
  readonly isa: string;
  readonly threads: number;
  readonly torch?: string;
  readonly rows: readonly OpsRow[];
}
