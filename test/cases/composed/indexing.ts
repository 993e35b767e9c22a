import type { MaxPool2dOptions, Tensor } from '../../../lib/index.js';
import { distinct, floats, exact, given, index, real } from '../case.js';
import { composed, type ComposedRows } from './row.js';

export const indexing: ComposedRows = {
  embedding: composed({
    call: (lg, _: undefined, at: Tensor, weight: Tensor) => lg.embedding(at, weight),
    cases: [
      {
        name: 'small',
        inputs: [given([2], [1, 0], 'int64'), given([2, 2], [1, 2, 3, 4])],
        attrs: undefined,
        expected: [3, 4, 1, 2],
      },
      { name: 'batches, repeated', inputs: [index([2, 5], 4), real([4, 3])], attrs: undefined },
      { name: 'of nothing', inputs: [index([0], 4), real([4, 3])], attrs: undefined },
    ],
    dtypes: floats,
    tolerance: exact,
    gradient: 'second',
    refuses: [
      {
        name: 'out of range',
        inputs: [given([1], [4], 'int64'), real([4, 3])],
        attrs: undefined,
        error: 'IndexError',
      },
    ],
  }),
  maxPool2dWithIndices: composed({
    call: (lg, [size, options]: readonly [number, MaxPool2dOptions?], x: Tensor) => ({
      ...lg.maxPool2dWithIndices(x, size, options),
    }),
    cases: [
      { name: 'small', inputs: [given([1, 1, 2, 2], [1, 4, 3, 2])], attrs: [2], expected: [4] },
      { name: 'overlapping', inputs: [distinct([2, 1, 5, 4])], attrs: [3, { stride: 1, padding: 1 }] },
      { name: 'no images', inputs: [real([0, 1, 4, 4])], attrs: [2] },
    ],
    dtypes: floats,
    tolerance: exact,
    gradient: 'second',
    refuses: [{ name: 'rank', inputs: [real([4])], attrs: [2], error: 'ShapeError' }],
  }),
};
