import type { F, Tensor } from '../../../lib/index.js';
import { everyDType, exact, floats, given, real, type CaseInput, type Tolerance } from '../case.js';
import type { DType } from '../../../lib/dtype.js';
import { composed, type ComposedRow, type ComposedRows, type Library } from './row.js';

// Borders, windows, shuffles and sizes of images, under their public names.

const weighted: Tolerance = { relative: 1e-5, float64: 1e-12, why: 'weights are made of rounded positions' };

interface Plan<Args extends readonly unknown[]> {
  readonly call: (lg: Library, x: Tensor, ...args: Args) => Tensor;
  readonly known: readonly [x: CaseInput, args: Args, expected: readonly number[]];
  readonly others: readonly (readonly [shape: readonly number[], ...args: Args])[];
  readonly refused: readonly (readonly [error: string, shape: readonly number[], ...args: Args])[];
  readonly tolerance?: Tolerance;
  readonly dtypes?: readonly DType[];
  readonly neverEmpty?: string;
}

function row<Args extends readonly unknown[]>(plan: Plan<Args>): ComposedRow {
  return composed({
    call: (lg, args: Args, x: Tensor) => plan.call(lg, x, ...args),
    cases: [
      { name: 'known', inputs: [plan.known[0]], attrs: plan.known[1], expected: plan.known[2] },
      ...plan.others.map(([shape, ...rest], i) => ({
        name: `${i}: ${shape.join(' x ')}`,
        inputs: [real(shape)],
        attrs: rest,
      })),
    ],
    dtypes: plan.dtypes ?? everyDType,
    tolerance: plan.tolerance ?? exact,
    gradient: 'second',
    ...(plan.neverEmpty !== undefined && { neverEmpty: plan.neverEmpty }),
    refuses: plan.refused.map(([error, shape, ...rest], i) => ({
      name: `${i}: ${error}`,
      inputs: [real(shape)],
      attrs: rest,
      error,
    })),
  });
}

const three = given([1, 1, 3], [0, 1, 1]);
const four = given([4, 1, 1], [1, 0, 1, 1]);
type InterpolateOptions = Parameters<typeof F.interpolate>[1];
type FoldOptions = Parameters<typeof F.unfold>[2];

export const resizing: ComposedRows = {
  'F.pad': row<[sizes: readonly number[], options?: Parameters<typeof F.pad>[2]]>({
    call: (lg, x, sizes, options) => lg.F.pad(x, sizes, options),
    known: [three, [[1, 2], { value: 1 }], [1, 0, 1, 1, 1, 1]],
    others: [
      [
        [2, 3],
        [-1, 2, 1, 0],
      ],
      [[2, 3, 4], [2, 1, 1, 0], { mode: 'reflect' }],
      [[1, 2, 3, 4], [2, 5, -1, 1], { mode: 'replicate' }],
      [[1, 2, 2, 3, 3], [1, 2, 0, 3, -1, 1], { mode: 'circular' }],
      [
        [0, 3],
        [1, 1],
      ],
    ],
    refused: [
      ['ValueError', [3], [1]],
      ['ValueError', [3], [1, 1, 1, 1]],
      ['ShapeError', [3], [-2, -2]],
      ['ShapeError', [1, 3], [3, 0], { mode: 'reflect' }],
      ['ShapeError', [1, 3], [4, 0], { mode: 'circular' }],
      ['ShapeError', [3], [1, 0], { mode: 'replicate' }],
    ],
  }),
  'F.unfold': row<[size: number | readonly [number, number], options?: FoldOptions]>({
    call: (lg, x, size, options) => lg.F.unfold(x, size, options),
    known: [given([1, 2, 2], [1, 0, 1, 1]), [[1, 2]], [1, 1, 0, 1]],
    others: [
      [[2, 2, 4, 5], [2, 3], { stride: [1, 2], padding: 1, dilation: [2, 1] }],
      [[0, 2, 4, 4], 2],
    ],
    refused: [
      ['ShapeError', [4, 4], 2],
      ['ShapeError', [1, 2, 2], 3],
    ],
  }),
  'F.fold': row<
    [out: readonly [number, number], size: number | readonly [number, number], options?: FoldOptions]
  >({
    call: (lg, x, out, size, options) => lg.F.fold(x, out, size, options),
    known: [
      given([2, 2], [1, 2, 3, 4]),
      [
        [1, 3],
        [1, 2],
      ],
      [1, 5, 4],
    ],
    others: [
      [[2, 12, 12], [4, 5], [2, 3], { stride: [1, 2], padding: 1, dilation: [2, 1] }],
      [[0, 8, 9], [4, 4], 2],
    ],
    refused: [['ShapeError', [2, 8, 8], [4, 4], 2]],
    dtypes: floats,
    tolerance: weighted,
  }),
  'F.pixelShuffle': row<[number]>({
    call: (lg, x, factor) => lg.F.pixelShuffle(x, factor),
    known: [four, [2], [1, 0, 1, 1]],
    others: [
      [[2, 8, 3, 2], 2],
      [[0, 4, 1, 2], 2],
    ],
    refused: [
      ['ShapeError', [3, 2, 2], 2],
      ['ValueError', [4, 2, 2], 0],
    ],
  }),
  'F.pixelUnshuffle': row<[number]>({
    call: (lg, x, factor) => lg.F.pixelUnshuffle(x, factor),
    known: [given([1, 2, 2], [1, 0, 0, 1]), [2], [1, 0, 0, 1]],
    others: [
      [[2, 2, 4, 6], 2],
      [[0, 1, 2, 2], 2],
    ],
    refused: [['ShapeError', [1, 3, 2], 2]],
  }),
  'F.channelShuffle': row<[number]>({
    call: (lg, x, groups) => lg.F.channelShuffle(x, groups),
    known: [given([1, 4, 1], [1, 0, 1, 1]), [2], [1, 1, 0, 1]],
    others: [
      [[2, 6, 2, 2], 3],
      [[0, 4, 2], 2],
    ],
    refused: [['ShapeError', [1, 3, 2], 2]],
  }),
  'F.interpolate': row<[InterpolateOptions]>({
    call: (lg, x, options) => lg.F.interpolate(x, options),
    known: [given([1, 1, 2], [1, 2]), [{ size: 3, mode: 'linear', alignCorners: true }], [1, 1.5, 2]],
    others: [
      [[1, 2, 3], { scaleFactor: 1.7 }],
      [[1, 1, 3, 2], { size: [4, 5], mode: 'nearest-exact' }],
      [[1, 1, 5], { scaleFactor: 0.6, mode: 'linear' }],
      [[1, 2, 3, 4], { size: [5, 3], mode: 'bilinear' }],
      [[1, 1, 2, 3, 2], { scaleFactor: [2, 1.5, 1], mode: 'trilinear', alignCorners: true }],
      [[1, 1, 4, 3], { scaleFactor: 1.5, mode: 'bicubic', recomputeScaleFactor: true }],
      [[1, 1, 7, 6], { size: [3, 2], mode: 'bilinear', antialias: true }],
      [[1, 1, 7, 6], { size: [3, 8], mode: 'bicubic', antialias: true }],
      [[1, 2, 5, 4], { size: [3, 2], mode: 'area' }],
      [[0, 1, 3], { size: 2 }],
    ],
    refused: [
      ['ValueError', [1, 1, 3], {}],
      ['ValueError', [1, 1, 3], { size: 2, scaleFactor: 2 }],
      ['ValueError', [1, 1, 3], { size: 2, alignCorners: true }],
      ['ShapeError', [1, 1, 3], { size: 2, mode: 'bilinear' }],
      ['ShapeError', [1, 1, 3], { scaleFactor: 0.1 }],
      ['ValueError', [1, 1, 3, 3], { size: 2, antialias: true }],
    ],
    dtypes: floats,
    tolerance: weighted,
  }),
  'F.affineGrid': row<[size: readonly number[], alignCorners?: boolean]>({
    call: (lg, x, size, alignCorners) => lg.F.affineGrid(x, size, { alignCorners: alignCorners ?? false }),
    known: [given([1, 2, 3], [1, 0, 0, 0, 1, 2]), [[1, 1, 1, 2]], [-0.5, 2, 0.5, 2]],
    others: [
      [[2, 2, 3], [2, 1, 3, 2], true],
      [
        [1, 3, 4],
        [1, 2, 2, 1, 3],
      ],
    ],
    refused: [
      ['ShapeError', [1, 2, 3], [2, 1, 3, 2]],
      ['ShapeError', [1, 2, 3], [1, 1, 3, 2, 2]],
    ],
    dtypes: floats,
    tolerance: weighted,
    neverEmpty: 'as in PyTorch, the output has elements',
  }),
};
