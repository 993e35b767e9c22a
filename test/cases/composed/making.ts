import type {
  CombinationsOptions,
  LogspaceOptions,
  MeshgridOptions,
  OneHotOptions,
  Tensor,
  TriangleIndicesOptions,
  VanderOptions,
} from '../../../lib/index.js';
import { everyDType, given, index, numbers, real } from '../case.js';
import { moving } from './moving.js';
import type { ComposedResult, ComposedRow, ComposedRows, Library } from './row.js';

const two = given([2], [1, 2]);
const three = given([3], [3, 4, 5]);

/** Of a function that takes no tensor. */
const fixed = { dtypes: ['float32'], gradient: 'none', neverEmpty: 'takes no tensor' } as const;

function like(name: 'newEmpty' | 'newOnes' | 'newZeros', value: number): ComposedRow {
  return moving(
    (lg, shape: readonly number[], x: Tensor) => lg[name](x, shape),
    [[[two], [3], [value, value, value]]],
    [[[real([0])], [2, 0]]],
    [['ValueError', [two], [-1]]],
    { gradient: 'none' },
  );
}

function window(
  name: keyof Library['signal']['windows'],
  points: number,
  expected: readonly number[],
): ComposedRow {
  return moving(
    (lg, [M, sym]: readonly [number, boolean]) => lg.signal.windows[name](M, { sym, dtype: 'float64' }),
    [[[], [points, true], expected]],
    [
      [[], [7, false]],
      [[], [1, true]],
      [[], [0, true]],
    ],
    [['ValueError', [], [-1, true]]],
    {
      ...fixed,
      dtypes: ['float64'],
      tolerance: { relative: 1e-12, float64: 1e-12, why: 'i0 of two implementations' },
    },
  );
}

function triangle(name: 'trilIndices' | 'triuIndices', expected: readonly number[]): ComposedRow {
  return moving(
    (lg, [rows, columns, options]: readonly [number, number, TriangleIndicesOptions?]) =>
      lg[name](rows, columns, options),
    [[[], [2, 3], expected]],
    [
      [[], [3, 3, { offset: 1, dtype: 'int32' }]],
      [[], [4, 2, { offset: -2 }]],
      [[], [0, 3]],
    ],
    [['ValueError', [], [-1, 2]]],
    fixed,
  );
}

export const making: ComposedRows = {
  newEmpty: like('newEmpty', 0),
  newOnes: like('newOnes', 1),
  newZeros: like('newZeros', 0),
  newFull: moving(
    (lg, value: number, x: Tensor) => lg.newFull(x, [2], value),
    [[[two], 1, [1, 1]]],
    [[[real([0])], 7]],
    [['ValueError', [given([1], [1], 'uint8')], 256]],
    { gradient: 'none' },
  ),
  scalarTensor: moving(
    (lg, value: number) => lg.scalarTensor(value),
    [[[], 2.5, [2.5]]],
    [],
    [['ValueError', [], 1e39]],
    fixed,
  ),
  asTensor: moving(
    (lg, dtype: 'float64' | undefined, x: Tensor) => [
      lg.asTensor(x, dtype && { dtype }),
      lg.asTensor([1, 2]),
    ],
    [[[two], undefined, [1, 2]]],
    [
      [[real([0, 2])], undefined],
      [[two], 'float64'],
    ],
    [],
    { gradient: 'first' },
  ),
  logspace: moving(
    (lg, [steps, options]: readonly [number, LogspaceOptions?]) => lg.logspace(-1, 2, steps, options),
    [[[], [4], [0.1, 1, 10, 100]]],
    [
      [[], [3, { base: 2 }]],
      [[], [5, { dtype: 'int32' }]],
      [[], [0]],
    ],
    [['ValueError', [], [1.5]]],
    { ...fixed, tolerance: { ulp: 1, float64Ulp: 1, why: 'powers in float64, rounded' } },
  ),
  meshgrid: moving(
    (lg, options: MeshgridOptions, ...tensors: Tensor[]) => lg.meshgrid(tensors, options),
    [
      [[two, three], {}, [1, 1, 1, 2, 2, 2]],
      [[two, three], { indexing: 'xy' }, [1, 2, 1, 2, 1, 2]],
    ],
    [
      [[real([2]), real([]), real([3])], { indexing: 'xy' }],
      [[real([0]), two], {}],
    ],
    [
      ['ShapeError', [real([2, 2])], {}],
      ['DTypeError', [two, given([1], [1], 'bool')], {}],
    ],
  ),
  cartesianProd: moving(
    (lg, _: undefined, ...tensors: Tensor[]) => lg.cartesianProd(tensors),
    [[[two, three], undefined, [1, 3, 1, 4, 1, 5, 2, 3, 2, 4, 2, 5]]],
    [
      [[two], undefined],
      [[real([3]), real([0])], undefined],
    ],
    [['ShapeError', [real([])], undefined]],
  ),
  combinations: moving(
    (lg, options: CombinationsOptions, x: Tensor) => lg.combinations(x, options),
    [
      [[three], {}, [3, 4, 3, 5, 4, 5]],
      [[two], { withReplacement: true }, [1, 1, 1, 2, 2, 2]],
    ],
    [
      [[real([4])], { r: 3 }],
      [[real([2])], { r: 3 }],
      [[real([0])], {}],
    ],
    [
      ['ShapeError', [real([2, 2])], {}],
      ['ValueError', [two], { r: -1 }],
    ],
  ),
  trilIndices: triangle('trilIndices', [0, 1, 1, 0, 0, 1]),
  triuIndices: triangle('triuIndices', [0, 0, 0, 1, 1, 0, 1, 2, 1, 2]),
  vander: moving(
    (lg, options: VanderOptions, x: Tensor) => lg.vander(x, options),
    [
      [[two], { N: 3 }, [1, 1, 1, 4, 2, 1]],
      [[two], { N: 3, increasing: true }, [1, 1, 1, 1, 2, 4]],
    ],
    [
      [[real([2, 3])], {}],
      [[real([2])], { N: 1 }],
      [[real([2])], { N: 0 }],
      [[real([0])], {}],
    ],
    [['ShapeError', [real([])], {}]],
    { dtypes: numbers, tolerance: { relative: 1e-6, float64: 1e-15, why: 'a product in float64 or not' } },
  ),
  'F.oneHot': moving(
    (lg, options: OneHotOptions, x: Tensor) => lg.F.oneHot(x, options),
    [[[given([2], [2, 0], 'int64')], {}, [0, 0, 1, 1, 0, 0]]],
    [
      [[index([2, 3], 4)], { numClasses: 5 }],
      [[index([0], 4)], { numClasses: 2 }],
    ],
    [
      ['IndexError', [given([1], [3], 'int64')], { numClasses: 3 }],
      ['IndexError', [given([1], [-1], 'int64')], {}],
      ['ValueError', [index([0], 4)], {}],
      ['DTypeError', [given([1], [1], 'float32')], {}],
    ],
    { dtypes: ['int64'], gradient: 'none' },
  ),
  'signal.windows.hann': window('hann', 5, [0, 0.5, 1, 0.5, 0]),
  'signal.windows.hamming': window('hamming', 3, [0.08, 1, 0.08]),
  'signal.windows.blackman': window('blackman', 5, [0, 0.34, 1, 0.34, 0]),
  'signal.windows.bartlett': window('bartlett', 4, [0, 2 / 3, 2 / 3, 0]),
  'signal.windows.gaussian': window('gaussian', 3, [0.60653066, 1, 0.60653066]),
  'signal.windows.kaiser': window('kaiser', 4, [5.2773e-5, 0.5188447, 0.5188447, 5.2773e-5]),
  broadcastTensors: moving(
    (lg, _: undefined, ...tensors: Tensor[]): ComposedResult => lg.broadcastTensors(tensors),
    [[[given([2, 1], [1, 2]), three], undefined, [1, 1, 1, 2, 2, 2]]],
    [[[real([0, 1]), real([3])], undefined]],
    [['ShapeError', [real([2]), real([3])], undefined]],
    { dtypes: everyDType },
  ),
};
