import { describe, expect, it } from 'vitest';
import {
  DTypeError,
  IndexError,
  manualSeed,
  metrics,
  randn,
  ShapeError,
  tensor,
  ValueError,
  zeros,
  type Tensor,
} from '../../lib/index.js';
import { flat } from '../nn/pattern.js';
import { computed } from './computed.js';

const actual = [0, 1, 2, 2, 1, 0, 3, 3, 1, 2, 0, 1];
const predicted = [0, 2, 2, 2, 1, 1, 3, 1, 1, 0, 0, 1];
const classes = [0, 1, 2, 3];

// Definitions by counting, one class at a time.
const count = (test: (p: number, y: number) => boolean): number =>
  actual.filter((y, i) => test(predicted[i]!, y)).length;
const right = (c: number): number => count((p, y) => p === c && y === c);
const precisionOf = (c: number): number =>
  right(c) /
  Math.max(
    count((p) => p === c),
    1,
  );
const recallOf = (c: number): number =>
  right(c) /
  Math.max(
    count((_, y) => y === c),
    1,
  );
const fOf = (c: number, beta: number): number => {
  const [p, r] = [precisionOf(c), recallOf(c)];
  return p + r === 0 ? 0 : ((1 + beta ** 2) * p * r) / (beta ** 2 * p + r);
};
const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;
const weighted = (of: (c: number) => number): number =>
  classes.reduce((sum, c) => sum + of(c) * count((_, y) => y === c), 0) / actual.length;

const halves = (a: readonly number[], b: readonly number[]): [number[], number[]][] => [
  [a.slice(0, 5), b.slice(0, 5)],
  [a.slice(5), b.slice(5)],
];

describe('Accuracy', () => {
  it('takes classes, scores and probabilities', () => {
    expect(computed(() => new metrics.Accuracy(), ...halves(predicted, actual))).toBe(8 / 12);
    const scores = tensor([
      [
        [0.1, 0.9],
        [0.8, 0.2],
      ],
      [
        [0.3, 0.7],
        [0.6, 0.4],
      ],
    ]);
    // [N, C, L]: classes along dim 1.
    const targets = tensor([
      [1, 0],
      [1, 1],
    ]);
    expect(computed(() => new metrics.Accuracy(), [scores, targets])).toBe(0.75);
    expect(
      computed(() => new metrics.Accuracy(), [tensor([0.5, 0.49, 0.9]), tensor([true, true, false])]),
    ).toBe(1 / 3);
    expect(
      computed(
        () => new metrics.Accuracy({ threshold: 0.3 }),
        [
          [0.5, 0.4, 0.1],
          [1, 1, 0],
        ],
      ),
    ).toBe(1);
    expect(
      computed(
        () => new metrics.Accuracy({ ignoreIndex: -1 }),
        [
          [0, 1, 2],
          [0, -1, 1],
        ],
      ),
    ).toBe(0.5);
    expect(new metrics.Accuracy().compute()).toBeNaN();
  });

  it('of the best k, ties to the first', () => {
    const scores = tensor([
      [0.5, 0.2, 0.3],
      [0.1, 0.6, 0.3],
      [0.3, 0.4, 0.3],
      [0.2, 0.5, 0.3],
    ]);
    const top = (topK: number, targets: number[]): number =>
      computed(() => new metrics.Accuracy({ topK }), [scores, tensor(targets)]);
    expect(top(2, [2, 1, 0, 0])).toBe(0.75);
    expect(top(2, [2, 1, 2, 2])).toBe(0.75);
    expect(top(3, [2, 1, 2, 2])).toBe(1);
    expect(top(2, [5, -1, 1, 1])).toBe(0.5);
    expect(top(1, [0, 1, 1, 1])).toBe(1);
  });

  it('refuses what does not fit', () => {
    const accuracy = new metrics.Accuracy();
    expect(() => accuracy.update([1], [1, 2])).toThrow(ShapeError);
    expect(() => accuracy.update(zeros([2, 3]), zeros([3]))).toThrow(
      /wanted the same shape, or predictions \[N, C/,
    );
    expect(() => accuracy.update('x' as never, [1])).toThrow(DTypeError);
    expect(() => accuracy.update(['x'] as never, [1])).toThrow(/predictions\[0\]: got/);
    expect(() => new metrics.Accuracy({ topK: 0 })).toThrow(ValueError);
    expect(() => new metrics.Accuracy({ topk: 2 } as never)).toThrow(ValueError);
    expect(() => new metrics.Accuracy({ topK: 2 }).update([1], [1])).toThrow(
      /wanted predictions \[N, C, ...\]/,
    );
    expect(() => accuracy.merge(new metrics.Accuracy({ topK: 2 }))).toThrow(
      /options differ: Accuracy of topK 1/,
    );
    expect(() => accuracy.merge(new metrics.Mean() as never)).toThrow(/wanted another Accuracy/);
    expect(() => accuracy.merge(3 as never)).toThrow(ValueError);
  });
});

describe('counts of classes', () => {
  it('ConfusionMatrix', () => {
    const wanted = classes.map((y) => classes.map((p) => count((a, b) => a === p && b === y)));
    expect(computed(() => new metrics.ConfusionMatrix(4), ...halves(predicted, actual))).toEqual(wanted);
    expect(() => new metrics.ConfusionMatrix(3).update([3], [0])).toThrow(IndexError);
    expect(() => new metrics.ConfusionMatrix(3).update([0], [-1])).toThrow(
      /targets: got the class -1, wanted one in \[0, 2\]/,
    );
    expect(() => new metrics.ConfusionMatrix(1)).toThrow(ValueError);
    const masked = new metrics.ConfusionMatrix(2, { ignoreIndex: 255 });
    masked.update([0, 1, 1], [0, 255, 1]);
    expect(masked.compute()).toEqual([
      [1, 0],
      [0, 1],
    ]);
  });

  it('Precision, Recall and FBetaScore, however averaged', () => {
    const micro = classes.reduce((sum, c) => sum + right(c), 0) / actual.length;
    const of = (
      make: (average: metrics.Average) => metrics.Metric<[number[], number[]], number>,
      one: (c: number) => number,
    ): void => {
      expect(computed(() => make('micro'), ...halves(predicted, actual))).toBeCloseTo(micro, 12);
      expect(computed(() => make('macro'), ...halves(predicted, actual))).toBeCloseTo(
        mean(classes.map(one)),
        12,
      );
      expect(computed(() => make('weighted'), ...halves(predicted, actual))).toBeCloseTo(weighted(one), 12);
      expect(computed(() => make('binary'), ...halves(predicted, actual))).toBeCloseTo(one(1), 12);
    };
    of((average) => new metrics.Precision(4, { average }), precisionOf);
    of((average) => new metrics.Recall(4, { average }), recallOf);
    of(
      (average) => new metrics.F1Score(4, { average }),
      (c) => fOf(c, 1),
    );
    of(
      (average) => new metrics.FBetaScore(4, { average, beta: 2 }),
      (c) => fOf(c, 2),
    );
    const f = new metrics.F1Score(4);
    f.update(predicted, actual);
    f.perClass().forEach((value, c) => expect(value).toBeCloseTo(fOf(c, 1), 12));
  });

  it('leave out classes that do not occur, and are 0 where nothing was predicted', () => {
    const macro = new metrics.Precision(5);
    macro.update([0, 0, 1, 1], [0, 2, 1, 1]);
    // Class 2 was never predicted, 3 and 4 do not occur.
    expect(macro.compute()).toBeCloseTo((0.5 + 1 + 0) / 3, 12);
    const binary = new metrics.Recall(2);
    binary.update([1, 1], [0, 0]);
    expect(binary.compute()).toBe(0);
    expect(new metrics.F1Score(2).compute()).toBeNaN();
    expect(() => new metrics.F1Score(2, { average: 'none' as never })).toThrow(ValueError);
    expect(() => new metrics.FBetaScore(2, { beta: 'x' as never })).toThrow(ValueError);
  });

  it('MeanIoU', () => {
    const one = (c: number): number => right(c) / count((p, y) => p === c || y === c);
    expect(computed(() => new metrics.MeanIoU(6), ...halves(predicted, actual))).toBeCloseTo(
      mean(classes.map(one)),
      12,
    );
    const images = new metrics.MeanIoU(2);
    images.update(
      tensor([
        [
          [0, 1],
          [1, 1],
        ],
      ]),
      tensor([
        [
          [0, 0],
          [1, 1],
        ],
      ]),
    );
    expect(images.perClass()).toEqual([0.5, 2 / 3]);
  });
});

describe('ranking', () => {
  manualSeed(3);
  // Rounded, so that there are ties.
  const scores = flat(randn([60])).map((value) => Math.round(value * 4) / 4);
  const truths = flat(randn([60])).map((value, i) => (value + scores[i]! > 0.3 ? 1 : 0));

  it('RocAuc is the share of pairs in order', () => {
    let [pairs, order] = [0, 0];
    truths.forEach((y, i) =>
      truths.forEach((z, k) => {
        if (y !== 1 || z !== 0) return;
        pairs += 1;
        order += scores[i]! > scores[k]! ? 1 : scores[i] === scores[k] ? 0.5 : 0;
      }),
    );
    expect(computed(() => new metrics.RocAuc(), ...halves(scores, truths))).toBeCloseTo(order / pairs, 12);
    const auc = new metrics.RocAuc();
    auc.update(tensor([0.1, 0.9]), tensor([true, true]));
    expect(auc.compute()).toBeNaN();
  });

  it('AveragePrecision is the sum over thresholds', () => {
    const total = truths.filter((y) => y === 1).length;
    let [sum, former] = [0, 0];
    for (const threshold of [...new Set(scores)].sort((a, b) => b - a)) {
      const above = truths.filter((_, i) => scores[i]! >= threshold);
      const found = above.filter((y) => y === 1).length;
      sum += (found / total - former) * (found / above.length);
      former = found / total;
    }
    expect(computed(() => new metrics.AveragePrecision(), ...halves(scores, truths))).toBeCloseTo(sum, 12);
  });

  it('refuses other targets, and takes nothing of a batch that is refused', () => {
    const auc = new metrics.RocAuc();
    expect(() => auc.update([0.1, 0.2], [1, 2])).toThrow(/targets: got 2, wanted 0 or 1/);
    expect(() => auc.update([0.1, NaN], [1, 0])).toThrow(ValueError);
    expect(() => auc.update([0.1], [1, 0])).toThrow(ShapeError);
    expect(auc.compute()).toBeNaN();
  });
});

describe('regression', () => {
  const y = [3, -0.5, 2, 7, 4.2, -1];
  const x = [2.5, 0, 2, 8, 3.9, -1.5];
  const off = y.map((value, i) => x[i]! - value);

  it('has the errors', () => {
    const squares = mean(off.map((value) => value ** 2));
    expect(computed(() => new metrics.MeanAbsoluteError(), ...halves(x, y))).toBeCloseTo(
      mean(off.map(Math.abs)),
      12,
    );
    expect(computed(() => new metrics.MeanSquaredError(), ...halves(x, y))).toBeCloseTo(squares, 12);
    expect(computed(() => new metrics.RootMeanSquaredError(), ...halves(x, y))).toBeCloseTo(
      Math.sqrt(squares),
      12,
    );
    expect(() => new metrics.MeanSquaredError().update(zeros([2, 1]), zeros([2]))).toThrow(ShapeError);
  });

  it('R2Score, far from zero too', () => {
    const spread = y.reduce((sum, value) => sum + (value - mean(y)) ** 2, 0);
    const r2 = 1 - off.reduce((sum, value) => sum + value ** 2, 0) / spread;
    expect(computed(() => new metrics.R2Score(), ...halves(x, y))).toBeCloseTo(r2, 12);
    const far = (values: number[]): number[] => values.map((value) => value + 1e9);
    const [first, second] = [new metrics.R2Score(), new metrics.R2Score()];
    first.update(far(x.slice(0, 2)), far(y.slice(0, 2)));
    second.update(far(x.slice(2)), far(y.slice(2)));
    expect(second.merge(first).compute()).toBeCloseTo(r2, 6);
    expect(new metrics.R2Score().compute()).toBeNaN();
  });

  it('Mean takes numbers, tensors and weights', () => {
    expect(computed(() => new metrics.Mean(), [2, 3], [tensor([4, 6]), 0.5])).toBeCloseTo((6 + 5) / 4, 12);
    expect(new metrics.Mean().compute()).toBeNaN();
    expect(() => new metrics.Mean().update(1, 'x' as never)).toThrow(ValueError);
  });
});

describe('text', () => {
  it('Perplexity', () => {
    const logits = tensor(
      [
        [
          [1, 2, 0.5],
          [0, 0, 3],
        ],
        [
          [2, 1, 1],
          [0.1, 0.2, 0.3],
        ],
      ],
      { dtype: 'float64' },
    );
    const targets = tensor([
      [1, 2],
      [0, -100],
    ]);
    const rows: [number[], number][] = [
      [[1, 2, 0.5], 1],
      [[0, 0, 3], 2],
      [[2, 1, 1], 0],
    ];
    const losses = rows.map(([row, t]) => Math.log(row.reduce((sum, v) => sum + Math.exp(v), 0)) - row[t]!);
    const batches: [Tensor, Tensor][] = [0, 1].map((i) => [logits.select(0, i), targets.select(0, i)]);
    expect(computed(() => new metrics.Perplexity(), ...batches)).toBeCloseTo(Math.exp(mean(losses)), 10);
    expect(
      computed(() => new metrics.Perplexity({ ignoreIndex: 2 }), [logits.select(0, 0), targets.select(0, 0)]),
    ).toBeCloseTo(Math.exp(losses[0]!), 10);
    expect(() => new metrics.Perplexity().update(zeros([2, 3]), zeros([3], { dtype: 'int64' }))).toThrow(
      ShapeError,
    );
  });

  it('Bleu', () => {
    const words = (text: string): string[] => text.split(' ');
    // The example of the paper: "the" occurs at most twice in a reference.
    const clipped = new metrics.Bleu({ nGram: 1 });
    clipped.update(
      [words('the the the the the the the')],
      [[words('the cat is on the mat'), words('there is a cat on the mat')]],
    );
    expect(clipped.compute()).toBeCloseTo(2 / 7, 12);

    const candidates = [words('the quick brown fox jumped over dogs'), words('a b c d e f')];
    const references = [
      [
        words('the quick brown fox jumped over the lazy dogs'),
        words('a quick brown fox jumps over lazy dogs today'),
      ],
      [words('a b c d e g'), words('x')],
    ];
    // By hand: 1-grams 7/7 and 5/6, 2-grams 5/6 and 4/5, 3-grams 4/5 and 3/4, 4-grams 3/4 and 2/3; lengths 13 against 15.
    const shares = [12 / 13, 9 / 11, 7 / 9, 5 / 7];
    const penalty = Math.exp(1 - 15 / 13);
    const wanted = penalty * Math.exp(mean(shares.map(Math.log)));
    const batches = candidates.map((c, i): [string[][], string[][][]] => [[c], [references[i]!]]);
    expect(computed(() => new metrics.Bleu(), ...batches)).toBeCloseTo(wanted, 12);
    const smooth = penalty * Math.exp(mean([12 / 13, 10 / 12, 8 / 10, 6 / 8].map(Math.log)));
    expect(computed(() => new metrics.Bleu({ smooth: true }), ...batches)).toBeCloseTo(smooth, 12);
    expect(computed(() => new metrics.Bleu(), [[words('a b')], [[words('a b')]]])).toBe(0);
    expect(new metrics.Bleu().compute()).toBeNaN();
    expect(() => new metrics.Bleu().update([['a']], [])).toThrow(/got 1 candidates and references for 0/);
    expect(() => new metrics.Bleu().update([['a']], [[]])).toThrow(/references\[0\]: wanted at least one/);
    expect(() => new metrics.Bleu({ nGram: 0 })).toThrow(ValueError);
  });
});
