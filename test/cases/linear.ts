import { floats, real, signed } from './case.js';
import type { CaseOf, Rows, Tolerance } from './case.js';
import type { NoAttrs } from '../../lib/backend/op-schema.gen.js';

const none: NoAttrs = {};

const products: Tolerance = {
  relative: 1e-5,
  float64: 1e-13,
  why: 'chains of fused multiply-adds of another order: k <= 600 terms of magnitude at most 4',
};

const slow = 'finite differences would take thousands of evaluations';

function pair(
  name: string,
  a: readonly number[],
  b: readonly number[],
  noGradient?: string,
): CaseOf<'matmul'> {
  const plain = { name, inputs: [real(a), real(b)], attrs: none };
  return noGradient === undefined ? plain : { ...plain, noGradient };
}

export const linear = {
  matmul: {
    cases: [
      pair('small', [3, 4], [4, 5]),
      pair('row', [1, 6], [6, 3]),
      pair('column', [5, 6], [6, 1]),
      pair('batch', [2, 3, 4], [2, 4, 2]),
      pair('batch by matrix', [2, 3, 4], [4, 2]),
      pair('matrix by batch', [3, 4], [2, 4, 2]),
      pair('broadcast batch', [2, 1, 2, 3], [3, 3, 2]),
      pair('inner size 0', [2, 0], [0, 3]),
      pair('empty', [0, 3], [3, 2]),
      pair('empty batch', [0, 2, 3], [3, 2]),
      pair('inner size 1', [4, 1], [1, 3]),
      pair('tails of every block', [67, 259], [259, 83], slow),
      pair('deep', [5, 600], [600, 7], slow),
      pair('tall', [300, 3], [3, 2], slow),
      pair('several blocks', [130, 520], [520, 140], slow),
      pair('large batch', [9, 17, 33], [9, 33, 18], slow),
    ],
    dtypes: ['uint8', ...signed],
    rejects: ['bool'],
    tolerance: products,
    gradient: 'second',
    special: 0,
  },
  linear: {
    cases: [
      { name: 'with bias', inputs: [real([3, 4]), real([2, 4]), real([2])], attrs: none },
      { name: 'without bias', inputs: [real([3, 4]), real([2, 4]), null], attrs: none },
      { name: '1-D', inputs: [real([4]), real([2, 4]), real([2])], attrs: none },
      { name: 'leading dims', inputs: [real([2, 3, 4]), real([5, 4]), real([5])], attrs: none },
      { name: 'empty batch', inputs: [real([0, 4]), real([2, 4]), real([2])], attrs: none },
      { name: 'no inputs', inputs: [real([3, 0]), real([2, 0]), real([2])], attrs: none },
      {
        name: 'layer',
        inputs: [real([65, 130]), real([70, 130]), real([70])],
        attrs: none,
        noGradient: slow,
      },
    ],
    dtypes: floats,
    tolerance: products,
    gradient: 'second',
    special: 0,
  },
} satisfies Rows;
