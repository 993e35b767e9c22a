import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { info } from '../../lib/index.js';
import { modules } from './kinds/modules.js';
import { entryFor, knownFile, readKnown } from './known.js';
import { layers } from './layers/index.js';
import { openCases } from './read/cases.js';

// Every reference case of PyTorch's modules on the active backend: results, gradients of inputs and parameters, running
// statistics.

const cases = openCases(path.join(import.meta.dirname, 'data'), 'modules');
const known = readKnown('modules', info().name);
const names = modules.names(cases);
const seen = new Set<string>();

describe('as PyTorch', () => {
  test.each(names)('%s', (name) => {
    const wrong: string[] = [];
    for (const job of modules.unit(cases, name).jobs) {
      const { id, status, failures, op, dtype } = job.run();
      const entry = entryFor(known, { op, id, dtype });
      if (entry !== undefined) seen.add(entry);
      if (status === 'failed' && entry === undefined)
        wrong.push(...failures.map(({ what, detail }) => `${id}: ${what}: ${detail}`));
      if (status === 'passed' && entry !== undefined)
        wrong.push(`${id} passes, but ${knownFile('modules', info().name)} lists ${entry}`);
    }
    expect(wrong).toEqual([]);
  });
});

test('every known failure names a case', () => {
  expect([...known.keys()].filter((entry) => !seen.has(entry))).toEqual([]);
});

test('every row of the table names a module that has cases', () => {
  const without = ['MaxUnpool1d', 'MaxUnpool3d'];
  expect(Object.keys(layers).filter((name) => !names.includes(`nn.${name}`))).toEqual(without);
});
