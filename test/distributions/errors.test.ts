import { describe, expect, test } from 'vitest';
import { distributions, DTypeError, ShapeError, tensor, ValueError, type Tensor } from '../../lib/index.js';

const {
  Bernoulli,
  Beta,
  Categorical,
  Exponential,
  Gamma,
  Geometric,
  klDivergence,
  Laplace,
  Normal,
  Poisson,
  Uniform,
} = distributions;

describe('parameters outside of their support', () => {
  test.each<[string, () => unknown]>([
    ['[Normal] scale: got -1, wanted numbers above 0', () => new Normal(0, -1)],
    ['[Normal] scale: got 0 in a tensor of [2], wanted', () => new Normal(tensor([1, 2]), tensor([1, 0]))],
    ['[Normal] loc: got NaN, wanted', () => new Normal(NaN, 1)],
    ['[Uniform] high: got 1, wanted numbers above low', () => new Uniform(1, 1)],
    ['[Laplace] scale: got 0, wanted', () => new Laplace(0, 0)],
    ['[Exponential] rate: got -2, wanted', () => new Exponential(-2)],
    ['[Gamma] concentration: got 0, wanted', () => new Gamma(0, 1)],
    ['[Gamma] rate: got -1, wanted', () => new Gamma(1, -1)],
    ['[Beta] concentration0: got -1, wanted', () => new Beta(1, -1)],
    ['[Poisson] rate: got -1, wanted numbers of at least 0', () => new Poisson(-1)],
    ['[Bernoulli] probs: got 1.5, wanted numbers in [0, 1]', () => new Bernoulli({ probs: 1.5 })],
    ['[Bernoulli] logits: got NaN, wanted', () => new Bernoulli({ logits: NaN })],
    ['[Geometric] probs: got 0, wanted numbers in (0, 1]', () => new Geometric({ probs: 0 })],
    ['[Categorical] probs: got -1 in', () => new Categorical({ probs: tensor([2, -1]) })],
    ['[Categorical] probs: got NaN in', () => new Categorical({ probs: tensor([0, 0.0]) })],
    ['[Bernoulli] options: got both of probs and logits', () => new Bernoulli({ probs: 0.5, logits: 0 })],
    ['[Bernoulli] options: got neither of probs and logits', () => new Bernoulli({})],
  ])('%s', (message, make) => {
    expect(make).toThrow(ValueError);
    expect(make).toThrow(message);
  });

  test('pass without validateArgs', () => {
    expect(new Normal(0, -1, { validateArgs: false }).scale.item()).toBe(-1);
    expect(new Normal(0, NaN, { validateArgs: false }).logProb(0).item()).toBeNaN();
  });
});

describe('values outside of the support', () => {
  test.each<[string, distributions.Distribution, Tensor | number]>([
    ['[Normal] value: got NaN', new Normal(0, 1), NaN],
    ['[Uniform] value: got 2', new Uniform(0, 1), 2],
    ['[Uniform] value: got 0.5', new Uniform(tensor([0, 1]), tensor([3, 4])), 0.5],
    ['[Exponential] value: got -1', new Exponential(1), -1],
    ['[Gamma] value: got -1', new Gamma(1, 1), tensor([1, -1])],
    ['[Beta] value: got 1.5', new Beta(1, 1), 1.5],
    ['[Poisson] value: got 0.5', new Poisson(1), 0.5],
    ['[Bernoulli] value: got 2', new Bernoulli({ probs: 0.5 }), 2],
    ['[Geometric] value: got -1', new Geometric({ probs: 0.5 }), -1],
    ['[Categorical] value: got 2', new Categorical({ probs: tensor([0.5, 0.5]) }), tensor([0, 2])],
  ])('%s', (message, family, value) => {
    expect(() => family.logProb(value)).toThrow(ValueError);
    expect(() => family.logProb(value)).toThrow(message);
  });

  test('pass without validateArgs', () => {
    expect(new Uniform(0, 1, { validateArgs: false }).logProb(2).item()).toBe(-Infinity);
    expect(new Uniform(0, 1, { validateArgs: false }).cdf(2).item()).toBe(1);
  });
});

test('integer values and integer parameters', () => {
  const normal = new Normal(tensor([0, 1], { dtype: 'int64' }), 1);
  expect(normal.loc.dtype).toBe('float32');
  const k = tensor([0, 3], { dtype: 'int64' });
  expect(new Poisson(2).logProb(k).shape).toEqual([2]);
  expect(new Bernoulli({ probs: 0.5 }).logProb(tensor([true, false])).shape).toEqual([2]);
});

test('what is no distribution, no tensor, or does not fit', () => {
  expect(() => new Normal('0' as unknown as number, 1)).toThrow(DTypeError);
  expect(() => new Normal(tensor([1, 2]), tensor([1, 2, 3]))).toThrow(ShapeError);
  expect(() => new Normal(0, 1).logProb('1' as unknown as number)).toThrow('[Normal] value: got');
  expect(() => new Normal(tensor([1, 2]), 1).logProb(tensor([1, 2, 3]))).toThrow(ShapeError);
  expect(() => new Categorical({ probs: tensor(1.5) })).toThrow('[Categorical] probs: got a 0-dim tensor');
  expect(() => new Normal(0, 1, { wrong: true } as object)).toThrow('[Normal] options: got "wrong"');
  expect(() => new Bernoulli({ probs: 0.5, wrong: true } as object)).toThrow(
    'wanted only probs, logits, validateArgs',
  );
  expect(() => klDivergence(new Normal(0, 1), new Laplace(0, 1))).toThrow('got Normal and Laplace');
  expect(() => klDivergence(new Normal(0, 1), 3 as unknown as distributions.Distribution)).toThrow(
    '[klDivergence] q: got 3, wanted a distribution',
  );
});

test.each(['float16', 'float32', 'float64'] as const)(
  'a place of logit -Infinity in %s has no part',
  (dtype) => {
    const masked = new Categorical({ logits: tensor([0, -Infinity, 0], { dtype }) });
    expect(masked.entropy().item()).toBeCloseTo(Math.LN2, dtype === 'float16' ? 2 : 6);
    expect(masked.logProb(1).item()).toBe(-Infinity);
    expect(masked.sample([200]).eq(1).any().item()).toBe(false);
    expect(
      klDivergence(masked, new Categorical({ logits: tensor([0, 0, 0], { dtype }) })).item(),
    ).toBeCloseTo(Math.log(1.5), dtype === 'float16' ? 2 : 6);
  },
);
