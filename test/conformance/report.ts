import { parts, type Failure, type Outcome, type Part } from './outcome.js';
import type { UnitResult } from './run.js';

export interface Tally {
  passed: number;
  failed: number;
  unsupported: number;
}

export const emptyTally = (): Tally => ({ passed: 0, failed: 0, unsupported: 0 });

export const tallyText = ({ passed, failed, unsupported }: Tally): string =>
  `passed ${passed}, failed ${failed}, unsupported ${unsupported}`;

export function tallyOf(outcomes: readonly Outcome[]): Tally {
  const tally = emptyTally();
  for (const { status } of outcomes) ++tally[status];
  return tally;
}

interface UnitReport extends Tally {
  readonly name: string;
  readonly tier: number | null;
  /** Methods that PyTorch has and the library does not. */
  readonly lacksMethods: readonly string[];
  readonly failures: readonly (Failure & { readonly id: string })[];
  readonly unsupportedSamples: readonly { readonly id: string; readonly reason: string }[];
}

export interface Report {
  readonly kind: string;
  readonly backend: string;
  readonly totals: Tally;
  readonly byTier: Readonly<Record<string, Tally>>;
  readonly byDType: Readonly<Record<string, Tally>>;
  readonly byPart: Readonly<Record<Part, { passed: number; failed: number }>>;
  readonly ops: readonly UnitReport[];
}

export function makeReport(kind: string, backend: string, results: readonly UnitResult[]): Report {
  const all = results.flatMap((result) => result.outcomes);
  const byPart = Object.fromEntries(
    parts.map((part) => [part, { passed: 0, failed: 0 }]),
  ) as Report['byPart'];
  for (const outcome of all) {
    for (const part of parts) {
      const passed = outcome.parts[part];
      if (passed !== undefined) ++byPart[part][passed ? 'passed' : 'failed'];
    }
  }
  return {
    kind,
    backend,
    totals: tallyOf(all),
    byTier: grouped(
      results.flatMap(({ tier, outcomes }) => outcomes.map((one) => [String(tier ?? 'none'), one])),
    ),
    byDType: grouped(all.map((one) => [one.dtype, one])),
    byPart,
    ops: results.map(({ name, tier, lacks, outcomes }) => ({
      name,
      tier,
      ...tallyOf(outcomes),
      lacksMethods: lacks,
      failures: outcomes.flatMap(({ id, failures }) => failures.map((failure) => ({ id, ...failure }))),
      unsupportedSamples: outcomes
        .filter((one) => one.status === 'unsupported')
        .map(({ id, reason = '' }) => ({ id, reason })),
    })),
  };
}

function grouped(pairs: readonly (readonly [string, Outcome])[]): Record<string, Tally> {
  const groups = new Map<string, Tally>();
  for (const [name, { status }] of pairs) {
    if (!groups.has(name)) groups.set(name, emptyTally());
    ++groups.get(name)![status];
  }
  return Object.fromEntries([...groups].sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** What is unsupported, an op and a reason a line. */
export function unsupportedLines(report: Report): string[] {
  return report.ops.flatMap(({ name, unsupportedSamples }) => {
    const counts = new Map<string, number>();
    for (const { reason } of unsupportedSamples) counts.set(reason, (counts.get(reason) ?? 0) + 1);
    return [...counts].map(([reason, count]) => `${name}: ${count} unsupported: ${reason}`);
  });
}
