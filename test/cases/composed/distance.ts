import type { Tensor } from '../../../lib/index.js';
import { floats, given, real } from '../case.js';
import { a, b, summed } from './loss-values.js';
import { composed, type ComposedRows } from './row.js';

const common = { dtypes: floats, tolerance: summed, gradient: 'second' } as const;

export const distances: ComposedRows = {
  'F.normalize': composed({
    call: (lg, options: { p?: number; dim?: number }, x: Tensor) => lg.F.normalize(x, options),
    cases: [
      {
        name: 'cubes',
        inputs: [a],
        attrs: { p: 3 },
        expected: [0.2392723, -0.4785446, 0.9570891, 0.9570891, 0.2392723, -0.4785446],
      },
      { name: 'squares', inputs: [real([3, 4], 0.5, 2)], attrs: { dim: 0 } },
      { name: 'a negative power', inputs: [real([3, 4], 0.5, 2)], attrs: { p: -1 } },
      { name: 'of nothing', inputs: [real([0, 4])], attrs: {} },
    ],
    refuses: [{ name: 'a dim that is not', inputs: [real([3])], attrs: {}, error: 'IndexError' }],
    ...common,
  }),
  'F.cosineSimilarity': composed({
    call: (lg, options: { dim?: number }, x: Tensor, y: Tensor) => lg.F.cosineSimilarity(x, y, options),
    cases: [
      { name: 'small', inputs: [a, b], attrs: {}, expected: [-0.1198981, -0.5657789] },
      { name: 'broadcast', inputs: [real([2, 1, 4]), real([3, 4])], attrs: { dim: -1 } },
      { name: 'a middle dim', inputs: [real([2, 3, 4]), real([3, 1])], attrs: { dim: -2 } },
      { name: 'of nothing', inputs: [real([0, 4]), real([0, 4])], attrs: {} },
    ],
    refuses: [{ name: 'shapes', inputs: [real([2, 3]), real([2, 4])], attrs: {}, error: 'ShapeError' }],
    ...common,
  }),
  'F.pairwiseDistance': composed({
    call: (lg, options: { p?: number; keepdim?: boolean }, x: Tensor, y: Tensor) =>
      lg.F.pairwiseDistance(x, y, options),
    cases: [
      { name: 'cubes', inputs: [a, b], attrs: { p: 3 }, expected: [2.7637052, 2.6691323] },
      { name: 'squares', inputs: [real([3, 4]), real([4], 2.5, 4)], attrs: { keepdim: true } },
      { name: 'of nothing', inputs: [real([0, 4]), real([0, 4])], attrs: {} },
    ],
    refuses: [{ name: 'shapes', inputs: [real([2, 3]), real([2, 4])], attrs: {}, error: 'ShapeError' }],
    ...common,
  }),
  'F.pdist': composed({
    call: (lg, options: { p?: number }, x: Tensor) => lg.F.pdist(x, options),
    cases: [
      {
        name: 'four rows',
        inputs: [given([4, 3], [0.5, -1, 2, 1, 0.25, -0.5, 1, 1.5, 0.25, -0.5, 0.5, 2])],
        attrs: { p: 1.5 },
        expected: [3.1923962, 3.5261544, 2.0040945, 1.6122062, 3.2706552, 2.9830394],
      },
      { name: 'squares', inputs: [real([5, 3])], attrs: {} },
      { name: 'of nothing', inputs: [real([0, 4])], attrs: {} },
    ],
    refuses: [
      { name: 'a vector', inputs: [real([3])], attrs: {}, error: 'ShapeError' },
      { name: 'p', inputs: [real([3, 2])], attrs: { p: -1 }, error: 'ValueError' },
    ],
    ...common,
  }),
  renorm: composed({
    call: (lg, [p, dim, most]: readonly [number, number, number], x: Tensor) => lg.renorm(x, p, dim, most),
    cases: [
      {
        name: 'columns',
        inputs: [a],
        attrs: [2, 1, 1],
        expected: [0.4472136, -0.9701424, 0.9701425, 0.8944271, 0.2425356, -0.2425356],
      },
      { name: 'blocks', inputs: [real([2, 3, 2], 0.5, 2)], attrs: [1, -1, 2] },
      { name: 'of nothing', inputs: [real([0, 4])], attrs: [2, 0, 1] },
    ],
    refuses: [{ name: 'a vector', inputs: [real([3])], attrs: [2, 0, 1], error: 'ShapeError' }],
    ...common,
  }),
};
