import type { DimOptions, LogsumexpOptions, ReduceOptions, Tensor, VarOptions } from '../../../lib/index.js';
import { distinct, everyDType, exact, floats, given, real, type Tolerance } from '../case.js';
import { composed, type ComposedRow, type ComposedRows } from './row.js';

const summed: Tolerance = { relative: 4e-6, float64: 1e-14, why: 'another order of summation' };

function truth(name: 'all' | 'any'): ComposedRow {
  return composed({
    call: (lg, options: ReduceOptions, x: Tensor) => lg[name](x, options),
    cases: [
      {
        name: 'of all',
        inputs: [given([2, 2], [0, 1, 0, 0])],
        attrs: {},
        expected: [name === 'any' ? 1 : 0],
      },
      { name: 'rows', inputs: [given([2, 2], [1, 1, 0, 0])], attrs: { dim: 1 }, expected: [1, 0] },
      { name: 'two dims, kept', inputs: [real([2, 3, 2])], attrs: { dim: [0, -1], keepdim: true } },
      {
        name: 'of nothing',
        inputs: [real([0, 2])],
        attrs: { dim: 0 },
        expected: name === 'any' ? [0, 0] : [1, 1],
      },
      { name: 'NaN is true', inputs: [given([2], [NaN, 1], 'float32')], attrs: {}, expected: [1] },
    ],
    dtypes: everyDType,
    tolerance: exact,
    gradient: 'none',
    refuses: [{ name: 'a dim that is not', inputs: [real([2])], attrs: { dim: 1 }, error: 'IndexError' }],
  });
}

function extremum(name: 'max' | 'min'): ComposedRow {
  return composed({
    call: (lg, options: (DimOptions & { dim: number }) | undefined, x: Tensor) =>
      options === undefined ? lg[name](x) : { ...lg[name](x, options) },
    cases: [
      {
        name: 'of all',
        inputs: [given([3], [2, 5, 1])],
        attrs: undefined,
        expected: [name === 'max' ? 5 : 1],
      },
      { name: 'of all, far from ties', inputs: [distinct([3, 4])], attrs: undefined },
      { name: 'rows', inputs: [distinct([3, 4])], attrs: { dim: 1 } },
      { name: 'columns, kept', inputs: [distinct([3, 4])], attrs: { dim: 0, keepdim: true } },
      { name: 'no rows', inputs: [real([0, 4])], attrs: { dim: 1 } },
    ],
    dtypes: everyDType,
    tolerance: exact,
    gradient: 'second',
    refuses: [{ name: 'of nothing', inputs: [real([2, 0])], attrs: { dim: 1 }, error: 'IndexError' }],
  });
}

const minus = -Infinity;

export const reductions: ComposedRows = {
  all: truth('all'),
  any: truth('any'),
  logsumexp: composed({
    call: (lg, options: LogsumexpOptions, x: Tensor) => lg.logsumexp(x, options),
    cases: [
      {
        name: 'rows',
        inputs: [given([2, 2], [1, 1, 0, 5])],
        attrs: { dim: 1 },
        expected: [1.6931472, 5.0067153],
      },
      { name: 'columns, kept', inputs: [real([3, 4])], attrs: { dim: 0, keepdim: true } },
      { name: 'two dims', inputs: [real([2, 3, 4], -5, 5)], attrs: { dim: [0, -1] } },
      { name: '0-dim', inputs: [real([])], attrs: { dim: 0 } },
      { name: 'of nothing', inputs: [given([2, 0], [])], attrs: { dim: 1 }, expected: [minus, minus] },
      { name: 'no rows', inputs: [real([0, 3])], attrs: { dim: 1 } },
      {
        name: 'far from zero',
        inputs: [given([2, 2], [1000, 1000, -1000, -1000], 'float32')],
        attrs: { dim: 1 },
        expected: [1000.6931, -999.3069],
      },
      {
        name: 'infinite rows and NaN',
        inputs: [given([4, 2], [minus, minus, minus, 1, Infinity, 1, NaN, 1], 'float64')],
        attrs: { dim: 1 },
        expected: [minus, 1, Infinity, NaN],
      },
    ],
    dtypes: everyDType,
    tolerance: { relative: 4e-6, float64: 1e-14, why: 'exponentials of 2 ULP, another order of summation' },
    gradient: 'second',
    refuses: [
      { name: 'a dim that is not', inputs: [real([2])], attrs: { dim: 1 }, error: 'IndexError' },
      { name: 'a dim twice', inputs: [real([2, 2])], attrs: { dim: [1, -1] }, error: 'ValueError' },
    ],
  }),
  max: extremum('max'),
  min: extremum('min'),
  std: composed({
    call: (lg, options: VarOptions, x: Tensor) => lg.std(x, options),
    cases: [
      { name: 'of all', inputs: [given([3], [1.5, 3.5, 5.5])], attrs: {}, expected: [2] },
      { name: 'rows', inputs: [real([3, 4])], attrs: { dim: 1 } },
      {
        name: 'biased columns, kept',
        inputs: [real([3, 4])],
        attrs: { dim: 0, correction: 0, keepdim: true },
      },
      { name: 'no rows', inputs: [real([0, 4])], attrs: { dim: 1 } },
    ],
    dtypes: floats,
    rejects: ['bool', 'uint8', 'int32', 'int64'],
    tolerance: summed,
    gradient: 'second',
  }),
};
