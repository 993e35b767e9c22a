import type { Tensor } from '../../../lib/index.js';
import { everyDType, exact, floats, given, numbers, real, type Tolerance } from '../case.js';
import type { CaseInput } from '../case.js';
import { composed, type ComposedRow, type ComposedRows, type Library } from './row.js';

const rounded: Tolerance = { relative: 4e-6, float64: 1e-13, why: 'the backends round at different places' };

type Known = readonly [x: readonly number[], y: readonly number[]];

/** A function of one tensor: values at known points, and random ones in [low, high]. */
function unary(
  call: (lg: Library, x: Tensor) => Tensor,
  [x, y]: Known,
  low = -2,
  high = 2,
  more: Partial<ComposedRow> & { kinks?: readonly number[] } = {},
): ComposedRow {
  const { kinks = [], ...rest } = more;
  return {
    ...composed({
      call: (lg, _attrs: undefined, tensor: Tensor) => call(lg, tensor),
      cases: [
        {
          name: 'known',
          inputs: [given([x.length], x)],
          attrs: undefined,
          expected: y,
          noGradient: 'values only',
        },
        { name: '2-D', inputs: [real([3, 5], low, high, kinks)], attrs: undefined },
        { name: 'empty', inputs: [real([0, 4], low, high)], attrs: undefined },
      ],
      dtypes: floats,
      tolerance: rounded,
      gradient: 'second',
    }),
    ...rest,
  };
}

/** A function of two tensors, or of a tensor and a number. */
function binary(
  call: (lg: Library, a: Tensor, b: Tensor) => Tensor,
  [a, b, y]: readonly [readonly number[], readonly number[], readonly number[]],
  inputs: readonly CaseInput[],
  more: Partial<ComposedRow> = {},
): ComposedRow {
  return {
    ...composed({
      call: (lg, _attrs: undefined, x: Tensor, z: Tensor) => call(lg, x, z),
      cases: [
        {
          name: 'known',
          inputs: [given([a.length], a), given([b.length], b)],
          attrs: undefined,
          expected: y,
          noGradient: 'values only',
        },
        { name: 'broadcast', inputs, attrs: undefined },
        { name: 'empty', inputs: [given([0, 3], []), real([3], 1, 2)], attrs: undefined },
      ],
      dtypes: floats,
      tolerance: rounded,
      gradient: 'second',
    }),
    ...more,
  };
}

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

  'F.relu6': unary(
    (lg, x) => lg.F.relu6(x),
    [
      [-1, 2, 7],
      [0, 2, 6],
    ],
    -3,
    9,
    { kinks: [0, 6] },
  ),
  'F.leakyRelu': unary(
    (lg, x) => lg.F.leakyRelu(x),
    [
      [2, -4],
      [2, -0.04],
    ],
    -2,
    2,
    { kinks: [0] },
  ),
  'F.prelu': composed({
    call: (lg, _attrs: undefined, x: Tensor, weight: Tensor) => lg.F.prelu(x, weight),
    cases: [
      {
        name: 'known',
        inputs: [given([2], [2, -4]), given([1], [0.5])],
        attrs: undefined,
        expected: [2, -2],
        noGradient: 'values only',
      },
      { name: 'channels', inputs: [real([2, 3, 2], -2, 2, [0]), real([3])], attrs: undefined },
      { name: 'empty', inputs: [real([0, 3]), real([3])], attrs: undefined },
    ],
    dtypes: floats,
    tolerance: exact,
    gradient: 'second',
    refuses: [
      { name: 'too many weights', inputs: [real([2, 3]), real([2])], attrs: undefined, error: 'ShapeError' },
    ],
  }),
  'F.rrelu': unary(
    (lg, x) => lg.F.rrelu(x),
    [
      [2, -4],
      [2, -0.9166667],
    ],
    -2,
    2,
    { kinks: [0] },
  ),
  'F.elu': unary(
    (lg, x) => lg.F.elu(x),
    [
      [2, -1],
      [2, -0.6321206],
    ],
    -2,
    2,
    { kinks: [0] },
  ),
  'F.celu': unary(
    (lg, x) => lg.F.celu(x, { alpha: 2 }),
    [
      [2, -1],
      [2, -0.7869387],
    ],
    -2,
    2,
    { kinks: [0] },
  ),
  'F.selu': unary(
    (lg, x) => lg.F.selu(x),
    [
      [2, -1],
      [2.101402, -1.1113307],
    ],
    -2,
    2,
    { kinks: [0] },
  ),
  'F.mish': unary(
    (lg, x) => lg.F.mish(x),
    [
      [2, -1],
      [1.943959, -0.3034015],
    ],
  ),
  'F.hardswish': unary(
    (lg, x) => lg.F.hardswish(x),
    [
      [-4, 1, 4],
      [0, 0.6666667, 4],
    ],
    -5,
    5,
    { kinks: [-3, 3] },
  ),
  'F.hardsigmoid': unary(
    (lg, x) => lg.F.hardsigmoid(x),
    [
      [-4, 1, 4],
      [0, 0.6666667, 1],
    ],
    -5,
    5,
    { kinks: [-3, 3] },
  ),
  'F.hardtanh': unary(
    (lg, x) => lg.F.hardtanh(x),
    [
      [-4, 0.5, 4],
      [-1, 0.5, 1],
    ],
    -2,
    2,
    { kinks: [-1, 1] },
  ),
  'F.hardshrink': unary(
    (lg, x) => lg.F.hardshrink(x),
    [
      [-4, 0.5, 4],
      [-4, 0, 4],
    ],
    -2,
    2,
    { kinks: [-0.5, 0.5] },
  ),
  'F.softshrink': unary(
    (lg, x) => lg.F.softshrink(x),
    [
      [-4, 0.5, 4],
      [-3.5, 0, 3.5],
    ],
    -2,
    2,
    { kinks: [-0.5, 0.5] },
  ),
  'F.tanhshrink': unary(
    (lg, x) => lg.F.tanhshrink(x),
    [
      [2, -1],
      [1.0359724, -0.2384058],
    ],
  ),
  'F.softsign': unary(
    (lg, x) => lg.F.softsign(x),
    [
      [1, -3],
      [0.5, -0.75],
    ],
    -2,
    2,
    { kinks: [0] },
  ),
  'F.softplus': unary(
    (lg, x) => lg.F.softplus(x),
    [
      [2, -1],
      [2.126928, 0.3132617],
    ],
  ),
  'F.logsigmoid': unary(
    (lg, x) => lg.F.logsigmoid(x),
    [
      [2, -1],
      [-0.126928, -1.3132617],
    ],
  ),
  'F.threshold': unary(
    (lg, x) => lg.F.threshold(x, 1, 20),
    [
      [1, 2],
      [20, 2],
    ],
    -2,
    2,
    { kinks: [1] },
  ),
  'F.glu': composed({
    call: (lg, attrs: { dim?: number }, x: Tensor) => lg.F.glu(x, attrs),
    cases: [
      {
        name: 'known',
        inputs: [given([4], [3, 5, 0, 1])],
        attrs: {},
        expected: [1.5, 3.6552929],
        noGradient: 'values only',
      },
      { name: 'dim 0', inputs: [real([4, 3])], attrs: { dim: 0 } },
      { name: 'empty', inputs: [real([0, 4])], attrs: {} },
    ],
    dtypes: floats,
    tolerance: rounded,
    gradient: 'second',
    refuses: [{ name: 'an odd size', inputs: [real([3])], attrs: {}, error: 'ShapeError' }],
  }),
  'F.softmin': unary(
    (lg, x) => lg.F.softmin(x, -1),
    [
      [1, 1],
      [0.5, 0.5],
    ],
  ),

  'special.ndtr': unary(
    (lg, x) => lg.special.ndtr(x),
    [
      [0, 1],
      [0.5, 0.8413447],
    ],
  ),
  'special.ndtri': unary(
    (lg, x) => lg.special.ndtri(x),
    [
      [0.5, 0.9],
      [0, 1.2815516],
    ],
    0.1,
    0.9,
    { gradient: 'first' },
  ),
  'special.logNdtr': unary(
    (lg, x) => lg.special.logNdtr(x),
    [
      [0, -10],
      [-0.6931472, -53.2312852],
    ],
  ),
  'special.entr': unary(
    (lg, x) => lg.special.entr(x),
    [
      [0, 1, 2],
      [0, 0, -1.3862944],
    ],
    0.2,
    2,
  ),
  'special.erfcx': unary(
    (lg, x) => lg.special.erfcx(x),
    [
      [0, 1, 20],
      [1, 0.4275836, 0.0281744],
    ],
  ),
  'special.i0e': unary(
    (lg, x) => lg.special.i0e(x),
    [
      [0, 1],
      [1, 0.4657596],
    ],
    -3,
    3,
    { kinks: [0] },
  ),
  'special.i1': unary(
    (lg, x) => lg.special.i1(x),
    [
      [0, 1],
      [0, 0.5651591],
    ],
    -3,
    3,
    { kinks: [0] },
  ),
  'special.i1e': unary(
    (lg, x) => lg.special.i1e(x),
    [
      [0, 1],
      [0, 0.2079104],
    ],
    -3,
    3,
    { kinks: [0] },
  ),
  'special.besselJ0': unary(
    (lg, x) => lg.special.besselJ0(x),
    [
      [0, 1],
      [1, 0.7651977],
    ],
    -9,
    9,
    { kinks: [0] },
  ),
  'special.besselJ1': unary(
    (lg, x) => lg.special.besselJ1(x),
    [
      [0, 1],
      [0, 0.4400506],
    ],
    -9,
    9,
    { kinks: [0] },
  ),
  'special.zeta': binary(
    (lg, a, b) => lg.special.zeta(a, b),
    [
      [2, 3],
      [1, 2],
      [1.6449341, 0.2020569],
    ],
    [given([2, 1], [2, 3.5]), real([4], 1, 2)],
  ),
  'special.xlog1py': binary(
    (lg, a, b) => lg.special.xlog1py(a, b),
    [
      [0, 2],
      [-1, 1],
      [0, 1.3862944],
    ],
    [real([3, 1], 1, 2), real([4], 0, 2)],
  ),
  'special.gammainc': binary(
    (lg, a, b) => lg.special.gammainc(a, b),
    [
      [1, 2],
      [1, 2],
      [0.6321206, 0.5939942],
    ],
    [given([2, 1], [2, 3.5]), real([4], 1, 2)],
  ),
  'special.gammaincc': binary(
    (lg, a, b) => lg.special.gammaincc(a, b),
    [
      [1, 2],
      [1, 2],
      [0.3678794, 0.4060058],
    ],
    [given([2, 1], [2, 3.5]), real([4], 1, 2)],
  ),
};
