import type { Tensor } from '../../../lib/index.js';
import { everyDType, exact, floats, given, numbers, real } from '../case.js';
import { binary, unary } from './operands.js';
import { composed, type ComposedRows } from './row.js';

const steady = { gradient: 'none', tolerance: exact } as const;

export const elementwise: ComposedRows = {
  positive: unary(
    (lg, x) => lg.positive(x),
    [
      [1, -2],
      [1, -2],
    ],
    -2,
    2,
    { dtypes: numbers, tolerance: exact },
  ),
  sgn: unary(
    (lg, x) => lg.sgn(x),
    [
      [3, -2, 0],
      [1, -1, 0],
    ],
    -2,
    2,
    { dtypes: everyDType, kinks: [0] },
  ),
  isreal: unary(
    (lg, x) => lg.isreal(x),
    [
      [1, -2],
      [1, 1],
    ],
    -2,
    2,
    { ...steady, dtypes: everyDType },
  ),
  isposinf: unary(
    (lg, x) => lg.isposinf(x),
    [
      [1, Infinity, -Infinity, NaN],
      [0, 1, 0, 0],
    ],
    -2,
    2,
    steady,
  ),
  isneginf: unary(
    (lg, x) => lg.isneginf(x),
    [
      [1, Infinity, -Infinity, NaN],
      [0, 0, 1, 0],
    ],
    -2,
    2,
    steady,
  ),
  deg2rad: unary(
    (lg, x) => lg.deg2rad(x),
    [
      [180, -90],
      [Math.PI, -Math.PI / 2],
    ],
    -360,
    360,
  ),
  rad2deg: unary(
    (lg, x) => lg.rad2deg(x),
    [
      [Math.PI, -1],
      [180, -57.29577951],
    ],
    -6,
    6,
  ),
  mvlgamma: unary(
    (lg, x) => lg.mvlgamma(x, 3),
    [
      [3, 5.5],
      [2.694924879806965, 11.306699197583207],
    ],
    2,
    8,
    { gradient: 'first' },
  ),
  frexp: composed({
    call: (lg, _attrs: undefined, x: Tensor) => ({ ...lg.frexp(x) }),
    cases: [
      {
        name: 'known',
        inputs: [given([4], [6.5, -0.25, 0, 1])],
        attrs: undefined,
        expected: [0.8125, -0.5, 0, 0.5],
        noGradient: 'values only',
      },
      { name: '2-D', inputs: [real([3, 5], 4.1, 7.9)], attrs: undefined },
      { name: 'empty', inputs: [real([0])], attrs: undefined },
    ],
    dtypes: floats,
    tolerance: exact,
    gradient: 'second',
    refuses: [
      { name: 'integers', inputs: [given([1], [1], 'int64')], attrs: undefined, error: 'DTypeError' },
    ],
  }),
  rsub: binary(
    (lg, a, b) => lg.rsub(a, b, { alpha: 2 }),
    [
      [1, 2],
      [10, 20],
      [8, 16],
    ],
    [real([3, 1]), real([4])],
    { dtypes: numbers.filter((dtype) => dtype !== 'uint8') },
  ),
  trueDivide: binary(
    (lg, a, b) => lg.trueDivide(a, b),
    [
      [1, 3],
      [2, 4],
      [0.5, 0.75],
    ],
    [real([3, 1]), real([4], 1, 2)],
  ),
  floatPower: binary(
    (lg, a, b) => lg.floatPower(a, b),
    [
      [2, 4],
      [-1, 0.5],
      [0.5, 2],
    ],
    [real([3, 1], 1, 2), real([4])],
  ),
  ldexp: binary(
    (lg, a, b) => lg.ldexp(a, b),
    [
      [1, 3],
      [2, -1],
      [4, 1.5],
    ],
    [real([3, 1]), real([4])],
  ),
  fill: composed({
    call: (lg, _attrs: undefined, x: Tensor, value: Tensor | number) => lg.fill(x, value),
    cases: [
      { name: 'number', inputs: [real([3]), 7], attrs: undefined, expected: [7, 7, 7] },
      { name: '0-dim', inputs: [real([2, 3]), real([])], attrs: undefined },
      { name: 'empty', inputs: [real([0]), 7], attrs: undefined },
    ],
    dtypes: floats,
    tolerance: exact,
    gradient: 'second',
    refuses: [
      { name: 'a value with dims', inputs: [real([2]), real([2])], attrs: undefined, error: 'ShapeError' },
    ],
  }),
  typeAs: composed({
    call: (lg, _attrs: undefined, x: Tensor, other: Tensor) => lg.typeAs(x, other),
    cases: [
      {
        name: 'to int32',
        inputs: [given([2], [1.7, -2.3], 'float32'), given([1], [0], 'int32')],
        attrs: undefined,
        expected: [1, -2],
        noGradient: 'integers',
      },
      { name: 'to float64', inputs: [real([3]), given([1], [0], 'float64')], attrs: undefined },
      { name: 'empty', inputs: [real([0]), given([1], [0], 'float64')], attrs: undefined },
    ],
    dtypes: ['float64'],
    tolerance: exact,
    gradient: 'second',
  }),
  isin: composed({
    call: (lg, attrs: { invert?: boolean }, x: Tensor, test: Tensor) => lg.isin(x, test, attrs),
    cases: [
      { name: 'known', inputs: [given([3], [1, 2, 3]), given([2], [3, 1])], attrs: {}, expected: [1, 0, 1] },
      {
        name: 'inverted',
        inputs: [given([3], [1, 2, 3]), given([2], [3, 1])],
        attrs: { invert: true },
        expected: [0, 1, 0],
      },
      { name: '2-D', inputs: [real([3, 5], 0, 4), real([2, 2], 0, 4)], attrs: {} },
      { name: 'among nothing', inputs: [real([3]), real([0])], attrs: {}, expected: [0, 0, 0] },
    ],
    dtypes: everyDType,
    tolerance: exact,
    gradient: 'none',
  }),
};
