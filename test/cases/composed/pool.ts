import type { AvgPool2dOptions, MaxPool2dOptions, Tensor } from '../../../lib/index.js';
import { distinct, exact, floats, given, index, real, type CaseInput, type Tolerance } from '../case.js';
import { composed, type ComposedResult, type ComposedRow, type ComposedRows, type Library } from './row.js';

// Pools under their public names: the ops themselves have rows of their own, so these are for what the functions add.

const averaged: Tolerance = { relative: 1e-6, float64: 1e-14, why: 'another order of summation in a window' };

interface Plan<Args extends readonly unknown[]> {
  readonly call: (lg: Library, x: Tensor, ...args: Args) => ComposedResult;
  /** What it gives for the elements 1 to 8 in the shape of `known`. */
  readonly known: readonly [shape: readonly number[], args: Args, expected: readonly number[]];
  readonly others: readonly (readonly [shape: readonly number[], ...args: Args])[];
  readonly refused: readonly (readonly [error: string, shape: readonly number[], ...args: Args])[];
  readonly tolerance?: Tolerance;
  /** Elements in place of those that are all different. */
  readonly make?: (shape: readonly number[]) => CaseInput;
}

function pool<Args extends readonly unknown[]>(plan: Plan<Args>): ComposedRow {
  const [shape, args, expected] = plan.known;
  const { make = distinct } = plan;
  return composed({
    call: (lg, given: Args, x: Tensor) => plan.call(lg, x, ...given),
    cases: [
      { name: 'known', inputs: [given(shape, [1, 2, 3, 4, 5, 6, 7, 8])], attrs: args, expected },
      ...plan.others.map(([size, ...rest], i) => ({
        name: `${i}: ${size.join(' x ')}`,
        inputs: [make(size)],
        attrs: rest,
      })),
    ],
    dtypes: floats,
    tolerance: plan.tolerance ?? exact,
    gradient: 'second',
    refuses: plan.refused.map(([error, size, ...rest], i) => ({
      name: `${i}: ${error}`,
      inputs: [real(size)],
      attrs: rest,
      error,
    })),
  });
}

type Positive = (shape: readonly number[]) => CaseInput;
const positive: Positive = (shape) => real(shape, 0.5, 2);

function unpool(
  call: (lg: Library, x: Tensor, indices: Tensor, outputSize?: readonly number[]) => Tensor,
  known: readonly [shape: readonly number[], places: readonly number[], expected: readonly number[]],
  empty: readonly number[],
): ComposedRow {
  const [shape, places, expected] = known;
  return composed({
    call: (lg, size: readonly number[] | undefined, x: Tensor, indices: Tensor) => call(lg, x, indices, size),
    cases: [
      {
        name: 'known',
        inputs: [given(shape, [1, 2]), given(shape, places, 'int64')],
        attrs: undefined,
        expected,
      },
      { name: 'random', inputs: [real(shape), given(shape, places, 'int64')], attrs: undefined },
      { name: 'of nothing', inputs: [real(empty), index(empty, 4)], attrs: undefined },
    ],
    dtypes: floats,
    tolerance: exact,
    gradient: 'second',
    refuses: [
      {
        name: 'out of range',
        inputs: [real(shape), given(shape, [0, 99], 'int64')],
        attrs: undefined,
        error: 'IndexError',
      },
      {
        name: 'size',
        inputs: [real(shape), given(shape, places, 'int64')],
        attrs: shape.slice(1).map(() => 50),
        error: 'ValueError',
      },
    ],
  });
}

type Two = [size: number | readonly [number, number], options?: MaxPool2dOptions];

export const pools: ComposedRows = {
  maxPool2d: pool<Two>({
    call: (lg, x, size, options) => lg.maxPool2d(x, size, { ...options, returnIndices: false }),
    known: [[1, 2, 4], [2], [6, 8]],
    others: [
      [[1, 2, 5, 4], 3, { stride: 1, padding: 1, dilation: [2, 1] }],
      [[2, 3, 5], [1, 2], { ceilMode: true }],
      [[0, 1, 4, 4], 2],
    ],
    refused: [
      ['ShapeError', [4, 4], 2],
      ['ShapeError', [1, 0, 4, 4], 2],
      ['ValueError', [1, 4, 4], 2, { padding: 2 }],
    ],
  }),
  'F.maxPool1d': pool<[number, object?]>({
    call: (lg, x, size, options) => lg.F.maxPool1d(x, size, options),
    known: [[2, 4], [2], [2, 4, 6, 8]],
    others: [
      [[1, 2, 7], 3, { stride: 2, padding: 1 }],
      [[0, 1, 4], 2],
    ],
    refused: [['ShapeError', [4], 2]],
  }),
  'F.maxPool3d': pool<[number, object?]>({
    call: (lg, x, size, options) => lg.F.maxPool3d(x, size, options),
    known: [[1, 2, 2, 2], [2], [8]],
    others: [
      [[1, 2, 3, 4, 3], 2, { stride: 1 }],
      [[0, 1, 2, 2, 2], 2],
    ],
    refused: [['ShapeError', [4, 4, 4], 2]],
  }),
  'F.maxPool1dWithIndices': pool<[number, object?]>({
    call: (lg, x, size, options) => ({ ...lg.F.maxPool1dWithIndices(x, size, options) }),
    known: [[2, 4], [2], [2, 4, 6, 8]],
    others: [
      [[1, 2, 7], 3, { stride: 2, padding: 1 }],
      [[0, 1, 4], 2],
    ],
    refused: [['ShapeError', [4], 2]],
  }),
  'F.maxPool3dWithIndices': pool<[number, object?]>({
    call: (lg, x, size, options) => ({ ...lg.F.maxPool3dWithIndices(x, size, options) }),
    known: [[1, 2, 2, 2], [2], [8]],
    others: [
      [[1, 2, 3, 4, 3], 2, { stride: 1 }],
      [[0, 1, 2, 2, 2], 2],
    ],
    refused: [['ShapeError', [4, 4, 4], 2]],
  }),
  avgPool2d: pool<[number, AvgPool2dOptions?]>({
    call: (lg, x, size, options) => lg.avgPool2d(x, size, options),
    known: [[1, 2, 4], [2], [3.5, 5.5]],
    others: [
      [[1, 2, 5, 4], 3, { stride: 2, padding: 1, countIncludePad: false, ceilMode: true }],
      [[2, 4, 4], 2, { divisorOverride: -3 }],
      [[0, 1, 4, 4], 2],
    ],
    refused: [
      ['ShapeError', [4, 4], 2],
      ['ValueError', [1, 4, 4], 2, { divisorOverride: 0 }],
    ],
    tolerance: averaged,
  }),
  'F.avgPool1d': pool<[number, object?]>({
    call: (lg, x, size, options) => lg.F.avgPool1d(x, size, options),
    known: [[2, 4], [2], [1.5, 3.5, 5.5, 7.5]],
    others: [
      [[1, 2, 7], 3, { stride: 2, padding: 1 }],
      [[0, 1, 4], 2],
    ],
    refused: [['ShapeError', [4], 2]],
    tolerance: averaged,
  }),
  'F.avgPool3d': pool<[number, object?]>({
    call: (lg, x, size, options) => lg.F.avgPool3d(x, size, options),
    known: [[1, 2, 2, 2], [2], [4.5]],
    others: [
      [[1, 2, 3, 4, 3], 2, { stride: 1, divisorOverride: 5 }],
      [[0, 1, 2, 2, 2], 2],
    ],
    refused: [['ShapeError', [4, 4, 4], 2]],
    tolerance: averaged,
  }),
  'F.lpPool1d': pool<[number, number, object?]>({
    call: (lg, x, p, size, options) => lg.F.lpPool1d(x, p, size, options),
    known: [
      [2, 4],
      [1, 2],
      [3, 7, 11, 15],
    ],
    others: [
      [[1, 2, 7], 2, 3, { stride: 2 }],
      [[0, 1, 4], 2, 2],
    ],
    refused: [['ShapeError', [4], 2, 2]],
    tolerance: { relative: 1e-5, float64: 1e-13, why: 'powers' },
    make: positive,
  }),
  'F.lpPool2d': pool<[number, number, object?]>({
    call: (lg, x, p, size, options) => lg.F.lpPool2d(x, p, size, options),
    known: [
      [1, 2, 4],
      [1, 2],
      [14, 22],
    ],
    others: [
      [[2, 4, 5], 3, 2, { stride: [2, 1] }],
      [[0, 1, 4, 4], 2, 2],
    ],
    refused: [['ShapeError', [4, 4], 2, 2]],
    tolerance: { relative: 1e-5, float64: 1e-13, why: 'powers' },
    make: positive,
  }),
  'F.lpPool3d': pool<[number, number, object?]>({
    call: (lg, x, p, size, options) => lg.F.lpPool3d(x, p, size, options),
    known: [[1, 2, 2, 2], [1, 2], [36]],
    others: [
      [[1, 2, 3, 3], 2, 2, { ceilMode: true }],
      [[0, 1, 2, 2, 2], 2, 2],
    ],
    refused: [['ShapeError', [4, 4, 4], 2, 2]],
    tolerance: { relative: 1e-5, float64: 1e-13, why: 'powers' },
    make: positive,
  }),
  'F.adaptiveAvgPool1d': pool<[number]>({
    call: (lg, x, size) => lg.F.adaptiveAvgPool1d(x, size),
    known: [[2, 4], [3], [1.5, 2.5, 3.5, 5.5, 6.5, 7.5]],
    others: [
      [[1, 2, 7], 3],
      [[0, 2, 4], 2],
    ],
    refused: [['ValueError', [1, 4], -1]],
    tolerance: averaged,
  }),
  'F.adaptiveAvgPool2d': pool<[number | readonly [number | null, number | null]]>({
    call: (lg, x, size) => lg.F.adaptiveAvgPool2d(x, size),
    known: [[1, 2, 4], [[null, 1]], [2.5, 6.5]],
    others: [
      [[1, 2, 3, 5], 2],
      [[0, 2, 4, 4], 2],
    ],
    refused: [['ShapeError', [4, 4], 2]],
    tolerance: averaged,
  }),
  'F.adaptiveAvgPool3d': pool<[number]>({
    call: (lg, x, size) => lg.F.adaptiveAvgPool3d(x, size),
    known: [[1, 2, 2, 2], [1], [4.5]],
    others: [
      [[1, 2, 3, 3, 2], 2],
      [[0, 2, 2, 2, 2], 1],
    ],
    refused: [['ShapeError', [4, 4, 4], 2]],
    tolerance: averaged,
  }),
  'F.adaptiveMaxPool1d': pool<[number]>({
    call: (lg, x, size) => ({ ...lg.F.adaptiveMaxPool1d(x, size, { returnIndices: true }) }),
    known: [[2, 4], [3], [2, 3, 4, 6, 7, 8]],
    others: [
      [[1, 2, 7], 3],
      [[0, 2, 4], 2],
    ],
    refused: [['ValueError', [1, 4], -1]],
  }),
  'F.adaptiveMaxPool2d': pool<[number | readonly [number | null, number | null]]>({
    call: (lg, x, size) => lg.F.adaptiveMaxPool2d(x, size),
    known: [[1, 2, 4], [[null, 1]], [4, 8]],
    others: [
      [[1, 2, 3, 5], 2],
      [[0, 2, 4, 4], 2],
    ],
    refused: [['ShapeError', [4, 4], 2]],
  }),
  'F.adaptiveMaxPool3d': pool<[number]>({
    call: (lg, x, size) => lg.F.adaptiveMaxPool3d(x, size),
    known: [[1, 2, 2, 2], [1], [8]],
    others: [
      [[1, 2, 3, 3, 2], 2],
      [[0, 2, 2, 2, 2], 1],
    ],
    refused: [['ShapeError', [4, 4, 4], 2]],
  }),
  'F.fractionalMaxPool2d': pool<[number, readonly [number, number]]>({
    call: (lg, x, size, outputSize) =>
      lg.tidy(() => {
        const [channels, images = 1] = x.shape.slice(0, -2).reverse() as [number, number?];
        const randomSamples = lg.full([images, channels, 2], 0.3, { dtype: 'float64' });
        return { ...lg.F.fractionalMaxPool2d(x, size, { outputSize, randomSamples, returnIndices: true }) };
      }),
    known: [
      [1, 2, 4],
      [2, [1, 2]],
      [6, 8],
    ],
    others: [
      [[2, 2, 6, 7], 2, [3, 4]],
      [[0, 2, 4, 4], 2, [2, 2]],
    ],
    refused: [['ShapeError', [1, 4, 4], 3, [3, 2]]],
  }),
  'F.maxUnpool1d': unpool(
    (lg, x, indices, outputSize) => lg.F.maxUnpool1d(x, indices, 2, outputSize && { outputSize }),
    [
      [1, 2],
      [1, 2],
      [0, 1, 2, 0],
    ],
    [0, 1, 2],
  ),
  'F.maxUnpool2d': unpool(
    (lg, x, indices, outputSize) => lg.F.maxUnpool2d(x, indices, 2, outputSize && { outputSize }),
    [
      [1, 1, 2],
      [4, 2],
      [0, 0, 2, 0, 1, 0, 0, 0],
    ],
    [0, 1, 1, 1],
  ),
  'F.maxUnpool3d': unpool(
    (lg, x, indices, outputSize) => lg.F.maxUnpool3d(x, indices, [1, 1, 2], outputSize && { outputSize }),
    [
      [1, 1, 1, 2],
      [3, 0],
      [2, 0, 0, 1],
    ],
    [0, 1, 1, 1, 2],
  ),
};
