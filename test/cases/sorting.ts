import type { DType } from '../../lib/dtype.js';
import { distinct, everyDType, exact, given, numbers, real } from './case.js';
import type { CaseOf, RowOf, Rows } from './case.js';

// Ordering lines, picking from them, searching them.

const slow = 'finite differences would take thousands of evaluations';
const ties = 'ties';
const withNaN = given([2, 5], [3, NaN, -1, NaN, 0, -Infinity, 2, Infinity, -0, 2], 'float32');
const withTies = given([2, 6], [1, 3, 3, 2, 1, 3, 0, 0, 0, 1, 1, 1]);

function ordering(): RowOf<'sort'> {
  const along = (
    name: string,
    shape: readonly number[],
    dim: number,
    descending = false,
  ): CaseOf<'sort'> => ({
    name,
    inputs: [distinct(shape)],
    attrs: { dim, descending },
  });
  return {
    cases: [
      along('last', [3, 7], -1),
      along('last, descending', [3, 7], -1, true),
      along('first', [5, 3], 0),
      along('middle', [2, 4, 3], 1),
      along('0-dim', [], 0),
      along('no rows', [0, 4], 1),
      along('empty rows', [3, 0], 1),
      { ...along('rows of 300', [9, 300], 1), noGradient: slow },
      { ...along('by all threads', [2, 70001], 1, true), noGradient: slow },
      { name: 'stable', inputs: [withTies], attrs: { dim: 1, descending: false }, noGradient: ties },
      {
        name: 'stable, descending',
        inputs: [withTies],
        attrs: { dim: 1, descending: true },
        noGradient: ties,
      },
      {
        name: 'many ties',
        inputs: [real([4, 200], 0, 3)],
        attrs: { dim: 1, descending: true },
        noGradient: ties,
      },
      { name: 'NaN last', inputs: [withNaN], attrs: { dim: 1, descending: false }, noGradient: 'NaN' },
      { name: 'NaN first', inputs: [withNaN], attrs: { dim: 1, descending: true }, noGradient: 'NaN' },
    ],
    dtypes: everyDType,
    tolerance: exact,
    gradient: 'second',
    special: 0,
  };
}

function pick<Name extends 'kthvalue' | 'median' | 'mode' | 'nanmedian'>(
  attrs: (n: number, dim: number, keepdim: boolean) => CaseOf<Name>['attrs'],
  dtypes: readonly DType[],
): RowOf<Name> {
  const along = (name: string, shape: readonly number[], dim: number, keepdim = false): CaseOf<Name> => ({
    name,
    inputs: [distinct(shape)],
    attrs: attrs(shape.at(dim) ?? 1, dim, keepdim),
  });
  return {
    cases: [
      along('last', [3, 7], -1),
      along('first, kept', [4, 3], 0, true),
      along('middle', [2, 5, 3], 1),
      along('0-dim', [], 0),
      along('no rows', [0, 4], 1),
      { ...along('long', [3, 5000], 1), noGradient: slow },
      { name: 'equals', inputs: [withTies], attrs: attrs(6, 1, false), noGradient: ties },
      { name: 'NaN', inputs: [withNaN], attrs: attrs(5, 1, false), noGradient: 'NaN' },
      {
        name: 'only NaN',
        inputs: [given([1, 3], [NaN, NaN, NaN], 'float64')],
        attrs: attrs(3, 1, true),
        noGradient: 'NaN',
      },
    ],
    dtypes,
    ...(dtypes === numbers && { rejects: ['bool'] as const }),
    tolerance: exact,
    gradient: 'second',
    special: 0,
  };
}

function largest(): RowOf<'topk'> {
  const of = (
    name: string,
    shape: readonly number[],
    k: number,
    dim: number,
    first = true,
  ): CaseOf<'topk'> => ({
    name,
    inputs: [distinct(shape)],
    attrs: { k, dim, largest: first },
  });
  return {
    cases: [
      of('last', [3, 7], 2, -1),
      of('smallest', [3, 7], 3, 1, false),
      of('all of the first dim', [4, 3], 4, 0),
      of('middle', [2, 5, 3], 2, 1),
      of('none', [2, 3], 0, 1),
      of('0-dim', [], 1, 0),
      of('no rows', [0, 4], 2, 1),
      { ...of('long rows', [3, 5000], 20, 1), noGradient: slow },
      { ...of('by all threads', [70001], 10, 0), noGradient: slow },
      { name: 'equals', inputs: [withTies], attrs: { k: 4, dim: 1, largest: true }, noGradient: ties },
      { name: 'NaN first', inputs: [withNaN], attrs: { k: 3, dim: 1, largest: true }, noGradient: 'NaN' },
      { name: 'NaN last', inputs: [withNaN], attrs: { k: 4, dim: 1, largest: false }, noGradient: 'NaN' },
    ],
    dtypes: everyDType,
    tolerance: exact,
    gradient: 'second',
    special: 0,
  };
}

const ascending = given([7], [0, 1, 1, 2, 3, 3, 5]);

export const sorting = {
  sort: ordering(),
  topk: largest(),
  kthvalue: pick<'kthvalue'>((n, dim, keepdim) => ({ k: Math.ceil(n / 3), dim, keepdim }), numbers),
  median: pick<'median'>((_, dim, keepdim) => ({ dim, keepdim }), numbers),
  nanmedian: pick<'nanmedian'>((_, dim, keepdim) => ({ dim, keepdim }), numbers),
  mode: pick<'mode'>((_, dim, keepdim) => ({ dim, keepdim }), everyDType),
  searchsorted: {
    cases: [
      { name: 'one row', inputs: [ascending, real([3, 4], -1, 6)], attrs: { right: false } },
      { name: 'to the right', inputs: [ascending, real([3, 4], -1, 6)], attrs: { right: true } },
      {
        name: 'a row each',
        inputs: [given([2, 3], [0, 1, 1, 0, 0, 1]), real([2, 5], 0, 2)],
        attrs: { right: true },
      },
      { name: 'in nothing', inputs: [real([0]), real([3])], attrs: { right: false } },
      { name: 'of nothing', inputs: [ascending, real([0])], attrs: { right: false } },
      {
        name: 'NaN and infinities',
        inputs: [given([3], [-1, 0, 1], 'float32'), given([3], [NaN, Infinity, -Infinity], 'float32')],
        attrs: { right: false },
      },
    ],
    dtypes: everyDType,
    tolerance: exact,
    gradient: 'none',
    special: 0,
  },
  nonzero: {
    cases: [
      { name: 'some', inputs: [given([2, 3], [0, 1, 1, 0, 0, 1])], attrs: { count: 3 } },
      { name: 'none', inputs: [given([2, 2], [0, 0, 0, 0])], attrs: { count: 0 } },
      { name: 'all', inputs: [given([2, 1, 2], [1, 1, 1, 1])], attrs: { count: 4 } },
      { name: '0-dim', inputs: [given([], [1])], attrs: { count: 1 } },
      { name: 'of nothing', inputs: [real([0, 3])], attrs: { count: 0 } },
      { name: 'NaN is one', inputs: [given([3], [NaN, 0, -0], 'float32')], attrs: { count: 1 } },
    ],
    dtypes: everyDType,
    tolerance: exact,
    gradient: 'none',
    special: 0,
  },
} satisfies Rows;
