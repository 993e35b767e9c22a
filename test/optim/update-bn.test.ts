import { expect, it } from 'vitest';
import { DTypeError, nn, ones, optim, randn, tensor, ValueError, type Tensor } from '../../lib/index.js';

const close = (got: Tensor, wanted: Tensor): void =>
  got.data.forEach((value, i) => expect(Number(value)).toBeCloseTo(Number(wanted.data[i]), 5));

it('computes the statistics of all batches anew, and leaves all else as it was', () => {
  const inner = new nn.BatchNorm1d(3, { momentum: 0.3 });
  const model = new nn.Sequential(new nn.Sequential(inner, new nn.Dropout(0.5)), new nn.Linear(3, 2));
  model.eval();
  model.getSubmodule('0.1').train();
  inner.runningMean!.fill_(7);
  const batches = [0, 1, 2].map(() => randn([8, 3]));
  const before = model.getParameter('1.weight').tolist();
  optim.updateBn(
    batches.map((x) => [x, 'a label'] as const),
    model,
  );
  const mean = batches.map((x) => x.mean({ dim: 0 })).reduce((a, b) => a.add(b));
  const variance = batches.map((x) => x.var({ dim: 0 })).reduce((a, b) => a.add(b));
  close(inner.runningMean!, mean.div(3));
  close(inner.runningVar!, variance.div(3));
  expect(inner.numBatchesTracked?.item()).toBe(3);
  expect(inner.momentum).toBe(0.3);
  expect(model.modules().map((module) => module.training)).toEqual([false, false, false, true, false]);
  expect(model.getParameter('1.weight').tolist()).toEqual(before);
});

it('puts modes and momentum back when a batch fails', () => {
  const norm = new nn.BatchNorm1d(3).eval();
  expect(() => optim.updateBn([ones([2, 4])], norm)).toThrow(/wanted 3 channels/);
  expect([norm.momentum, norm.training]).toEqual([0.1, false]);
  expect(() => optim.updateBn([3 as never], norm)).toThrow(DTypeError);
  expect(() => optim.updateBn(3 as never, norm)).toThrow(ValueError);
  expect(() => optim.updateBn([], 3 as never)).toThrow(DTypeError);
  optim.updateBn([3 as never], new nn.Linear(1, 1));
});

it('momentum and p may be assigned', () => {
  const norm = new nn.BatchNorm1d(1);
  norm.momentum = 0.5;
  norm.forward(tensor([[1], [3]], { dtype: 'float32' }));
  expect(norm.runningMean?.item()).toBe(1);
  expect(() => (norm.momentum = 2)).toThrow(/\[BatchNorm1d\] momentum: got 2/);
  const instance = new nn.InstanceNorm1d(1, { trackRunningStats: true });
  instance.momentum = 1;
  instance.forward(tensor([[[1, 3]]], { dtype: 'float32' }));
  expect(instance.runningMean?.item()).toBe(2);
  const dropout = new nn.Dropout(0);
  dropout.p = 1;
  expect(dropout.forward(ones([3])).tolist()).toEqual([0, 0, 0]);
  expect(() => (dropout.p = -1)).toThrow(ValueError);
});
