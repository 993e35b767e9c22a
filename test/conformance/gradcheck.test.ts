import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { gradcheck, gradgradcheck, info, withSeed } from '../../lib/index.js';
import { composedRows } from '../cases/composed/index.js';
import { rowList } from '../cases/index.js';
import { openCases } from './read/cases.js';
import { rowOf } from './calls/index.js';
import { chosenSamples, checkedCall, layouts } from './gradcheck/cases.js';
import type { OpManifest, OpsIndex, Sample } from './read/format.js';
import { entryFor, readKnown } from './known.js';
import { uncheckable } from './gradcheck/exceptions.js';
import { find } from './library.js';
import { baseName, libraryName } from './names.js';
import type { OpCases } from './replay.js';

// The gradient of every differentiable op against finite differences in float64, on inputs that are contiguous, strided and
// broadcast: the smallest samples of the reference cases, of which only the arguments are taken.

const cases = openCases(path.join(import.meta.dirname, 'data'), 'ops');
const known = readKnown('ops', info().name);

const isKnown = (op: string, { id, dtype }: Sample): boolean =>
  entryFor(known, { op, id, dtype }) !== undefined;

/** Whether there is something to check: a gradient that is not none. */
const hasGradients = (sample: Sample): boolean =>
  ['float32', 'float64'].includes(sample.dtype) &&
  Object.values(sample.grads ?? {}).some((ref) => ref !== null);

const present: readonly OpCases[] = (cases.index as OpsIndex).ops.flatMap(({ name, file }) => {
  const row = rowOf(name);
  if (row === undefined || find(row.at ?? libraryName(name)) === undefined) return [];
  const { manifest, tensors } = cases.read(file);
  return [{ name, manifest: manifest as OpManifest, stored: tensors, row }];
});

const rows = present.flatMap((op) => {
  // What fails as it is has no gradient to check yet.
  const samples = op.manifest.samples.filter((sample) => !isKnown(op.name, sample));
  return chosenSamples(op, samples).flatMap((sample) =>
    layouts(op, sample).map((layout) => ({ id: sample.id, op, sample, layout })),
  );
});

describe('gradients against differences', () => {
  test.each(rows)('$id, $layout', ({ op, sample, layout }) => {
    const { fn, inputs } = checkedCall(op, sample, layout);
    gradcheck(fn, inputs);
    if (op.manifest.supports_gradgrad) withSeed(1, () => gradgradcheck(fn, inputs));
  });
});

// A row of test/cases has its derivatives checked too.
function hasRow(name: string): boolean {
  const short = name.replace(/^.*\./, '');
  const row = composedRows[name] ?? composedRows[short] ?? rowList.find(([op]) => op === short)?.[1];
  return row !== undefined && row.gradient !== 'none';
}

// An exception for samples is none for the op: it then has a row of its own, but for the few in `uncheckable`.
test('every differentiable op that is there is checked', () => {
  const checked = new Set(rows.map(({ op }) => baseName(op.name)));
  const missing = present.filter(
    ({ name, manifest }) =>
      !checked.has(baseName(name)) &&
      !hasRow(libraryName(name)) &&
      manifest.samples.some((sample) => hasGradients(sample) && !isKnown(name, sample)),
  );
  expect(missing.map(({ name }) => name).toSorted()).toEqual(Object.keys(uncheckable).toSorted());
});
