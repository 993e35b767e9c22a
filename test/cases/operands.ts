import { everyDType, exact, real } from './case.js';
import type { CaseOf, RowOf, Tolerance } from './case.js';
import type { NoAttrs } from '../../lib/backend/op-schema.gen.js';

// What the rows of elementwise ops have in common.

export const none: NoAttrs = {};

// The float32 kernels promise 2 ULP. The TypeScript backend computes in float64 and rounds, which adds half of one, so
// two correct results differ by at most 3. In float64 both sides use a libm: V8's and the compiler's, 1 to 2 ULP each.
export const elementary: Tolerance = {
  ulp: 3,
  float64Ulp: 4,
  why: '2 ULP of the kernel and the rounding of the reference',
};

/** Shapes that find every path of an elementwise loop: 0-dim, empty, shorter than a vector, with a tail, several chunks. */
export function unary(low = -2, high = 2, kinks: readonly number[] = []): CaseOf<'exp'>[] {
  return [
    { name: '2-D', inputs: [real([3, 5], low, high, kinks)], attrs: none },
    { name: '0-dim', inputs: [real([], low, high, kinks)], attrs: none },
    { name: 'empty', inputs: [real([0, 4], low, high)], attrs: none },
    { name: 'tail', inputs: [real([2, 1, 19], low, high, kinks)], attrs: none },
    {
      name: 'long',
      inputs: [real([33000], low, high)],
      attrs: none,
      noGradient: 'finite differences would take 33,000 evaluations',
    },
  ];
}

/** Each operand stretched along each dim, new leading dims, 0-dim, numbers, empty. */
export function binary(lowA = -2, highA = 2, lowB = lowA, highB = highA): CaseOf<'add'>[] {
  const a = (shape: readonly number[]) => real(shape, lowA, highA);
  const b = (shape: readonly number[]) => real(shape, lowB, highB);
  return [
    { name: 'same shape', inputs: [a([3, 5]), b([3, 5])], attrs: none },
    { name: 'row', inputs: [a([3, 5]), b([5])], attrs: none },
    { name: 'column', inputs: [a([3, 1]), b([3, 4])], attrs: none },
    { name: 'outer', inputs: [a([4, 1]), b([1, 3])], attrs: none },
    { name: 'middle', inputs: [a([2, 1, 3]), b([2, 4, 3])], attrs: none },
    { name: '0-dim left', inputs: [a([]), b([2, 3])], attrs: none },
    { name: '0-dim both', inputs: [a([]), b([])], attrs: none },
    { name: 'number right', inputs: [a([7]), 2], attrs: none },
    { name: 'number left', inputs: [2, b([7])], attrs: none },
    { name: 'empty', inputs: [a([0, 3]), b([1, 3])], attrs: none },
    { name: 'tail', inputs: [a([2, 37]), b([2, 37])], attrs: none },
    {
      name: 'long',
      inputs: [a([5, 9001]), b([9001])],
      attrs: none,
      noGradient: 'finite differences would take 54,000 evaluations',
    },
  ];
}

export function floating(cases: CaseOf<'exp'>[], tolerance: Tolerance = elementary): RowOf<'exp'> {
  return { cases, dtypes: everyDType, tolerance, gradient: 'second', special: 1 };
}

export function comparison(): RowOf<'eq'> {
  return {
    cases: binary(),
    dtypes: everyDType,
    tolerance: exact,
    gradient: 'none',
    special: 2,
  };
}
