import type {
  CovOptions,
  DimOptions,
  PNormOptions,
  QuantileOptions,
  ReduceOptions,
  SumOptions,
  Tensor,
  VarOptions,
} from '../../../lib/index.js';
import { distinct, everyDType, exact, floats, given, numbers, real, type Tolerance } from '../case.js';
import { composed, type ComposedRow, type ComposedRows } from './row.js';

const summed: Tolerance = { relative: 2e-5, float64: 1e-13, why: 'another order of summation, roots' };
const integers = ['bool', 'uint8', 'int32', 'int64'] as const;
const gaps = given([2, 3], [1.5, NaN, 2, NaN, NaN, NaN], 'float64');

function moments(name: 'stdMean' | 'varMean', ofThree: number): ComposedRow {
  return composed({
    call: (lg, options: VarOptions, x: Tensor) => lg[name](x, options),
    cases: [
      { name: 'of all', inputs: [given([3], [1.5, 3.5, 5.5])], attrs: {}, expected: [ofThree] },
      { name: 'rows', inputs: [real([3, 4])], attrs: { dim: 1, keepdim: true } },
      { name: 'biased', inputs: [real([2, 3, 4])], attrs: { dim: [0, 2], correction: 0 } },
      { name: 'no rows', inputs: [real([0, 4])], attrs: { dim: 1 } },
    ],
    dtypes: floats,
    rejects: integers,
    tolerance: summed,
    gradient: 'second',
  });
}

function withoutNaN(name: 'nanmean' | 'nansum', expected: readonly number[]): ComposedRow {
  return composed({
    call: (lg, options: SumOptions, x: Tensor) => lg[name](x, options),
    cases: [
      { name: 'of all', inputs: [real([3, 4])], attrs: {} },
      { name: 'gaps', inputs: [gaps], attrs: { dim: 1 }, expected },
      { name: 'columns, kept', inputs: [real([3, 4])], attrs: { dim: 0, keepdim: true } },
      { name: 'in float64', inputs: [real([3, 4])], attrs: { dtype: 'float64' } },
      { name: 'of nothing', inputs: [real([0, 2])], attrs: { dim: 1 } },
    ],
    dtypes: name === 'nansum' ? everyDType : floats,
    ...(name === 'nanmean' && { rejects: integers }),
    tolerance: summed,
    gradient: 'second',
    refuses: [{ name: 'a dim that is not', inputs: [real([2])], attrs: { dim: 1 }, error: 'IndexError' }],
  });
}

type Point = readonly [q: number | undefined, options?: QuantileOptions];

function quantiles(name: 'nanquantile' | 'quantile', ofGaps: readonly number[]): ComposedRow {
  return composed<Point, [x: Tensor, at?: Tensor | null]>({
    call: (lg, [q, options], x, at) => lg[name](x, q ?? at!, options),
    cases: [
      { name: 'of all', inputs: [given([2, 2], [4, 1, 2, 3])], attrs: [0.5], expected: [2.5] },
      { name: 'gaps', inputs: [gaps], attrs: [0.5, { dim: 1 }], expected: ofGaps },
      {
        name: 'several',
        inputs: [distinct([3, 4]), given([3], [0, 0.4, 1])],
        attrs: [undefined, { dim: 0, keepdim: true }],
      },
      {
        name: 'middle dim',
        inputs: [distinct([2, 5, 3]), given([2], [0.1, 0.9])],
        attrs: [undefined, { dim: 1 }],
      },
      ...(['lower', 'higher', 'midpoint', 'nearest'] as const).map((interpolation) => ({
        name: interpolation,
        inputs: [distinct([3, 6])],
        attrs: [0.3, { dim: 1, interpolation }] as Point,
      })),
      { name: '0-dim', inputs: [real([])], attrs: [0.3, { dim: 0 }] },
    ],
    neverEmpty: 'of nothing it is an error, as in PyTorch',
    dtypes: floats,
    rejects: integers,
    tolerance: { relative: 1e-6, float64: 1e-14, why: 'interpolation is rounded once' },
    gradient: 'second',
    refuses: [
      { name: 'q above 1', inputs: [real([3])], attrs: [1.5], error: 'ValueError' },
      { name: 'of nothing', inputs: [real([0])], attrs: [0.5], error: 'ShapeError' },
    ],
  });
}

const far = [real([3, 4], 0.3, 2), real([3, 4], -2, -0.3)];

export const statistics: ComposedRows = {
  aminmax: composed({
    call: (lg, options: DimOptions, x: Tensor) => ({ ...lg.aminmax(x, options) }),
    cases: [
      { name: 'of all', inputs: [given([3], [3, 1, 2])], attrs: {}, expected: [1] },
      { name: 'rows', inputs: [distinct([3, 4])], attrs: { dim: 1, keepdim: true } },
      { name: 'no rows', inputs: [real([0, 4])], attrs: { dim: 1 } },
    ],
    dtypes: everyDType,
    tolerance: exact,
    gradient: 'second',
    refuses: [{ name: 'of nothing', inputs: [real([0])], attrs: {}, error: 'ShapeError' }],
  }),
  corrcoef: composed({
    call: (lg, _: undefined, x: Tensor) => lg.corrcoef(x),
    cases: [
      {
        name: 'opposite',
        inputs: [given([2, 3], [0, 1, 2, 4, 2, 0])],
        attrs: undefined,
        expected: [1, -1, -1, 1],
        noGradient: 'at the bounds -1 and 1',
      },
      {
        name: 'values',
        inputs: [real([3, 5])],
        attrs: undefined,
        noGradient: 'the diagonal is at the bound 1',
      },
      { name: 'of one', inputs: [real([5])], attrs: undefined, noGradient: 'constant' },
    ],
    neverEmpty: 'of no observations it is NaN throughout: test/conformance',
    dtypes: numbers,
    tolerance: summed,
    // Finite differences leave [-1, 1] on the diagonal; gradients are compared with PyTorch.
    gradient: 'none',
  }),
  countNonzero: composed({
    call: (lg, options: Pick<ReduceOptions, 'dim'>, x: Tensor) => lg.countNonzero(x, options),
    cases: [
      { name: 'columns', inputs: [given([2, 2], [0, 1, 1, 1])], attrs: { dim: 0 }, expected: [1, 2] },
      { name: 'of all', inputs: [given([3], [NaN, 0, 1], 'float32')], attrs: {}, expected: [2] },
      { name: 'of nothing', inputs: [real([0, 2])], attrs: { dim: [0, 1] }, expected: [0] },
    ],
    dtypes: everyDType,
    tolerance: exact,
    gradient: 'none',
  }),
  cov: composed({
    call: (
      lg,
      [correction, weights]: readonly [number, boolean],
      x: Tensor,
      f?: Tensor | null,
      a?: Tensor | null,
    ) => {
      const options: CovOptions = { correction, ...(f && { fweights: f }), ...(a && { aweights: a }) };
      return lg.cov(x, weights ? options : { correction });
    },
    cases: [
      {
        name: 'two',
        inputs: [given([2, 3], [0, 1, 2, 2, 1, 0])],
        attrs: [1, false],
        expected: [1, -1, -1, 1],
      },
      { name: 'of one', inputs: [real([5])], attrs: [0, false] },
      {
        name: 'weights',
        inputs: [real([3, 4]), given([4], [1, 2, 0, 3], 'int64'), real([4], 0.5, 2)],
        attrs: [1, true],
      },
      { name: 'counts', inputs: [real([3, 4]), given([4], [1, 2, 0, 3], 'int64')], attrs: [2, true] },
      { name: 'no variables', inputs: [real([0, 3])], attrs: [1, false] },
    ],
    dtypes: numbers,
    tolerance: summed,
    gradient: 'second',
    refuses: [
      { name: '3-D', inputs: [real([2, 2, 2])], attrs: [1, false], error: 'ShapeError' },
      {
        name: 'a negative weight',
        inputs: [real([2, 2]), given([2], [1, -1], 'int64')],
        attrs: [1, true],
        error: 'ValueError',
      },
    ],
  }),
  dist: composed({
    call: (lg, p: number | undefined, a: Tensor, b: Tensor) => lg.dist(a, b, p === undefined ? {} : { p }),
    cases: [
      { name: 'small', inputs: [given([2], [1, 2]), given([2], [4, 6])], attrs: undefined, expected: [5] },
      { name: 'p = 3', inputs: far, attrs: 3 },
      { name: 'broadcast', inputs: [real([3, 1], 0.3, 2), real([4], -2, -0.3)], attrs: 1.5 },
      { name: 'of nothing', inputs: [real([0]), real([0])], attrs: 2, expected: [0] },
    ],
    dtypes: floats,
    tolerance: summed,
    gradient: 'second',
    refuses: [{ name: 'shapes', inputs: [real([2]), real([3])], attrs: 2, error: 'ShapeError' }],
  }),
  nanmean: withoutNaN('nanmean', [1.75, NaN]),
  nansum: withoutNaN('nansum', [3.5, 0]),
  nanquantile: quantiles('nanquantile', [1.75, NaN]),
  quantile: quantiles('quantile', [NaN, NaN]),
  norm: composed({
    call: (lg, options: PNormOptions, x: Tensor) => lg.norm(x, options),
    cases: [
      { name: 'of all', inputs: [given([2], [3, 4])], attrs: {}, expected: [5] },
      { name: 'p = 1', inputs: [real([3, 4], -2, 2, [0])], attrs: { p: 1, dim: 1 } },
      { name: 'p = 3, kept', inputs: [real([3, 4], -2, 2, [0])], attrs: { p: 3, dim: 0, keepdim: true } },
      { name: 'p = 0.5', inputs: [real([3, 4], 0.3, 2)], attrs: { p: 0.5, dim: 1 } },
      { name: 'p = -1.5', inputs: [real([3, 4], 0.3, 2)], attrs: { p: -1.5, dim: 1 } },
      {
        name: 'p = 0',
        inputs: [given([3], [0, 2, -1])],
        attrs: { p: 0 },
        expected: [2],
        noGradient: 'a count',
      },
      { name: 'largest', inputs: [distinct([3, 5])], attrs: { p: Infinity, dim: 1 } },
      { name: 'smallest', inputs: [real([3, 5], 0.3, 2)], attrs: { p: -Infinity, dim: 1 } },
      { name: 'of zeros', inputs: [given([2], [0, 0])], attrs: { p: 2 }, expected: [0] },
      { name: 'of nothing', inputs: [real([0, 2])], attrs: { dim: 0 }, expected: [0, 0] },
    ],
    dtypes: floats,
    rejects: integers,
    tolerance: summed,
    gradient: 'second',
  }),
  stdMean: moments('stdMean', 2),
  varMean: moments('varMean', 4),
};
