import { distinct, everyDType, exact, floats, given, real } from './case.js';
import type { CaseOf, RowOf, Rows, Source, Tolerance } from './case.js';

// Two summations of n terms in different order differ by at most about 2 log2(n) eps of the sum of magnitudes; n <= 70,000.
const summed: Tolerance = {
  relative: 4e-6,
  float64: 1e-14,
  why: 'another order of summation: 2 log2(n) eps of the sum of magnitudes',
};

type ReduceAttrs = { readonly dims: readonly number[]; readonly keepdim: boolean };

// Mostly positive, so that a sum does not cancel to nothing.
const positive = (shape: readonly number[]) => real(shape, -1, 2);

// Away from 0, where a magnitude has no derivative.
const apart = (shape: readonly number[]) => real(shape, -1, 2, [0]);

function overDims(source: (shape: readonly number[]) => Source): CaseOf<'sum'>[] {
  const reduce = (name: string, shape: readonly number[], attrs: ReduceAttrs): CaseOf<'sum'> => ({
    name,
    inputs: [source(shape)],
    attrs,
  });
  return [
    reduce('all', [3, 4], { dims: [], keepdim: false }),
    reduce('all, kept', [3, 4], { dims: [], keepdim: true }),
    reduce('last', [3, 17], { dims: [-1], keepdim: false }),
    reduce('first', [5, 9], { dims: [0], keepdim: false }),
    reduce('middle, kept', [2, 3, 4], { dims: [1], keepdim: true }),
    reduce('outer and inner', [2, 3, 4], { dims: [0, 2], keepdim: false }),
    reduce('two leading', [2, 3, 4], { dims: [0, -2], keepdim: false }),
    reduce('0-dim', [], { dims: [], keepdim: false }),
    reduce('one element rows', [4, 1], { dims: [1], keepdim: false }),
    reduce('no rows', [0, 4], { dims: [1], keepdim: false }),
    {
      ...reduce('long', [70000], { dims: [], keepdim: false }),
      noGradient: 'finite differences would take 70,000 evaluations',
    },
    {
      ...reduce('wide', [3, 2500], { dims: [0], keepdim: false }),
      noGradient: 'finite differences would take 7,500 evaluations',
    },
  ];
}

const overNothing: CaseOf<'sum'>[] = [
  { name: 'of nothing', inputs: [real([0])], attrs: { dims: [], keepdim: false } },
  { name: 'empty rows', inputs: [real([3, 0])], attrs: { dims: [1], keepdim: false } },
];

function atDim(): CaseOf<'argmax'>[] {
  const at = (name: string, shape: readonly number[], dim: number, keepdim = false): CaseOf<'argmax'> => ({
    name,
    inputs: [distinct(shape)],
    attrs: { dim, keepdim },
  });
  return [
    at('last', [3, 17], -1),
    at('first', [5, 9], 0),
    at('middle, kept', [2, 3, 4], 1, true),
    at('0-dim', [], 0),
    at('no rows', [0, 4], 1),
    {
      name: 'first of equals',
      inputs: [given([2, 4], [1, 3, 3, 2, 0, 0, -1, -1])],
      attrs: { dim: 1, keepdim: false },
      noGradient: 'ties',
    },
    {
      name: 'NaN wins',
      inputs: [given([2, 4], [1, NaN, 3, NaN, -Infinity, 0, Infinity, 1], 'float32')],
      attrs: { dim: 1, keepdim: false },
      noGradient: 'NaN',
    },
    { ...at('long', [2, 5000], 1), noGradient: 'finite differences would take 10,000 evaluations' },
  ];
}

function extremum(): RowOf<'amax'> {
  return {
    cases: [
      ...overDims(distinct),
      {
        name: 'NaN wins',
        inputs: [given([2, 3], [1, NaN, 3, -Infinity, 0, Infinity], 'float64')],
        attrs: { dims: [1], keepdim: false },
        noGradient: 'NaN',
      },
    ],
    dtypes: everyDType,
    tolerance: exact,
    gradient: 'second',
    special: 0,
  };
}

function position(): RowOf<'argmax'> {
  return { cases: atDim(), dtypes: everyDType, tolerance: exact, gradient: 'none', special: 0 };
}

function withIndex(): RowOf<'maxDim'> {
  return { cases: atDim(), dtypes: everyDType, tolerance: exact, gradient: 'second', special: 0 };
}

function normalizing(): RowOf<'softmax'> {
  const along = (name: string, shape: readonly number[], dim: number): CaseOf<'softmax'> => ({
    name,
    inputs: [real(shape, -4, 4)],
    attrs: { dim },
  });
  return {
    cases: [
      along('last', [3, 7], -1),
      along('first', [4, 3], 0),
      along('middle', [2, 3, 4], 1),
      along('0-dim', [], 0),
      along('empty', [0, 3], 1),
      along('tail', [2, 19], 1),
      {
        name: 'far apart',
        inputs: [given([2, 4], [1000, 0, -1000, 999, -50, 60, -70, 80])],
        attrs: { dim: 1 },
        noGradient: 'underflow',
      },
      {
        name: 'masked row and NaN',
        inputs: [given([3, 3], [-Infinity, -Infinity, -Infinity, 1, -Infinity, 2, NaN, 0, 1], 'float32')],
        attrs: { dim: 1 },
        noGradient: 'NaN',
      },
      { ...along('long', [3, 1003], 1), noGradient: 'finite differences would take 3,000 evaluations' },
    ],
    dtypes: everyDType,
    tolerance: {
      relative: 4e-6,
      float64: 1e-14,
      why: 'the exponentials (2 ULP each) and another order of summation',
    },
    gradient: 'second',
    special: 0,
  };
}

export const reduction = {
  sum: {
    cases: [...overDims(positive), ...overNothing],
    dtypes: everyDType,
    tolerance: summed,
    gradient: 'second',
    special: 0,
  },
  prod: {
    cases: [
      ...overDims((shape) => real(shape, 0.7, 1.4)).filter(
        ({ name, attrs }) => attrs.dims.length < 2 && name !== 'long' && name !== 'wide',
      ),
      ...overNothing,
      {
        name: 'long',
        inputs: [real([3, 20000], 0.98, 1.02)],
        attrs: { dims: [1], keepdim: false },
        noGradient: 'finite differences would take thousands of evaluations',
      },
      {
        name: 'zeros',
        inputs: [given([3, 3], [0, 2, 3, 1, 0, 0, 2, 3, 4])],
        attrs: { dims: [1], keepdim: false },
        noGradient: 'given values: at zeros the gradients are compared with PyTorch',
      },
    ],
    dtypes: everyDType,
    tolerance: {
      relative: 2e-5,
      float64: 4e-14,
      why: 'n roundings, which add up like sqrt(n): n up to 20,000',
    },
    gradient: 'second',
    special: 0,
  },
  mean: {
    cases: [...overDims(positive), ...overNothing],
    dtypes: floats,
    rejects: ['bool', 'uint8', 'int32', 'int64'],
    tolerance: summed,
    gradient: 'second',
    special: 0,
  },
  nansum: {
    cases: [
      ...overDims(positive),
      ...overNothing,
      {
        name: 'NaN',
        inputs: [given([2, 3], [1, NaN, 2, NaN, NaN, NaN])],
        attrs: { dims: [1], keepdim: false },
        noGradient: 'NaN',
      },
      {
        name: 'NaN, columns',
        inputs: [given([3, 1], [NaN, 2, NaN])],
        attrs: { dims: [0], keepdim: true },
        noGradient: 'NaN',
      },
    ],
    dtypes: floats,
    rejects: ['bool', 'int64'],
    tolerance: summed,
    gradient: 'second',
    special: 0,
  },
  squareSum: {
    cases: [...overDims(positive), ...overNothing],
    dtypes: floats,
    rejects: ['bool', 'int64'],
    tolerance: summed,
    gradient: 'second',
    special: 0,
  },
  absSum: {
    cases: [...overDims(apart), ...overNothing],
    dtypes: floats,
    rejects: ['bool', 'int64'],
    tolerance: summed,
    gradient: 'second',
    special: 0,
  },
  countNonzero: {
    cases: [
      ...overDims(positive),
      ...overNothing,
      {
        name: 'zeros',
        inputs: [given([2, 3], [0, 1, -0, 2, NaN, 0], 'float32')],
        attrs: { dims: [1], keepdim: false },
      },
      {
        name: 'zeros, columns',
        inputs: [given([2, 3], [0, 1, -0, 2, 0, 0])],
        attrs: { dims: [0], keepdim: false },
      },
    ],
    dtypes: everyDType,
    tolerance: exact,
    gradient: 'none',
    special: 0,
  },
  countNumbers: {
    cases: [
      ...overDims(positive),
      {
        name: 'NaN',
        inputs: [given([2, 3], [1, NaN, 2, NaN, NaN, NaN])],
        attrs: { dims: [1], keepdim: false },
      },
    ],
    dtypes: floats,
    rejects: ['bool', 'int64'],
    tolerance: exact,
    gradient: 'none',
    special: 0,
  },
  logsumexp: {
    cases: [
      ...overDims(positive),
      {
        name: 'far and infinite',
        inputs: [given([4, 2], [1000, 1001, -Infinity, 2, -Infinity, -Infinity, Infinity, 1])],
        attrs: { dims: [1], keepdim: false },
        noGradient: 'infinite',
      },
    ],
    dtypes: floats,
    rejects: ['bool', 'int64'],
    tolerance: { relative: 4e-6, float64: 1e-13, why: 'exponentials of 2 ULP, another order of summation' },
    gradient: 'second',
    special: 0,
  },
  var: {
    cases: [
      { name: 'all', inputs: [real([3, 4])], attrs: { dims: [], correction: 1, keepdim: false } },
      { name: 'biased rows', inputs: [real([3, 17])], attrs: { dims: [1], correction: 0, keepdim: true } },
      { name: 'outer', inputs: [real([4, 3, 2])], attrs: { dims: [0, 2], correction: 1, keepdim: false } },
      {
        name: 'far from zero',
        inputs: [given([4], [10001, 10002, 10003, 10004])],
        attrs: { dims: [], correction: 1, keepdim: false },
        noGradient: 'values only',
      },
      {
        name: 'one element',
        inputs: [real([3, 1])],
        attrs: { dims: [1], correction: 1, keepdim: false },
        noGradient: 'NaN: 0 / 0',
      },
      {
        name: 'of nothing',
        inputs: [real([0])],
        attrs: { dims: [], correction: 1, keepdim: false },
        noGradient: 'NaN: 0 / 0',
      },
    ],
    dtypes: floats,
    rejects: ['bool', 'uint8', 'int32', 'int64'],
    tolerance: { relative: 1e-5, float64: 1e-13, why: 'another order of summation, twice' },
    gradient: 'second',
    special: 0,
  },
  amax: extremum(),
  amin: extremum(),
  argmax: position(),
  argmin: position(),
  maxDim: withIndex(),
  minDim: withIndex(),
  softmax: normalizing(),
  logSoftmax: normalizing(),
} satisfies Rows;
