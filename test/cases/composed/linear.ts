import type { Tensor } from '../../../lib/index.js';
import { floats, given, real, type CaseInput, type Tolerance } from '../case.js';
import { composed, type ComposedRow, type ComposedRows } from './row.js';

const product: Tolerance = { relative: 1e-5, float64: 1e-13, why: 'another order of summation' };

/** A product of two matrices of a given rank. */
function multiply(
  name: 'bmm' | 'dot' | 'mm',
  small: readonly CaseInput[],
  expected: readonly number[],
  shapes: readonly (readonly [readonly number[], readonly number[]])[],
): ComposedRow {
  return composed({
    call: (lg, _: undefined, a: Tensor, b: Tensor) => lg[name](a, b),
    cases: [
      { name: 'small', inputs: small, attrs: undefined, expected },
      ...shapes.map(([a, b]) => ({
        name: `[${a.join()}] by [${b.join()}]`,
        inputs: [real(a), real(b)],
        attrs: undefined,
      })),
    ],
    dtypes: floats,
    tolerance: product,
    gradient: 'second',
    refuses: [{ name: 'rank', inputs: [real([2]), real([2, 2])], attrs: undefined, error: 'ShapeError' }],
  });
}

const two = given([2], [1, 2]);
const square = (values: readonly number[], ...batch: number[]) => given([...batch, 2, 2], values);

export const linear: ComposedRows = {
  bmm: multiply(
    'bmm',
    [square([1, 2, 3, 4], 1), square([0, 1, 1, 0], 1)],
    [2, 1, 4, 3],
    [
      [
        [3, 2, 4],
        [3, 4, 2],
      ],
      [
        [0, 2, 3],
        [0, 3, 2],
      ],
      [
        [2, 3, 0],
        [2, 0, 2],
      ],
    ],
  ),
  dot: multiply(
    'dot',
    [two, two],
    [5],
    [
      [[7], [7]],
      [[0], [0]],
    ],
  ),
  mm: multiply(
    'mm',
    [square([1, 2, 3, 4]), square([0, 1, 1, 0])],
    [2, 1, 4, 3],
    [
      [
        [3, 5],
        [5, 2],
      ],
      [
        [3, 0],
        [0, 2],
      ],
    ],
  ),
};
