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

function ctc(
  name: string,
  [steps, samples, classes]: readonly [number, number, number],
  targets: Source,
  inputLengths: readonly number[],
  targetLengths: readonly number[],
  attrs: Partial<OpAttrs['ctcLoss']> = {},
): CaseOf<'ctcLoss'> {
  const lengths = (values: readonly number[]) => given([samples], values, 'int64');
  return {
    name,
    inputs: [
      real([steps, samples, classes], -3, -0.2),
      targets,
      lengths(inputLengths),
      lengths(targetLengths),
    ],
    attrs: { blank: 0, reduction: 'mean', zeroInfinity: false, ...attrs },
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
  ctcLoss: {
    cases: [
      ctc('padded', [5, 3, 4], index([3, 2], 4, 1), [5, 4, 3], [2, 1, 0]),
      ctc('behind one another', [5, 2, 4], index([4], 4, 1), [5, 4], [2, 2], { reduction: 'sum' }),
      ctc('each', [6, 2, 3], given([2, 3], [1, 1, 2, 2, 1, 1], 'int64'), [6, 5], [3, 2], {
        reduction: 'none',
      }),
      ctc('behind the end anything', [4, 2, 3], given([2, 2], [1, -7, 2, 9], 'int64'), [4, 4], [1, 1]),
      ctc('another blank', [5, 2, 4], index([2, 2], 3), [5, 5], [2, 2], { blank: 3 }),
      ctc('a blank as target', [5, 1, 3], given([1, 2], [1, 0], 'int64'), [5], [2]),
      ctc('int32', [5, 2, 4], index([2, 2], 4, 1, 'int32'), [5, 5], [2, 2]),
      ctc('no labels', [3, 2, 3], index([2, 0], 3), [3, 2], [0, 0]),
      ctc('no time for no labels', [3, 2, 3], index([2, 1], 3, 1), [0, 2], [0, 1], { reduction: 'none' }),
      ctc('impossible, zero', [3, 2, 3], given([2, 2], [1, 1, 1, 2], 'int64'), [2, 2], [2, 2], {
        reduction: 'none',
        zeroInfinity: true,
      }),
      ctc('impossible', [3, 2, 3], given([2, 2], [1, 1, 1, 2], 'int64'), [2, 2], [2, 2], {
        reduction: 'none',
      }),
      {
        ...ctc('large', [60, 3, 21], index([3, 19], 21, 1), [60, 51, 60], [19, 7, 18]),
        noGradient: slow,
      },
      {
        ...ctc(
          'large, behind one another',
          [70, 4, 9],
          index([68], 9, 1),
          [70, 60, 70, 35],
          [17, 17, 17, 17],
        ),
        noGradient: slow,
      },
    ],
    dtypes: floats,
    tolerance: lossTolerance,
    // That of logProbs is, as in PyTorch, the gradient of the logits in front of the log softmax: see F.ctcLoss.
    gradient: 'none',
    special: 0,
  },
} satisfies Rows;

/** Weights around 1. */
function sequence(count: number): number[] {
  return Array.from({ length: count }, (_, i) => 0.5 + ((i * 7) % count) / count);
}
