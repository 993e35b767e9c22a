import type { OpAttrs } from '../../lib/backend/op-schema.gen.js';
import { floats, given, index, real } from './case.js';
import type { CaseOf, Rows, Source, Tolerance } from './case.js';

// Losses that the native backend fuses and TypeScript composes of primitives.

const lossTolerance: Tolerance = {
  relative: 1e-5,
  float64: 1e-13,
  why: 'exponentials of 2 ULP, a logarithm, and another order of summation',
};

const slow = 'finite differences would take thousands of evaluations';

function loss(
  name: string,
  logits: readonly number[],
  target: Source,
  attrs: Partial<OpAttrs['crossEntropy']> = {},
  weight: Source | null = null,
): CaseOf<'crossEntropy'> {
  return {
    name,
    inputs: [real(logits, -3, 3), target, weight],
    attrs: { reduction: 'mean', ignoreIndex: -100, labelSmoothing: 0, ...attrs },
  };
}

function soft(
  name: string,
  logits: readonly number[],
  attrs: Partial<OpAttrs['softCrossEntropy']> = {},
  weight: Source | null = null,
): CaseOf<'softCrossEntropy'> {
  return {
    name,
    inputs: [real(logits, -3, 3), real(logits, 0, 1), weight],
    attrs: { reduction: 'mean', labelSmoothing: 0, ...attrs },
  };
}

const three = given([3], [0.5, 2, 1.25]);

export const losses = {
  crossEntropy: {
    cases: [
      loss('mean', [4, 3], index([4], 3)),
      loss('sum', [4, 3], index([4], 3), { reduction: 'sum' }),
      loss('each', [4, 3], index([4], 3), { reduction: 'none' }),
      loss('ignored', [4, 3], given([4], [0, -100, 2, -100], 'int64')),
      loss('ignored class', [4, 3], given([4], [0, 1, 2, 1], 'int64'), { ignoreIndex: 1 }),
      loss('smoothed', [4, 3], index([4], 3), { labelSmoothing: 0.2 }),
      loss('smoothed and ignored', [3, 4], given([3], [3, -100, 1], 'int64'), { labelSmoothing: 0.1 }),
      loss('weighted', [4, 3], index([4], 3), {}, three),
      loss('weighted and ignored', [4, 3], given([4], [0, 1, 2, 1], 'int64'), { ignoreIndex: 1 }, three),
      loss('weighted, each', [4, 3], index([4], 3), { reduction: 'none' }, three),
      loss('weighted, smoothed', [4, 3], index([4], 3), { labelSmoothing: 0.2 }, three),
      loss('weighted, smoothed, sum', [4, 3], index([4], 3), { labelSmoothing: 1, reduction: 'sum' }, three),
      loss('few pixels', [2, 3, 2, 2], index([2, 2, 2], 3)),
      loss('pixels', [2, 3, 3, 6], index([2, 3, 6], 3)),
      loss(
        'pixels, weighted, smoothed',
        [2, 3, 3, 6],
        index([2, 3, 6], 4),
        { ignoreIndex: 3, labelSmoothing: 0.2, reduction: 'none' },
        three,
      ),
      loss('one sample', [5], index([], 5)),
      loss('one sample, weighted', [3], index([], 3), { labelSmoothing: 0.3 }, three),
      { ...loss('all ignored', [2, 3], given([2], [-100, -100], 'int64')), noGradient: 'NaN: 0 / 0' },
      { ...loss('no samples', [0, 3], index([0], 3)), noGradient: 'NaN: 0 / 0' },
      { ...loss('far apart', [3, 4], index([3], 4)), inputs: [real([3, 4], -300, 300), index([3], 4), null] },
      { ...loss('large', [130, 257], index([130], 257)), noGradient: slow },
      {
        ...loss(
          'large, weighted',
          [130, 33],
          index([130], 33),
          { labelSmoothing: 0.1 },
          given([33], sequence(33)),
        ),
        noGradient: slow,
      },
      {
        ...loss('images', [3, 5, 17, 19], index([3, 17, 19], 5), { ignoreIndex: 2, labelSmoothing: 0.1 }),
        noGradient: slow,
      },
      { ...loss('images of many classes', [2, 90, 7, 11], index([2, 7, 11], 90)), noGradient: slow },
    ],
    dtypes: floats,
    tolerance: lossTolerance,
    gradient: 'second',
    special: 0,
  },
  softCrossEntropy: {
    cases: [
      soft('mean', [4, 3]),
      soft('sum', [4, 3], { reduction: 'sum' }),
      soft('each', [4, 3], { reduction: 'none' }),
      soft('smoothed', [4, 3], { labelSmoothing: 0.2 }),
      soft('weighted', [4, 3], {}, three),
      soft('weighted, smoothed, each', [4, 3], { labelSmoothing: 0.2, reduction: 'none' }, three),
      soft('few pixels', [2, 3, 2, 2], { labelSmoothing: 0.1 }),
      soft('pixels', [2, 3, 3, 6]),
      soft('pixels, weighted, smoothed', [2, 3, 3, 6], { labelSmoothing: 0.2, reduction: 'none' }, three),
      soft('one sample', [5]),
      soft('one sample, weighted', [3], { labelSmoothing: 0.3 }, three),
      { ...soft('no samples', [0, 3]), noGradient: 'NaN: 0 / 0' },
      { ...soft('far apart', [3, 4]), inputs: [real([3, 4], -300, 300), real([3, 4], 0, 1), null] },
      { ...soft('large', [130, 257], { labelSmoothing: 0.1 }), noGradient: slow },
      { ...soft('large, weighted', [130, 33], {}, given([33], sequence(33))), noGradient: slow },
      { ...soft('images', [3, 5, 17, 19], { labelSmoothing: 0.1 }), noGradient: slow },
      { ...soft('images of many classes', [2, 90, 7, 11]), noGradient: slow },
    ],
    dtypes: floats,
    tolerance: lossTolerance,
    gradient: 'second',
    special: 0,
  },
} satisfies Rows;

/** Weights around 1. */
function sequence(count: number): number[] {
  return Array.from({ length: count }, (_, i) => 0.5 + ((i * 7) % count) / count);
}
