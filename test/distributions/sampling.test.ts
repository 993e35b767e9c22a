import { describe, expect, test } from 'vitest';
import { distributions, gradcheck, manualSeed, tensor, withSeed, type Tensor } from '../../lib/index.js';

const { Bernoulli, Beta, Categorical, Exponential, Gamma, Geometric, Laplace, Normal, Poisson, Uniform } =
  distributions;

const count = 20_000;

const families: Readonly<Record<string, () => distributions.Distribution>> = {
  Normal: () => new Normal(tensor([-1.5, 2]), tensor([0.5, 3])),
  Uniform: () => new Uniform(tensor([-1.5, 2]), tensor([0.5, 3])),
  Laplace: () => new Laplace(tensor([-1.5, 2]), tensor([0.5, 3])),
  Exponential: () => new Exponential(tensor([0.4, 5])),
  Gamma: () => new Gamma(tensor([0.2, 1, 6.5]), tensor([2, 1, 0.5])),
  Beta: () => new Beta(tensor([0.4, 2, 7.5]), tensor([0.6, 5, 1])),
  Poisson: () => new Poisson(tensor([0.5, 20])),
  Bernoulli: () => new Bernoulli({ probs: tensor([0.1, 0.75]) }),
  Geometric: () => new Geometric({ probs: tensor([0.2, 0.75, 1]) }),
};

const column = (samples: Tensor, i: number): number[] => samples.select(1, i).tolist() as unknown as number[];

describe.each(Object.entries(families))('samples of %s', (_name, make) => {
  test('have the mean and the variance', () => {
    const family = make();
    const samples = withSeed(5, () => family.sample([count]));
    expect(samples.shape).toEqual([count, ...family.batchShape]);
    expect(samples.dtype).toBe('float32');
    expect(samples.requiresGrad).toBe(false);
    const [mean, variance] = [family.mean.tolist(), family.variance.tolist()] as number[][];
    mean!.forEach((center, i) => {
      const values = column(samples, i);
      const found = values.reduce((sum, x) => sum + x, 0) / count;
      const square = values.reduce((sum, x) => sum + (x - center) ** 2, 0) / count;
      // Four and a half standard errors; that of the variance from the samples themselves.
      expect(Math.abs(found - center)).toBeLessThanOrEqual(4.5 * Math.sqrt(variance![i]! / count));
      const fourth = values.reduce((sum, x) => sum + ((x - center) ** 2 - square) ** 2, 0) / count;
      expect(Math.abs(square - variance![i]!)).toBeLessThanOrEqual(4.5 * Math.sqrt(fourth / count) + 1e-6);
    });
  });

  test('are within the support, and repeat with the seed', () => {
    const family = make();
    const draw = (): unknown => family.sample([3, 2]).tolist();
    const samples = withSeed(9, () => family.sample([1000]));
    expect(family.logProb(samples).isnan().any().item()).toBe(false);
    const first = withSeed(9, draw);
    expect(withSeed(9, draw)).toEqual(first);
    manualSeed(9);
    expect(draw()).toEqual(first);
  });
});

describe('samples follow the distribution function', () => {
  const continuous = ['Normal', 'Uniform', 'Laplace', 'Exponential', 'Gamma'];
  test.each(continuous)('%s', (name) => {
    const family = families[name]!();
    const samples = withSeed(11, () => family.sample([count]));
    const ranks = family.cdf(samples);
    for (let i = 0; i < family.batchShape[0]!; ++i) {
      const sorted = column(ranks, i).sort((a, b) => a - b);
      const distance = Math.max(...sorted.map((x, k) => Math.abs(x - (k + 0.5) / count)));
      // Kolmogorov and Smirnov, passed by chance once in 2000 times.
      expect(distance).toBeLessThan(2 / Math.sqrt(count));
    }
  });

  test('Beta with b = 1 is u^(1/a)', () => {
    const samples = withSeed(12, () => new Beta(0.4, 1).sample([count]));
    const sorted = (samples.pow(0.4).tolist() as number[]).sort((a, b) => a - b);
    const distance = Math.max(...sorted.map((x, k) => Math.abs(x - (k + 0.5) / count)));
    expect(distance).toBeLessThan(2 / Math.sqrt(count));
  });
});

test('Categorical draws places as often as they are probable', () => {
  const probs = tensor([
    [0.1, 0.2, 0.7],
    [0.5, 0, 0.5],
  ]);
  const samples = withSeed(2, () => new Categorical({ probs }).sample([count]));
  expect(samples.shape).toEqual([count, 2]);
  expect(samples.dtype).toBe('int64');
  (probs.tolist() as number[][]).forEach((row, i) => {
    row.forEach((p, k) => {
      const share = column(samples, i).filter((place) => place === k).length / count;
      expect(Math.abs(share - p)).toBeLessThanOrEqual(4.5 * Math.sqrt((p * (1 - p)) / count) + 1e-12);
    });
  });
  expect(new Categorical({ logits: tensor([0.5, 1]) }).sample().shape).toEqual([]);
  expect(new Categorical({ probs }).sample([0]).shape).toEqual([0, 2]);
});

test('small concentrations neither underflow to NaN nor leave the support', () => {
  const gamma = withSeed(1, () => new Gamma(1e-3, 1).sample([1000]));
  expect(gamma.gt(0).all().item()).toBe(true);
  const beta = withSeed(1, () => new Beta(1e-3, 1e-3).sample([1000]));
  expect(beta.ge(0).logicalAnd(beta.le(1)).all().item()).toBe(true);
  expect(Math.abs(beta.mean().item() - 0.5)).toBeLessThan(0.075);
});

test('a concentration that is no number ends', () => {
  const samples = new Gamma(tensor([NaN, 1]), 1, { validateArgs: false }).sample([3]);
  expect(samples.isnan().tolist()).toEqual([
    [true, false],
    [true, false],
    [true, false],
  ]);
});

test.each(['float64', 'float32', 'float16', 'bfloat16'] as const)(
  'samples are %s as the parameters',
  (dtype) => {
    const one = tensor([1, 2], { dtype });
    for (const family of [new Normal(one, 1), new Gamma(one, 1), new Beta(one, 2), new Laplace(one, 1)]) {
      const samples = family.sample([2]);
      expect(samples.dtype).toBe(dtype);
      expect(samples.isfinite().all().item()).toBe(true);
    }
  },
);

describe('gradients of rsample', () => {
  const f64 = (data: number[]): Tensor => tensor(data, { dtype: 'float64', requiresGrad: true });
  const [a, b] = [f64([-0.5, 2]), f64([0.7, 3])];

  test.each<[string, (...p: Tensor[]) => distributions.Distribution, Tensor[]]>([
    ['Normal', (x, y) => new Normal(x, y), [a, b]],
    ['Uniform', (x, y) => new Uniform(x, y), [a, b]],
    ['Laplace', (x, y) => new Laplace(x, y), [a, b]],
    ['Exponential', (x) => new Exponential(x), [b]],
  ])('%s', (_name, make, inputs) => {
    const draw = (...parameters: Tensor[]): Tensor => withSeed(3, () => make(...parameters).rsample([4]));
    expect(make(...inputs).hasRsample).toBe(true);
    expect(draw(...inputs).requiresGrad).toBe(true);
    expect(gradcheck(draw, inputs)).toBe(true);
    expect(make(...inputs).sample().requiresGrad).toBe(false);
  });

  test.each(['Gamma', 'Beta', 'Poisson', 'Bernoulli', 'Geometric'])('%s has none and says so', (name) => {
    const family = families[name]!();
    expect(family.hasRsample).toBe(false);
    expect(() => family.rsample([2])).toThrow(`[${name}] rsample: there is none for this family`);
  });
});
