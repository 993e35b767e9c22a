import { distinct, everyDType, exact, given, index, numbers, real } from './case.js';
import type { Rows, Source, Tolerance } from './case.js';

/** An index that is given. */
const unique = (shape: readonly number[], places: readonly number[]): Source => given(shape, places, 'int64');

const added: Tolerance = {
  relative: 1e-6,
  float64: 1e-15,
  why: 'the same order of additions; float32 is added in float64 by neither side',
};

export const indexing = {
  gather: {
    cases: [
      { name: 'rows', inputs: [real([4, 3]), index([2, 3], 4)], attrs: { dim: 0 } },
      { name: 'columns', inputs: [real([3, 4]), index([3, 2], 4)], attrs: { dim: 1 } },
      { name: 'fewer rows', inputs: [real([3, 4]), index([2, 5], 4)], attrs: { dim: -1 } },
      { name: 'int32 index', inputs: [real([5]), index([7], 5, 0, 'int32')], attrs: { dim: 0 } },
      { name: '0-dim', inputs: [real([]), index([], 1)], attrs: { dim: 0 } },
      { name: 'empty', inputs: [real([3, 2]), index([0, 2], 3)], attrs: { dim: 0 } },
    ],
    dtypes: everyDType,
    tolerance: exact,
    gradient: 'second',
    special: 0,
  },
  scatterAdd: {
    cases: [
      { name: 'rows', inputs: [real([4, 3]), index([6, 3], 4), real([6, 3])], attrs: { dim: 0 } },
      { name: 'columns', inputs: [real([3, 4]), index([2, 5], 4), real([2, 5])], attrs: { dim: 1 } },
      { name: 'part of source', inputs: [real([3]), index([2], 3), real([4])], attrs: { dim: 0 } },
      { name: '0-dim', inputs: [real([]), index([], 1), real([])], attrs: { dim: 0 } },
      { name: 'empty', inputs: [real([3, 2]), index([0, 2], 3), real([0, 2])], attrs: { dim: 0 } },
    ],
    dtypes: numbers,
    tolerance: added,
    gradient: 'second',
    special: 0,
  },
  indexSelect: {
    cases: [
      { name: 'rows', inputs: [real([4, 3]), index([5], 4)], attrs: { dim: 0 } },
      { name: 'columns', inputs: [real([3, 4]), index([2], 4)], attrs: { dim: -1 } },
      { name: 'middle', inputs: [real([2, 3, 2]), index([4], 3)], attrs: { dim: 1 } },
      { name: '0-dim index', inputs: [real([4, 2]), index([], 4)], attrs: { dim: 0 } },
      { name: 'int32 index', inputs: [real([4, 2]), index([3], 4, 0, 'int32')], attrs: { dim: 0 } },
      { name: 'empty', inputs: [real([4, 2]), index([0], 4)], attrs: { dim: 0 } },
    ],
    dtypes: everyDType,
    tolerance: exact,
    gradient: 'second',
    special: 0,
  },
  scatter: {
    cases: [
      {
        name: 'rows',
        inputs: [real([4, 3]), unique([2, 3], [0, 1, 2, 3, 0, 1]), real([2, 3])],
        attrs: { dim: 0 },
      },
      {
        name: 'columns',
        inputs: [real([3, 4]), unique([2, 2], [3, 0, 1, 2]), real([2, 2])],
        attrs: { dim: 1 },
      },
      { name: 'part of source', inputs: [real([3]), unique([2], [2, 0]), real([4])], attrs: { dim: 0 } },
      {
        name: 'repeated: the last one stays',
        inputs: [real([3]), unique([4], [1, 1, 0, 1]), real([4])],
        attrs: { dim: 0 },
        noGradient: 'each writer of a place gets its gradient, as in PyTorch',
      },
      { name: '0-dim', inputs: [real([]), index([], 1), real([])], attrs: { dim: 0 } },
      { name: 'empty', inputs: [real([3, 2]), index([0, 2], 3), real([0, 2])], attrs: { dim: 0 } },
    ],
    dtypes: everyDType,
    tolerance: exact,
    gradient: 'second',
    special: 0,
  },
  scatterReduce: {
    cases: (['prod', 'amax', 'amin'] as const).flatMap((reduce) => [
      {
        name: `${reduce} rows`,
        inputs: [distinct([4, 3]), index([5, 3], 4), distinct([5, 3])],
        attrs: { dim: 0, reduce },
      },
      {
        name: `${reduce} columns`,
        inputs: [distinct([3, 4]), index([2, 6], 4), distinct([2, 6])],
        attrs: { dim: -1, reduce },
      },
      {
        name: `${reduce} 0-dim`,
        inputs: [given([], [2]), index([], 1), given([], [3])],
        attrs: { dim: 0, reduce },
      },
      {
        name: `${reduce} empty`,
        inputs: [real([3, 2]), index([0, 2], 3), real([0, 2])],
        attrs: { dim: 0, reduce },
      },
    ]),
    dtypes: everyDType,
    tolerance: added,
    gradient: 'second',
    special: 0,
  },
  indexCopy: {
    cases: [
      { name: 'rows', inputs: [real([4, 3]), unique([2], [3, 1]), real([2, 3])], attrs: { dim: 0 } },
      { name: 'columns', inputs: [real([3, 4]), unique([3], [0, 3, 2]), real([3, 3])], attrs: { dim: -1 } },
      { name: 'middle', inputs: [real([2, 3, 2]), unique([2], [2, 0]), real([2, 2, 2])], attrs: { dim: 1 } },
      {
        name: 'repeated: the last one stays',
        inputs: [real([3, 2]), unique([3], [1, 1, 0]), real([3, 2])],
        attrs: { dim: 0 },
        noGradient: 'each writer of a place gets its gradient, as in PyTorch',
      },
      { name: 'empty', inputs: [real([4, 2]), index([0], 4), real([0, 2])], attrs: { dim: 0 } },
    ],
    dtypes: everyDType,
    tolerance: exact,
    gradient: 'second',
    special: 0,
  },
  indexAdd: {
    cases: [
      { name: 'rows', inputs: [real([4, 3]), index([5], 4), real([5, 3])], attrs: { dim: 0 } },
      { name: 'columns', inputs: [real([3, 4]), index([2], 4), real([3, 2])], attrs: { dim: 1 } },
      { name: 'empty', inputs: [real([4, 2]), index([0], 4), real([0, 2])], attrs: { dim: 0 } },
    ],
    dtypes: numbers,
    tolerance: added,
    gradient: 'second',
    special: 0,
  },
  wrapIndex: {
    cases: [
      { name: 'negative', inputs: [index([9], 5, -5)], attrs: { size: 5 } },
      { name: 'int32', inputs: [index([9], 5, -5, 'int32')], attrs: { size: 5 } },
      { name: '0-dim', inputs: [index([], 3, -3)], attrs: { size: 3 } },
      { name: 'empty', inputs: [index([0], 3)], attrs: { size: 3 } },
    ],
    dtypes: everyDType,
    tolerance: exact,
    gradient: 'none',
    special: 0,
  },
} satisfies Rows;
