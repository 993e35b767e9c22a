import { describe, expect, test } from 'vitest';
import * as lg from '../../lib/index.js';
import { isFloat, type DType } from '../../lib/dtype.js';
import { isLarge, type Case } from '../cases/case.js';
import type { ComposedRow } from '../cases/composed/row.js';
import { composedList } from '../cases/composed/index.js';
import { difference, type Seen } from '../support/compare.js';
import { loadTypeScriptCopy, ours } from '../support/copies.js';
import { hasInput, layouts } from '../support/layout.js';
import { buildInputs, gradientTolerance, isDifferentiable } from '../support/run-case.js';
import { gradientsOfComposed, released, runComposed, tensorsOf, withMoved } from '../support/run-composed.js';

const native = ours.backend.name === 'native';
const theirs = await loadTypeScriptCopy();

function casesFor(row: ComposedRow, dtype: DType): ComposedRow['cases'] {
  return row.cases.filter((entry) => !isLarge(entry) || dtype === 'float32' || dtype === 'int32');
}

function expectSameGradients(actual: (Seen | null)[], expected: (Seen | null)[], what: string): void {
  actual.forEach((grad, i) => {
    const wanted = expected[i]!;
    if (grad === null || wanted === null) expect(grad, `${what}, gradient ${i}`).toBe(wanted);
    else expect(difference(grad, wanted, gradientTolerance), `${what}, gradient ${i}`).toBeNull();
  });
}

test('the second copy runs on the TypeScript backend', () => {
  expect(theirs.backend.name).toBe('js');
  expect(theirs.lg.Tensor).not.toBe(lg.Tensor);
});

describe.each(composedList)('%s', (name, row) => {
  const known = row.cases.filter((entry) => entry.expected !== undefined);

  test('gives known values', () => {
    expect(known.length).toBeGreaterThan(0);
    for (const entry of known) {
      const dtype = row.dtypes.includes('float64') ? 'float64' : row.dtypes[0]!;
      const [first] = runComposed(ours, name, row, entry, { dtype });
      const data = Float64Array.from(entry.expected!);
      const shape = [data.length];
      const seen: Seen = { dtype: 'float64', shape, data: Float64Array.from(first!.data, Number) };
      const near = { relative: 0, float64: 1e-6, why: 'as many digits as the row writes' };
      expect(difference(seen, { dtype: 'float64', shape, data }, near), entry.name).toBeNull();
    }
  });

  test.runIf(native).each(row.dtypes)('equals the TypeScript backend: %s', (dtype) => {
    for (const entry of casesFor(row, dtype)) {
      const actual = runComposed(ours, name, row, entry, { dtype });
      const expected = runComposed(theirs, name, row, entry, { dtype });
      expect(actual.length, entry.name).toBe(expected.length);
      actual.forEach((output, i) => {
        expect(difference(output, expected[i]!, row.tolerance), `${entry.name}, output ${i}`).toBeNull();
      });
    }
  });

  test.runIf(native && row.gradient !== 'none').each(row.dtypes.filter(isFloat))(
    'gradients equal those of the TypeScript backend: %s',
    (dtype) => {
      for (const entry of casesFor(row, dtype).filter(isDifferentiable)) {
        expectSameGradients(
          gradientsOfComposed(ours, name, row, entry, { dtype }),
          gradientsOfComposed(theirs, name, row, entry, { dtype }),
          entry.name,
        );
      }
    },
  );

  test.each(layouts.slice(1))('takes %s inputs', (layout) => {
    for (const entry of row.cases.filter((one) => hasInput(one.inputs, layout))) {
      for (const dtype of isLarge(entry) ? (['float32'] as const) : row.dtypes) {
        const plain = runComposed(ours, name, row, entry, { dtype, valuesOfLayout: layout });
        const strided = runComposed(ours, name, row, entry, { dtype, layout });
        strided.forEach((output, i) => {
          const what = `${entry.name}, ${dtype}, output ${i}`;
          expect(difference(output, plain[i]!, row.tolerance), what).toBeNull();
        });
      }
    }
  });

  test.runIf(row.gradient !== 'none').each(layouts.slice(1))('gradients of %s inputs', (layout) => {
    for (const entry of row.cases.filter((one) => isDifferentiable(one) && hasInput(one.inputs, layout))) {
      expectSameGradients(
        gradientsOfComposed(ours, name, row, entry, { dtype: 'float64', layout }),
        gradientsOfComposed(ours, name, row, entry, { dtype: 'float64', valuesOfLayout: layout }),
        entry.name,
      );
    }
  });

  const smooth = row.cases.filter((entry) => entry.noGradient === undefined && isDifferentiable(entry));

  test.runIf(row.gradient !== 'none')('gradient by finite differences', () => {
    expect(smooth.length).toBeGreaterThan(0);
    for (const entry of smooth) {
      released(ours, () => {
        const { fn, at } = asFunction(name, row, entry);
        expect(lg.gradcheck(fn, at), entry.name).toBe(true);
      });
    }
  });

  test.runIf(row.gradient === 'second')('second derivative by finite differences', () => {
    for (const entry of smooth) {
      released(ours, () => {
        const { fn, at } = asFunction(name, row, entry);
        expect(lg.gradgradcheck(fn, at), entry.name).toBe(true);
      });
    }
  });

  test.each(row.dtypes)('keeps nothing alive: %s', (dtype) => {
    const before = ours.backend.memory().handles;
    for (const entry of casesFor(row, dtype)) runComposed(ours, name, row, entry, { dtype });
    expect(ours.backend.memory().handles).toBe(before);
  });

  // Handles that are made inside and not returned would pile up until a sweep.
  test('leaves no handles but its result', () => {
    for (const entry of casesFor(row, 'float32')) {
      released(ours, () => {
        const { inputs } = buildInputs(ours.backend, name, entry, { dtype: row.dtypes[0]! });
        const before = ours.backend.memory().handles;
        const results = new Set(tensorsOf(row.call(lg, entry.attrs, ...inputs)));
        for (const input of inputs.flat()) results.delete(input as lg.Tensor);
        expect(ours.backend.memory().handles - before, entry.name).toBe(results.size);
      });
    }
  });

  test.each(row.rejects ?? [])('refuses %s', (dtype) => {
    expect(() => runComposed(ours, name, row, row.cases[0]!, { dtype })).toThrow(lg.DTypeError);
  });

  test.each(row.refuses ?? [])('refuses: $name', (refusal) => {
    for (const copy of [ours, theirs]) {
      let thrown: unknown;
      try {
        runComposed(copy, name, row, refusal, { dtype: row.dtypes.at(-1)! });
      } catch (error) {
        thrown = error;
      }
      expect(thrown, copy.backend.name).toBeInstanceOf(Error);
      expect((thrown as Error).name, String(thrown)).toBe(refusal.error);
    }
  });
});

/** The case as a function of its movable inputs, in float64. */
function asFunction(name: string, row: ComposedRow, entry: Case) {
  const { inputs, movable } = buildInputs(ours.backend, name, entry, { dtype: 'float64' });
  for (const tensor of movable) tensor.requiresGrad = true;
  const fn = (...moved: lg.Tensor[]) =>
    tensorsOf(row.call(lg, entry.attrs, ...withMoved(inputs, movable, moved))).filter((output) =>
      isFloat(output.dtype),
    );
  return { fn, at: movable };
}
