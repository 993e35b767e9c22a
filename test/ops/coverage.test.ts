import path from 'node:path';
import { expect, test } from 'vitest';
import * as lg from '../../lib/index.js';
import * as ops from '../../lib/ops/index.js';
import { composedRows } from '../cases/composed/index.js';
import { opRows } from '../cases/index.js';
import { testedElsewhere } from '../cases/elsewhere.js';
import { libraryName } from '../conformance/names.js';
import { openCases } from '../conformance/read/cases.js';
import type { OpsIndex } from '../conformance/read/format.js';

// No function of lib/ops may be forgotten: it has the name of an op with a row, a row of its own among the composed ones,
// PyTorch's cases (values, gradients of both orders, three layouts, errors, on both backends), or a reason why none fits.

type Functions = readonly (readonly [string, unknown])[];

function functionsOf(prefix: string, module: object): Functions {
  return Object.entries(module).flatMap(([key, value]: [string, unknown]): Functions => {
    const name = prefix + key;
    if (typeof value === 'function') return [[name, value]];
    // A namespace in a namespace: signal.windows.
    return typeof value === 'object' && value !== null && Symbol.toStringTag in value
      ? functionsOf(`${name}.`, value)
      : [];
  });
}

const flat = functionsOf('', ops);
const known = new Set(flat.map(([, fn]) => fn));
// F.relu is relu: what a namespace exports a second time is tested under the name without it.
const nested = ['F', 'linalg', 'special', 'signal', 'vision']
  .flatMap((name) => functionsOf(`${name}.`, (lg as Readonly<Record<string, unknown>>)[name] ?? {}))
  .filter(([, fn]) => !known.has(fn));
const all = functionsOf('', lg);
const names = [...flat, ...nested].map(([name]) => name);

/** Every name that it is exported by, with and without its namespace. */
function aliases(name: string): readonly string[] {
  const fn = all.find(([other]) => other === name)?.[1];
  const others = all.filter(([, other]) => other === fn).map(([other]) => other);
  return [name, ...others, name.replace(/^special\./, '')];
}

const { index } = openCases(path.join(import.meta.dirname, '../conformance/data'), 'ops');
const pytorch = new Set(
  (index as OpsIndex).ops.filter((op) => op.samples > 0).map((op) => libraryName(op.name)),
);

test('every op function has a row, or a reason why not', () => {
  const forgotten = names.filter(
    (name) =>
      !aliases(name).some((one) => one in opRows) &&
      !(name in composedRows) &&
      !(name in testedElsewhere) &&
      !aliases(name).some((one) => pytorch.has(one)),
  );
  expect(forgotten, 'add a row to test/cases/composed').toEqual([]);
});

test('no row and no reason is left over', () => {
  const claimed = [...Object.keys(composedRows), ...Object.keys(testedElsewhere)];
  expect(claimed.filter((name) => !names.includes(name))).toEqual([]);
  expect(Object.keys(testedElsewhere).filter((name) => name in composedRows || name in opRows)).toEqual([]);
});

test.each(Object.entries(composedRows))('%s: cases have different names', (_name, row) => {
  expect(new Set(row.cases.map((entry) => entry.name)).size).toBe(row.cases.length);
});

test.each(Object.entries(composedRows))('%s: a case without elements, or a reason why not', (_name, row) => {
  const empty = row.cases.some((entry) =>
    entry.inputs
      .flat()
      .some(
        (input) => typeof input === 'object' && input !== null && 'kind' in input && input.shape.includes(0),
      ),
  );
  expect(empty).toBe(row.neverEmpty === undefined);
});
