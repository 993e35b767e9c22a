import { describe, expect, test } from 'vitest';
import { backend } from '../../lib/backend/current.js';
import type { OpName } from '../../lib/backend/op-schema.gen.js';
import type { DType } from '../../lib/dtype.js';
import '../../lib/index.js';
import { isLarge, type CaseInput } from '../cases/case.js';
import { rowList } from '../cases/index.js';
import { linalg } from '../cases/linalg.js';
import { difference } from '../support/compare.js';
import { invoke } from '../support/invoke.js';
import { hasInput, layouts, type Layout } from '../support/layout.js';
import { gradientsOfCase, gradientTolerance, isDifferentiable, runCase } from '../support/run-case.js';

/** Cases of many elements run at one dtype: float32 where the op takes it. */
const largeDType = (dtypes: readonly DType[]): readonly DType[] =>
  dtypes.includes('float32') ? ['float32'] : dtypes.slice(-1);

/** A matrix of equal rows is singular: factorizations take batches of equal matrices. */
function fits(op: string, inputs: readonly CaseInput[], layout: Layout): boolean {
  const taken = inputs.filter(
    (input) =>
      !(layout === 'expanded' && op in linalg) ||
      (input !== null && typeof input === 'object' && 'kind' in input && input.shape.length > 2),
  );
  return hasInput(taken, layout);
}

// The same values in another layout must give the same result: transposed, every second element, a later start,
// channels-last, stride 0.
// nonzero is told a count, which another layout changes: its function is tested among the composed ones.
const apart: readonly OpName[] = ['nextCounter', 'nonzero'];

describe.each(rowList.filter(([op]) => !apart.includes(op)))('%s', (op, row) => {
  test.each(layouts.slice(1))('takes %s inputs', (layout) => {
    for (const entry of row.cases.filter((one) => fits(op, one.inputs, layout))) {
      if (entry.inputs.some((input) => Array.isArray(input)) && row.gradient === 'none') continue;
      for (const dtype of isLarge(entry) ? largeDType(row.dtypes) : row.dtypes) {
        const plain = runCase(backend, op, entry, { dtype, valuesOfLayout: layout }, invoke);
        const strided = runCase(backend, op, entry, { dtype, layout }, invoke);
        strided.forEach((output, i) => {
          expect(
            difference(output, plain[i]!, row.tolerance),
            `${entry.name}, ${dtype}, output ${i}`,
          ).toBeNull();
        });
      }
    }
  });

  test.runIf(row.gradient !== 'none').each(layouts.slice(1))('gradients of %s inputs', (layout) => {
    for (const entry of row.cases.filter((one) => isDifferentiable(one) && fits(op, one.inputs, layout))) {
      for (const dtype of isLarge(entry) ? (['float32'] as const) : (['float32', 'float64'] as const)) {
        const plain = gradientsOfCase(backend, op, entry, { dtype, valuesOfLayout: layout }, invoke);
        const strided = gradientsOfCase(backend, op, entry, { dtype, layout }, invoke);
        strided.forEach((grad, i) => {
          const wanted = plain[i]!;
          if (grad === null || wanted === null) expect(grad, entry.name).toBe(wanted);
          else
            expect(difference(grad, wanted, gradientTolerance), `${entry.name}, ${dtype}, ${i}`).toBeNull();
        });
      }
    }
  });
});
