import type { CumulativeOptions, Tensor } from '../../../lib/index.js';
import { everyDType, exact, given, real } from '../case.js';
import { composed, type ComposedRows } from './row.js';

// What the functions add to their ops: options that the ops do not know.

const four = given([2, 2], [1, 2, 3, 4]);

export const cumulative: ComposedRows = {
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
