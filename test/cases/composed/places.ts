import type {
  IndexEntry,
  IndexPutOptions,
  PutOptions,
  ScatterOptions,
  ScatterReduceOptions,
  ScatterReduction,
  SegmentReduceOptions,
  SliceRange,
  Tensor,
} from '../../../lib/index.js';
import { distinct, floats, given, index, mask, numbers, real, type Source, type Tolerance } from '../case.js';
import { moving } from './moving.js';
import type { ComposedRow, ComposedRows } from './row.js';

const square = given([2, 2], [1, 2, 3, 4]);
const three = given([3], [1, 2, 3]);
const four = given([4], [1, 2, 3, 4]);
const places = (...at: number[]): Source => given([at.length], at, 'int64');
const flags = (...at: number[]): Source => given([at.length], at, 'bool');
const none = undefined;

const summed: Tolerance = { relative: 1e-6, float64: 1e-14, why: 'products and quotients of a few elements' };

function slices(name: 'indexAdd' | 'indexCopy', expected: readonly number[]): ComposedRow {
  return moving(
    (lg, dim: number, x: Tensor, at: Tensor, source: Tensor) => lg[name](x, dim, at, source),
    [[[three, places(2, 0), given([2], [8, 9])], 0, expected]],
    [
      [[real([2, 3]), places(1, 2), real([2, 2])], -1],
      [[real([3]), given([], [1], 'int64'), real([1])], 0],
      [[real([0, 2]), places(1), real([0, 1])], 1],
    ],
    [
      ['IndexError', [three, places(-1), real([1])], 0],
      ['ShapeError', [three, places(1), real([2])], 0],
      ['DTypeError', [three, places(1), given([1], [1], 'bool')], 0],
    ],
    { dtypes: numbers, tolerance: summed },
  );
}

type Reduced = readonly [dim: number, reduce: ScatterReduction, options?: ScatterReduceOptions];

export const placing: ComposedRows = {
  indexAdd: slices('indexAdd', [10, 2, 11]),
  indexCopy: slices('indexCopy', [9, 2, 8]),
  indexFill: moving(
    (lg, [dim, value]: readonly [number, number?], x: Tensor, at: Tensor, filling?: Tensor) =>
      lg.indexFill(x, dim, at, filling ?? value!),
    [
      [
        [three, places(0, -1)],
        [0, 1],
        [1, 2, 1],
      ],
    ],
    [
      [[real([2, 3]), places(1), real([])], [1]],
      [
        [real([]), places(0)],
        [0, 1],
      ],
      [
        [real([0, 2]), places(1)],
        [1, 1],
      ],
    ],
    [
      ['IndexError', [three, places(3)], [0, 1]],
      ['ShapeError', [three, places(1), real([1])], [0]],
      ['ValueError', [given([1], [1], 'int8'), places(0)], [0, 300]],
    ],
  ),
  indexReduce: moving(
    (lg, [dim, reduce, options]: Reduced, x: Tensor, at: Tensor, source: Tensor) =>
      lg.indexReduce(x, dim, at, source, reduce as 'prod', options),
    [
      [
        [three, places(0, 0), given([2], [5, 4])],
        [0, 'prod'],
        [20, 2, 3],
      ],
      [
        [three, places(0, 0), given([2], [5, 3])],
        [0, 'mean', { includeSelf: false }],
        [4, 2, 3],
      ],
    ],
    [
      [
        [distinct([4, 2]), places(1, 1, 3), distinct([3, 2])],
        [0, 'amax'],
      ],
      [
        [distinct([2, 4]), places(1, 1, 3), distinct([2, 3])],
        [1, 'amin', { includeSelf: false }],
      ],
      [
        [real([0, 2]), places(1), real([0, 1])],
        [1, 'mean'],
      ],
    ],
    [
      ['ValueError', [three, places(0), real([1])], [0, 'sum']],
      ['ShapeError', [three, places(0, 1), real([1])], [0, 'amax']],
    ],
    { dtypes: floats, tolerance: summed },
  ),
  scatter: moving(
    (
      lg,
      [dim, value, options]: readonly [number, number?, ScatterOptions?],
      x: Tensor,
      at: Tensor,
      source?: Tensor,
    ) => lg.scatter(x, dim, at, source ?? value!, options),
    [
      [[three, places(2, 0), given([2], [8, 9])], [0], [9, 2, 8]],
      [
        [three, places(1)],
        [0, 1],
        [1, 1, 3],
      ],
      [
        [three, places(1, 1), given([2], [2, 2])],
        [0, undefined, { reduce: 'multiply' }],
        [1, 8, 3],
      ],
    ],
    [
      [[real([2, 3]), given([1, 2], [2, 0], 'int64'), real([2, 2])], [1]],
      [
        [real([3]), places(1, 1), real([2])],
        [0, undefined, { reduce: 'add' }],
      ],
      [[real([0, 2]), index([0, 1], 2), real([0, 1])], [1]],
    ],
    [
      ['IndexError', [three, places(-1), real([1])], [0]],
      ['ShapeError', [three, places(1, 2), real([1])], [0]],
      ['DTypeError', [three, places(1), given([1], [1], 'bool')], [0]],
    ],
    { dtypes: numbers, tolerance: summed },
  ),
  scatterReduce: moving(
    (lg, [dim, reduce, options]: Reduced, x: Tensor, at: Tensor, source: Tensor) =>
      lg.scatterReduce(x, dim, at, source, reduce, options),
    [
      [
        [three, places(0, 0), given([2], [5, 4])],
        [0, 'sum'],
        [10, 2, 3],
      ],
      [
        [three, places(0, 0), given([2], [5, 4])],
        [0, 'sum', { includeSelf: false }],
        [9, 2, 3],
      ],
      [
        [three, places(0, 0), given([2], [5, 3])],
        [0, 'mean'],
        [3, 2, 3],
      ],
      [
        [three, places(0, 2), given([2], [5, 2])],
        [0, 'amax'],
        [5, 2, 3],
      ],
      [
        [three, places(0, 0), given([2], [5, 4])],
        [0, 'amin', { includeSelf: false }],
        [4, 2, 3],
      ],
      [
        [given([2], [NaN, 1], 'float64'), places(0, 1), given([2], [2, NaN], 'float64')],
        [0, 'amax'],
        [NaN, NaN],
      ],
    ],
    [
      [
        [real([2, 3]), index([2, 4], 3), real([3, 4])],
        [1, 'mean', { includeSelf: false }],
      ],
      [
        [distinct([4]), index([6], 4), distinct([6])],
        [0, 'prod', { includeSelf: false }],
      ],
      [
        [given([2], [0, 2]), places(0, 1, 1, 1), given([4], [3, 0, 4, 5])],
        [0, 'prod'],
      ],
      [
        [real([0, 2]), index([0, 1], 2), real([0, 1])],
        [1, 'amax'],
      ],
    ],
    [
      ['ValueError', [three, places(0), real([1])], [0, 'max' as 'amax']],
      ['ShapeError', [three, places(0, 1), real([1])], [0, 'amax']],
    ],
    { dtypes: floats, tolerance: summed },
  ),
  indexPut: moving(
    (
      lg,
      [entries, options]: readonly [(at: readonly Tensor[]) => readonly IndexEntry[], IndexPutOptions?],
      x: Tensor,
      values: Tensor,
      ...at: Tensor[]
    ) => lg.indexPut(x, entries(at), values, options),
    [
      [
        [three, given([2], [8, 9]), places(2, 0)],
        [(at) => at, none],
        [9, 2, 8],
      ],
      [
        [square, given([], [9]), given([2, 2], [1, 0, 0, 1], 'bool')],
        [(at) => at, none],
        [9, 2, 3, 9],
      ],
      [
        [square, given([2], [8, 9])],
        [() => [{}, 1], none],
        [1, 8, 3, 9],
      ],
    ],
    [
      [[real([4, 3, 2]), real([4, 2]), places(2, -1), places(0, 1)], [(at) => ['...', at[0]!, at[1]!]]],
      [
        [real([4, 3, 2]), real([2, 3]), places(2, 2), places(0, 0)],
        [([a, b]) => [a!, {}, b!], { accumulate: true }],
      ],
      [
        [real([4, 3]), real([1, 3])],
        [() => [{ step: 2 }], { accumulate: true }],
      ],
      [[real([0, 3]), real([]), places(1)], [([a]) => [{}, a!]]],
    ],
    [
      ['IndexError', [three, real([1]), places(3)], [(at) => at]],
      ['ShapeError', [three, real([3]), places(0, 1)], [(at) => at]],
      ['DTypeError', [three, given([1], [1], 'bool'), places(0)], [(at) => at]],
    ],
    { dtypes: numbers, tolerance: summed },
  ),
  take: moving(
    (lg, _: undefined, x: Tensor, at: Tensor) => lg.take(x, at),
    [[[square, places(0, -1)], none, [1, 4]]],
    [
      [[real([2, 3]), index([2, 2], 6, -6)], none],
      [[real([2]), index([0], 2)], none],
    ],
    [['IndexError', [square, places(4)], none]],
  ),
  put: moving(
    (lg, options: PutOptions, x: Tensor, at: Tensor, source: Tensor) => lg.put(x, at, source, options),
    [
      [[square, places(1, -1), given([2], [8, 9])], {}, [1, 8, 3, 9]],
      [[square, places(1, 1), given([2], [8, 9])], { accumulate: true }, [1, 19, 3, 4]],
    ],
    [
      [[real([2, 3]), given([1, 2], [5, 0], 'int32'), real([2])], {}],
      [[real([2]), index([0], 2), real([0])], {}],
    ],
    [
      ['ShapeError', [square, places(1), real([2])], {}],
      ['IndexError', [square, places(4), real([1])], {}],
    ],
    { dtypes: numbers, tolerance: summed },
  ),
  takeAlongDim: moving(
    (lg, options: { dim?: number }, x: Tensor, at: Tensor) => lg.takeAlongDim(x, at, options),
    [
      [[square, given([2, 1], [1, 0], 'int64')], { dim: 1 }, [2, 3]],
      [[square, places(3, 0)], {}, [4, 1]],
    ],
    [
      [[real([2, 3]), index([1, 4], 3, -3)], { dim: 1 }],
      [[real([1, 3]), index([2, 2], 3)], { dim: -1 }],
      [[real([0, 3]), index([0, 1], 3)], { dim: 1 }],
    ],
    [
      ['ShapeError', [square, places(0)], { dim: 0 }],
      ['IndexError', [square, given([1, 1], [2], 'int64')], { dim: 0 }],
    ],
  ),
  maskedFill: moving(
    (lg, value: number | undefined, x: Tensor, where: Tensor, filling?: Tensor) =>
      lg.maskedFill(x, where, filling ?? value!),
    [[[three, flags(1, 0, 1)], 0, [0, 2, 0]]],
    [
      [[real([2, 3]), mask([3]), real([])], undefined],
      [[real([3]), mask([2, 1])], 1],
      [[real([0, 2]), mask([2])], 1],
    ],
    [
      ['DTypeError', [three, places(1, 0, 1)], 0],
      ['ShapeError', [three, mask([2])], 0],
      ['ShapeError', [three, mask([3]), real([1])], undefined],
      ['ValueError', [given([1], [1], 'uint8'), flags(1)], 256],
    ],
  ),
  maskedSelect: moving(
    (lg, _: undefined, x: Tensor, where: Tensor) => lg.maskedSelect(x, where),
    [[[three, flags(1, 0, 1)], none, [1, 3]]],
    [
      [[real([2, 3]), flags(0, 1, 1)], none],
      [[real([3]), given([2, 1], [1, 0], 'bool')], none],
      [[real([0, 2]), flags(0, 1)], none],
    ],
    [
      ['DTypeError', [three, places(1, 0, 1)], none],
      ['ShapeError', [three, mask([2])], none],
    ],
  ),
  maskedScatter: moving(
    (lg, _: undefined, x: Tensor, where: Tensor, source: Tensor) => lg.maskedScatter(x, where, source),
    [[[three, flags(1, 0, 1), given([3], [7, 8, 9])], none, [7, 2, 8]]],
    [
      [[real([2, 3]), flags(0, 1, 1), real([2, 2])], none],
      [[real([0, 2]), flags(0, 1), real([1])], none],
    ],
    [
      ['ShapeError', [three, flags(1, 1, 1), real([2])], none],
      ['DTypeError', [three, places(1, 0, 1), three], none],
      ['DTypeError', [three, flags(1, 0, 0), given([1], [1], 'bool')], none],
    ],
    { dtypes: numbers },
  ),
  selectScatter: moving(
    (lg, [dim, at]: readonly [number, number], x: Tensor, source: Tensor) =>
      lg.selectScatter(x, source, dim, at),
    [
      [
        [square, given([2], [8, 9])],
        [1, -1],
        [1, 8, 3, 9],
      ],
    ],
    [
      [
        [real([2, 3, 4]), real([2, 4])],
        [1, 0],
      ],
      [
        [real([0, 2]), real([0])],
        [1, 1],
      ],
    ],
    [
      ['ShapeError', [square, real([3])], [0, 0]],
      ['IndexError', [square, real([2])], [0, 2]],
    ],
  ),
  sliceScatter: moving(
    (lg, options: SliceRange & { dim?: number }, x: Tensor, source: Tensor) =>
      lg.sliceScatter(x, source, options),
    [[[three, given([2], [8, 9])], { start: 1 }, [1, 8, 9]]],
    [
      [[real([2, 5]), real([2, 2])], { dim: -1, start: 1, stop: 4, step: 2 }],
      [[real([0, 2]), real([0, 1])], { dim: 1, stop: 1 }],
    ],
    [['ShapeError', [three, real([1])], { start: 1 }]],
  ),
  // The lengths are made in the call: they would not add up in every layout.
  segmentReduce: moving(
    (
      lg,
      [reduce, lengths, options = {}, byOffsets = false]: readonly [
        'sum' | 'mean' | 'max' | 'min' | 'prod',
        readonly number[] | readonly (readonly number[])[],
        SegmentReduceOptions?,
        boolean?,
      ],
      x: Tensor,
    ) =>
      lg.tidy(() => {
        const given = lg.tensor(lengths, { dtype: 'int64' });
        return lg.segmentReduce(x, reduce, { ...options, [byOffsets ? 'offsets' : 'lengths']: given });
      }),
    [
      [[four], ['sum', [1, 3]], [1, 9]],
      [[four], ['mean', [0, 4]], [NaN, 2.5]],
      [[four], ['max', [0, 4], { initial: 3.5 }], [3.5, 4]],
    ],
    [
      [[distinct([5, 2])], ['min', [0, 2, 5], {}, true]],
      [
        [distinct([2, 3])],
        [
          'prod',
          [
            [1, 2],
            [3, 0],
          ],
          { axis: 1 },
        ],
      ],
      [[real([0, 2])], ['sum', [0]]],
    ],
    [
      ['ValueError', [four], ['sum', [1, 1]]],
      ['ShapeError', [four], ['sum', [[4]]]],
    ],
    { dtypes: floats, tolerance: summed },
  ),
};
