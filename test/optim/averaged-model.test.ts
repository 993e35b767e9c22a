import { expect, it } from 'vitest';
import { DTypeError, nn, noGrad, ones, optim, tensor, ValueError } from '../../lib/index.js';

function filled(value: number): nn.Linear {
  const model = new nn.Linear(2, 2);
  noGrad(() => model.parameters().forEach((param) => param.fill_(value)));
  return model;
}

const set = (model: nn.Linear, value: number): void =>
  noGrad(() => model.parameters().forEach((param) => param.fill_(value)));

it('is the mean of all updates, or an exponential one', () => {
  for (const [options, wanted] of [
    [{}, (1 + 4 + 7) / 3],
    [{ decay: 0.5 }, ((1 + 4) / 2 + 7) / 2],
  ] as const) {
    const model = filled(1);
    const averaged = new optim.AveragedModel(model, options);
    for (const value of [1, 4, 7]) {
      set(model, value);
      averaged.updateParameters();
    }
    expect(averaged.nAveraged).toBe(3);
    expect(averaged.apply(() => model.bias!.tolist())).toEqual([wanted, wanted]);
    expect(model.bias!.tolist()).toEqual([7, 7]);
    const twin = filled(0);
    averaged.copyTo(twin);
    expect(twin.bias!.tolist()).toEqual([wanted, wanted]);
  }
});

it('puts the weights back when the function throws', () => {
  const model = filled(1);
  const averaged = new optim.AveragedModel(model);
  set(model, 5);
  expect(() =>
    averaged.apply(() => {
      throw new Error('as a test');
    }),
  ).toThrow('as a test');
  expect(model.bias!.tolist()).toEqual([5, 5]);
  // @ts-expect-error a promise
  expect(() => averaged.apply(() => Promise.resolve())).toThrow(ValueError);
});

it('copies buffers, and averages them when asked', () => {
  for (const [useBuffers, wanted] of [
    [false, 0.19],
    [true, 0.145],
  ] as const) {
    const model = new nn.BatchNorm1d(1);
    const averaged = new optim.AveragedModel(model, { useBuffers });
    for (let i = 0; i < 2; i++) {
      model.forward(ones([4, 1]));
      averaged.updateParameters();
    }
    const state = averaged.stateDict();
    expect(Number(state['module.running_mean']!.item())).toBeCloseTo(wanted, 6);
    expect(Number(state['module.num_batches_tracked']!.item())).toBe(2);
    expect(Number(state['n_averaged']!.item())).toBe(2);
  }
});

it('goes on from a state dict', () => {
  const [a, b] = [filled(2), filled(0)];
  const first = new optim.AveragedModel(a);
  first.updateParameters();
  const second = new optim.AveragedModel(b);
  second.loadStateDict(first.stateDict());
  set(b, 4);
  second.updateParameters();
  expect(second.apply(() => b.bias!.tolist())).toEqual([3, 3]);
  const bad = { ...first.stateDict(), 'module.bias': tensor([1]) };
  expect(() => second.loadStateDict(bad)).toThrow(/module.bias: got shape \[1\], wanted \[2\]/);
  expect(() => second.loadStateDict({})).toThrow(/n_averaged/);
});

it('refuses what is no module, and a decay above 1', () => {
  expect(() => new optim.AveragedModel({} as never)).toThrow(DTypeError);
  expect(() => new optim.AveragedModel(filled(0), { decay: 2 })).toThrow(ValueError);
  expect(() => new optim.AveragedModel(filled(0), { ema: 0.9 } as never)).toThrow(/"ema"/);
});

it('decayGroups splits by dims, or as it is told', () => {
  const model = new nn.Sequential(new nn.Linear(2, 3), new nn.LayerNorm(3));
  const names = (decays?: (name: string) => boolean) =>
    optim.decayGroups(model, 0.1, decays).map((group) => [group.params.length, group.weightDecay]);
  expect(names()).toEqual([
    [1, 0.1],
    [3, 0],
  ]);
  expect(names((name) => name.startsWith('0.'))).toEqual([
    [2, 0.1],
    [2, 0],
  ]);
  expect(names(() => true)).toEqual([[4, 0.1]]);
  expect(() => optim.decayGroups(model, -1)).toThrow(ValueError);
});
