import type { Tensor } from '../../../lib/index.js';
import { everyDType, exact, given, real, type CaseInput } from '../case.js';
import { composed, type ComposedResult, type ComposedRow, type ComposedRows, type Library } from './row.js';

const six: CaseInput = given([2, 3], [1, 2, 3, 4, 5, 6]);

/** A row of a function that moves no element: `call` on the given shapes, and its result on `six`. */
function view<Args extends readonly unknown[]>(
  call: (lg: Library, x: Tensor, ...args: Args) => ComposedResult,
  onSix: Args,
  expected: readonly number[],
  others: readonly (readonly [shape: readonly number[], ...args: Args])[],
  refused: readonly (readonly [error: string, ...args: Args])[] = [],
): ComposedRow {
  return composed({
    call: (lg, args: Args, x: Tensor) => call(lg, x, ...args),
    cases: [
      { name: 'of six', inputs: [six], attrs: onSix, expected },
      ...others.map(([shape, ...args], i) => ({
        name: `${i}: [${shape.join(', ')}]`,
        inputs: [real(shape)],
        attrs: args,
      })),
    ],
    dtypes: everyDType,
    tolerance: exact,
    gradient: 'second',
    refuses: refused.map(([error, ...args], i) => ({
      name: `${i}: ${error}`,
      inputs: [six],
      attrs: args,
      error,
    })),
  });
}

export const views: ComposedRows = {
  flatten: view<[start?: number, end?: number]>(
    (lg, x, start, end) => lg.flatten(x, start, end),
    [],
    [1, 2, 3, 4, 5, 6],
    [[[2, 3, 2], 1], [[2, 3, 2], 0, 1], [[0, 3]], [[]]],
    [['IndexError', 2]],
  ),
  narrow: view(
    (lg, x, dim: number, start: number, length: number) => lg.narrow(x, dim, start, length),
    [1, 1, 2],
    [2, 3, 5, 6],
    [
      [[4, 3], 0, -2, 1],
      [[0, 3], 1, 0, 2],
    ],
    [['IndexError', 0, 1, 2]],
  ),
  select: view(
    (lg, x, dim: number, at: number) => lg.select(x, dim, at),
    [1, -1],
    [3, 6],
    [
      [[2, 3], 0, 1],
      [[0, 3], 1, 1],
    ],
    [['IndexError', 0, 2]],
  ),
  squeeze: view<[dim?: number | readonly number[]]>(
    (lg, x, dim) => lg.squeeze(x, dim),
    [0],
    [1, 2, 3, 4, 5, 6],
    [
      [[1, 3, 1]],
      [[1, 3, 1], 0],
      [
        [1, 3, 1],
        [0, -1],
      ],
      [[1, 0], 0],
    ],
    [['IndexError', 2]],
  ),
  t: view((lg, x) => lg.t(x), [], [1, 4, 2, 5, 3, 6], [[[3]], [[0, 2]]]),
  transpose: view(
    (lg, x, a: number, b: number) => lg.transpose(x, a, b),
    [0, -1],
    [1, 4, 2, 5, 3, 6],
    [
      [[2, 3, 2], 1, 2],
      [[0, 3], 0, 1],
    ],
    [['IndexError', 0, 2]],
  ),
  unflatten: view<[dim: number, sizes: readonly number[]]>(
    (lg, x, dim, sizes) => lg.unflatten(x, dim, sizes),
    [1, [3, 1]],
    [1, 2, 3, 4, 5, 6],
    [
      [[2, 6], 1, [-1, 2]],
      [[0, 6], 1, [2, 3]],
    ],
    [['ShapeError', 1, [2, 2]]],
  ),
  unsqueeze: view(
    (lg, x, dim: number) => lg.unsqueeze(x, dim),
    [-1],
    [1, 2, 3, 4, 5, 6],
    [
      [[3], 0],
      [[0, 2], 1],
    ],
    [['IndexError', 3]],
  ),
  view: composed({
    // A row-major input: what strides no view can show is an error (test/errors).
    call: (lg, shape: readonly number[], x: Tensor) => lg.tidy(() => lg.view(x.contiguous(), shape)),
    cases: [
      { name: 'of six', inputs: [six], attrs: [3, 2], expected: [1, 2, 3, 4, 5, 6] },
      { name: 'inferred', inputs: [real([2, 6])], attrs: [-1, 4] },
      { name: 'empty', inputs: [real([0, 6])], attrs: [3, 0] },
    ],
    dtypes: everyDType,
    tolerance: exact,
    gradient: 'second',
    refuses: [{ name: 'another count', inputs: [six], attrs: [4], error: 'ShapeError' }],
  }),
};
