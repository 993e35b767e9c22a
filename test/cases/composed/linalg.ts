import type { Tensor } from '../../../lib/index.js';
import { exact, floats, given, real } from '../case.js';
import { composed, type ComposedRow, type ComposedRows } from './row.js';

// What PyTorch's cases leave to be checked: derivatives of matrices that are not singular, and of angles of usual size.

const solved = { relative: 1e-5, float64: 1e-12, why: 'another order of elimination' } as const;

const angle = (name: 'deg2rad' | 'rad2deg', expected: number): ComposedRow =>
  composed({
    call: (lg, _: undefined, x: Tensor) => lg[name](x),
    cases: [
      { name: 'one', inputs: [given([1], [2])], attrs: undefined, expected: [expected] },
      { name: 'some', inputs: [real([3, 4])], attrs: undefined },
      { name: 'none', inputs: [real([0, 4])], attrs: undefined },
    ],
    dtypes: floats,
    tolerance: exact,
    gradient: 'second',
  });

export const linalgRows: ComposedRows = {
  deg2rad: angle('deg2rad', (2 * Math.PI) / 180),
  rad2deg: angle('rad2deg', (2 * 180) / Math.PI),

  logdet: composed({
    call: (lg, _: undefined, x: Tensor) => lg.logdet(x),
    cases: [
      { name: 'diagonal', inputs: [given([2, 2], [2, 0, 0, 3])], attrs: undefined, expected: [Math.log(6)] },
      { name: 'batch', inputs: [real([2, 1, 1], 1, 2)], attrs: undefined },
      { name: 'no matrices', inputs: [real([0, 3, 3])], attrs: undefined },
    ],
    dtypes: floats,
    tolerance: solved,
    gradient: 'second',
  }),

  // Of a triangle that is cut out, so that the other one has no say in the gradient either.
  choleskySolve: composed({
    call: (lg, _: undefined, b: Tensor, l: Tensor) =>
      lg.tidy(() => lg.choleskySolve(b, lg.tril(l).add(lg.eye(l.shape[0]!, { dtype: l.dtype }).mul(3)))),
    cases: [
      {
        name: 'diagonal',
        inputs: [given([2, 1], [16, 50]), given([2, 2], [1, 7, 0, 2])],
        attrs: undefined,
        expected: [1, 2],
      },
      { name: 'columns', inputs: [real([3, 2]), real([3, 3])], attrs: undefined },
      { name: 'no columns', inputs: [real([3, 0]), real([3, 3])], attrs: undefined },
    ],
    dtypes: floats,
    tolerance: solved,
    gradient: 'second',
  }),

  choleskyInverse: composed({
    call: (lg, _: undefined, l: Tensor) =>
      lg.tidy(() => lg.choleskyInverse(lg.tril(l).add(lg.eye(l.shape[0]!, { dtype: l.dtype }).mul(3)))),
    cases: [
      {
        name: 'diagonal',
        inputs: [given([2, 2], [1, 7, 0, 2])],
        attrs: undefined,
        expected: [0.0625, 0, 0, 0.04],
      },
      { name: 'three', inputs: [real([3, 3])], attrs: undefined },
      { name: 'none', inputs: [real([0, 0])], attrs: undefined },
    ],
    dtypes: floats,
    tolerance: solved,
    gradient: 'second',
  }),

  // Its singular values have no gradient, as in PyTorch.
  'linalg.lstsq': composed({
    call: (lg, _: undefined, a: Tensor, b: Tensor) => lg.tidy(() => lg.linalg.lstsq(a, b).solution),
    cases: [
      {
        name: 'a mean',
        inputs: [given([2, 1], [1, 1]), given([2, 1], [1, 2])],
        attrs: undefined,
        expected: [1.5],
      },
      { name: 'tall', inputs: [real([4, 2]), real([4, 3])], attrs: undefined },
      { name: 'no columns', inputs: [real([4, 2]), real([4, 0])], attrs: undefined },
    ],
    dtypes: floats,
    tolerance: { relative: 1e-4, float64: 1e-11, why: 'the condition of random matrices' },
    gradient: 'second',
  }),

  'linalg.luSolve': composed({
    call: (lg, _: undefined, b: Tensor) =>
      lg.tidy(() => {
        const rows = [
          [0, 2.5],
          [4, 0],
        ];
        const { LU, pivots } = lg.linalg.luFactor(lg.tensor(rows, { dtype: b.dtype }));
        return lg.linalg.luSolve(LU, pivots, b);
      }),
    cases: [
      { name: 'swapped rows', inputs: [given([2, 1], [5, 2])], attrs: undefined, expected: [0.5, 2] },
      { name: 'batch', inputs: [real([3, 2, 2])], attrs: undefined },
      { name: 'no columns', inputs: [real([2, 0])], attrs: undefined },
    ],
    dtypes: floats,
    tolerance: solved,
    gradient: 'second',
  }),
};
