import { everyDType, exact, given, mask, numbers, real } from './case.js';
import type { CaseOf, RowOf, Rows, Tolerance } from './case.js';
import type { NoAttrs } from '../../lib/backend/op-schema.gen.js';

const none: NoAttrs = {};

// The float32 kernels promise 2 ULP. The TypeScript backend computes in float64 and rounds, which adds half of one, so
// two correct results differ by at most 3. In float64 both sides use a libm: V8's and the compiler's, 1 to 2 ULP each.
const elementary: Tolerance = {
  ulp: 3,
  float64Ulp: 4,
  why: '2 ULP of the kernel and the rounding of the reference',
};

/** Shapes that find every path of an elementwise loop: 0-dim, empty, shorter than a vector, with a tail, several chunks. */
function unary(low = -2, high = 2, kinks: readonly number[] = []): CaseOf<'exp'>[] {
  return [
    { name: '2-D', inputs: [real([3, 5], low, high, kinks)], attrs: none },
    { name: '0-dim', inputs: [real([], low, high, kinks)], attrs: none },
    { name: 'empty', inputs: [real([0, 4], low, high)], attrs: none },
    { name: 'tail', inputs: [real([2, 1, 19], low, high, kinks)], attrs: none },
    {
      name: 'long',
      inputs: [real([33000], low, high)],
      attrs: none,
      noGradient: 'finite differences would take 33,000 evaluations',
    },
  ];
}

/** Each operand stretched along each dim, new leading dims, 0-dim, numbers, empty. */
function binary(lowA = -2, highA = 2, lowB = lowA, highB = highA): CaseOf<'add'>[] {
  const a = (shape: readonly number[]) => real(shape, lowA, highA);
  const b = (shape: readonly number[]) => real(shape, lowB, highB);
  return [
    { name: 'same shape', inputs: [a([3, 5]), b([3, 5])], attrs: none },
    { name: 'row', inputs: [a([3, 5]), b([5])], attrs: none },
    { name: 'column', inputs: [a([3, 1]), b([3, 4])], attrs: none },
    { name: 'outer', inputs: [a([4, 1]), b([1, 3])], attrs: none },
    { name: 'middle', inputs: [a([2, 1, 3]), b([2, 4, 3])], attrs: none },
    { name: '0-dim left', inputs: [a([]), b([2, 3])], attrs: none },
    { name: '0-dim both', inputs: [a([]), b([])], attrs: none },
    { name: 'number right', inputs: [a([7]), 2], attrs: none },
    { name: 'number left', inputs: [2, b([7])], attrs: none },
    { name: 'empty', inputs: [a([0, 3]), b([1, 3])], attrs: none },
    { name: 'tail', inputs: [a([2, 37]), b([2, 37])], attrs: none },
    {
      name: 'long',
      inputs: [a([5, 9001]), b([9001])],
      attrs: none,
      noGradient: 'finite differences would take 54,000 evaluations',
    },
  ];
}

function floating(cases: CaseOf<'exp'>[], tolerance: Tolerance = elementary): RowOf<'exp'> {
  return { cases, dtypes: everyDType, tolerance, gradient: 'second', special: 1 };
}

function comparison(): RowOf<'eq'> {
  return {
    cases: binary(),
    dtypes: everyDType,
    tolerance: exact,
    gradient: 'none',
    special: 2,
  };
}

// The exact form cancels for x < 0: 1 + erf(x / sqrt 2) loses relative, not absolute accuracy.
const cancelling: Tolerance = {
  ulp: 4,
  float64Ulp: 8,
  absolute: 4e-7,
  why: 'the tail of 1 + erf (or 1 + tanh) cancels: a few ULP of 1, times x',
};

export const elementwise = {
  abs: {
    cases: unary(-2, 2, [0]),
    dtypes: numbers,
    rejects: ['bool'],
    tolerance: exact,
    gradient: 'second',
    special: 1,
  },
  neg: {
    cases: unary(),
    dtypes: numbers,
    rejects: ['bool'],
    tolerance: exact,
    gradient: 'second',
    special: 1,
  },
  sign: {
    cases: unary(-2, 2, [0]),
    dtypes: everyDType,
    tolerance: exact,
    gradient: 'second',
    special: 1,
  },
  square: {
    cases: unary(),
    dtypes: numbers,
    rejects: ['bool'],
    tolerance: exact,
    gradient: 'second',
    special: 1,
  },
  relu: {
    cases: unary(-2, 2, [0]),
    dtypes: numbers,
    rejects: ['bool'],
    tolerance: exact,
    gradient: 'second',
    special: 1,
  },
  floor: {
    cases: unary(-3, 3, [-3, -2, -1, 0, 1, 2, 3]),
    dtypes: numbers,
    rejects: ['bool'],
    tolerance: exact,
    gradient: 'second',
    special: 1,
  },
  ceil: {
    cases: unary(-3, 3, [-3, -2, -1, 0, 1, 2, 3]),
    dtypes: numbers,
    rejects: ['bool'],
    tolerance: exact,
    gradient: 'second',
    special: 1,
  },
  trunc: {
    cases: unary(-3, 3, [-3, -2, -1, 0, 1, 2, 3]),
    dtypes: numbers,
    rejects: ['bool'],
    tolerance: exact,
    gradient: 'second',
    special: 1,
  },
  round: {
    cases: [
      ...unary(-3, 3, [-2.5, -1.5, -0.5, 0.5, 1.5, 2.5]),
      {
        name: 'halves to even',
        inputs: [given([6], [-2.5, -1.5, -0.5, 0.5, 1.5, 2.5])],
        attrs: none,
        noGradient: 'steps',
      },
    ],
    dtypes: numbers,
    rejects: ['bool'],
    tolerance: exact,
    gradient: 'second',
    special: 1,
  },
  exp: floating([
    ...unary(-3, 3),
    {
      name: 'whole range',
      inputs: [given([12], [-110, -104, -103.5, -100, -88, -87.3, 88, 88.7, 88.72, 88.73, 89, 200])],
      attrs: none,
      noGradient: 'overflow and underflow',
    },
  ]),
  log: floating([
    ...unary(0.1, 4),
    {
      name: 'near 1 and far',
      inputs: [given([8], [0.999, 1, 1.001, 1e-30, 1e-10, 1e10, 3e38, 0.7071])],
      attrs: none,
      noGradient: 'values only',
    },
  ]),
  sqrt: floating(unary(0.1, 4)),
  rsqrt: floating(unary(0.2, 4)),
  reciprocal: floating(unary(0.3, 4)),
  sin: floating([
    ...unary(-6, 6),
    {
      name: 'large',
      inputs: [given([6], [100, 1e4, 12345.678, -99999, 1e6, -3e7])],
      attrs: none,
      noGradient: 'values only',
    },
  ]),
  cos: floating([
    ...unary(-6, 6),
    {
      name: 'large',
      inputs: [given([6], [100, 1e4, 12345.678, -99999, 1e6, -3e7])],
      attrs: none,
      noGradient: 'values only',
    },
  ]),
  tanh: floating(unary(-3, 3)),
  sigmoid: floating([
    ...unary(-5, 5),
    {
      name: 'tails',
      inputs: [given([6], [-100, -88, -20, 20, 88, 100])],
      attrs: none,
      noGradient: 'values only',
    },
  ]),
  erf: floating(unary(-2.5, 2.5)),
  gelu: floating(unary(-3, 3), cancelling),
  geluTanh: floating(unary(-3, 3), cancelling),
  silu: floating(unary(-5, 5)),
  logicalNot: {
    cases: unary(-1, 1),
    dtypes: everyDType,
    tolerance: exact,
    gradient: 'none',
    special: 1,
  },
  isnan: {
    cases: unary(),
    dtypes: everyDType,
    tolerance: exact,
    gradient: 'none',
    special: 1,
  },
  clamp: {
    cases: [
      { name: 'both', inputs: [real([4, 5], -2, 2, [-0.5, 0.75])], attrs: { min: -0.5, max: 0.75 } },
      { name: 'min', inputs: [real([11], -2, 2, [0.5])], attrs: { min: 0.5, max: Infinity } },
      { name: 'max', inputs: [real([11], -2, 2, [0.5])], attrs: { min: -Infinity, max: 0.5 } },
      { name: 'min above max', inputs: [real([5])], attrs: { min: 1, max: -1 } },
      { name: '0-dim', inputs: [real([], 2, 3)], attrs: { min: 0, max: 1 } },
      { name: 'empty', inputs: [real([0])], attrs: { min: 0, max: 1 } },
    ],
    dtypes: numbers,
    tolerance: exact,
    gradient: 'second',
    special: 1,
  },
  add: { cases: binary(), dtypes: everyDType, tolerance: exact, gradient: 'second', special: 2 },
  sub: {
    cases: binary(),
    dtypes: numbers,
    rejects: ['bool'],
    tolerance: exact,
    gradient: 'second',
    special: 2,
  },
  mul: { cases: binary(), dtypes: everyDType, tolerance: exact, gradient: 'second', special: 2 },
  div: {
    cases: binary(-2, 2, 0.5, 3),
    dtypes: everyDType,
    tolerance: exact,
    gradient: 'second',
    special: 2,
  },
  pow: {
    cases: [
      ...binary(0.4, 2.5, 0, 3),
      { name: 'square', inputs: [real([9], -2, 2, [0]), 2], attrs: none },
      { name: 'cube of negatives', inputs: [real([9], -2, 2, [0]), 3], attrs: none },
      { name: 'root', inputs: [real([9], 0.2, 3), 0.5], attrs: none },
      { name: 'inverse', inputs: [real([9], 0.5, 3), -1.5], attrs: none },
    ],
    dtypes: ['uint8', 'int32', 'int64', 'float32', 'float64'],
    // The exponent multiplies the error of the logarithm.
    tolerance: { ulp: 16, float64Ulp: 16, why: 'error of the logarithm, times the exponent' },
    gradient: 'second',
    special: 2,
  },
  maximum: {
    cases: binary(),
    dtypes: everyDType,
    tolerance: exact,
    gradient: 'second',
    special: 2,
  },
  minimum: {
    cases: binary(),
    dtypes: everyDType,
    tolerance: exact,
    gradient: 'second',
    special: 2,
  },
  eq: comparison(),
  ne: comparison(),
  lt: comparison(),
  le: comparison(),
  gt: comparison(),
  ge: comparison(),
  where: {
    cases: [
      { name: 'same shape', inputs: [mask([3, 5]), real([3, 5]), real([3, 5])], attrs: none },
      { name: 'all broadcast', inputs: [mask([2, 1, 1]), real([3, 1]), real([4])], attrs: none },
      { name: 'numbers', inputs: [mask([6]), real([6]), 0], attrs: none },
      { name: '0-dim', inputs: [mask([]), real([]), real([])], attrs: none },
      { name: 'empty', inputs: [mask([0, 2]), real([0, 2]), real([2])], attrs: none },
      { name: 'tail', inputs: [mask([3, 37]), real([3, 37]), real([37])], attrs: none },
    ],
    dtypes: everyDType,
    tolerance: exact,
    gradient: 'second',
    special: 0,
  },
  to: {
    cases: [
      { name: 'float64', inputs: [real([3, 5])], attrs: { dtype: 'float64' } },
      {
        name: 'float32',
        inputs: [real([3, 5])],
        attrs: { dtype: 'float32' },
        noGradient: 'differences in float32 are too coarse',
      },
      {
        name: 'int32 saturates',
        inputs: [given([7], [3e9, -3e9, 2.9, -2.9, NaN, Infinity, -Infinity], 'float64')],
        attrs: { dtype: 'int32' },
        noGradient: 'integers',
      },
      {
        name: 'int64 saturates',
        inputs: [given([7], [1e19, -1e19, 2.9, -2.9, NaN, Infinity, -Infinity], 'float64')],
        attrs: { dtype: 'int64' },
        noGradient: 'integers',
      },
      { name: 'bool', inputs: [real([5], -1, 1)], attrs: { dtype: 'bool' }, noGradient: 'integers' },
      {
        name: 'NaN to bool',
        inputs: [given([3], [NaN, 0, -0], 'float32')],
        attrs: { dtype: 'bool' },
        noGradient: 'bool',
      },
      { name: 'int32', inputs: [real([5], -100, 100)], attrs: { dtype: 'int32' }, noGradient: 'integers' },
      { name: 'int64', inputs: [real([5], -100, 100)], attrs: { dtype: 'int64' }, noGradient: 'integers' },
      { name: 'uint8', inputs: [real([5], 0, 255)], attrs: { dtype: 'uint8' }, noGradient: 'integers' },
      { name: '0-dim', inputs: [real([])], attrs: { dtype: 'float64' } },
      { name: 'empty', inputs: [real([0, 3])], attrs: { dtype: 'float64' } },
    ],
    dtypes: everyDType,
    tolerance: exact,
    gradient: 'second',
    special: 0,
  },
  clone: { cases: unary(), dtypes: everyDType, tolerance: exact, gradient: 'second', special: 1 },
  copy: {
    cases: [
      { name: 'same shape', inputs: [real([3, 5]), real([3, 5])], attrs: none },
      { name: 'broadcast', inputs: [real([3, 5]), real([5])], attrs: none },
      { name: 'cast', inputs: [real([4]), given([4], [1, 2, 3, 4], 'int32')], attrs: none },
      { name: '0-dim source', inputs: [real([2, 3]), real([])], attrs: none },
      { name: 'empty', inputs: [real([0]), real([0])], attrs: none },
    ],
    dtypes: everyDType,
    tolerance: exact,
    gradient: 'second',
    special: 0,
  },
} satisfies Rows;
