import { describe, expect, test } from 'vitest';
import { distributions, gradcheck, tensor, type Tensor } from '../../lib/index.js';
import { makeFamily, parametersOf } from './families.js';
import { torchValues, type Numbers } from './torch-values.js';

// Values are PyTorch's, to what the last digits of the special functions differ by.

const { klDivergence } = distributions;

const close = (got: Tensor, wanted: Numbers): void => {
  const flat = (x: unknown): number[] => (Array.isArray(x) ? x.flatMap(flat) : [x as number]);
  const shape = (x: unknown): number[] => (Array.isArray(x) ? [x.length, ...shape(x[0])] : []);
  expect(got.shape).toEqual(shape(wanted));
  const values = flat(got.tolist());
  flat(wanted).forEach((value, i) => {
    if (!Number.isFinite(value)) expect(values[i]).toBe(value);
    else expect(Math.abs(values[i]! - value)).toBeLessThanOrEqual(1e-11 * (1 + Math.abs(value)));
  });
};

describe.each(Object.entries(torchValues))('%s is as in PyTorch', (_name, torch) => {
  const { family, value } = torch;
  const p = makeFamily(family, torch.p, parametersOf(torch.p));
  const q = makeFamily(family, torch.q, parametersOf(torch.q));
  const at = (data: Numbers): Tensor => tensor(data as number[], { dtype: 'float64' });

  test('mean, variance, stddev, mode', () => {
    close(p.mean, torch.mean);
    close(p.variance, torch.variance);
    close(p.stddev, torch.stddev);
    if (torch.mode === undefined) expect(() => p.mode).toThrow(`[${family}] mode: there is none`);
    else close(p.mode, torch.mode);
  });

  test('logProb', () => {
    close(p.logProb(at(value)), torch.logProb);
    close(p.expand([2, ...p.batchShape]).logProb(at(value)), torch.logProb);
  });

  test('entropy', () => {
    if (torch.entropy === undefined) expect(() => p.entropy()).toThrow(`[${family}] entropy: there is none`);
    else close(p.entropy(), torch.entropy);
  });

  test('cdf and icdf', () => {
    if (torch.cdf === undefined) expect(() => p.cdf(1)).toThrow(`[${family}] cdf: there is none`);
    else close(p.cdf(at(value)), torch.cdf);
    if (torch.icdf === undefined) expect(() => p.icdf(0.5)).toThrow(`[${family}] icdf: there is none`);
    else close(p.icdf(at([0.01, 0.5, 0.9])), torch.icdf);
  });

  test('klDivergence', () => {
    close(klDivergence(p, q), torch.kl);
  });
});

// Away from the ends of supports, where there is no derivative.
const smooth: Readonly<Record<string, { p: number[][] | Record<string, number[]>; value: number[] }>> = {
  Normal: {
    p: [
      [-1.5, 0.2],
      [0.5, 1],
    ],
    value: [0.3, -2],
  },
  Uniform: {
    p: [
      [-1.5, 0.2],
      [0.5, 1],
    ],
    value: [0.3, 0.4],
  },
  Laplace: {
    p: [
      [-1.5, 0.2],
      [0.5, 1],
    ],
    value: [0.3, -2],
  },
  Exponential: { p: [[0.5, 3]], value: [0.3, 2] },
  Gamma: {
    p: [
      [0.5, 3],
      [0.8, 2],
    ],
    value: [0.3, 2],
  },
  Beta: {
    p: [
      [0.5, 3],
      [0.8, 2],
    ],
    value: [0.3, 0.8],
  },
  Poisson: { p: [[0.5, 3]], value: [0, 4] },
  Bernoulli: { p: { probs: [0.3, 0.8] }, value: [0, 1] },
  Geometric: { p: { logits: [-0.3, 0.8] }, value: [0, 3] },
  Categorical: { p: { logits: [0.3, -0.8, 1.1] }, value: [2] },
};

describe.each(Object.entries(smooth))('gradients of %s', (family, { p, value }) => {
  const inputs = parametersOf(p).map((each) => each.requiresGrad_());
  const make = (tensors: readonly Tensor[]): distributions.Distribution => makeFamily(family, p, tensors);

  test('logProb', () => {
    const at = tensor(value, { dtype: 'float64' });
    expect(gradcheck((...parameters) => make(parameters).logProb(at), inputs)).toBe(true);
  });

  test.skipIf(family === 'Poisson')('entropy', () => {
    expect(gradcheck((...parameters) => make(parameters).entropy(), inputs)).toBe(true);
  });

  test('klDivergence', () => {
    // A uniform distribution inside of the other.
    const others = parametersOf(p).map((each, i) =>
      (family === 'Uniform' ? each.add(i === 0 ? -0.5 : 0.5) : each.mul(1.1).add(0.01))
        .detach()
        .requiresGrad_(),
    );
    const both = [...inputs, ...others];
    const divergence = (...all: Tensor[]): Tensor =>
      klDivergence(make(all.slice(0, inputs.length)), make(all.slice(inputs.length)));
    expect(gradcheck(divergence, both)).toBe(true);
  });
});
