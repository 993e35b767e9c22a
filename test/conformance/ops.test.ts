import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { info } from '../../lib/index.js';
import { openCases } from './read/cases.js';
import { rowOf, rows } from './calls/index.js';
import { ops } from './kinds/ops.js';
import { entryFor, readKnown } from './known.js';
import type { Outcome } from './outcome.js';
import { outsideOf, placeOf } from './scope.js';
import { hasDType } from './tensors.js';

// Every reference case of PyTorch through the public functions, on the active backend: values, gradients, second gradients,
// methods, in-place forms, and calls that must throw.

const cases = openCases(path.join(import.meta.dirname, 'data'), 'ops');
const known = readKnown('ops', info().name);
const names = ops.names(cases);
const seen = new Set<string>();

const tell = ({ id, failures }: Outcome): string =>
  failures.map(({ what, detail }) => `${id}: ${what}: ${detail}`).join('\n');

describe('as PyTorch', () => {
  test.each(names)('%s', (name) => {
    const wrong: string[] = [];
    for (const job of ops.unit(cases, name).jobs) {
      const outcome = job.run();
      const entry = entryFor(known, outcome);
      if (entry !== undefined) seen.add(entry);
      if (outcome.status === 'failed' && entry === undefined) wrong.push(tell(outcome));
      // A sample may name a dtype and not need it: randint gives int64 whatever it is called with.
      if (outcome.status === 'passed' && entry !== undefined && !entry.startsWith('@'))
        wrong.push(
          `${outcome.id} passes, but known/${info().name}.txt lists ${entry}: npm run conformance:known`,
        );
    }
    expect(wrong).toEqual([]);
  });
});

test('every known failure names a case, or a dtype that is not there', () => {
  expect([...known.keys()].filter((entry) => !seen.has(entry))).toEqual([]);
  expect([...known.keys()].filter((entry) => entry.startsWith('@') && hasDType(entry.slice(1)))).toEqual([]);
});

test('every row of the call table names an op that is in the table of ops or has cases', () => {
  expect(Object.keys(rows).filter((name) => placeOf(name) === undefined && !names.includes(name))).toEqual(
    [],
  );
});

test('every op in scope that has cases has a row', () => {
  const inScope = names.filter((name) => outsideOf(name) === undefined);
  expect(inScope.filter((name) => rowOf(name) === undefined)).toEqual([]);
});
