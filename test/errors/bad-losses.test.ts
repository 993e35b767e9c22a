import { expect, test } from 'vitest';
import * as lg from '../../lib/index.js';

// Targets, lengths and probabilities that are refused, most of them by their values.

const { ShapeError, DTypeError, IndexError, ValueError } = lg;
type Row = readonly [what: string, call: () => unknown, kind: new (...args: never[]) => Error];

const a23 = lg.ones([2, 3]);
const a34 = lg.ones([3, 4]);
const v3 = lg.ones([3]);
const i3 = lg.tensor([0, 1, 2]);

const rows: Row[] = [
  [
    'binaryCrossEntropy: above 1',
    () => lg.F.binaryCrossEntropy(lg.tensor([0.5, 1.5]), lg.tensor([0, 1])),
    ValueError,
  ],
  [
    'binaryCrossEntropy: below 0',
    () => lg.F.binaryCrossEntropy(lg.tensor([-0.1]), lg.tensor([0.5])),
    ValueError,
  ],
  ['binaryCrossEntropy: NaN', () => lg.F.binaryCrossEntropy(lg.tensor([NaN]), lg.tensor([0.5])), ValueError],
  [
    'BCELoss: logits in bfloat16',
    () =>
      new lg.nn.BCELoss().forward(
        lg.ones([2], { dtype: 'bfloat16' }).mul(2),
        lg.ones([2], { dtype: 'bfloat16' }),
      ),
    ValueError,
  ],
  ['crossEntropy: class out of range', () => lg.crossEntropy(a23, lg.tensor([0, 3])), IndexError],
  ['crossEntropy: negative class', () => lg.crossEntropy(a23, lg.tensor([0, -1])), IndexError],
  ['crossEntropy: count of targets', () => lg.crossEntropy(a23, i3), ShapeError],
  ['crossEntropy: float targets', () => lg.crossEntropy(a23, lg.ones([2])), DTypeError],
  [
    'crossEntropy: reduction',
    () => lg.crossEntropy(a23, lg.tensor([0, 1]), { reduction: 'max' } as never),
    ValueError,
  ],
  [
    'crossEntropy: weights for another number of classes',
    () => lg.crossEntropy(a23, lg.tensor([0, 1]), { weight: lg.ones([2]) }),
    ShapeError,
  ],
  ['crossEntropy: probabilities of another shape', () => lg.crossEntropy(a23, a34), ShapeError],
  [
    'ctcLoss: a length beyond the end',
    () => lg.F.ctcLoss(lg.zeros([2, 1, 3]), lg.tensor([[1]]), [3], [1]),
    ValueError,
  ],
  [
    'ctcLoss: a negative length',
    () => lg.F.ctcLoss(lg.zeros([2, 1, 3]), lg.tensor([[1]]), lg.tensor([-1]), [1]),
    ValueError,
  ],
  [
    'ctcLoss: a target longer than its row',
    () => lg.F.ctcLoss(lg.zeros([2, 1, 3]), lg.tensor([[1]]), [2], [2]),
    ValueError,
  ],
  [
    'ctcLoss: more targets than their lengths say',
    () => lg.F.ctcLoss(lg.zeros([2, 1, 3]), lg.tensor([1, 2, 1]), [2], [2]),
    ShapeError,
  ],
  [
    'ctcLoss: lengths of 2^53',
    () => lg.F.ctcLoss(lg.zeros([2, 2, 3]), lg.tensor([1, 2]), [2, 2], [2 ** 53 - 1, 2 ** 53 - 1]),
    ShapeError,
  ],
  [
    'ctcLoss: a target that is no class',
    () => lg.F.ctcLoss(lg.zeros([2, 1, 3]), lg.tensor([[3]]), [2], [1]),
    IndexError,
  ],
  [
    'ctcLoss: a negative target',
    () => lg.F.ctcLoss(lg.zeros([2, 1, 3]), lg.tensor([[-1]]), [2], [1]),
    IndexError,
  ],
  [
    'ctcLoss: lengths for another number of samples',
    () => lg.F.ctcLoss(lg.zeros([2, 1, 3]), lg.tensor([[1]]), lg.tensor([2, 2]), [1]),
    ShapeError,
  ],
  [
    'ctcLoss: the blank',
    () => lg.F.ctcLoss(lg.zeros([2, 1, 3]), lg.tensor([[1]]), [2], [1], { blank: 3 }),
    ValueError,
  ],
  ['bernoulli: 1.5', () => lg.bernoulli(lg.tensor([0.5, 1.5])), ValueError],
  ['bernoulli: NaN', () => lg.bernoulli(lg.tensor([NaN])), ValueError],
  ['bernoulli_: -1', () => lg.zeros([2]).bernoulli_({ p: lg.tensor([0.5, -1]) }), ValueError],
  ['normal: a negative deviation', () => lg.normal(0, lg.tensor([1.5, -0.5])), ValueError],
  ['gaussianNllLoss: a negative variance', () => lg.F.gaussianNllLoss(v3, v3, v3.mul(-1.5)), ValueError],
  ['quantile: 1.5', () => lg.quantile(v3, lg.tensor([0.5, 1.5])), ValueError],
  ['cov: a negative weight', () => lg.cov(a23, { aweights: lg.tensor([0.5, -1, 1]) }), ValueError],
  [
    'crossEntropy: smoothing of 2',
    () => lg.crossEntropy(a23, lg.tensor([0, 1]), { labelSmoothing: 2 }),
    ValueError,
  ],
];

test.each(rows)('%s', (_, call, kind) => {
  expect(call).toThrow(kind);
  // "[op] ...": the op, then at least what it got.
  expect(call).toThrow(/^\[[A-Za-z][\w.:]*\] \S.{8,}/s);
});

test('binaryCrossEntropy says what may be meant; nothing is read where a function is compiled', () => {
  const [x, y] = [lg.tensor([0.5, 2]), lg.tensor([0, 1], { dtype: 'float32' })];
  expect(() => lg.F.binaryCrossEntropy(x, y)).toThrow(/got 2, wanted probabilities in \[0, 1\].*WithLogits/);
  expect(lg.F.binaryCrossEntropy(lg.tensor([0, 1], { dtype: 'float32' }), y).item()).toBe(0);
  expect(lg.F.binaryCrossEntropy(lg.ones([0]), lg.ones([0]), { reduction: 'sum' }).item()).toBe(0);
  const compiled = lg.compile((input: lg.Tensor) => lg.F.binaryCrossEntropy(input, y));
  expect(compiled(x).item()).toBeNaN();
});
