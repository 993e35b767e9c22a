import { distinct, everyDType, exact, floats, given, real } from './case.js';
import type { CaseOf, RowOf, Rows, Source, Tolerance } from './case.js';

// Running folds along a dim.

const slow = 'finite differences would take thousands of evaluations';

const inPieces: Tolerance = {
  relative: 1e-6,
  float64: 1e-12,
  why: 'both fold in float64, the native one a long row in pieces',
};

function alongDim(make: (shape: readonly number[]) => Source, long: boolean): CaseOf<'cumsum'>[] {
  const along = (name: string, shape: readonly number[], dim: number, reverse = false): CaseOf<'cumsum'> => ({
    name,
    inputs: [make(shape)],
    attrs: { dim, reverse },
  });
  const cases = [
    along('last', [3, 7], -1),
    along('last, from the end', [5, 7], -1, true),
    along('first', [4, 3], 0),
    along('first, from the end', [4, 3], 0, true),
    along('middle', [2, 3, 4], 1),
    along('one row', [9], 0),
    along('0-dim', [], 0),
    along('one element rows', [3, 1], 1),
    along('no rows', [0, 4], 1),
    along('empty rows', [3, 0], 1),
    { ...along('many columns', [5, 1030], 0), noGradient: slow },
    {
      name: 'NaN and infinities',
      inputs: [given([2, 4], [1, NaN, 2, 3, 1, Infinity, -Infinity, 2], 'float32')],
      attrs: { dim: 1, reverse: false },
      noGradient: 'NaN',
    },
  ];
  if (!long) return cases;
  return [
    ...cases,
    { ...along('pieces', [2, 40003], 1), noGradient: slow },
    { ...along('pieces, from the end', [40003], 0, true), noGradient: slow },
  ];
}

function extremum(): RowOf<'cummax'> {
  const along = (name: string, shape: readonly number[], dim: number): CaseOf<'cummax'> => ({
    name,
    inputs: [distinct(shape)],
    attrs: { dim },
  });
  return {
    cases: [
      along('last', [3, 7], -1),
      along('first', [4, 3], 0),
      along('middle', [2, 3, 4], 1),
      along('0-dim', [], 0),
      along('no rows', [0, 4], 1),
      { ...along('long', [2, 5000], 1), noGradient: slow },
      {
        name: 'the last of equals',
        inputs: [given([2, 4], [1, 3, 3, 2, 0, 0, -1, -1])],
        attrs: { dim: 1 },
        noGradient: 'ties',
      },
      {
        name: 'NaN stays',
        inputs: [given([2, 4], [1, NaN, 3, NaN, -Infinity, 0, Infinity, 1], 'float32')],
        attrs: { dim: 1 },
        noGradient: 'NaN',
      },
    ],
    dtypes: everyDType,
    tolerance: exact,
    gradient: 'second',
    special: 0,
  };
}

const positive = (shape: readonly number[]) => real(shape, -1, 2);
// Near 1, so that a long product neither vanishes nor overflows.
const nearOne = (shape: readonly number[]) => real(shape, 0.7, 1.4);

export const scans = {
  cumsum: {
    cases: alongDim(positive, true),
    dtypes: everyDType,
    tolerance: inPieces,
    gradient: 'second',
    special: 0,
  },
  cumprod: {
    cases: [
      ...alongDim(nearOne, false),
      {
        name: 'zeros',
        inputs: [given([3, 4], [0, 2, 3, 4, 1, 0, 0, 2, 2, 3, 0, 1])],
        attrs: { dim: 1, reverse: false },
        noGradient: 'given values; the gradients of prod and cumprod at zeros are PyTorch samples',
      },
    ],
    dtypes: everyDType,
    tolerance: inPieces,
    gradient: 'second',
    special: 0,
  },
  logcumsumexp: {
    cases: [
      ...alongDim(positive, true),
      {
        name: 'far from zero',
        inputs: [given([2, 3], [1000, 1001, 1000, -Infinity, -Infinity, 2], 'float64')],
        attrs: { dim: 1, reverse: false },
        noGradient: 'infinite',
      },
    ],
    dtypes: floats,
    rejects: ['bool', 'uint8', 'int32', 'int64'],
    tolerance: inPieces,
    gradient: 'second',
    special: 0,
  },
  cummax: extremum(),
  cummin: extremum(),
  recurrence: {
    cases: [
      { name: 'last', inputs: [real([3, 7]), real([3, 7])], attrs: { dim: -1, reverse: false } },
      { name: 'from the end', inputs: [real([3, 7]), real([3, 7])], attrs: { dim: 1, reverse: true } },
      { name: 'first', inputs: [real([4, 3]), real([4, 3])], attrs: { dim: 0, reverse: false } },
      { name: 'one element', inputs: [real([3, 1]), real([3, 1])], attrs: { dim: 1, reverse: true } },
      { name: '0-dim', inputs: [real([]), real([])], attrs: { dim: 0, reverse: false } },
      { name: 'of nothing', inputs: [real([2, 0]), real([2, 0])], attrs: { dim: 1, reverse: false } },
    ],
    dtypes: floats,
    tolerance: inPieces,
    gradient: 'second',
    special: 0,
  },
} satisfies Rows;
