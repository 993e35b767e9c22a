import { describe, expect, it } from 'vitest';
import {
  DTypeError,
  eye,
  manualSeed,
  nn,
  nonzero,
  ones,
  randn,
  ShapeError,
  ValueError,
  zeros,
  type Tensor,
} from '../../lib/index.js';
import { flat } from './pattern.js';

const { init } = nn;

function moments(x: Tensor): { mean: number; std: number; low: number; high: number } {
  const values = flat(x);
  const mean = values.reduce((sum, v) => sum + v, 0) / values.length;
  const std = Math.sqrt(values.reduce((sum, v) => sum + (v - mean) ** 2, 0) / values.length);
  return { mean, std, low: Math.min(...values), high: Math.max(...values) };
}

function expectUniform(x: Tensor, bound: number): void {
  const { mean, std, low, high } = moments(x);
  expect(Math.abs(mean)).toBeLessThan(0.05 * bound);
  expect(std / (bound / Math.sqrt(3))).toBeCloseTo(1, 1);
  expect(low).toBeGreaterThanOrEqual(-bound * (1 + 1e-6));
  expect(low).toBeLessThan(-0.98 * bound);
  expect(high).toBeLessThanOrEqual(bound * (1 + 1e-6));
  expect(high).toBeGreaterThan(0.98 * bound);
}

function expectNormal(x: Tensor, std: number): void {
  const found = moments(x);
  expect(Math.abs(found.mean)).toBeLessThan(0.05 * std);
  expect(found.std / std).toBeCloseTo(1, 1);
  expect(found.high).toBeGreaterThan(2.5 * std);
}

describe('initialisation', () => {
  it('knows the gains', () => {
    expect(init.calculateGain('linear')).toBe(1);
    expect(init.calculateGain('conv2d')).toBe(1);
    expect(init.calculateGain('sigmoid')).toBe(1);
    expect(init.calculateGain('tanh')).toBe(5 / 3);
    expect(init.calculateGain('relu')).toBe(Math.SQRT2);
    expect(init.calculateGain('leakyRelu')).toBeCloseTo(1.4141428569978354, 14);
    expect(init.calculateGain('leakyRelu', 0.2)).toBeCloseTo(1.3867504905630728, 14);
    expect(init.calculateGain('selu')).toBe(0.75);
    expect(() => init.calculateGain('softplus' as never)).toThrow(ValueError);
  });

  it('draws from the distributions that the formulas name', () => {
    manualSeed(11);
    // fanIn = 8 * 9 = 72, fanOut = 64 * 9 = 576
    const weight = () => zeros([64, 8, 3, 3]);
    expectUniform(init.kaimingUniform_(weight()), Math.SQRT2 * Math.sqrt(3 / 72));
    expectUniform(init.kaimingUniform_(weight(), { a: Math.sqrt(5) }), 1 / Math.sqrt(72));
    expectUniform(
      init.kaimingUniform_(weight(), { mode: 'fanOut', nonlinearity: 'tanh' }),
      (5 / 3) * Math.sqrt(3 / 576),
    );
    expectNormal(init.kaimingNormal_(weight(), { nonlinearity: 'relu' }), Math.SQRT2 / Math.sqrt(72));
    expectNormal(init.kaimingNormal_(weight(), { mode: 'fanOut' }), Math.SQRT2 / Math.sqrt(576));
    expectUniform(init.xavierUniform_(weight()), Math.sqrt(6 / 648));
    expectNormal(init.xavierNormal_(weight(), { gain: 2 }), 2 * Math.sqrt(2 / 648));
    expectUniform(init.uniform_(zeros([5000]), { low: -3, high: 3 }), 3);
    expectNormal(init.normal_(zeros([5000], { dtype: 'float64' }), { std: 0.1 }), 0.1);
    expect(moments(init.normal_(zeros([5000]), { mean: 5, std: 2 })).mean).toBeCloseTo(5, 0);
  });

  it('cuts a normal distribution off without piling up at the ends', () => {
    manualSeed(4);
    const x = init.truncNormal_(zeros([40000]), { mean: 0.5, a: -1, b: 1 });
    const { mean, std, low, high } = moments(x);
    // Of the distribution: mean 0.5 + (pdf(-1.5) - pdf(0.5)) / (cdf(0.5) - cdf(-1.5)).
    expect(mean).toBeCloseTo(0.1437, 1);
    expect(Math.abs(std - 0.5294)).toBeLessThan(0.01);
    expect(low).toBeGreaterThanOrEqual(-1);
    expect(low).toBeLessThan(-0.99);
    expect(high).toBeLessThanOrEqual(1);
    expect(flat(x).filter((v) => v === 1 || v === -1).length).toBeLessThan(3);
    expect(init.truncNormal_(zeros([2]), { std: 0, mean: 0.25 }).tolist()).toEqual([0.25, 0.25]);
    expectUniform(init.lecunUniform_(zeros([64, 8, 3, 3])), Math.sqrt(3 / 72));
    expectNormal(init.lecunNormal_(zeros([64, 8, 3, 3])), 1 / Math.sqrt(72));
  });

  it('makes identities', () => {
    const ones = (x: Tensor) => nonzero(x).tolist();
    expect(init.eye_(zeros([2, 3], { dtype: 'int64' })).tolist()).toEqual([
      [1, 0, 0],
      [0, 1, 0],
    ]);
    // By PyTorch.
    expect(ones(init.dirac_(zeros([4, 3, 2, 3]), { groups: 2 }))).toEqual([
      [0, 0, 1, 1],
      [1, 1, 1, 1],
      [2, 0, 1, 1],
      [3, 1, 1, 1],
    ]);
    expect(ones(init.dirac_(zeros([2, 3, 4, 1, 3])))).toEqual([
      [0, 0, 2, 0, 1],
      [1, 1, 2, 0, 1],
    ]);
    const x = randn([2, 3, 7]);
    const layer = new nn.Conv1d(3, 3, 3, { padding: 1, bias: false });
    init.dirac_(layer.weight);
    expect(layer.forward(x).equal(x)).toBe(true);
  });

  it('makes orthogonal matrices, wide and tall', () => {
    const error = (w: Tensor, size: number) =>
      w
        .sub(eye(size, { dtype: w.dtype }))
        .abs()
        .amax()
        .item();
    const wide = init.orthogonal_(zeros([3, 2, 4], { dtype: 'float64' }), { gain: 2 }).reshape([3, 8]);
    expect(error(wide.matmul(wide.t()).mul(0.25), 3)).toBeLessThan(1e-12);
    const tall = init.orthogonal_(zeros([7, 4]));
    expect(error(tall.t().matmul(tall), 4)).toBeLessThan(1e-5);
    manualSeed(1);
    // Every sign is as likely.
    const corners = Array.from({ length: 60 }, () => flat(init.orthogonal_(zeros([2, 2])))[0]!);
    expect(corners.filter((v) => v > 0).length).toBeGreaterThan(15);
    expect(corners.filter((v) => v < 0).length).toBeGreaterThan(15);
    expect(init.orthogonal_(zeros([0, 3])).shape).toEqual([0, 3]);
  });

  it('zeroes the share of each column that was asked for', () => {
    const w = init.sparse_(zeros([10, 4]), 0.25, { std: 2 });
    expect(w.eq(0).sum({ dim: 0 }).tolist()).toEqual([3, 3, 3, 3]);
    expect(init.sparse_(zeros([2, 2]), 1).tolist()).toEqual([
      [0, 0],
      [0, 0],
    ]);
  });

  it('writes in place, also into parameters, and returns the tensor', () => {
    const weight = nn.parameter(zeros([3, 2]));
    expect(init.ones_(weight)).toBe(weight);
    expect(weight.tolist()).toEqual([
      [1, 1],
      [1, 1],
      [1, 1],
    ]);
    expect(weight.isLeaf && weight.requiresGrad).toBe(true);
    init.constant_(weight, 0.5);
    expect(flat(weight)).toEqual(new Array(6).fill(0.5));
    init.zeros_(weight);
    expect(flat(weight)).toEqual(new Array(6).fill(0));
    const view = zeros([2, 3]);
    init.uniform_(view.t(), { low: 1, high: 2 });
    expect(flat(view).every((v) => v >= 1 && v <= 2)).toBe(true);
  });

  it('is PyTorch’s default in layers', () => {
    manualSeed(5);
    const linear = new nn.Linear(64, 512);
    expectUniform(linear.weight, 1 / 8);
    expectUniform(linear.bias!, 1 / 8);
    const conv = new nn.Conv2d(8, 512, [3, 3], { groups: 2 });
    expectUniform(conv.weight, 1 / 6);
    expectUniform(conv.bias!, 1 / 6);
    expectNormal(new nn.Embedding(500, 20).weight, 1);
  });

  it('repeats after manualSeed', () => {
    const draw = () => {
      manualSeed(3);
      return new nn.Sequential(new nn.Conv2d(1, 2, 3), new nn.Linear(4, 2), new nn.Embedding(3, 2))
        .parameters()
        .map(flat);
    };
    expect(draw()).toEqual(draw());
    expect(new nn.Linear(4, 4).weight.equal(new nn.Linear(4, 4).weight)).toBe(false);
  });

  it('says what is wrong', () => {
    expect(() => init.uniform_(zeros([2], { dtype: 'int64' }))).toThrow(DTypeError);
    expect(() => init.uniform_(zeros([2]), { low: 1, high: 0 })).toThrow(
      /\[uniform_\] high: got 0, wanted at least low, 1/,
    );
    expect(() => init.normal_(zeros([2]), { std: -1 })).toThrow(/\[normal_\] std: got -1/);
    expect(() => init.kaimingUniform_(ones([3]))).toThrow(ShapeError);
    expect(() => init.kaimingUniform_(ones([3]))).toThrow(
      /\[kaimingUniform_\] tensor is \[3\], wanted at least two dims/,
    );
    expect(() => init.kaimingNormal_(ones([3, 2]), { mode: 'both' as never })).toThrow(/mode: got "both"/);
    expect(() => init.constant_([1] as never, 0)).toThrow(DTypeError);
    expect(() => init.truncNormal_(zeros([2]), { a: 3 })).toThrow(/\[truncNormal_\] a: got 3/);
    expect(() => init.truncNormal_(zeros([2]), { low: 3 } as never)).toThrow(/got "low"/);
    expect(() => init.eye_(zeros([2]))).toThrow(/\[eye_\] tensor is \[2\], wanted two dims/);
    expect(() => init.dirac_(zeros([2, 2]))).toThrow(ShapeError);
    expect(() => init.dirac_(zeros([3, 2, 1]), { groups: 2 })).toThrow(/\[dirac_\] groups: got 2/);
    expect(() => init.orthogonal_(zeros([3]))).toThrow(ShapeError);
    expect(() => init.sparse_(zeros([3, 2]), 1.5)).toThrow(/\[sparse_\] sparsity: got 1.5/);
    expect(() => init.sparse_(zeros([3]), 0.5)).toThrow(ShapeError);
  });
});
