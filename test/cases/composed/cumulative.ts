import type { CumulativeOptions, DiffOptions, Tensor } from '../../../lib/index.js';
import { everyDType, exact, floats, given, numbers, real, type Tolerance } from '../case.js';
import { composed, type ComposedRow, type ComposedRows } from './row.js';

// What the functions add to their ops: options that the ops do not know.

const four = given([2, 2], [1, 2, 3, 4]);

const summed: Tolerance = { relative: 2e-6, float64: 1e-14, why: 'another order of summation' };

type Samples = readonly [dim?: number, dx?: number];

function integral(name: 'cumulativeTrapezoid' | 'trapezoid', ofFour: readonly number[]): ComposedRow {
  return composed({
    call: (lg, [dim, dx]: Samples, y: Tensor, x?: Tensor | null) =>
      lg[name](y, { ...(dim !== undefined && { dim }), ...(dx !== undefined && { dx }), ...(x && { x }) }),
    cases: [
      { name: 'rows', inputs: [four], attrs: [], expected: [1.5, 3.5] },
      { name: 'columns, far apart', inputs: [real([4, 3])], attrs: [0, 2.5] },
      {
        name: 'at places',
        inputs: [given([3], [1, 5, 10]), given([3], [1, 3, 6])],
        attrs: [],
        expected: ofFour,
      },
      { name: 'the same places for all', inputs: [real([3, 4]), real([3])], attrs: [0] },
      { name: 'one sample', inputs: [real([2, 1])], attrs: [1] },
      { name: 'of nothing', inputs: [real([2, 0])], attrs: [1] },
    ],
    dtypes: floats,
    tolerance: summed,
    gradient: 'second',
    refuses: [
      { name: 'a dim that is not', inputs: [four], attrs: [2], error: 'IndexError' },
      { name: 'places that do not fit', inputs: [real([2, 4]), real([3])], attrs: [], error: 'ShapeError' },
    ],
  });
}

export const cumulative: ComposedRows = {
  cumulativeTrapezoid: integral('cumulativeTrapezoid', [6, 28.5]),
  trapezoid: integral('trapezoid', [28.5]),
  diff: composed({
    call: (lg, options: DiffOptions, x: Tensor, prepend?: Tensor | null, append?: Tensor | null) =>
      lg.diff(x, { ...options, ...(prepend && { prepend }), ...(append && { append }) }),
    cases: [
      { name: 'once', inputs: [given([4], [1, 4, 9, 16])], attrs: {}, expected: [3, 5, 7] },
      { name: 'twice', inputs: [given([4], [1, 4, 9, 16])], attrs: { n: 2 }, expected: [2, 2] },
      { name: 'columns', inputs: [real([4, 3])], attrs: { dim: 0 } },
      { name: 'joined', inputs: [real([2, 3]), real([2, 1]), real([2, 2])], attrs: { n: 2 } },
      { name: 'too often', inputs: [real([2, 3])], attrs: { n: 5 } },
      { name: 'of nothing', inputs: [real([0, 3])], attrs: { dim: 0 } },
    ],
    dtypes: numbers,
    tolerance: summed,
    gradient: 'second',
    refuses: [
      { name: '0-dim', inputs: [real([])], attrs: {}, error: 'ShapeError' },
      { name: 'a negative n', inputs: [four], attrs: { n: -1 }, error: 'ValueError' },
    ],
  }),
  cumsum: composed({
    call: (lg, [dim, options]: readonly [number, CumulativeOptions?], x: Tensor) =>
      lg.cumsum(x, dim, options),
    cases: [
      { name: 'rows', inputs: [four], attrs: [1], expected: [1, 3, 3, 7] },
      { name: 'columns', inputs: [four], attrs: [-2], expected: [1, 2, 4, 6] },
      { name: 'as float64', inputs: [four], attrs: [1, { dtype: 'float64' }], expected: [1, 3, 3, 7] },
      { name: 'as int32', inputs: [real([3, 4])], attrs: [1, { dtype: 'int32' }] },
      { name: 'of nothing', inputs: [real([0, 2])], attrs: [0] },
    ],
    dtypes: everyDType,
    tolerance: exact,
    gradient: 'second',
    refuses: [{ name: 'a dim that is not', inputs: [four], attrs: [2], error: 'IndexError' }],
  }),
};
