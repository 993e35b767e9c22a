import { inspect } from 'node:util';
import { describe, expect, it, test } from 'vitest';
import { backend } from '../../lib/backend/current.js';
import { collect, nn, noGrad, tidy, ValueError, type Tensor } from '../../lib/index.js';
import { layers, losses } from './catalog.js';

// What holds of every layer and loss.

const all = Object.entries({ ...layers, ...losses });
const withOptions = all.filter(([, { options }]) => options);

const call = (module: nn.AnyModule, inputs: readonly unknown[]): Tensor =>
  (module.forward as (...values: readonly unknown[]) => Tensor)(...inputs);

test('every class of nn is in the catalogue, but bases, containers, and what gives several tensors', () => {
  const elsewhere = [
    'AdaptiveLogSoftmaxWithLoss',
    'BatchNorm',
    'Convolution',
    'ConvolutionTranspose',
    'GRU',
    'GRUCell',
    'Graph',
    'InstanceNorm',
    'KVCache',
    'LSTM',
    'LSTMCell',
    'LazyBatchNorm1d',
    'LazyBatchNorm2d',
    'LazyBatchNorm3d',
    'LazyConv1d',
    'LazyConv2d',
    'LazyConv3d',
    'LazyConvTranspose1d',
    'LazyConvTranspose2d',
    'LazyConvTranspose3d',
    'LazyInstanceNorm1d',
    'LazyInstanceNorm2d',
    'LazyInstanceNorm3d',
    'LazyLinear',
    'LazyModule',
    'Module',
    'ModuleDict',
    'ModuleList',
    'MultiheadAttention',
    'ParameterDict',
    'ParameterList',
    'RNN',
    'RNNCell',
    'RecurrentCell',
    'RecurrentLayer',
    'Sequential',
    'Transformer',
  ];
  const classes = Object.entries(nn)
    .filter(([name, value]) => typeof value === 'function' && /^[A-Z]/.test(name))
    .map(([name]) => name);
  const there = all.map(([name]) => name);
  expect(classes.filter((name) => !there.includes(name)).sort()).toEqual(elsewhere);
});

describe.each(all)('%s', (name, { make, inputs }) => {
  it('is called so, and shows what it was made of', () => {
    const module = make();
    expect(module.constructor.name).toBe(name);
    expect(inspect(module).startsWith(`${name}(`)).toBe(true);
  });

  it('leaves nothing behind but its result', () => {
    const module = make();
    const values = inputs();
    noGrad(() => call(module, values)).dispose();
    collect();
    const before = backend.memory().handles;
    const result = noGrad(() => call(module, values));
    const made = backend.memory().handles - before;
    expect(made).toBe(result === values[0] ? 0 : 1);
  });

  it('has gradients in training for all that it learns', () => {
    tidy(() => {
      const module = make();
      const parameters = module.parameters();
      if (parameters.length === 0) return;
      call(module, inputs()).sum().backward();
      expect(parameters.filter((p) => p.grad === null)).toEqual([]);
    });
  });
});

/** What is said of an option that is not there. */
function refusal(make: (options?: object) => unknown): string {
  try {
    make({ kernal: 3 });
    return 'nothing';
  } catch (error) {
    return (error as Error).message;
  }
}

describe.each(withOptions)('%s', (name, { make }) => {
  it('refuses an option that it does not know', () => {
    expect(() => make({ kernal: 3 })).toThrow(ValueError);
    expect(refusal(make)).toMatch(`[${name}] options: got "kernal", wanted only`);
  });

  it('takes an option that is undefined as absent', () => {
    const names = refusal(make)
      .replace(/^.*wanted only /, '')
      .split(', ');
    // One of these and their like must be there.
    const free = names.filter((option) => !['scaleFactor', 'outputRatio'].includes(option));
    const absent = Object.fromEntries(free.map((option) => [option, undefined]));
    expect(inspect(make(absent))).toBe(inspect(make()));
  });
});

describe.each(Object.entries(losses))('%s', (name, { make }) => {
  it('refuses an unknown reduction', () => {
    expect(() => make({ reduction: 'median' })).toThrow(`[${name}] reduction: got "median", wanted one of`);
  });
});
