import { describe, expect, test } from 'vitest';
import { backend } from '../../lib/backend/current.js';
import { isFloat, type DType } from '../../lib/dtype.js';
import { DTypeError } from '../../lib/errors.js';
import '../../lib/index.js';
import { isLarge, type Case, type OpRow } from '../cases/case.js';
import { rowList } from '../cases/index.js';
import { difference } from '../support/compare.js';
import { invoke } from '../support/invoke.js';
import { reference } from '../support/reference.js';
import {
  gradientsOfCase,
  gradientTolerance,
  isDifferentiable,
  isPrimitive,
  runCase,
} from '../support/run-case.js';

const native = backend.name === 'native';

/** Large cases at one float and one integer dtype. */
function casesFor(row: OpRow, dtype: DType): readonly Case[] {
  return row.cases.filter((entry) => !isLarge(entry) || dtype === 'float32' || dtype === 'int32');
}

// Each row of the table at each dtype that it takes: the native kernels against the TypeScript backend.
describe.each(rowList)('%s', (op, row) => {
  test.runIf(native && isPrimitive(op)).each(row.dtypes)('equals the TypeScript backend: %s', (dtype) => {
    for (const entry of casesFor(row, dtype)) {
      const actual = runCase(backend, op, entry, { dtype });
      const expected = runCase(reference, op, entry, { dtype });
      actual.forEach((output, i) => {
        expect(difference(output, expected[i]!, row.tolerance), `${entry.name}, output ${i}`).toBeNull();
      });
    }
  });

  test.runIf(native && isPrimitive(op) && row.gradient !== 'none').each(row.dtypes.filter(isFloat))(
    'gradients equal those of the TypeScript backend: %s',
    (dtype) => {
      for (const entry of casesFor(row, dtype).filter(isDifferentiable)) {
        const actual = gradientsOfCase(backend, op, entry, { dtype });
        const expected = gradientsOfCase(reference, op, entry, { dtype });
        actual.forEach((grad, i) => {
          const wanted = expected[i]!;
          if (grad === null || wanted === null) {
            expect(grad, `${entry.name}, gradient ${i}`).toBe(wanted);
          } else {
            expect(difference(grad, wanted, gradientTolerance), `${entry.name}, gradient ${i}`).toBeNull();
          }
        });
      }
    },
  );

  test.each(row.dtypes)('runs and keeps nothing alive: %s', (dtype) => {
    const before = backend.memory().handles;
    for (const entry of casesFor(row, dtype)) runCase(backend, op, entry, { dtype }, invoke);
    expect(backend.memory().handles).toBe(before);
  });

  test.each(row.rejects ?? [])('refuses %s', (dtype) => {
    expect(() => runCase(backend, op, row.cases[0]!, { dtype }, invoke)).toThrow(DTypeError);
  });
});
