import type { Conv2dOptions, F, Tensor } from '../../../lib/index.js';
import { floats, given, real, type CaseInput, type Tolerance } from '../case.js';
import { composed, type ComposedRow, type ComposedRows } from './row.js';

// Convolutions under their public names: the ops themselves have rows of their own, so these are for what the functions add.

const products: Tolerance = { relative: 1e-5, float64: 1e-13, why: 'another order of summation' };

type Conv1dOptions = Parameters<typeof F.conv1d>[3];
type Conv3dOptions = Parameters<typeof F.conv3d>[3];
type Transpose1dOptions = Parameters<typeof F.convTranspose1d>[3];
type Transpose2dOptions = Parameters<typeof F.convTranspose2d>[3];
type Transpose3dOptions = Parameters<typeof F.convTranspose3d>[3];

type Shapes<Options> = readonly (readonly [
  name: string,
  x: readonly number[],
  weight: readonly number[],
  bias: number,
  options?: Options,
])[];

/** A row of a convolution: `known` gives x, weight and the result without options, the others shapes. */
function row<Options>(
  call: Parameters<typeof composed<Options | undefined, [Tensor, Tensor, Tensor]>>[0]['call'],
  known: readonly [x: CaseInput, weight: CaseInput, expected: readonly number[]],
  shapes: Shapes<Options>,
  refused: Shapes<Options>,
): ComposedRow {
  return composed<Options | undefined, [Tensor, Tensor, Tensor]>({
    call,
    cases: [
      {
        name: 'known',
        inputs: [known[0], known[1], given([1], [0.5])],
        attrs: undefined,
        expected: known[2],
      },
      ...shapes.map(([name, x, weight, bias, attrs]) => ({
        name,
        inputs: [real(x), real(weight), real([bias])],
        attrs,
      })),
    ],
    dtypes: floats,
    rejects: ['int32'],
    tolerance: products,
    gradient: 'second',
    refuses: refused.map(([name, x, weight, bias, attrs]) => ({
      name,
      inputs: [real(x), real(weight), real([bias])],
      attrs,
      error: name.startsWith('output padding') || name.startsWith('same') ? 'ValueError' : 'ShapeError',
    })),
  });
}

export const convolutions: ComposedRows = {
  conv2d: row<Conv2dOptions>(
    (lg, options, x, weight, bias) => lg.conv2d(x, weight, bias, options),
    [given([1, 1, 2, 3], [1, 2, 3, 4, 5, 6]), given([1, 1, 2, 2], [1, 0, 0, 1]), [6.5, 8.5]],
    [
      ['no batch', [2, 4, 3], [3, 2, 2, 2], 3],
      ['same, even kernel', [1, 2, 4, 3], [2, 2, 2, 3], 2, { padding: 'same' }],
      ['same, dilated', [1, 2, 5, 4], [2, 2, 2, 2], 2, { padding: 'same', dilation: [2, 1] }],
      ['valid', [1, 2, 4, 4], [2, 1, 2, 2], 2, { padding: 'valid', groups: 2, stride: 2 }],
      ['empty batch', [0, 2, 4, 4], [2, 2, 2, 2], 2],
    ],
    [
      ['rank', [4, 4], [1, 1, 2, 2], 1],
      ['channels', [1, 3, 4, 4], [1, 1, 2, 2], 1],
      ['kernel', [1, 1, 2, 2], [1, 1, 3, 3], 1],
      ['same with a stride', [1, 1, 4, 4], [1, 1, 2, 2], 1, { padding: 'same', stride: 2 }],
    ],
  ),
  'F.conv1d': row<Conv1dOptions>(
    (lg, options, x, weight, bias) => lg.F.conv1d(x, weight, bias, options),
    [given([1, 1, 3], [1, 2, 3]), given([1, 1, 2], [1, 2]), [5.5, 8.5]],
    [
      ['no batch', [2, 5], [3, 2, 2], 3, { stride: [2] }],
      ['same, even kernel', [1, 2, 5], [2, 2, 4], 2, { padding: 'same' }],
      ['empty batch', [0, 2, 4], [2, 2, 2], 2],
    ],
    [['weight', [1, 1, 4], [1, 1, 2, 2], 1]],
  ),
  'F.conv3d': row<Conv3dOptions>(
    (lg, options, x, weight, bias) => lg.F.conv3d(x, weight, bias, options),
    [given([1, 1, 2, 1, 2], [1, 2, 3, 4]), given([1, 1, 2, 1, 1], [1, 2]), [7.5, 10.5]],
    [
      ['no batch', [2, 3, 2, 3], [2, 2, 2, 1, 2], 2, { padding: [0, 1, 1] }],
      ['same, even kernel', [1, 1, 3, 2, 2], [2, 1, 2, 1, 2], 2, { padding: 'same' }],
      ['empty batch', [0, 1, 2, 2, 2], [2, 1, 2, 2, 2], 2],
    ],
    [['rank', [1, 4, 4], [1, 1, 2, 2, 2], 1]],
  ),
  'F.convTranspose1d': row<Transpose1dOptions>(
    (lg, options, x, weight, bias) => lg.F.convTranspose1d(x, weight, bias, options),
    [given([1, 1, 2], [1, 2]), given([1, 1, 2], [1, 3]), [1.5, 5.5, 6.5]],
    [
      ['no batch', [2, 3], [2, 3, 2], 3, { stride: 2 }],
      ['output padding', [1, 2, 3], [2, 2, 3], 2, { stride: 2, padding: 1, outputPadding: 1 }],
      [
        'output padding of the stride',
        [1, 2, 3],
        [2, 1, 3],
        1,
        { dilation: 3, padding: 2, outputPadding: 2 },
      ],
      ['empty batch', [0, 2, 3], [2, 1, 2], 1],
    ],
    [
      ['output padding of all', [1, 1, 3], [1, 1, 2], 1, { outputPadding: 1 }],
      ['nothing left', [1, 1, 1], [1, 1, 1], 1, { padding: 1 }],
    ],
  ),
  'F.convTranspose2d': row<Transpose2dOptions>(
    (lg, options, x, weight, bias) => lg.F.convTranspose2d(x, weight, bias, options),
    [given([1, 1, 1, 2], [1, 2]), given([1, 1, 2, 1], [1, 3]), [1.5, 2.5, 3.5, 6.5]],
    [
      ['no batch', [2, 3, 2], [2, 3, 2, 2], 3, { stride: [2, 1] }],
      ['groups', [1, 4, 3, 2], [4, 1, 2, 3], 2, { groups: 2, padding: [0, 1], dilation: [2, 1] }],
      ['empty batch', [0, 2, 3, 3], [2, 1, 2, 2], 1],
    ],
    [['channels', [1, 3, 2, 2], [2, 1, 2, 2], 1]],
  ),
  'F.convTranspose3d': row<Transpose3dOptions>(
    (lg, options, x, weight, bias) => lg.F.convTranspose3d(x, weight, bias, options),
    [given([1, 1, 1, 1, 2], [1, 2]), given([1, 1, 2, 1, 1], [1, 3]), [1.5, 2.5, 3.5, 6.5]],
    [
      ['no batch', [2, 2, 1, 2], [2, 1, 2, 2, 1], 1, { stride: [2, 1, 1] }],
      ['empty batch', [0, 2, 2, 2, 2], [2, 1, 2, 2, 2], 1],
    ],
    [['rank', [1, 3, 2, 2, 2, 2], [2, 1, 2, 2, 2], 1]],
  ),
};
