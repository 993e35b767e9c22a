import { exact, floats, given, numbers, real } from './case.js';
import type { CaseOf, RowOf, Rows, Tolerance } from './case.js';
import { floating, none, unary } from './operands.js';

// A fused op and its definition in primitives round at different places.
const fused: Tolerance = {
  ulp: 6,
  float64Ulp: 12,
  absolute: 5e-7,
  why: 'the definition rounds after each of its ops',
};

type Unary = CaseOf<'exp'>;

/** The cases of a function with attributes. */
function withAttrs<Attrs>(cases: readonly Unary[], attrs: Attrs) {
  return cases.map((entry) => ({ ...entry, attrs }));
}

function smooth(cases: Unary[], tolerance = fused): RowOf<'exp'> {
  return { cases, dtypes: floats, rejects: ['int32', 'bool'], tolerance, gradient: 'second', special: 1 };
}

export const activation = {
  leakyRelu: {
    ...smooth(unary(-2, 2, [0]), exact),
    cases: withAttrs(unary(-2, 2, [0]), { negativeSlope: 0.01 }),
  },
  hardtanh: {
    cases: [
      ...withAttrs(unary(-2, 2, [-1, 1]), { min: -1, max: 1 }),
      { name: 'relu6', inputs: [real([37], -3, 9, [0, 6])], attrs: { min: 0, max: 6 } },
    ],
    dtypes: numbers,
    rejects: ['bool'],
    tolerance: exact,
    gradient: 'second',
    special: 1,
  },
  hardsigmoid: smooth(unary(-5, 5, [-3, 3])),
  hardswish: smooth(unary(-5, 5, [-3, 3])),
  hardshrink: {
    ...smooth(unary(-2, 2, [-0.5, 0.5]), exact),
    cases: withAttrs(unary(-2, 2, [-0.5, 0.5]), { lambd: 0.5 }),
  },
  softshrink: {
    ...smooth(unary(-2, 2, [-0.5, 0.5]), exact),
    cases: withAttrs(unary(-2, 2, [-0.5, 0.5]), { lambd: 0.5 }),
  },
  softsign: floating(unary(-3, 3, [0])),
  tanhshrink: floating(unary(-3, 3), fused),
  threshold: {
    cases: [
      ...withAttrs(unary(-2, 2, [0.5]), { threshold: 0.5, value: 3 }),
      {
        name: 'at it',
        inputs: [given([3], [0, 1, 2])],
        attrs: { threshold: 1, value: 7 },
        noGradient: 'kink',
      },
    ],
    dtypes: numbers,
    rejects: ['bool'],
    tolerance: exact,
    gradient: 'second',
    special: 1,
  },
  prelu: {
    cases: [
      { name: 'one weight', inputs: [real([3, 5], -2, 2, [0]), real([1])], attrs: none },
      { name: 'a weight a channel', inputs: [real([2, 3, 4], -2, 2, [0]), real([1, 3, 1])], attrs: none },
      { name: '0-dim', inputs: [real([], 0.5, 1), real([])], attrs: none },
      { name: 'empty', inputs: [real([0, 3]), real([1, 3])], attrs: none },
    ],
    dtypes: floats,
    rejects: ['int32'],
    tolerance: exact,
    gradient: 'second',
    special: 0,
  },
  elu: {
    ...smooth(unary()),
    cases: [
      ...withAttrs(unary(-3, 3, [0]), { alpha: 1, inputScale: 1 }),
      { name: 'celu', inputs: [real([37], -3, 3, [0])], attrs: { alpha: 2, inputScale: 0.5 } },
    ],
  },
  selu: smooth(unary(-3, 3, [0])),
  softplus: {
    ...smooth(unary()),
    cases: [
      ...withAttrs(unary(-5, 5), { beta: 1, threshold: 20 }),
      { name: 'sharp', inputs: [real([37], -5, 5, [2])], attrs: { beta: 3, threshold: 6 } },
    ],
  },
  logsigmoid: smooth(unary(-5, 5)),
  mish: smooth(unary(-5, 5)),
} satisfies Rows;
