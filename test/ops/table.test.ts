import { expect, test } from 'vitest';
import { opRecords } from '../../lib/backend/op-schema.gen.js';
import { opRows, rowList } from '../cases/index.js';

test('every op of the schema has a row, and every row is an op', () => {
  const ops = Object.entries(opRecords)
    .filter(([, record]) => !record.flags.includes('internal'))
    .map(([op]) => op);
  // How its input lies in memory is an attribute of storageView: test/ops/as-strided.test.ts.
  expect([...Object.keys(opRows), 'storageView'].sort()).toEqual(ops.sort());
});

test.each(rowList)('%s: inputs and attributes are those of the schema', (op, row) => {
  const record = opRecords[op];
  const wanted = record.inputs.filter((input) => input.gradsOf === undefined);
  for (const entry of row.cases) {
    expect(entry.inputs.length, entry.name).toBe(wanted.length);
    expect(Object.keys(entry.attrs as object).sort(), entry.name).toEqual(
      record.attrs.map((attr) => attr.name).sort(),
    );
    entry.inputs.forEach((input, i) => {
      if (input === null) expect(wanted[i]!.kind, entry.name).toBe('optional');
      expect(Array.isArray(input), entry.name).toBe(wanted[i]!.kind === 'list');
    });
  }
});

test.each(rowList)('%s: names of cases are unique', (_op, row) => {
  expect(new Set(row.cases.map((entry) => entry.name)).size).toBe(row.cases.length);
});

// Statistics of an empty batch are an error.
const neverEmpty: readonly string[] = ['batchNormTrain'];

test.each(rowList.filter(([op, row]) => row.gradient !== 'none' && !neverEmpty.includes(op)))(
  '%s: has a case without elements',
  (_op, row) => {
    const sources = row.cases.flatMap((entry) => entry.inputs.flat());
    const empty = sources.some(
      (input) => typeof input === 'object' && input !== null && 'kind' in input && input.shape.includes(0),
    );
    expect(empty).toBe(true);
  },
);
