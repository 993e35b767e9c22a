import type {
  BincountOptions,
  HistcOptions,
  HistogramOptions,
  SearchOptions,
  SortOptions,
  Tensor,
  UniqueOptions,
} from '../../../lib/index.js';
import { distinct, everyDType, exact, floats, given, index, mask, real } from '../case.js';
import type { ComposedResult } from './row.js';
import { composed, type ComposedRow, type ComposedRows } from './row.js';

const repeated = given([6], [3, 1, 1, 2, 3, 3]);
const rows = given([4, 2], [1, 2, 0, 5, 1, 2, 0, 4]);

/** A result that is a tensor, or an object some fields of which may be absent. */
function fields(result: object): ComposedResult {
  return 'requiresGrad' in result ? (result as Tensor) : { ...(result as Readonly<Record<string, Tensor>>) };
}

function different(
  name: 'unique' | 'uniqueConsecutive',
  ofRepeated: readonly number[],
  ofRows: readonly number[],
): ComposedRow {
  return composed({
    call: (lg, options: UniqueOptions, x: Tensor) => fields(lg[name](x, options)),
    cases: [
      { name: 'values', inputs: [repeated], attrs: {}, expected: ofRepeated },
      { name: 'all of it', inputs: [repeated], attrs: { returnInverse: true, returnCounts: true } },
      { name: 'rows', inputs: [rows], attrs: { dim: 0, returnInverse: true }, expected: ofRows },
      { name: 'columns', inputs: [real([2, 5], 0, 1)], attrs: { dim: 1, returnCounts: true } },
      { name: '3-D', inputs: [index([2, 3, 4], 3)], attrs: { returnInverse: true } },
      { name: '0-dim', inputs: [given([], [2])], attrs: { returnInverse: true, returnCounts: true } },
      { name: 'of nothing', inputs: [real([0])], attrs: { returnInverse: true, returnCounts: true } },
      { name: 'NaN', inputs: [given([4], [NaN, 1, NaN, 1], 'float32')], attrs: { returnCounts: true } },
    ],
    dtypes: everyDType,
    tolerance: exact,
    gradient: 'none',
    refuses: [{ name: 'a dim that is not', inputs: [repeated], attrs: { dim: 1 }, error: 'IndexError' }],
  });
}

export const sortings: ComposedRows = {
  argsort: composed({
    call: (lg, options: SortOptions, x: Tensor) => lg.argsort(x, options),
    cases: [
      { name: 'stable', inputs: [repeated], attrs: {}, expected: [1, 2, 3, 0, 4, 5] },
      { name: 'descending', inputs: [distinct([3, 4])], attrs: { dim: 0, descending: true } },
      { name: 'of nothing', inputs: [real([0, 2])], attrs: { dim: 0 } },
    ],
    dtypes: everyDType,
    tolerance: exact,
    gradient: 'none',
    refuses: [{ name: 'a dim that is not', inputs: [repeated], attrs: { dim: 1 }, error: 'IndexError' }],
  }),
  argwhere: composed({
    call: (lg, _: undefined, x: Tensor) => lg.argwhere(x),
    cases: [
      { name: 'small', inputs: [given([2, 2], [0, 1, 1, 0])], attrs: undefined, expected: [0, 1, 1, 0] },
      { name: 'bool', inputs: [mask([3, 4, 2])], attrs: undefined },
      { name: '0-dim', inputs: [given([], [1])], attrs: undefined },
      { name: 'of nothing', inputs: [real([0, 2])], attrs: undefined },
    ],
    dtypes: everyDType,
    tolerance: exact,
    gradient: 'none',
  }),
  bincount: composed({
    call: (lg, minlength: number, x: Tensor, weights?: Tensor | null) => {
      const options: BincountOptions = { minlength, ...(weights && { weights }) };
      return lg.bincount(x, options);
    },
    cases: [
      { name: 'small', inputs: [given([3], [0, 2, 2])], attrs: 0, expected: [1, 0, 2] },
      { name: 'weights', inputs: [given([3], [0, 2, 2]), real([3])], attrs: 5 },
      { name: 'many', inputs: [index([4000], 50), real([4000])], attrs: 0 },
      { name: 'of nothing', inputs: [given([0], [])], attrs: 3, expected: [0, 0, 0] },
    ],
    dtypes: ['uint8', 'int32', 'int64'],
    rejects: ['bool', 'float32', 'float64'],
    tolerance: exact,
    gradient: 'none',
    refuses: [
      { name: 'negative', inputs: [given([2], [1, -1])], attrs: 0, error: 'ValueError' },
      { name: '2-D', inputs: [index([2, 2], 3)], attrs: 0, error: 'ShapeError' },
    ],
  }),
  bucketize: composed({
    call: (lg, options: SearchOptions, x: Tensor, boundaries: Tensor) => lg.bucketize(x, boundaries, options),
    cases: [
      {
        name: 'left',
        inputs: [given([3], [0, 3, 9]), given([3], [1, 3, 5])],
        attrs: {},
        expected: [0, 1, 3],
      },
      {
        name: 'right, int32',
        inputs: [given([2, 2], [0, 3, 9, 1]), given([3], [1, 3, 5])],
        attrs: { right: true, outInt32: true },
        expected: [0, 2, 3, 1],
      },
      { name: 'of nothing', inputs: [real([0]), given([1], [1])], attrs: {} },
    ],
    dtypes: everyDType.filter((dtype) => dtype !== 'bool'),
    tolerance: exact,
    gradient: 'none',
    refuses: [{ name: 'two rows', inputs: [real([2]), real([2, 2])], attrs: {}, error: 'ShapeError' }],
  }),
  histc: composed({
    call: (lg, options: HistcOptions, x: Tensor) => lg.histc(x, options),
    cases: [
      {
        name: 'small',
        inputs: [given([5], [1, 2, 1, 3, 7])],
        attrs: { bins: 3, min: 0, max: 3 },
        expected: [0, 2, 2],
      },
      { name: 'range of x', inputs: [real([300])], attrs: { bins: 7 } },
      { name: 'one value', inputs: [given([3], [2, 2, 2])], attrs: { bins: 2 }, expected: [0, 3] },
      {
        name: 'NaN',
        inputs: [given([3], [NaN, 1, Infinity])],
        attrs: { bins: 2, min: 0, max: 2 },
        expected: [0, 1],
      },
      { name: 'of nothing', inputs: [real([0])], attrs: { bins: 2 }, expected: [0, 0] },
    ],
    dtypes: floats,
    rejects: ['bool', 'uint8', 'int32', 'int64'],
    tolerance: exact,
    gradient: 'none',
    refuses: [{ name: 'no bins', inputs: [real([2])], attrs: { bins: 0 }, error: 'ValueError' }],
  }),
  histogram: composed({
    call: (
      lg,
      [bins, options]: readonly [number | undefined, HistogramOptions?],
      x: Tensor,
      edges?: Tensor | null,
    ) => fields(lg.histogram(x, bins ?? edges!, options)),
    cases: [
      {
        name: 'small',
        inputs: [given([5], [1, 2, 1, 3, 7])],
        attrs: [3, { range: [0, 3] }],
        expected: [0, 2, 2],
      },
      {
        name: 'edges, density',
        inputs: [given([4], [0, 1, 2, 4]), given([3], [0, 1, 4])],
        attrs: [undefined, { density: true }],
        expected: [0.25, 0.25],
      },
      { name: 'range of x', inputs: [real([300])], attrs: [6] },
      { name: 'of nothing', inputs: [real([0])], attrs: [2], expected: [0, 0] },
    ],
    dtypes: floats,
    rejects: ['bool', 'uint8', 'int32', 'int64'],
    tolerance: { relative: 1e-6, float64: 1e-14, why: 'edges are rounded once more or less' },
    gradient: 'none',
    refuses: [{ name: 'no bins', inputs: [real([2])], attrs: [0], error: 'ValueError' }],
  }),
  msort: composed({
    call: (lg, _: undefined, x: Tensor) => lg.msort(x),
    cases: [
      { name: 'small', inputs: [given([2, 2], [3, 1, 2, 4])], attrs: undefined, expected: [2, 1, 3, 4] },
      { name: '3-D', inputs: [distinct([4, 2, 3])], attrs: undefined },
      { name: 'of nothing', inputs: [real([0, 2])], attrs: undefined },
    ],
    dtypes: everyDType,
    tolerance: exact,
    gradient: 'second',
  }),
  nonzero: composed({
    call: (lg, asTuple: boolean, x: Tensor) => (asTuple ? lg.nonzero(x, { asTuple }) : lg.nonzero(x)),
    cases: [
      { name: 'small', inputs: [given([2, 2], [0, 1, 1, 0])], attrs: false, expected: [0, 1, 1, 0] },
      { name: 'tuple', inputs: [given([2, 3], [0, 1, 1, 0, 1, 0])], attrs: true, expected: [0, 0, 1] },
      { name: 'by all threads', inputs: [mask([130, 200])], attrs: false },
      { name: '0-dim', inputs: [given([], [1])], attrs: true },
      { name: 'of nothing', inputs: [real([0, 2])], attrs: false },
    ],
    dtypes: everyDType,
    tolerance: exact,
    gradient: 'none',
  }),
  searchsorted: composed({
    call: (lg, options: SearchOptions, row: Tensor, values: Tensor, sorter?: Tensor | null) =>
      lg.searchsorted(row, values, { ...options, ...(sorter && { sorter }) }),
    cases: [
      {
        name: 'left',
        inputs: [given([3], [1, 3, 5]), given([3], [3, 4, 9])],
        attrs: {},
        expected: [1, 2, 3],
      },
      {
        name: 'side, int32',
        inputs: [given([3], [1, 3, 5]), given([3], [3, 4, 0])],
        attrs: { side: 'right', outInt32: true },
        expected: [2, 2, 0],
      },
      {
        name: 'sorter',
        inputs: [given([3], [5, 1, 3]), given([2], [3, 4]), given([3], [1, 2, 0], 'int64')],
        attrs: {},
        expected: [1, 2],
      },
      { name: 'of nothing', inputs: [given([3], [1, 3, 5]), real([0])], attrs: {} },
    ],
    dtypes: everyDType.filter((dtype) => dtype !== 'bool'),
    tolerance: exact,
    gradient: 'none',
    refuses: [
      { name: 'rows that do not fit', inputs: [real([2, 3]), real([3, 3])], attrs: {}, error: 'ShapeError' },
      {
        name: 'left and right',
        inputs: [real([3]), real([3])],
        attrs: { right: true, side: 'left' },
        error: 'ValueError',
      },
    ],
  }),
  unique: different('unique', [1, 2, 3], [0, 4, 0, 5, 1, 2]),
  uniqueConsecutive: different('uniqueConsecutive', [3, 1, 2, 3], [1, 2, 0, 5, 1, 2, 0, 4]),
};
