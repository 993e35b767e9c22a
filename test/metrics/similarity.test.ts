import { describe, expect, it } from 'vitest';
import { IndexError, metrics, ShapeError, tensor, ValueError, zeros, type Tensor } from '../../lib/index.js';
import { computed } from './computed.js';

// Values of SciPy, scikit-learn, and the formulas in NumPy, on these.

/** (a i + b) mod c for i below n. */
const pattern = (n: number, a: number, b: number, c: number): number[] =>
  Array.from({ length: n }, (_, i) => (i * a + b) % c);
const x = pattern(40, 37, 11, 101).map((value) => value / 101);
const y = pattern(40, 53, 3, 29).map((value, i) => (x[i]! + value / 29) / 2);
const parts = (a: readonly number[], b: readonly number[]): [number[], number[]][] => [
  [a.slice(0, 13), b.slice(0, 13)],
  [a.slice(13), b.slice(13)],
];

const predicted = pattern(60, 17, 5, 4);
const others = pattern(60, 11, 1, 4);
const actual = pattern(60, 31, 2, 7).map((value, i) => (value < 4 ? predicted[i]! : others[i]!));

describe('correlations', () => {
  it('are those of SciPy', () => {
    expect(computed(() => new metrics.PearsonCorrelation(), ...parts(x, y))).toBeCloseTo(
      0.682594512785245,
      12,
    );
    expect(computed(() => new metrics.ConcordanceCorrelation(), ...parts(x, y))).toBeCloseTo(
      0.6349731094605106,
      12,
    );
    // With ties on both sides.
    const left = pattern(40, 7, 1, 13).map((value) => value / 13);
    const right = left.map((value, i) => roundEven((x[i]! + value) * 5) / 5);
    expect(computed(() => new metrics.SpearmanCorrelation(), ...parts(left, right))).toBeCloseTo(
      0.661873370972281,
      12,
    );
  });

  it('stay right far from 0, and within 1', () => {
    const far = (values: readonly number[]): number[] => values.map((value) => 1e8 + value);
    expect(computed(() => new metrics.PearsonCorrelation(), [far(x), far(y)])).toBeCloseTo(0.6825945, 6);
    expect(computed(() => new metrics.PearsonCorrelation(), [x, x])).toBe(1);
    const opposite = x.map((value) => -3 * value);
    expect(computed(() => new metrics.PearsonCorrelation(), [x, opposite])).toBeCloseTo(-1, 14);
    expect(computed(() => new metrics.ConcordanceCorrelation(), [x, opposite])).toBeLessThan(0);
  });

  it('are NaN of nothing, of equal values and of NaN', () => {
    for (const make of [
      () => new metrics.PearsonCorrelation(),
      () => new metrics.SpearmanCorrelation(),
      () => new metrics.ConcordanceCorrelation(),
    ])
      expect(make().compute()).toBeNaN();
    expect(
      computed(
        () => new metrics.PearsonCorrelation(),
        [
          [1, 1],
          [1, 2],
        ],
      ),
    ).toBeNaN();
    expect(
      computed(
        () => new metrics.SpearmanCorrelation(),
        [
          [NaN, 1],
          [1, 2],
        ],
      ),
    ).toBeNaN();
  });

  it('cosines of rows', () => {
    const left = tensor([
      [3, 4],
      [0, 0],
      [1, 0],
    ]);
    const right = tensor([
      [4, 3],
      [1, 1],
      [-2, 0],
    ]);
    expect(computed(() => new metrics.CosineSimilarity(), [left, right])).toBeCloseTo((0.96 + 0 - 1) / 3, 12);
    expect(() => new metrics.CosineSimilarity().update(zeros([]), zeros([]))).toThrow(ShapeError);
  });
});

function roundEven(value: number): number {
  const floor = Math.floor(value);
  if (value - floor !== 0.5) return Math.round(value);
  return floor % 2 === 0 ? floor : floor + 1;
}

describe('agreement of classes', () => {
  it('is that of scikit-learn', () => {
    const batches = parts(predicted, actual);
    expect(computed(() => new metrics.MatthewsCorrelation(4), ...batches)).toBeCloseTo(
      0.6888888888888889,
      12,
    );
    const kappa = (weights: 'none' | 'linear' | 'quadratic'): number =>
      computed(() => new metrics.CohenKappa(4, { weights }), ...batches);
    expect(kappa('none')).toBeCloseTo(0.6888888888888889, 12);
    expect(kappa('linear')).toBeCloseTo(0.6266666666666667, 12);
    expect(kappa('quadratic')).toBeCloseTo(0.6266666666666667, 12);
    expect(() => new metrics.CohenKappa(4).merge(new metrics.CohenKappa(4, { weights: 'linear' }))).toThrow(
      ValueError,
    );
  });

  it('of all in one class: no correlation', () => {
    expect(
      computed(
        () => new metrics.MatthewsCorrelation(2),
        [
          [1, 1],
          [1, 0],
        ],
      ),
    ).toBe(0);
    expect(new metrics.MatthewsCorrelation(2).compute()).toBeNaN();
  });

  it('Dice is F1 of each class, absent ones left out', () => {
    const dice = new metrics.DiceScore(5);
    const f1 = new metrics.F1Score(5);
    dice.update(predicted, actual);
    f1.update(predicted, actual);
    dice
      .perClass()
      .slice(0, 4)
      .forEach((value, c) => expect(value).toBeCloseTo(f1.perClass()[c]!, 12));
    expect(dice.perClass()[4]).toBeNaN();
    expect(computed(() => new metrics.DiceScore(5), ...parts(predicted, actual))).toBeCloseTo(
      f1.compute(),
      12,
    );
  });
});

describe('rankings of several classes', () => {
  const rows = 60;
  const raw = pattern(rows * 4, 29, 7, 97).map((value) => value / 97);
  const scores = Array.from({ length: rows }, (_, r) => {
    const row = raw.slice(4 * r, 4 * r + 4);
    const total = row.reduce((sum, value) => sum + value, 0);
    return row.map((value) => value / total);
  });
  const batches: [Tensor, number[]][] = [
    [tensor(scores.slice(0, 7), { dtype: 'float64' }), actual.slice(0, 7)],
    [tensor(scores.slice(7), { dtype: 'float64' }), actual.slice(7)],
  ];

  it('are those of scikit-learn', () => {
    for (const average of ['macro', 'weighted'] as const)
      expect(computed(() => new metrics.RocAuc({ numClasses: 4, average }), ...batches)).toBeCloseTo(
        0.5218518518518519,
        12,
      );
    expect(computed(() => new metrics.AveragePrecision({ numClasses: 4 }), ...batches)).toBeCloseTo(
      0.3090240201523289,
      12,
    );
  });

  it('weigh by targets, and leave out classes without a value', () => {
    const input: [Tensor, number[]] = [
      tensor([
        [0.8, 0.2, 0],
        [0.6, 0.4, 0],
        [0.5, 0.5, 0],
        [0.7, 0.3, 0],
      ]),
      [0, 0, 0, 1],
    ];
    // Class 0: the negative is above two of three; class 1 likewise; class 2 has no targets.
    const macro = new metrics.RocAuc({ numClasses: 3 });
    macro.update(...input);
    expect(macro.perClass()[0]).toBeCloseTo(1 / 3, 12);
    expect(macro.perClass()[2]).toBeNaN();
    expect(macro.compute()).toBeCloseTo(1 / 3, 12);
    const weighted = new metrics.AveragePrecision({ numClasses: 3, average: 'weighted' });
    weighted.update(...input);
    const [first, second] = weighted.perClass() as [number, number];
    expect(weighted.compute()).toBeCloseTo((3 * first + second) / 4, 12);
  });

  it('refuse what does not fit', () => {
    const auc = new metrics.RocAuc({ numClasses: 3 });
    expect(() => auc.update(zeros([2, 2]), [0, 1])).toThrow(/wanted \[N, 3\] and \[N\]/);
    expect(() => auc.update(zeros([2, 3]), [0, 3])).toThrow(IndexError);
    expect(() => auc.update(tensor([[NaN, 0, 0]]), [1])).toThrow(/got NaN/);
    expect(() => auc.merge(new metrics.RocAuc())).toThrow(ValueError);
    expect(() => new metrics.RocAuc({ numClasses: 1 })).toThrow(ValueError);
  });
});

it('relative errors are those of scikit-learn', () => {
  expect(computed(() => new metrics.MeanAbsolutePercentageError(), ...parts(x, y))).toBeCloseTo(
    0.4038154208283431,
    12,
  );
  expect(computed(() => new metrics.MeanSquaredLogarithmicError(), ...parts(x, y))).toBeCloseTo(
    0.02206498096379724,
    12,
  );
  expect(computed(() => new metrics.MeanAbsolutePercentageError(), [[1], [0]])).toBe(2 ** 23);
});

describe('images', () => {
  const shape = [2, 3, 20, 24];
  const count = 2 * 3 * 20 * 24;
  const left = pattern(count, 41, 3, 127).map((value) => value / 127);
  const right = pattern(count, 23, 9, 61).map((value, i) => (left[i]! + value / 61) / 2);
  const images = (values: readonly number[]): Tensor => tensor(values, { dtype: 'float64' }).reshape(shape);
  const [a, b] = [images(left), images(right)];
  const halves: [Tensor, Tensor][] = [0, 1].map((i) => [a.narrow(0, i, 1), b.narrow(0, i, 1)]);

  it('structural similarity is that of the formula', () => {
    expect(computed(() => new metrics.StructuralSimilarity(), ...halves)).toBeCloseTo(0.661428130319884, 10);
    const options = { dataRange: 2, kernelSize: 7, sigma: 0.8, k: [0.02, 0.05] as const };
    expect(computed(() => new metrics.StructuralSimilarity(options), [a, b])).toBeCloseTo(
      0.6758961287406043,
      10,
    );
    expect(computed(() => new metrics.StructuralSimilarity(), [a, a])).toBeCloseTo(1, 12);
  });

  it('the ratio of signal and noise too', () => {
    expect(computed(() => new metrics.PeakSignalNoiseRatio(), ...halves)).toBeCloseTo(13.805612306064333, 10);
    const of255 = (): metrics.PeakSignalNoiseRatio => new metrics.PeakSignalNoiseRatio({ dataRange: 255 });
    expect(computed(of255, [a.mul(255), b.mul(255)])).toBeCloseTo(13.805612306064333, 10);
    expect(computed(() => new metrics.PeakSignalNoiseRatio(), [[1], [1]])).toBe(Infinity);
  });

  it('refuse what does not fit', () => {
    const ssim = new metrics.StructuralSimilarity();
    expect(() => ssim.update(a, b.narrow(0, 0, 1))).toThrow(/shapes differ/);
    expect(() => ssim.update(zeros([1, 1, 10, 30]), zeros([1, 1, 10, 30]))).toThrow(/of at least 11/);
    expect(() => new metrics.StructuralSimilarity({ kernelSize: 4 })).toThrow(/odd/);
    expect(() => new metrics.StructuralSimilarity({ sigma: 0 })).toThrow(ValueError);
    expect(() => new metrics.PeakSignalNoiseRatio({ dataRange: 0 })).toThrow(ValueError);
  });
});
