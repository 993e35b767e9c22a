import { everyDType, exact, floats, given, numbers, real } from './case.js';
import type { DType } from '../../lib/dtype.js';
import type { CaseOf, RowOf, Rows, Tolerance } from './case.js';
import { binary, none, unary } from './operands.js';

const integers: readonly DType[] = ['uint8', 'int32', 'int64'];
const whole: readonly DType[] = ['bool', ...integers];

// A sum of products, rounded after each op or at the end: relative to what was summed.
const rounded: Tolerance = { relative: 1e-6, float64: 1e-14, why: 'the backends round at different places' };

function test(cases: CaseOf<'isnan'>[]): RowOf<'isnan'> {
  return { cases, dtypes: everyDType, tolerance: exact, gradient: 'none', special: 1 };
}

const edges: CaseOf<'isnan'> = {
  name: 'edges',
  inputs: [given([6], [0, -0, Infinity, -Infinity, NaN, -1], 'float64')],
  attrs: none,
};

/** Quotients: divisors of both signs, none near 0; no gradient where they jump. */
function quotients(noGradient?: string): CaseOf<'add'>[] {
  const cases: CaseOf<'add'>[] = [
    ...binary(-9, 9, 1, 4).filter((entry) => entry.name !== 'number left'),
    { name: 'negative divisor', inputs: [real([41], -9, 9), real([41], -4, -1)], attrs: none },
    { name: 'number', inputs: [real([41], -9, 9), -2.5], attrs: none },
    {
      name: 'float edges',
      inputs: [
        given([9], [7, -7, 7, -7, 1e9, 0, -0.5, 5, 1], 'float32'),
        given([9], [2, 2, -2, -2, 0.3, 3, 1e30, Infinity, 0], 'float32'),
      ],
      attrs: none,
    },
    {
      name: 'integer edges',
      inputs: [
        given([6], [-2147483648, -7, 7, -7, 7, 0], 'int32'),
        given([6], [-1, 2, -2, -2, 2, 5], 'int32'),
      ],
      attrs: none,
    },
  ];
  return noGradient === undefined ? cases : cases.map((entry) => ({ ...entry, noGradient }));
}

const jumps = 'jumps at whole quotients';
const positive = (dtypes: readonly DType[]): readonly DType[] => dtypes.filter((dtype) => dtype !== 'uint8');

function quotient(): RowOf<'add'> {
  return {
    cases: quotients(jumps),
    dtypes: positive(numbers),
    rejects: ['bool'],
    tolerance: exact,
    gradient: 'none',
    special: 2,
  };
}

/** A remainder, differentiated where no quotient within reach of a difference is whole. */
function remainderOf(): RowOf<'add'> {
  const slopes: CaseOf<'add'>[] = [
    { name: 'between jumps', inputs: [real([3, 5], 2.3, 2.6), real([3, 5], 0.95, 1.05)], attrs: none },
    { name: 'negative', inputs: [real([4], -2.6, -2.3), real([3, 1], 0.95, 1.05)], attrs: none },
  ];
  return { ...quotient(), cases: [...quotients(jumps), ...slopes], gradient: 'second' };
}

function ofIntegers(cases: CaseOf<'add'>[], dtypes = integers): RowOf<'add'> {
  return { cases, dtypes, rejects: ['float32'], tolerance: exact, gradient: 'none', special: 0 };
}

const wide = (low: number, high: number): CaseOf<'add'>[] => binary(-200, 200, low, high);

export const arithmetic = {
  frac: {
    cases: unary(-3, 3, [-3, -2, -1, 0, 1, 2, 3]),
    dtypes: floats,
    rejects: ['int32', 'bool'],
    tolerance: exact,
    gradient: 'second',
    special: 1,
  },
  signbit: test([...unary(-1, 1), edges]),
  isinf: test([...unary(-1, 1), edges]),
  isfinite: test([...unary(-1, 1), edges]),
  nanToNum: {
    cases: [
      { name: '2-D', inputs: [real([3, 5]), 0], attrs: { posinf: 7, neginf: -7 } },
      {
        name: 'edges',
        inputs: [
          given(
            [37],
            Array.from({ length: 37 }, (_, i) => [1, NaN, Infinity, -Infinity][i % 4]!),
          ),
          2.5,
        ],
        attrs: { posinf: 7, neginf: -7 },
        noGradient: 'values only',
      },
      { name: '0-dim', inputs: [real([]), 0], attrs: { posinf: 7, neginf: -7 } },
      { name: 'empty', inputs: [real([0]), 0], attrs: { posinf: 7, neginf: -7 } },
    ],
    dtypes: floats,
    rejects: ['int32'],
    tolerance: exact,
    gradient: 'second',
    special: 0,
  },
  addScaled: {
    cases: binary().map((entry) => ({ ...entry, attrs: { alpha: -1.5 } })),
    dtypes: floats,
    rejects: ['int32'],
    tolerance: rounded,
    gradient: 'second',
    special: 0,
  },
  floorDivide: quotient(),
  truncDivide: quotient(),
  remainder: remainderOf(),
  fmod: remainderOf(),
  fmax: { cases: binary(), dtypes: everyDType, tolerance: exact, gradient: 'second', special: 2 },
  fmin: { cases: binary(), dtypes: everyDType, tolerance: exact, gradient: 'second', special: 2 },
  clampMin: {
    cases: binary(),
    dtypes: numbers,
    rejects: ['bool'],
    tolerance: exact,
    gradient: 'second',
    special: 2,
  },
  clampMax: {
    cases: binary(),
    dtypes: numbers,
    rejects: ['bool'],
    tolerance: exact,
    gradient: 'second',
    special: 2,
  },
  heaviside: {
    cases: [
      {
        name: 'same shape',
        inputs: [given([5], [-1, 0, 2, 0, 1]), real([5])],
        attrs: none,
        noGradient: 'a step',
      },
      { name: 'broadcast', inputs: [real([2, 3, 7]), real([7])], attrs: none, noGradient: 'a step' },
      { name: '0-dim', inputs: [real([]), real([])], attrs: none, noGradient: 'a step' },
      { name: 'empty', inputs: [real([0]), real([0])], attrs: none, noGradient: 'a step' },
    ],
    dtypes: everyDType,
    tolerance: exact,
    gradient: 'none',
    special: 2,
  },
  isclose: {
    cases: [
      ...binary().map((entry) => ({ ...entry, attrs: { rtol: 0.25, atol: 0.1 } })),
      {
        name: 'edges',
        inputs: [
          given([5], [NaN, Infinity, Infinity, 1, -Infinity]),
          given([5], [NaN, Infinity, -Infinity, Infinity, 2]),
        ],
        attrs: { rtol: 0.1, atol: 0.1 },
      },
    ],
    dtypes: floats,
    rejects: ['int32'],
    tolerance: exact,
    gradient: 'none',
    special: 0,
  },
  logicalAnd: { cases: binary(-1, 1), dtypes: everyDType, tolerance: exact, gradient: 'none', special: 2 },
  logicalOr: { cases: binary(-1, 1), dtypes: everyDType, tolerance: exact, gradient: 'none', special: 2 },
  logicalXor: { cases: binary(-1, 1), dtypes: everyDType, tolerance: exact, gradient: 'none', special: 2 },
  bitwiseNot: {
    cases: unary(-200, 200),
    dtypes: whole,
    rejects: ['float32'],
    tolerance: exact,
    gradient: 'none',
    special: 0,
  },
  bitwiseAnd: ofIntegers(wide(-200, 200), whole),
  bitwiseOr: ofIntegers(wide(-200, 200), whole),
  bitwiseXor: ofIntegers(wide(-200, 200), whole),
  bitwiseLeftShift: ofIntegers(wide(-3, 70)),
  bitwiseRightShift: ofIntegers(wide(-3, 70)),
  gcd: ofIntegers(wide(-200, 200)),
  lcm: ofIntegers(binary(-12, 12)),
  lerp: {
    cases: [
      { name: 'same shape', inputs: [real([3, 5]), real([3, 5]), real([3, 5], 0, 1, [0.5])], attrs: none },
      { name: 'number', inputs: [real([37]), real([37]), 0.25], attrs: none },
      { name: 'broadcast', inputs: [real([2, 1, 4]), real([3, 1]), real([], 0.6, 0.9)], attrs: none },
      { name: 'outside', inputs: [real([5]), real([5]), real([5], -2, -1)], attrs: none },
      { name: '0-dim', inputs: [real([]), real([]), real([], 0, 0.4)], attrs: none },
      { name: 'empty', inputs: [real([0, 3]), real([3]), 0.5], attrs: none },
    ],
    dtypes: floats,
    rejects: ['int32'],
    tolerance: rounded,
    gradient: 'second',
    special: 0,
  },
  addcmul: {
    cases: [
      { name: 'same shape', inputs: [real([3, 5]), real([3, 5]), real([3, 5])], attrs: { value: 2 } },
      { name: 'broadcast', inputs: [real([2, 1, 4]), real([3, 1]), real([])], attrs: { value: -0.5 } },
      { name: '0-dim', inputs: [real([]), real([]), real([])], attrs: { value: 1 } },
      { name: 'tail', inputs: [real([2, 37]), real([37]), real([2, 37])], attrs: { value: 1 } },
      { name: 'empty', inputs: [real([0, 3]), real([3]), real([])], attrs: { value: 1 } },
    ],
    dtypes: numbers.filter((dtype) => dtype !== 'uint8'),
    rejects: ['bool'],
    tolerance: rounded,
    gradient: 'second',
    special: 0,
  },
  addcdiv: {
    cases: [
      { name: 'same shape', inputs: [real([3, 5]), real([3, 5]), real([3, 5], 0.5, 2)], attrs: { value: 2 } },
      {
        name: 'broadcast',
        inputs: [real([2, 1, 4]), real([3, 1]), real([], 0.5, 2)],
        attrs: { value: -0.5 },
      },
      { name: '0-dim', inputs: [real([]), real([]), real([], 1, 2)], attrs: { value: 1 } },
      { name: 'empty', inputs: [real([0, 3]), real([3]), real([], 1, 2)], attrs: { value: 1 } },
    ],
    dtypes: floats,
    rejects: ['int32'],
    tolerance: rounded,
    gradient: 'second',
    special: 0,
  },
} satisfies Rows;
