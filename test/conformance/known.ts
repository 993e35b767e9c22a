import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Outcome } from './outcome.js';
import { hasDType } from './tensors.js';

// What is known to fail, in known/BACKEND.txt (of other kinds than ops known/KIND.BACKEND.txt): one `NAME = reason` a line, where NAME is a sample, an op of which nothing
// passes, or @DTYPE for a dtype that is not there. The tests fail on a failure that is not listed and on an entry that no
// longer fails, so the list only shrinks, and what it says is true. `npm run conformance:known` writes it anew.

export type Known = ReadonlyMap<string, string>;

/** The name of the list in the folder `known`. */
export const knownFile = (kind: string, backend: string): string =>
  kind === 'ops' ? `${backend}.txt` : `${kind}.${backend}.txt`;

const fileOf = (kind: string, backend: string): string =>
  path.join(import.meta.dirname, 'known', knownFile(kind, backend));

export function readKnown(kind: string, backend: string): Known {
  const file = fileOf(kind, backend);
  if (!existsSync(file)) return new Map();
  const lines = readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => line.trim() !== '' && !line.startsWith('#'));
  return new Map(
    lines.map((line): [string, string] => {
      const at = line.indexOf(' = ');
      if (at < 0) throw new Error(`${file}: no " = " in ${line}`);
      return [line.slice(0, at), line.slice(at + 3)];
    }),
  );
}

/** The entry that covers an outcome, if any. */
export function entryFor(
  known: Known,
  { op, id, dtype }: Pick<Outcome, 'op' | 'id' | 'dtype'>,
): string | undefined {
  return [id, op, `@${dtype}`].find((name) => known.has(name));
}

/** What the list should be after a run of everything. A reason that was there stays. */
export function knownAfter(outcomes: readonly Outcome[], before: Known): Map<string, string> {
  const entries = new Map<string, string>();
  const add = (name: string, reason: string) => entries.set(name, before.get(name) ?? reason);
  const byOp = new Map<string, Outcome[]>();
  for (const outcome of outcomes) {
    const { op, dtype, status } = outcome;
    if (status === 'unsupported') continue;
    if (dtype !== 'error' && !hasDType(dtype)) {
      if (status === 'failed') add(`@${dtype}`, 'the library does not have the dtype');
      continue;
    }
    byOp.set(op, [...(byOp.get(op) ?? []), outcome]);
  }
  for (const [op, all] of byOp) {
    const failed = all.filter((outcome) => outcome.status === 'failed');
    const missing = failed.map(reasonOf).find((reason) => reason.includes('not there: '));
    if (failed.length === all.length && missing !== undefined) add(op, missing);
    else for (const outcome of failed) add(outcome.id, reasonOf(outcome));
  }
  return new Map([...entries].sort(([a], [b]) => (a < b ? -1 : 1)));
}

function reasonOf({ failures }: Outcome): string {
  const { what, detail } = failures[0]!;
  const text = `${what}: ${detail}`.replaceAll('\n', ' ').replace(/^values: (?=not there)/, '');
  return text.length > 160 ? `${text.slice(0, 157)}...` : text;
}

export function writeKnown(kind: string, backend: string, entries: Known): void {
  const head =
    '# Made by npm run conformance:known; reasons may be put better by hand. Merge by writing it anew.';
  const lines = [...entries].map(([name, reason]) => `${name} = ${reason}`);
  writeFileSync(fileOf(kind, backend), [head, ...lines, ''].join('\n'));
}
