import { expect, test } from 'vitest';
import { testAsPyTorch } from './as-pytorch.js';
import { optimStrictly as optim } from './kinds/optim.js';
import type { OptimIndex, OptimManifest } from './read/format.js';
import { replayOptimizer } from './replay-optimizer.js';

// Every trajectory of PyTorch's optimizers and every schedule on the active backend: parameters after each of five steps,
// the state in the end; learning rates over thirty steps.

const { cases, names } = testAsPyTorch('optim', optim);

test('all cases are there', () => {
  const { optimizers, lr_schedulers } = cases.index as OptimIndex;
  const counts = names.map((name) => optim.unit(cases, name).jobs.length);
  const total = optimizers.reduce((sum, { samples }) => sum + samples, lr_schedulers);
  expect(counts.reduce((sum, count) => sum + count)).toBe(total);
});

test('a step that is off by a ten-thousandth fails, in parameters and in state', () => {
  const { manifest, tensors } = cases.read('Adam');
  const sample = (manifest as OptimManifest).samples.find(({ kwargs }) => 'lr' in kwargs)!;
  const off = (ref: string) => {
    const { data, ...rest } = tensors.get(ref)!;
    const moved = Float32Array.from(data as Float32Array, (value) => value * 1.0001);
    return replayOptimizer('Adam', sample, new Map(tensors).set(ref, { ...rest, data: moved }), true);
  };
  const state = sample.state_after!['0']!['exp_avg'] as { readonly ref: string };
  expect(off(sample.expected[4]![0]!).parts).toEqual({ values: false, state: true });
  expect(off(state.ref).parts).toEqual({ values: true, state: false });
});
