import { everyDType, given, real } from './case.js';
import type { CaseOf, RowOf, Rows } from './case.js';

// Running folds along a dim.

function alongDim(): CaseOf<'cumsum'>[] {
  const along = (name: string, shape: readonly number[], dim: number, reverse = false): CaseOf<'cumsum'> => ({
    name,
    inputs: [real(shape, -1, 2)],
    attrs: { dim, reverse },
  });
  const slow = (entry: CaseOf<'cumsum'>): CaseOf<'cumsum'> => ({
    ...entry,
    noGradient: 'finite differences would take thousands of evaluations',
  });
  return [
    along('last', [3, 7], -1),
    along('last, from the end', [5, 7], -1, true),
    along('first', [4, 3], 0),
    along('first, from the end', [4, 3], 0, true),
    along('middle', [2, 3, 4], 1),
    along('one row', [9], 0),
    along('0-dim', [], 0),
    along('no rows', [0, 4], 1),
    along('empty rows', [3, 0], 1),
    slow(along('pieces', [2, 40003], 1)),
    slow(along('pieces, from the end', [40003], 0, true)),
    slow(along('many columns', [5, 1030], 0)),
    {
      name: 'NaN and infinities',
      inputs: [given([2, 4], [1, NaN, 2, 3, 1, Infinity, -Infinity, 2], 'float32')],
      attrs: { dim: 1, reverse: false },
      noGradient: 'NaN',
    },
  ];
}

function sums(): RowOf<'cumsum'> {
  return {
    cases: alongDim(),
    dtypes: everyDType,
    tolerance: {
      relative: 2e-7,
      float64: 1e-13,
      why: 'both add in float64, the native one a long row in pieces',
    },
    gradient: 'second',
    special: 0,
  };
}

export const scans = { cumsum: sums() } satisfies Rows;
