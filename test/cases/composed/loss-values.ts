import type { Tensor } from '../../../lib/index.js';
import { floats, given, real, type CaseInput, type Tolerance } from '../case.js';
import { composed, type ComposedRow, type ComposedRows, type Library } from './row.js';

// Losses of values: PyTorch's results for two small matrices, and random ones.

export const summed: Tolerance = {
  relative: 2e-5,
  float64: 1e-12,
  why: 'another order of summation, exponentials',
};

export const a = given([2, 3], [0.5, -1, 2, 1, 0.25, -0.5]);
export const b = given([2, 3], [1, 1.5, 0.25, -0.5, 0.5, 2]);
export const probabilities = given([2, 3], [0.2, 0.9, 0.5, 0.7, 0.1, 0.3]);
const soft = given([2, 3], [1, 0, 0.5, 0, 1, 0.25]);
const signs = given([2, 3], [1, -1, 1, -1, 1, -1]);

interface Parts<Options> {
  readonly call: (lg: Library, options: Options, ...inputs: readonly Tensor[]) => Tensor;
  readonly known: readonly [inputs: readonly CaseInput[], options: Options, expected: readonly number[]];
  /** Inputs of a given number of rows, away from kinks. */
  readonly random: (rows: number) => readonly CaseInput[];
  readonly wrong: readonly CaseInput[];
}

/** A loss with a value for each entry or row. */
export function lossRow<Options extends object>({ call, known, random, wrong }: Parts<Options>): ComposedRow {
  const [inputs, options, expected] = known;
  const none = { ...options, reduction: 'none' } as Options;
  return composed({
    call: (lg, attrs: Options, ...tensors: readonly Tensor[]) => call(lg, attrs, ...tensors),
    cases: [
      { name: 'small', inputs, attrs: none, expected },
      { name: 'mean', inputs: random(4), attrs: options },
      { name: 'sum', inputs: random(3), attrs: { ...options, reduction: 'sum' } },
      { name: 'of nothing', inputs: random(0), attrs: none },
    ],
    dtypes: floats,
    tolerance: summed,
    gradient: 'second',
    refuses: [
      { name: 'shapes', inputs: wrong, attrs: options, error: 'ShapeError' },
      {
        name: 'a reduction that is not',
        inputs,
        attrs: { ...options, reduction: 'median' },
        error: 'ValueError',
      },
    ],
  });
}

/** Below and above, so that differences are never near 0 but may be near 1. */
const apart = (rows: number) => [real([rows, 3], -0.4, 0), real([rows, 3], 0.1, 0.4)];
const far = (rows: number) => [real([rows, 3], -3, -2), real([rows, 3], 0.5, 2)];
const unlike = [real([2, 3]), real([2, 4])];

export const lossValues: ComposedRows = {
  'F.smoothL1Loss': lossRow({
    call: (lg, options: { beta?: number }, x, y) => lg.F.smoothL1Loss(x, y, options),
    known: [[a, b], { beta: 0.75 }, [0.1666667, 2.125, 1.375, 1.125, 0.0416667, 2.125]],
    random: apart,
    wrong: unlike,
  }),
  'F.huberLoss': lossRow({
    call: (lg, options: { delta?: number }, x, y) => lg.F.huberLoss(x, y, options),
    known: [[a, b], { delta: 0.75 }, [0.125, 1.59375, 1.03125, 0.84375, 0.03125, 1.59375]],
    random: far,
    wrong: unlike,
  }),
  'F.binaryCrossEntropy': lossRow({
    call: (lg, options: object, x, y) => lg.F.binaryCrossEntropy(x, y, options),
    known: [[probabilities, soft], {}, [1.6094379, 2.3025851, 0.6931472, 1.2039728, 2.3025851, 0.5684994]],
    random: (rows) => [real([rows, 3], 0.1, 0.9), real([rows, 3], 0, 1)],
    wrong: unlike,
  }),
  'F.multilabelSoftMarginLoss': lossRow({
    call: (lg, options: object, x, y) => lg.F.multilabelSoftMarginLoss(x, y, options),
    known: [[a, soft], {}, [0.6380889, 0.829426]],
    random: (rows) => [real([rows, 3]), real([rows, 3], 0, 1)],
    wrong: unlike,
  }),
  'F.klDiv': lossRow({
    call: (lg, options: { logTarget?: boolean }, x, y) => lg.tidy(() => lg.F.klDiv(lg.log(x), y, options)),
    known: [[probabilities, soft], {}, [1.6094379, 0, 0, 0, 2.3025851, -0.0455804]],
    random: (rows) => [real([rows, 3], 0.1, 0.9), real([rows, 3], 0.1, 0.9)],
    wrong: unlike,
  }),
  'F.poissonNllLoss': lossRow({
    call: (lg, options: { full?: boolean }, x, y) => lg.F.poissonNllLoss(x, y, options),
    known: [
      [a, given([2, 3], [0, 2, 3, 1, 4, 0])],
      { full: true },
      [1.6487213, 3.0196859, 3.1531376, 1.7182818, 3.4412886, 0.6065307],
    ],
    random: (rows) => [real([rows, 3]), real([rows, 3], 2, 5)],
    wrong: unlike,
  }),
  'F.gaussianNllLoss': lossRow({
    call: (lg, options: { full?: boolean }, x, y, v) => lg.F.gaussianNllLoss(x, y, v, options),
    known: [
      [a, b, probabilities],
      { full: true },
      [0.7392196, 4.3384805, 3.6348649, 2.3477439, 0.080146, 10.7336188],
    ],
    random: (rows) => [real([rows, 3]), real([rows, 3]), real([rows, 1], 0.5, 2)],
    wrong: [real([2, 3]), real([2, 3]), real([2, 2], 0.5, 2)],
  }),
  'F.softMarginLoss': lossRow({
    call: (lg, options: object, x, y) => lg.F.softMarginLoss(x, y, options),
    known: [[a, signs], {}, [0.474077, 0.3132617, 0.126928, 1.3132617, 0.5759394, 0.474077]],
    random: (rows) => [real([rows, 3]), real([rows, 3], 0.5, 1)],
    wrong: unlike,
  }),
  'F.hingeEmbeddingLoss': lossRow({
    call: (lg, options: { margin?: number }, x, y) => lg.F.hingeEmbeddingLoss(x, y, options),
    known: [[a, signs], {}, [0.5, 2, 2, 0, 0.25, 1.5]],
    random: (rows) => [real([rows, 3], -2, 2, [1]), given([1], [-1])],
    wrong: unlike,
  }),
  'F.marginRankingLoss': lossRow({
    call: (lg, options: { margin?: number }, x, y, t) => lg.F.marginRankingLoss(x, y, t, options),
    known: [[a, b, signs], { margin: 0.5 }, [1, 0, 0, 2, 0.75, 0]],
    random: (rows) => [real([rows, 3], -2, -1), real([rows, 3], 0.5, 1), real([rows, 3], 0.5, 1)],
    wrong: [real([2, 3]), real([2, 3]), real([2])],
  }),
};
