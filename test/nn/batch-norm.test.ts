import { describe, expect, it } from 'vitest';
import { nn, noGrad, type Tensor } from '../../lib/index.js';
import { distance, flat, pattern } from './pattern.js';

/** Three batches in training, one in evaluation. */
const runs = [
  {
    momentum: 0.1,
    mean: [0.1480625, 0.3130625],
    variance: [1.26347344, 1.31691094],
    evaluated: [0.535508814, 0.09068787, -0.490655592, -0.926358194],
  },
  {
    momentum: null,
    mean: [0.458333333, 1.125],
    variance: [1.840625, 2.03854167],
    evaluated: [0.214982426, -0.153558876, -0.96303448, -1.31322884],
  },
  {
    momentum: 1,
    mean: [1.8125, 1.4375],
    variance: [3.8671875, 3.8671875],
    evaluated: [-0.540294769, -0.79455113, -0.858115221, -1.11237158],
  },
  {
    momentum: 0,
    mean: [0, 0],
    variance: [1, 1],
    evaluated: [0.74999625, 0.24999875, -0.24999875, -0.74999625],
  },
] as const;

const trained = (momentum: number | null): nn.BatchNorm2d => {
  const norm = new nn.BatchNorm2d(2, { momentum, dtype: 'float64' });
  for (let k = 0; k < 3; ++k) {
    norm.forward(
      pattern([3, 2, 2, 1], k)
        .mul(k + 1)
        .add(k),
    );
  }
  return norm;
};

describe('running statistics as PyTorch', () => {
  it.each(runs)('with momentum $momentum', ({ momentum, mean, variance, evaluated }) => {
    const norm = trained(momentum);
    expect(distance(flat(norm.runningMean!), mean)).toBeLessThan(1e-8);
    expect(distance(flat(norm.runningVar!), variance)).toBeLessThan(1e-8);
    expect(norm.numBatchesTracked?.item()).toBe(3);
    const y = norm.eval().forward(pattern([1, 2, 1, 2], 5));
    expect(distance(flat(y), evaluated)).toBeLessThan(1e-8);
    // Evaluation changes nothing.
    expect(distance(flat(norm.runningMean!), mean)).toBeLessThan(1e-8);
    expect(norm.numBatchesTracked?.item()).toBe(3);
  });

  it('move under noGrad too, need no gradient and stay the same tensors', () => {
    const norm = new nn.BatchNorm1d(2);
    const { runningMean, runningVar, numBatchesTracked } = norm;
    noGrad(() => norm.forward(pattern([4, 2], 1, 'float32')));
    norm.forward(pattern([4, 2], 2, 'float32').requiresGrad_());
    expect(norm.runningMean).toBe(runningMean);
    expect(norm.runningVar).toBe(runningVar);
    expect(norm.numBatchesTracked).toBe(numBatchesTracked);
    expect(numBatchesTracked?.item()).toBe(2);
    expect([runningMean, runningVar].map((t) => t?.requiresGrad)).toEqual([false, false]);
  });

  it('are forgotten on request', () => {
    const norm = trained(0.1);
    norm.resetRunningStats();
    expect(norm.runningMean?.tolist()).toEqual([0, 0]);
    expect(norm.runningVar?.tolist()).toEqual([1, 1]);
    expect(norm.numBatchesTracked?.item()).toBe(0);
  });

  it('go with the state', () => {
    const norm = trained(0.1);
    const copy = new nn.BatchNorm2d(2, { dtype: 'float64' });
    copy.loadStateDict(norm.stateDict());
    const x = pattern([1, 2, 1, 2], 5);
    const outputs: Tensor[] = [norm.eval(), copy.eval()].map((module) => module.forward(x));
    expect(outputs[0]!.equal(outputs[1]!)).toBe(true);
    expect(copy.numBatchesTracked?.item()).toBe(3);
  });

  it('are absent without tracking', () => {
    const norm = new nn.BatchNorm2d(2, { trackRunningStats: false });
    expect(norm.runningMean).toBeNull();
    expect(Object.keys(norm.stateDict())).toEqual(['weight', 'bias']);
    expect(norm.buffers()).toEqual([]);
  });
});
