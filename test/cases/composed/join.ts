import type { Tensor } from '../../../lib/index.js';
import { everyDType, exact, given, real } from '../case.js';
import { composed, type ComposedRows } from './row.js';

const five = given([5], [1, 2, 3, 4, 5]);

export const joining: ComposedRows = {
  chunk: composed({
    call: (lg, [chunks, dim]: readonly [number, number?], x: Tensor) => lg.chunk(x, chunks, dim),
    cases: [
      { name: 'uneven', inputs: [five], attrs: [2], expected: [1, 2, 3] },
      { name: 'columns', inputs: [real([2, 4])], attrs: [2, 1] },
      { name: 'of nothing', inputs: [real([0, 4])], attrs: [2, 1] },
    ],
    dtypes: everyDType,
    tolerance: exact,
    gradient: 'second',
    refuses: [{ name: 'no chunks', inputs: [five], attrs: [0], error: 'ValueError' }],
  }),
  split: composed({
    call: (lg, [size, dim]: readonly [number | readonly number[], number?], x: Tensor) =>
      lg.split(x, size, dim),
    cases: [
      { name: 'a size', inputs: [five], attrs: [2], expected: [1, 2] },
      { name: 'sizes', inputs: [real([2, 5])], attrs: [[1, 4], 1] },
      { name: 'of nothing', inputs: [real([0, 4])], attrs: [2, 1] },
    ],
    dtypes: everyDType,
    tolerance: exact,
    gradient: 'second',
    refuses: [{ name: 'sizes that do not add up', inputs: [five], attrs: [[2, 2]], error: 'ValueError' }],
  }),
  stack: composed({
    call: (lg, dim: number | undefined, xs: readonly Tensor[]) => lg.stack(xs, dim),
    cases: [
      { name: 'rows', inputs: [[given([2], [1, 2]), given([2], [3, 4])]], attrs: 0, expected: [1, 2, 3, 4] },
      {
        name: 'columns',
        inputs: [[given([2], [1, 2]), given([2], [3, 4])]],
        attrs: 1,
        expected: [1, 3, 2, 4],
      },
      { name: 'three', inputs: [[real([2, 3]), real([2, 3]), real([2, 3])]], attrs: -1 },
      { name: 'of nothing', inputs: [[real([0, 3]), real([0, 3])]], attrs: 1 },
    ],
    dtypes: everyDType,
    tolerance: exact,
    gradient: 'second',
    refuses: [{ name: 'unequal shapes', inputs: [[real([2]), real([3])]], attrs: 0, error: 'ShapeError' }],
  }),
  unbind: composed({
    call: (lg, dim: number | undefined, x: Tensor) => lg.unbind(x, dim),
    cases: [
      { name: 'rows', inputs: [given([2, 2], [1, 2, 3, 4])], attrs: undefined, expected: [1, 2] },
      { name: 'columns', inputs: [real([3, 2])], attrs: 1 },
      { name: 'of nothing', inputs: [real([0, 2])], attrs: 1 },
    ],
    dtypes: everyDType,
    tolerance: exact,
    gradient: 'second',
    refuses: [{ name: 'a dim that is not', inputs: [real([2])], attrs: 1, error: 'IndexError' }],
  }),
};
