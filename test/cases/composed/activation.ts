import type { Tensor } from '../../../lib/index.js';
import { exact, floats, given, real } from '../case.js';
import { rounded, unary } from './operands.js';
import { composed, type ComposedRows } from './row.js';

export const activations: ComposedRows = {
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
};
