import { expect, it } from 'vitest';
import {
  BusyError,
  compile,
  DisposedError,
  dropout,
  DTypeError,
  manualSeed,
  memory,
  nn,
  noGrad,
  ones,
  randn,
  snapshot,
  ValueError,
  withSeed,
} from '../../lib/index.js';
import type { Tensor } from '../../lib/index.js';
import { records } from './support.js';

const make = (): nn.Sequential =>
  new nn.Sequential(new nn.Linear(3, 4), new nn.BatchNorm1d(4), new nn.Dropout(0.9), new nn.Linear(4, 2));

it('computes what the module computed, in evaluation, while the module changes', () => {
  const model = make();
  const x = randn([5, 3]);
  model.eval();
  const wanted = noGrad(() => model.forward(x)).tolist();
  model.train();
  const serving = snapshot(model);
  noGrad(() => model.parameters().forEach((each) => each.fill_(0)));
  for (let i = 0; i < 3; i++) model.forward(randn([5, 3]));
  const given = serving.forward(x);
  expect(given.tolist()).toEqual(wanted);
  expect(given.requiresGrad).toBe(false);
  expect(model.modules().every((each) => each.training)).toBe(true);
  expect(model.parameters().every((each) => each.sum().item() === 0)).toBe(true);
});

it('may be compiled, and updated', () => {
  const model = new nn.Linear(2, 1, { bias: false });
  noGrad(() => model.weight.fill_(1));
  const serving = snapshot(model);
  const predict = compile((x: Tensor) => serving.forward(x));
  const x = ones([1, 2]);
  for (let i = 0; i < 2; i++) expect(predict(x).tolist()).toEqual([[2]]);
  noGrad(() => model.weight.fill_(3));
  for (let i = 0; i < 2; i++) expect(predict(x).tolist()).toEqual([[2]]);
  serving.update();
  for (let i = 0; i < 2; i++) expect(predict(x).tolist()).toEqual([[6]]);
});

it('keeps shared weights shared, and puts them back when the module throws', () => {
  class Tied extends nn.Module {
    a = new nn.Linear(2, 2, { bias: false });
    b = new nn.Linear(2, 2, { bias: false });
    fails = false;
    constructor() {
      super();
      this.b.weight = this.a.weight;
    }
    forward(x: Tensor): Tensor {
      expect(this.a.weight).toBe(this.b.weight);
      if (this.fails) throw new RangeError('as a test');
      return this.b.forward(this.a.forward(x));
    }
  }
  const model = new Tied();
  const { weight } = model.a;
  const x = ones([1, 2]);
  const before = memory().handles;
  const serving = snapshot(model);
  expect(memory().handles).toBe(before + 1);
  model.fails = true;
  expect(() => serving.forward(x)).toThrow(RangeError);
  expect([model.a.weight, model.b.weight, model.training]).toEqual([weight, weight, true]);
  serving.dispose();
  expect(memory().handles).toBe(before);
});

it('refuses what is no module, and a module with other parameters', () => {
  expect(() => snapshot({} as nn.AnyModule)).toThrow(DTypeError);
  const model = new nn.Linear(2, 2);
  const serving = snapshot(model);
  model.weight = nn.parameter(ones([2, 2]));
  expect(() => serving.forward(ones([1, 2]))).toThrow(ValueError);
  expect(() => serving.update()).toThrow(ValueError);
});

const wide = (): nn.Linear => new nn.Linear(256, 256, { bias: false });

it('updateAsync takes its turn among the calls of compiled functions', async () => {
  const model = wide();
  const set = (value: number) => noGrad(() => model.weight.fill_(value));
  set(1);
  const serving = snapshot(model);
  const predict = compile((x: Tensor) => serving.forward(x));
  const x = ones([256, 256]);
  for (let i = 0; i < 2; i++) predict(x);
  await serving.updateAsync();
  set(2);
  // Nobody awaits between them.
  const calls = [predict.async(x), predict.async(x)];
  const updated = serving.updateAsync();
  calls.push(predict.async(x), predict.async(x));
  expect(await updated).toBe(serving);
  const values = (await Promise.all(calls)).map((y) => y.max().item());
  expect(values).toEqual([256, 256, 512, 512]);
  set(3);
  await serving.updateAsync();
  expect(predict(x).max().item()).toBe(768);
});

it('updateAsync: other parameters, and after dispose', async () => {
  const model = wide();
  const serving = snapshot(model);
  await serving.updateAsync();
  const former = model.weight;
  model.weight = nn.parameter(ones([256, 256]));
  await expect(serving.updateAsync()).rejects.toThrow(ValueError);
  model.weight = former;
  serving.dispose();
  await expect(serving.updateAsync()).rejects.toThrow(DisposedError);
});

it.skipIf(!records)(
  'while programs run: who updates and who draws random numbers is told what to do',
  async () => {
    const model = new nn.Sequential(wide(), new nn.Dropout(0.5));
    const serving = snapshot(model);
    const predict = compile((x: Tensor) => serving.forward(x), { name: 'predict' });
    const train = compile((x: Tensor) => model.forward(x), { name: 'train' });
    const x = ones([1024, 256]);
    for (const fn of [predict, predict, train, train]) fn(x);
    const one = predict.async(x);
    expect(() => serving.update()).toThrow(BusyError);
    expect(() => serving.update()).toThrow(/\[snapshot.update\] predict, .* updateAsync\(\)/);
    await one;
    serving.update();
    const other = train.async(x);
    const wanted = (op: string) =>
      new RegExp(`\\[${op}\\] needs the generator of random numbers, from which train, .* await`);
    expect(() => dropout(ones([2]))).toThrow(wanted('dropout'));
    expect(() => new nn.Linear(2, 2)).toThrow(wanted('Linear'));
    expect(() => randn([2])).toThrow(wanted('randn'));
    expect(() => manualSeed(1)).toThrow(wanted('manualSeed'));
    expect(() => withSeed(1, () => 2)).toThrow(wanted('withSeed'));
    expect(() => new nn.Linear(2, 2)).toThrow(BusyError);
    await other;
    expect(randn([2]).shape).toEqual([2]);
  },
);
