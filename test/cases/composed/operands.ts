import type { Tensor } from '../../../lib/index.js';
import { floats, given, real, type Tolerance } from '../case.js';
import type { CaseInput } from '../case.js';
import { composed, type ComposedRow, type Library } from './row.js';

// What the rows of elementwise functions have in common.

export const rounded: Tolerance = {
  relative: 4e-6,
  float64: 1e-13,
  why: 'the backends round at different places',
};

type Known = readonly [x: readonly number[], y: readonly number[]];

/** A function of one tensor: values at known points, and random ones in [low, high]. */
export function unary(
  call: (lg: Library, x: Tensor) => Tensor,
  [x, y]: Known,
  low = -2,
  high = 2,
  more: Partial<ComposedRow> & { kinks?: readonly number[] } = {},
): ComposedRow {
  const { kinks = [], ...rest } = more;
  return {
    ...composed({
      call: (lg, _attrs: undefined, tensor: Tensor) => call(lg, tensor),
      cases: [
        {
          name: 'known',
          inputs: [given([x.length], x)],
          attrs: undefined,
          expected: y,
          noGradient: 'values only',
        },
        { name: '2-D', inputs: [real([3, 5], low, high, kinks)], attrs: undefined },
        { name: 'empty', inputs: [real([0, 4], low, high)], attrs: undefined },
      ],
      dtypes: floats,
      tolerance: rounded,
      gradient: 'second',
    }),
    ...rest,
  };
}

/** A function of two tensors, or of a tensor and a number. */
export function binary(
  call: (lg: Library, a: Tensor, b: Tensor) => Tensor,
  [a, b, y]: readonly [readonly number[], readonly number[], readonly number[]],
  inputs: readonly CaseInput[],
  more: Partial<ComposedRow> = {},
): ComposedRow {
  return {
    ...composed({
      call: (lg, _attrs: undefined, x: Tensor, z: Tensor) => call(lg, x, z),
      cases: [
        {
          name: 'known',
          inputs: [given([a.length], a), given([b.length], b)],
          attrs: undefined,
          expected: y,
          noGradient: 'values only',
        },
        { name: 'broadcast', inputs, attrs: undefined },
        { name: 'empty', inputs: [given([0, 3], []), real([3], 1, 2)], attrs: undefined },
      ],
      dtypes: floats,
      tolerance: rounded,
      gradient: 'second',
    }),
    ...more,
  };
}
