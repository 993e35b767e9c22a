import { everyDType, exact, floats, given, real } from './case.js';
import type { CaseOf, Rows, Tolerance } from './case.js';

// Ops that make the last dims anew: borders, picks and weighted picks.

const weighted: Tolerance = {
  relative: 1e-6,
  float64: 1e-14,
  why: 'another order of a few multiply-adds',
};

const slow = 'finite differences would take thousands of evaluations';

function padding(
  name: string,
  x: readonly number[],
  before: readonly number[],
  after: readonly number[],
  value = 0,
): CaseOf<'padConstant'> {
  return { name, inputs: [real(x)], attrs: { before, after, value } };
}

interface Picks {
  readonly x: readonly number[];
  readonly index: readonly (readonly number[])[];
}

const picks: Readonly<Record<string, Picks>> = {
  '1-D': { x: [2, 3, 4], index: [[0, 3, 3, 1, 2]] },
  '2-D': {
    x: [2, 1, 3, 4],
    index: [
      [2, 1, 0, 2],
      [3, 3, 0],
    ],
  },
  '3-D': {
    x: [1, 2, 2, 3, 2],
    index: [
      [1, 0, 1],
      [2, 2],
      [0, 1, 0, 1],
    ],
  },
  'one channel': { x: [4], index: [[3, 2, 1, 0]] },
  'empty batch': { x: [0, 3], index: [[0, 2]] },
  'no places': { x: [2, 3, 3], index: [[], [1, 2]] },
};

const flat = (lists: readonly (readonly number[])[], dtype: 'int32' | 'float64') => {
  const values = lists.flat();
  return given([values.length], values, dtype);
};

const count = (lists: Picks['index'], taps = 1) => lists.map((list) => list.length / taps);
const inner = (p: Picks) => p.x.slice(-p.index.length);
const lead = (p: Picks) => p.x.slice(0, -p.index.length);

const largePicks: Picks = {
  x: [3, 5, 31, 29],
  index: [
    Array.from({ length: 40 }, (_, i) => (i * 7) % 31),
    Array.from({ length: 37 }, (_, i) => (i * 5) % 29),
  ],
};

interface Weighted extends Picks {
  readonly weights: readonly (readonly number[])[];
  readonly taps: readonly number[];
}

const blends: Readonly<Record<string, Weighted>> = {
  linear: { x: [2, 2, 3], index: [[0, 1, 1, 2]], weights: [[0.25, 0.75, 0.5, 0.5]], taps: [2] },
  bilinear: {
    x: [1, 2, 3, 3],
    index: [
      [0, 1, 1, 2, 2, 2],
      [0, 2, 1, 0],
    ],
    weights: [
      [0.25, 0.75, 0.5, 0.5, 1, 0],
      [-0.5, 1.5, 0.125, 0.875],
    ],
    taps: [2, 2],
  },
  'three taps, one tap, two': {
    x: [1, 1, 3, 2, 2],
    index: [
      [0, 1, 2, 2, 1, 0],
      [1, 1, 0],
      [0, 1, 1, 1],
    ],
    weights: [
      [0.5, 0.25, 0.25, -1, 1, 1],
      [1, 2, 3],
      [0.5, 0.5, 0.25, 0.75],
    ],
    taps: [3, 1, 2],
  },
  'empty batch': { x: [0, 2, 3], index: [[0, 1]], weights: [[0.5, 0.5]], taps: [2] },
  'no places': { x: [1, 2, 3], index: [[]], weights: [[]], taps: [2] },
};

const even = Array.from({ length: 80 }, (_, i) => (i * 11) % 37);
const largeBlend: Weighted = {
  x: [2, 9, 41, 37],
  index: [even, even],
  weights: [even.map((i) => (i - 18) / 20), even.map((i) => (i - 9) / 30)],
  taps: [2, 4],
};

const blendCases = [
  ...Object.entries(blends).map(([name, p]) => ({ name, p })),
  { name: 'large', p: largeBlend, noGradient: slow },
];

const places = (p: Weighted) => p.index.map((list, d) => list.length / p.taps[d]!);

export const resampling = {
  padConstant: {
    cases: [
      padding('last dim', [2, 3], [1], [2]),
      padding('all dims', [2, 2, 3], [1, 0, 2], [0, 2, 1], 1),
      padding('cut', [3, 4, 5], [-1, 1], [-2, -3], 3),
      padding('cut to nothing', [3, 2], [-1, 0], [-2, 0]),
      padding('beyond the input', [2, 3], [2, -3], [0, 4], 1),
      padding('nothing', [2, 3], [], []),
      padding('0-dim', [], [], []),
      padding('empty', [0, 3], [1, 1], [1, 0], 2),
      { ...padding('large', [5, 7, 31, 33], [1, 2], [3, 0], 1), noGradient: slow },
    ],
    dtypes: everyDType,
    tolerance: exact,
    gradient: 'second',
    special: 0,
  },
  outerIndex: {
    cases: [
      ...Object.entries(picks).map(([name, p]) => ({
        name,
        inputs: [real(p.x), flat(p.index, 'int32')],
        attrs: { sizes: count(p.index) },
      })),
      {
        name: 'large',
        inputs: [real(largePicks.x), flat(largePicks.index, 'int32')],
        attrs: { sizes: count(largePicks.index) },
        noGradient: slow,
      },
    ],
    dtypes: everyDType,
    tolerance: exact,
    gradient: 'second',
    special: 0,
  },
  outerIndexBackward: {
    cases: Object.entries(picks).map(([name, p]) => ({
      name,
      inputs: [real([...lead(p), ...count(p.index)]), flat(p.index, 'int32')],
      attrs: { sizes: inner(p) },
    })),
    dtypes: floats,
    rejects: ['int64'],
    tolerance: weighted,
    gradient: 'second',
    special: 0,
  },
  resample: {
    cases: blendCases.map(({ name, p, ...more }) => ({
      name,
      inputs: [real(p.x), flat(p.index, 'int32'), flat(p.weights, 'float64')],
      attrs: { sizes: places(p), taps: p.taps },
      ...more,
    })),
    dtypes: floats,
    rejects: ['int64'],
    tolerance: weighted,
    gradient: 'second',
    special: 0,
  },
  resampleBackward: {
    cases: blendCases.map(({ name, p, ...more }) => ({
      name,
      inputs: [real([...lead(p), ...places(p)]), flat(p.index, 'int32'), flat(p.weights, 'float64')],
      attrs: { sizes: inner(p), taps: p.taps },
      ...more,
    })),
    dtypes: floats,
    rejects: ['int64'],
    tolerance: { ...weighted, relative: 5e-6, float64: 1e-13 },
    gradient: 'second',
    special: 0,
  },
} satisfies Rows;
