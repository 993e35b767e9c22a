import type { Work } from './measure.js';
import type { Times } from './time.js';

export interface OpsRow extends Work {
  readonly name: string;
  readonly group: string;
  /** Milliseconds of a call, or of an op where the case is a loop of them. */
  readonly ms: Times;
  readonly torchMs?: Times;
}

/** A row that is held against a triad. */
export type BandwidthRow = OpsRow & Required<Pick<Work, 'bytes' | 'triadMs'>>;

export const isBandwidth = (row: OpsRow): row is BandwidthRow => row.triadMs !== undefined;

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

/** GFLOP/s or GB/s, in digits that count; nanoseconds of an op in a loop. */
export function rateOf(row: OpsRow, { least }: Times): { readonly value: number; readonly unit: string } {
  if (row.flops !== undefined) return { value: row.flops / least / 1e6, unit: 'GFLOP/s' };
  if (row.bytes !== undefined) return { value: row.bytes / least / 1e6, unit: 'GB/s' };
  return { value: least * 1e6, unit: 'ns' };
}

/** The rate of the machine's limit, in the unit of the row. */
export function limitOf(row: OpsRow): number {
  if (row.peak !== undefined) return row.peak / 1e9;
  return isBandwidth(row) ? rateOf(row, row.triadMs).value : NaN;
}

/** The part of the limit that the row reaches. */
export function shareOf(row: OpsRow): number {
  return rateOf(row, row.ms).value / limitOf(row);
}

/** Times as fast as PyTorch. */
export function ratioOf({ ms, torchMs }: OpsRow): number {
  return (torchMs?.least ?? NaN) / ms.least;
}
