import type { Tensor } from '../../../lib/index.js';
import { floats, given, index, real } from '../case.js';
import { a, b, lossRow, probabilities, summed } from './loss-values.js';
import { composed, type ComposedRows } from './row.js';

// Losses of rows: vectors, classes and sequences.

const three = (rows: number) => [real([rows, 3], 1, 2), real([rows, 3], -2, -1), real([rows, 3], 2, 3)];
const labels = given([2, 3], [1, 0, -1, 2, -1, 0], 'int64');
// PyTorch's loss of these: log_softmax(sin([[0, 1, 2], [3, 4, 5], ...])).
const sines = given(
  [4, 1, 3],
  Array.from({ length: 12 }, (_, i) => Math.sin(i)),
);

interface CtcAttrs {
  readonly inputs: readonly number[];
  readonly targets: readonly number[];
  readonly reduction: 'none' | 'mean' | 'sum';
}

export const lossRows: ComposedRows = {
  'F.cosineEmbeddingLoss': lossRow({
    call: (lg, options: { margin?: number }, x, y, t) => lg.F.cosineEmbeddingLoss(x, y, t, options),
    known: [[a, b, given([2], [1, -1])], { margin: -0.9 }, [1.1198981, 0.3342211]],
    random: (rows) => [real([rows, 3]), real([rows, 3]), given([rows], Array<number>(rows).fill(1))],
    wrong: [real([2, 3]), real([2, 3]), real([2, 3])],
  }),
  'F.tripletMarginLoss': lossRow({
    call: (lg, options: { swap?: boolean }, x, y, z) => lg.F.tripletMarginLoss(x, y, z, options),
    known: [[a, b, probabilities], { swap: true }, [3.0615513, 3.0587074]],
    random: three,
    wrong: [real([2, 3]), real([3]), real([2, 3])],
  }),
  'F.tripletMarginWithDistanceLoss': lossRow({
    call: (lg, options: object, x, y, z) => lg.F.tripletMarginWithDistanceLoss(x, y, z, options),
    known: [[a, b, probabilities], {}, [1.6530667, 3.0587074]],
    random: three,
    wrong: [real([2, 3]), real([3]), real([2, 3])],
  }),
  'F.multiMarginLoss': composed({
    call: (lg, options: { p?: number }, x: Tensor, t: Tensor, weight: Tensor) =>
      lg.F.multiMarginLoss(x, t, { ...options, weight, reduction: 'none' }),
    cases: [
      {
        name: 'small',
        inputs: [a, given([2], [2, 0], 'int64'), given([3], [1, 2, 0.5])],
        attrs: { p: 2 },
        expected: [0, 0.02083333333],
      },
      { name: 'random', inputs: [real([4, 3], -0.4, 0.4), index([4], 3), real([3], 0.5, 1)], attrs: {} },
      { name: 'of nothing', inputs: [real([0, 3]), index([0], 3), real([3])], attrs: {} },
    ],
    dtypes: floats,
    tolerance: summed,
    gradient: 'second',
    refuses: [
      { name: 'targets', inputs: [real([4, 3]), index([3], 3), real([3])], attrs: {}, error: 'ShapeError' },
      { name: 'p', inputs: [real([4, 3]), index([4], 3), real([3])], attrs: { p: 3 }, error: 'ValueError' },
    ],
  }),
  'F.multilabelMarginLoss': composed({
    call: (lg, _: undefined, x: Tensor, t: Tensor) => lg.F.multilabelMarginLoss(x, t, { reduction: 'none' }),
    cases: [
      { name: 'small', inputs: [a, labels], attrs: undefined, expected: [2.1666667, 1.4166667] },
      { name: 'random', inputs: [real([2, 3], -0.4, 0.4), labels], attrs: undefined },
      { name: 'of nothing', inputs: [real([0, 3]), index([0, 3], 3)], attrs: undefined },
    ],
    dtypes: floats,
    tolerance: summed,
    gradient: 'second',
    refuses: [
      { name: 'targets', inputs: [real([4, 3]), index([4], 3)], attrs: undefined, error: 'ShapeError' },
    ],
  }),
  // Through the log softmax, since the gradient is that of what stands in front of it.
  'F.ctcLoss': composed({
    call: (lg, { inputs, targets, reduction }: CtcAttrs, x: Tensor, t: Tensor) =>
      lg.tidy(() => lg.F.ctcLoss(lg.logSoftmax(x, -1), t, inputs, targets, { reduction })),
    cases: [
      {
        name: 'a repetition',
        inputs: [sines, given([1, 2], [1, 1], 'int64')],
        attrs: { inputs: [4], targets: [2], reduction: 'none' },
        expected: [2.4986781],
      },
      {
        name: 'padded',
        inputs: [real([5, 3, 4]), index([3, 2], 4, 1)],
        attrs: { inputs: [5, 4, 3], targets: [2, 1, 0], reduction: 'mean' },
      },
      {
        name: 'behind one another',
        inputs: [real([5, 2, 4]), index([3], 4, 1)],
        attrs: { inputs: [5, 4], targets: [1, 2], reduction: 'sum' },
      },
      {
        name: 'of nothing',
        inputs: [real([5, 0, 4]), index([0, 2], 4)],
        attrs: { inputs: [], targets: [], reduction: 'sum' },
      },
    ],
    dtypes: floats,
    tolerance: summed,
    gradient: 'second',
    refuses: [
      {
        name: 'a length that is too large',
        inputs: [real([5, 1, 4]), index([1, 2], 4)],
        attrs: { inputs: [6], targets: [2], reduction: 'sum' },
        error: 'ValueError',
      },
    ],
  }),
  'F.linearCrossEntropy': lossRow({
    call: (lg, options: object, x, w, bias) =>
      lg.tidy(() => {
        const targets = lg.zeros([x.shape[0]!], { dtype: 'int64' });
        return lg.F.linearCrossEntropy(x, w, targets, { ...options, linearBias: bias });
      }),
    known: [[a, b, given([2], [0, 0])], {}, [3.7732455, 0.0699362]],
    random: (rows) => [real([rows, 3]), real([4, 3]), real([4])],
    wrong: [real([2, 3]), real([4, 2]), real([4])],
  }),
};
