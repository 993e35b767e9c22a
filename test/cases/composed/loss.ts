import type { BceWithLogitsOptions, LossOptions, NllOptions, Tensor } from '../../../lib/index.js';
import { floats, given, index, real, type Tolerance } from '../case.js';
import { composed, type ComposedRow, type ComposedRows } from './row.js';

const summed: Tolerance = { relative: 1e-5, float64: 1e-13, why: 'another order of summation, exponentials' };

function distance(name: 'l1' | 'mse', expected: readonly number[]): ComposedRow {
  const near = [real([3, 2], -2, -0.5), real([3, 2], 0.5, 2)];
  return composed({
    call: (lg, options: LossOptions, x: Tensor, y: Tensor) => lg[name](x, y, options),
    cases: [
      { name: 'mean', inputs: [given([2], [1, 4]), given([2], [2, 1])], attrs: {}, expected },
      { name: 'sum', inputs: near, attrs: { reduction: 'sum' } },
      { name: 'none', inputs: near, attrs: { reduction: 'none' } },
      { name: 'of nothing', inputs: [real([0]), real([0])], attrs: { reduction: 'sum' } },
    ],
    dtypes: floats,
    tolerance: summed,
    gradient: 'second',
    refuses: [{ name: 'shapes', inputs: [real([2]), real([3])], attrs: {}, error: 'ShapeError' }],
  });
}

export const losses: ComposedRows = {
  bceWithLogits: composed({
    call: (lg, options: BceWithLogitsOptions, x: Tensor, y: Tensor) => lg.bceWithLogits(x, y, options),
    cases: [
      { name: 'mean', inputs: [given([2], [0, 0]), given([2], [0, 1])], attrs: {}, expected: [0.69314718] },
      { name: 'none', inputs: [real([3, 2]), real([3, 2], 0, 1)], attrs: { reduction: 'none' } },
      { name: 'of nothing', inputs: [real([0]), real([0])], attrs: { reduction: 'sum' } },
    ],
    dtypes: floats,
    tolerance: summed,
    gradient: 'second',
    refuses: [{ name: 'shapes', inputs: [real([2]), real([3])], attrs: {}, error: 'ShapeError' }],
  }),
  l1: distance('l1', [2]),
  mse: distance('mse', [5]),
  nll: composed({
    call: (lg, options: NllOptions, x: Tensor, target: Tensor) => lg.nll(x, target, options),
    cases: [
      {
        name: 'mean',
        inputs: [given([2, 2], [-1, -2, -3, -4]), given([2], [1, 0], 'int64')],
        attrs: {},
        expected: [2.5],
      },
      { name: 'none', inputs: [real([4, 3]), index([4], 3)], attrs: { reduction: 'none' } },
      { name: 'of nothing', inputs: [real([0, 3]), index([0], 3)], attrs: { reduction: 'sum' } },
    ],
    dtypes: floats,
    tolerance: summed,
    gradient: 'second',
    refuses: [{ name: 'shapes', inputs: [real([2, 3]), index([3], 3)], attrs: {}, error: 'ShapeError' }],
  }),
};
