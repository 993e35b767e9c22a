import { everyDType, exact, type CaseInput } from '../case.js';
import { composed, type ComposedResult, type ComposedRow, type Library } from './row.js';

type Known<Attrs> = readonly [inputs: readonly CaseInput[], attrs: Attrs, expected: readonly number[]];
type Other<Attrs> = readonly [inputs: readonly CaseInput[], attrs: Attrs];
type Refused<Attrs> = readonly [error: string, inputs: readonly CaseInput[], attrs: Attrs];

/** A row of a function that moves elements and computes nothing: every dtype, exact, with two derivatives. */
export function moving<Attrs, Inputs extends readonly unknown[]>(
  call: (lg: Library, attrs: Attrs, ...inputs: Inputs) => ComposedResult,
  known: readonly Known<Attrs>[],
  others: readonly Other<Attrs>[],
  refused: readonly Refused<Attrs>[] = [],
  other: Partial<Omit<ComposedRow, 'call' | 'cases'>> = {},
): ComposedRow {
  return composed({
    call,
    cases: [
      ...known.map(([inputs, attrs, expected], i) => ({ name: `known ${i}`, inputs, attrs, expected })),
      ...others.map(([inputs, attrs], i) => ({ name: `other ${i}`, inputs, attrs })),
    ],
    dtypes: everyDType,
    tolerance: exact,
    gradient: 'second',
    refuses: refused.map(([error, inputs, attrs], i) => ({ name: `${i}: ${error}`, inputs, attrs, error })),
    ...other,
  } as Parameters<typeof composed<Attrs, Inputs>>[0]);
}
