import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { info } from '../../lib/index.js';
import type { Kind } from './kinds/kind.js';
import { entryFor, knownFile, readKnown } from './known.js';
import { openCases } from './read/cases.js';

/** Tests every reference case of a kind on the active backend against what is known to fail; gives the cases and their names. */
export function testAsPyTorch(name: 'modules' | 'optim', kind: Kind) {
  const cases = openCases(path.join(import.meta.dirname, 'data'), name);
  const known = readKnown(name, info().name);
  const names = kind.names(cases);
  const seen = new Set<string>();

  describe('as PyTorch', () => {
    test.each(names)('%s', (unit) => {
      const wrong: string[] = [];
      for (const job of kind.unit(cases, unit).jobs) {
        const { id, status, failures, op, dtype } = job.run();
        const entry = entryFor(known, { op, id, dtype });
        if (entry !== undefined) seen.add(entry);
        if (status === 'failed' && entry === undefined)
          wrong.push(...failures.map(({ what, detail }) => `${id}: ${what}: ${detail}`));
        if (status === 'passed' && entry !== undefined)
          wrong.push(`${id} passes, but ${knownFile(name, info().name)} lists ${entry}`);
      }
      expect(wrong).toEqual([]);
    });
  });

  test('every known failure names a case', () => {
    expect([...known.keys()].filter((entry) => !seen.has(entry))).toEqual([]);
  });

  return { cases, names };
}
