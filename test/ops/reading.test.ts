import { afterEach, describe, expect, test, vi } from 'vitest';
import { backend } from '../../lib/backend/current.js';
import {
  bernoulli,
  cov,
  crossEntropy,
  F,
  logSoftmax,
  multinomial,
  normal,
  poisson,
  quantile,
  rand,
  randint,
  randn,
  randperm,
  tensor,
} from '../../lib/index.js';

// What is recorded as a step of a program cannot read a value in JavaScript: these check values while they compute.

const at = tensor([0, 2, 1]);
const offsets = tensor([0, 2]);
const lengths = tensor([4, 3]);
const calls: Record<string, () => unknown> = {
  'crossEntropy of classes': () => crossEntropy(randn([3, 4]), at, { weight: rand([4]) }),
  'crossEntropy of probabilities': () => crossEntropy(randn([3, 4]), rand([3, 4]), { weight: rand([4]) }),
  'ctcLoss, padded': () =>
    F.ctcLoss(logSoftmax(randn([4, 2, 3]), 2), randint(1, 3, [2, 2]), lengths, tensor([2, 1])),
  'ctcLoss, behind one another': () =>
    F.ctcLoss(logSoftmax(randn([4, 2, 3]), 2), tensor([1, 2, 1]), lengths, tensor([2, 1])),
  embeddingBag: () => F.embeddingBag(at, randn([3, 2]), { offsets }),
  'gradient of embeddingBag': () =>
    F.embeddingBag(at, randn([3, 2], { requiresGrad: true }), { offsets, mode: 'max' })
      .sum()
      .backward(),
  gaussianNllLoss: () => F.gaussianNllLoss(randn([3]), randn([3]), rand([3])),
  bernoulli: () => bernoulli(rand([3])),
  normal: () => normal(randn([3]), rand([3])),
  quantile: () => quantile(randn([3]), rand([2])),
  randperm: () => randperm(9),
  multinomial: () => multinomial(rand([2, 5]), 3),
  poisson: () => poisson(rand([3])),
  cov: () => cov(randn([2, 3]), { aweights: rand([3]) }),
};

describe.runIf(backend.name === 'native')('reads no value in JavaScript', () => {
  afterEach(() => {
    vi.restoreAllMocks();
  });

  test.each(Object.entries(calls))('%s', (_, call) => {
    const read = vi.spyOn(backend, 'read');
    call();
    expect(read).not.toHaveBeenCalled();
  });
});
