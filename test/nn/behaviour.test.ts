import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import {
  F,
  IndexError,
  manualSeed,
  nn,
  ones,
  ShapeError,
  tensor,
  ValueError,
  zeros,
  type Tensor,
} from '../../lib/index.js';
import { distance, flat, pattern } from './pattern.js';

// What single layers do beyond what PyTorch's cases call.

const same = (a: Tensor, b: Tensor, near = 1e-6): void => {
  expect(a.shape).toEqual(b.shape);
  expect(distance(flat(a), flat(b))).toBeLessThan(near);
};

describe('convolutions', () => {
  it.each(['reflect', 'replicate', 'circular'] as const)('pad with %s as F.pad does', (paddingMode) => {
    const x = pattern([2, 3, 6, 5], 0, 'float64');
    const layer = new nn.Conv2d(3, 4, [3, 2], { padding: [2, 1], paddingMode, dtype: 'float64' });
    const padded = F.pad(x, [1, 1, 2, 2], { mode: paddingMode });
    same(layer.forward(x), F.conv2d(padded, layer.weight, layer.bias));
    // The odd one of `same` goes behind.
    const even = new nn.Conv2d(3, 4, [4, 2], { padding: 'same', paddingMode, dtype: 'float64' });
    const around = F.pad(x, [0, 1, 1, 2], { mode: paddingMode });
    same(even.forward(x), F.conv2d(around, even.weight, even.bias));
    same(even.forward(x.select(0, 1)), even.forward(x).select(0, 1));
  });

  it('transposed ones give the size that is asked for', () => {
    const x = pattern([1, 2, 4, 5], 0, 'float64');
    const layer = new nn.ConvTranspose2d(2, 3, 3, { stride: [2, 3], padding: 1, dtype: 'float64' });
    const wanted = F.convTranspose2d(x, layer.weight, layer.bias, {
      stride: [2, 3],
      padding: 1,
      outputPadding: [1, 2],
    });
    same(layer.forward(x, { outputSize: [8, 15] }), wanted);
    same(layer.forward(x, { outputSize: [1, 3, 8, 15] }), wanted);
    expect(() => layer.forward(x, { outputSize: [9, 15] })).toThrow(
      /\[ConvTranspose2d\] outputSize: got \[9, 15\], wanted sizes from \[7, 13\] to \[8, 15\]/,
    );
    expect(() => layer.forward(x, { outputSize: [8] })).toThrow(ValueError);
  });

  it('begin with weights in the bound of their fan', () => {
    manualSeed(3);
    const bound = (layer: { weight: Tensor }) => Math.max(...flat(layer.weight.abs()));
    expect(bound(new nn.Conv1d(8, 64, 2, { groups: 4 }))).toBeLessThanOrEqual(1 / Math.sqrt(4));
    expect(bound(new nn.Conv1d(8, 64, 2, { groups: 4 }))).toBeGreaterThan(0.98 / Math.sqrt(4));
    expect(bound(new nn.ConvTranspose1d(8, 64, 2, { groups: 4 }))).toBeLessThanOrEqual(1 / Math.sqrt(32));
    expect(bound(new nn.ConvTranspose1d(8, 64, 2, { groups: 4 }))).toBeGreaterThan(0.98 / Math.sqrt(32));
    expect(bound(new nn.Bilinear(16, 5, 64))).toBeGreaterThan(0.98 / 4);
  });

  it('say what is wrong', () => {
    expect(() => new nn.Conv3d(4, 2, 3, { groups: 3 })).toThrow(/\[Conv3d\] groups: got 3/);
    expect(() => new nn.Conv1d(4, 2, 3, { paddingMode: 'mirror' as never })).toThrow(
      /\[Conv1d\] paddingMode: got "mirror", wanted one of zeros, reflect/,
    );
    expect(() => new nn.ConvTranspose1d(4, 2, 3).forward(zeros([2, 3, 5]))).toThrow(
      /\[ConvTranspose1d\] x is \[2, 3, 5\], wanted 4 channels in dim 1/,
    );
    expect(() => new nn.Conv1d(4, 2, 3).forward(zeros([3, 5]))).toThrow(/wanted 4 channels in dim 0/);
  });
});

describe('norms', () => {
  it('say what is wrong', () => {
    expect(() => new nn.GroupNorm(3, 4)).toThrow(/\[GroupNorm\] numGroups: got 3, wanted a divisor/);
    expect(() => new nn.GroupNorm(2, 4).forward(zeros([2, 6]))).toThrow(/wanted 4 channels in dim 1/);
    expect(() => new nn.InstanceNorm2d(4).forward(zeros([2, 3, 5, 5]))).toThrow(/wanted 4 channels in dim 1/);
    expect(() => new nn.InstanceNorm1d(4).forward(zeros([2, 3, 5, 5]))).toThrow(ShapeError);
    expect(() => new nn.BatchNorm3d(4).forward(zeros([2, 4, 5, 5]))).toThrow(/\[BatchNorm3d\] x is/);
    expect(() => new nn.RMSNorm([])).toThrow(/\[RMSNorm\] normalizedShape/);
  });

  it('take the mean of all batches where momentum is null', () => {
    const norm = new nn.BatchNorm1d(1, { momentum: null });
    for (const value of [1, 3, 8]) norm.forward(tensor([[value], [value + 1.0]], { dtype: 'float32' }));
    expect(norm.runningMean?.tolist()).toEqual([4.5]);
    expect(() => new nn.InstanceNorm1d(1, { momentum: 2 })).toThrow(/\[InstanceNorm1d\] momentum: got 2/);
  });
});

describe('dropout', () => {
  const layers: readonly [string, nn.Module][] = [
    ['Dropout1d', new nn.Dropout1d(0.25)],
    ['Dropout2d', new nn.Dropout2d(0.25)],
    ['FeatureAlphaDropout', new nn.FeatureAlphaDropout(0.25)],
    ['DropPath', new nn.DropPath(0.25)],
  ];
  it.each(layers)(
    '%s drops in training whole parts, repeats after the seed, and keeps the mean',
    (name, layer) => {
      manualSeed(7);
      const x = ones([400, 5, 3]);
      const y = layer.forward(x);
      const parts = name === 'DropPath' ? y.reshape([400, 15]) : y.reshape([2000, 3]);
      expect(
        parts
          .eq(parts.narrow(1, 0, 1))
          .all()
          .item(),
      ).toBe(true);
      const dropped = flat(parts.narrow(1, 0, 1)).filter((v) => v !== Math.max(...flat(y))).length;
      expect(dropped / parts.shape[0]!).toBeGreaterThan(0.17);
      expect(dropped / parts.shape[0]!).toBeLessThan(0.33);
      manualSeed(7);
      same(layer.forward(x), y);
      if (!name.includes('Alpha')) expect(Math.abs(y.mean().item() - 1)).toBeLessThan(0.1);
      expect(layer.eval().forward(x)).toBe(x);
    },
  );

  it('AlphaDropout keeps mean 0 and variance 1', () => {
    manualSeed(5);
    const y = new nn.AlphaDropout(0.3).forward(pattern([20000], 0, 'float64').mul(Math.SQRT2));
    const before = pattern([20000], 0, 'float64').mul(Math.SQRT2);
    expect(Math.abs(y.mean().item() - before.mean().item() * 0.7)).toBeLessThan(0.1);
    expect(Math.abs(y.std().item() - 1)).toBeLessThan(0.15);
  });

  it('GaussianNoise has the standard deviation that was asked for', () => {
    manualSeed(5);
    const layer = new nn.GaussianNoise(0.5);
    const noise = layer.forward(zeros([20000]));
    expect(Math.abs(noise.std().item() - 0.5)).toBeLessThan(0.02);
    expect(Math.abs(noise.mean().item())).toBeLessThan(0.02);
    expect(() => layer.forward(tensor([1]))).toThrow(/\[GaussianNoise\] x is int64/);
    expect(() => new nn.GaussianNoise(-1)).toThrow(/\[GaussianNoise\] std/);
  });
});

describe('pools', () => {
  it('are undone by the unpooling layers, to a size that is asked for', () => {
    const x = pattern([1, 1, 5, 5], 0);
    const { values, indices } = new nn.MaxPool2d(2, { returnIndices: true }).forward(x);
    const back = new nn.MaxUnpool2d(2).forward(values, indices, { outputSize: [5, 5] });
    expect(back.shape).toEqual([1, 1, 5, 5]);
    same(back.sum(), values.sum());
    expect(() => new nn.MaxUnpool2d(2).forward(values, indices, { outputSize: [9, 9] })).toThrow(ValueError);
  });

  it('fractional ones give the places too', () => {
    const x = pattern([2, 3, 9, 9], 0);
    const pool = new nn.FractionalMaxPool2d(2, { outputSize: [4, 5], returnIndices: true });
    const { values, indices } = pool.forward(x);
    expect(values.shape).toEqual([2, 3, 4, 5]);
    same(x.reshape([2, 3, 81]).gather(2, indices.reshape([2, 3, 20])), values.reshape([2, 3, 20]));
    expect(() => new nn.FractionalMaxPool2d(2, {})).toThrow(/one of outputSize and outputRatio/);
    expect(() => new nn.LPPool1d(0, 2)).toThrow(/\[LPPool1d\] normType: got 0/);
  });
});

describe('tables', () => {
  it('fromPretrained copies, freezes, and keeps the options', () => {
    const table = tensor([
      [1.5, 2],
      [3, 4],
    ]);
    const layer = nn.Embedding.fromPretrained(table, { freeze: false, paddingIdx: 0 });
    expect(layer.weight.requiresGrad).toBe(true);
    expect(layer.paddingIdx).toBe(0);
    layer.weight.sum().backward();
    expect(table.tolist()).toEqual([
      [1.5, 2],
      [3, 4],
    ]);
    expect(() => nn.Embedding.fromPretrained(zeros([3]))).toThrow(ShapeError);
  });

  it('EmbeddingBag takes offsets and weights', () => {
    const layer = new nn.EmbeddingBag(4, 2, { mode: 'sum' });
    const index = tensor([1, 3, 2]);
    const offsets = tensor([0, 2]);
    const perSampleWeights = tensor([0.5, 2, 1], { dtype: 'float32' });
    const rows = layer.weight;
    const wanted = rows.select(0, 1).mul(0.5).add(rows.select(0, 3).mul(2));
    same(layer.forward(index, { offsets, perSampleWeights }).select(0, 0), wanted);
    expect(() => layer.forward(index, { ofsets: offsets } as never)).toThrow(/got "ofsets"/);
    expect(() => new nn.EmbeddingBag(4, 2, { mode: 'median' as never })).toThrow(/\[EmbeddingBag\] mode/);
    expect(() => new nn.EmbeddingBag(4, 2, { paddingIdx: 4 })).toThrow(IndexError);
  });
});

describe('AdaptiveLogSoftmaxWithLoss', () => {
  const layer = new nn.AdaptiveLogSoftmaxWithLoss(8, 12, [4, 8], { divValue: 2, headBias: true });
  const input = pattern([5, 8], 0, 'float32');
  const target = tensor([0, 11, 5, 3, 7]);

  it('agrees with the log probabilities of all classes, which sum up to 1', () => {
    const logs = layer.logProb(input);
    same(logs.exp().sum({ dim: 1 }), ones([5]), 1e-5);
    const { output, loss } = layer.forward(input, target);
    same(output, logs.gather(1, target.unsqueeze(1)).squeeze(1), 1e-5);
    same(loss, output.mean().neg());
    same(layer.forward(input.select(0, 1), target.select(0, 1)).output, output.select(0, 1), 1e-5);
    expect(layer.predict(input).tolist()).toEqual(logs.argmax({ dim: 1 }).tolist());
  });

  it('says what is wrong', () => {
    expect(() => new nn.AdaptiveLogSoftmaxWithLoss(8, 12, [8, 4])).toThrow(/cutoffs: got \[8, 4\]/);
    expect(() => new nn.AdaptiveLogSoftmaxWithLoss(8, 12, [4, 12])).toThrow(ValueError);
    expect(() => new nn.AdaptiveLogSoftmaxWithLoss(8, 12, [4, 8])).toThrow(/leaves cluster 1 no features/);
    expect(() => layer.forward(input, target.narrow(0, 0, 3))).toThrow(ShapeError);
    expect(() => layer.forward(input, target.add(1))).toThrow(IndexError);
  });
});

it('console.log shows the options', () => {
  expect(inspect(new nn.MaxPool2d(3, { stride: 2 }))).toMatch(/kernelSize=3, stride=2, padding=0/);
  expect(inspect(new nn.Conv2d(3, 8, 3, { padding: 'same' }))).toMatch(/inChannels=3.*padding='same'/);
  expect(inspect(new nn.LeakyReLU())).toMatch(/negativeSlope=0.01/);
  expect(inspect(new nn.TripletMarginLoss({ swap: true }))).toMatch(/margin=1.*swap=true/);
});

describe('losses', () => {
  it('LinearCrossEntropyLoss is a linear layer and a cross-entropy', () => {
    const loss = new nn.LinearCrossEntropyLoss(5, 4, { bias: true, outFeatures: [2] });
    expect(Object.entries(loss.stateDict()).map(([name, t]) => [name, t.shape])).toEqual([
      ['linear.weight', [8, 5]],
      ['linear.bias', [8]],
    ]);
    const x = pattern([3, 5], 0, 'float32');
    const target = tensor([
      [0, 3],
      [1, 2],
      [3, 3],
    ]);
    const logits = F.linear(x, loss.linear.weight, loss.linear.bias).reshape([3, 4, 2]);
    same(loss.forward(x, target), F.crossEntropy(logits, target));
    expect(() => new nn.LinearCrossEntropyLoss(5, 4, { outFeatures: [0] })).toThrow(/outFeatures: got 0/);
  });

  it('have weights that are state, and refuse what is none', () => {
    expect(Object.keys(new nn.BCELoss({ weight: ones([2]) }).stateDict())).toEqual(['weight']);
    expect(Object.keys(new nn.BCEWithLogitsLoss({ posWeight: ones([2]) }).stateDict())).toEqual([
      'pos_weight',
    ]);
    expect(() => new nn.NLLLoss({ weight: [1] as never })).toThrow(/\[NLLLoss\] weight: got \[1\]/);
    expect(() => new nn.HuberLoss({ delta: 0 })).toThrow(/\[HuberLoss\] delta: got 0/);
    expect(() => new nn.MultiMarginLoss({ p: 3 })).toThrow(/\[MultiMarginLoss\] p/);
    expect(() => new nn.SmoothL1Loss({ beta: -1 })).toThrow(/\[SmoothL1Loss\] beta/);
  });

  it.each([
    ['HingeLoss', new nn.HingeLoss({ margin: 2 }), F.hingeLoss, { margin: 2 }],
    [
      'SquaredHingeLoss',
      new nn.SquaredHingeLoss({ reduction: 'sum' }),
      F.squaredHingeLoss,
      { reduction: 'sum' },
    ],
    ['LogCoshLoss', new nn.LogCoshLoss({ reduction: 'none' }), F.logCoshLoss, { reduction: 'none' }],
    [
      'SigmoidFocalLoss',
      new nn.SigmoidFocalLoss({ alpha: null, gamma: 1 }),
      F.sigmoidFocalLoss,
      { alpha: null, gamma: 1 },
    ],
    ['DiceLoss', new nn.DiceLoss({ smooth: 1, dim: [0, 1] }), F.diceLoss, { smooth: 1, dim: [0, 1] }],
    ['TverskyLoss', new nn.TverskyLoss({ alpha: 0.3, beta: 0.6 }), F.tverskyLoss, { alpha: 0.3, beta: 0.6 }],
  ] as const)('%s hands its options on', (_, module, fn, options) => {
    const [x, y] = [pattern([3, 4], 1, 'float64').abs(), pattern([3, 4], 2, 'float64').abs()];
    const call = fn as (a: Tensor, b: Tensor, options: object) => Tensor;
    same(module.forward(x, y), call(x, y, options), 1e-12);
    expect(distance(flat(module.forward(x, y)), flat(call(x, y, {})))).toBeGreaterThan(1e-3);
  });
});
