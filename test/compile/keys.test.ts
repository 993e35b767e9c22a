import { expect, it } from 'vitest';
import {
  autocast,
  compile,
  getFloat32MatmulPrecision,
  nn,
  noGrad,
  ones,
  optim,
  randn,
  setFloat32MatmulPrecision,
  tensor,
  withComposites,
  zeros,
} from '../../lib/index.js';
import type { Tensor } from '../../lib/index.js';
import { records } from './support.js';

// What makes a call one of another kind, and what does not. Without programs there is nothing to tell apart.

const whereRecorded = it.skipIf(!records);

whereRecorded('shapes, dtypes, strides and requiresGrad of arguments, their structure and constants', () => {
  const fn = compile((value: unknown, factor: number = 1) => {
    const [first] = Array.isArray(value) ? (value as Tensor[]) : [(value as { x: Tensor }).x];
    return first!.mul(factor);
  });
  const calls: [unknown, number?][] = [
    [[ones([2, 3])]],
    [[ones([3, 2])]],
    [[ones([3, 2]).t()]],
    [[ones([2, 3], { dtype: 'float64' })]],
    [[ones([2, 3], { requiresGrad: true })]],
    [{ x: ones([2, 3]) }],
    [[ones([2, 3]), ones([1])]],
    [[ones([2, 3])], 2],
    [[ones([2, 3])], -0],
    [[ones([2, 3])], 0],
  ];
  calls.forEach((call, i) => {
    fn(...call);
    expect(fn.recordings).toBe(i + 1);
  });
  for (const call of calls) fn(...call);
  expect([fn.recordings, fn.replays]).toEqual([calls.length, calls.length]);
});

whereRecorded('grad mode, autocast scope, precision and forced composition', () => {
  const w = randn([4, 4], { requiresGrad: true });
  const fn = compile((x: Tensor) => w.matmul(x).softmax(0));
  const x = randn([4, 4]);
  const surroundings: ((run: () => Tensor) => Tensor)[] = [
    (run) => run(),
    (run) => noGrad(run),
    (run) => autocast(run),
    (run) => autocast({ dtype: 'float16' }, run),
    (run) => withComposites(run),
    (run) => {
      const former = getFloat32MatmulPrecision();
      setFloat32MatmulPrecision(former === 'high' ? 'medium' : 'high');
      try {
        return run();
      } finally {
        setFloat32MatmulPrecision(former);
      }
    },
  ];
  surroundings.forEach((around, i) => {
    around(() => fn(x));
    expect(fn.recordings).toBe(i + 1);
  });
  for (const around of surroundings) around(() => fn(x));
  expect(fn.recordings).toBe(surroundings.length);
});

it('train and eval, back and forth, each with its program', () => {
  const model = new nn.Sequential(new nn.Linear(3, 3), new nn.Dropout(1));
  const fn = compile((x: Tensor) => noGrad(() => model.forward(x)));
  const x = ones([2, 3]);
  for (let i = 0; i < 3; i++) {
    model.train();
    expect(fn(x).abs().sum().item()).toBe(0);
    model.eval();
    expect(fn(x).abs().sum().item()).not.toBe(0);
  }
  if (records) expect([fn.recordings, fn.replays]).toEqual([2, 4]);
});

it('fields of modules: a parameter that is assigned, also one of another module, and other settings', () => {
  const [model, other] = [new nn.Linear(2, 2, { bias: false }), new nn.Linear(2, 2, { bias: false })];
  noGrad(() => {
    model.weight.fill_(1);
    other.weight.fill_(2);
  });
  const fn = compile((x: Tensor) => noGrad(() => model.forward(x).sum()));
  const x = ones([1, 2]);
  for (let i = 0; i < 2; i++) expect(fn(x).item()).toBe(4);
  model.weight = other.weight;
  for (let i = 0; i < 2; i++) expect(fn(x).item()).toBe(8);
  model.weight = nn.parameter(zeros([2, 2]));
  for (let i = 0; i < 2; i++) expect(fn(x).item()).toBe(0);
  const dropout = new nn.Dropout(1);
  const drop = compile((y: Tensor) => dropout.forward(y));
  expect([drop(x).sum().item(), drop(x).sum().item()]).toEqual([0, 0]);
  dropout.p = 0;
  expect([drop(x).sum().item(), drop(x).sum().item()]).toEqual([2, 2]);
});

it('requiresGrad of what is learnt', () => {
  const model = new nn.Linear(2, 1);
  const fn = compile((x: Tensor) => {
    model.zeroGrad();
    model.forward(x).sum().backward();
  });
  for (let i = 0; i < 3; i++) fn(ones([1, 2]));
  expect(model.weight.grad).not.toBeNull();
  model.weight.requiresGrad = false;
  model.weight.grad = null;
  for (let i = 0; i < 3; i++) fn(ones([1, 2]));
  expect(model.weight.grad).toBeNull();
  expect(model.bias!.grad).not.toBeNull();
});

it('groups and hooks', () => {
  const [a, b] = [ones([1], { requiresGrad: true }), ones([1], { requiresGrad: true })];
  const optimizer = new optim.SGD([a], { lr: 0.5 });
  const model = new nn.Identity();
  const fn = compile(() => {
    optimizer.zeroGrad();
    const y = model.forward(a.add(b)).sum();
    y.backward();
    optimizer.step();
    return y;
  });
  for (let i = 0; i < 3; i++) fn();
  optimizer.addParamGroup({ params: b });
  const before = Number(b.item());
  fn();
  expect(b.item()).not.toBe(before);
  const handle = model.registerForwardHook((_, __, y) => y.mul(0));
  expect(Math.abs(fn().item())).toBe(0);
  handle.remove();
  expect(fn().item()).not.toBe(0);
});

whereRecorded('keeps as many programs as it may, those used last', () => {
  const fn = compile((x: Tensor) => x.add(1), { maxPrograms: 2 });
  const [a, b, c] = [tensor([1]), tensor([1, 2]), tensor([1, 2, 3])];
  for (const x of [a, b, a, c, a]) fn(x);
  expect([fn.recordings, fn.replays, fn.programs]).toEqual([3, 2, 2]);
  fn(b);
  expect(fn.recordings).toBe(4);
});

whereRecorded('a module that counts in JavaScript does not make a program of each count', () => {
  class Counting extends nn.Module {
    calls = 0;
    forward(x: Tensor): Tensor {
      this.calls += 1;
      return x.add(1);
    }
  }
  const model = new Counting();
  const fn = compile((x: Tensor) => model.forward(x));
  for (const n of [1, 2, 1, 2, 1, 2]) fn(ones([n]));
  expect([fn.recordings, model.calls]).toEqual([2, 2]);
});

whereRecorded('what is made beside a program and was not there for it to see leaves it alone', () => {
  const model = new nn.Sequential(new nn.Linear(2, 2), new nn.BatchNorm1d(2), new nn.Dropout(0.5));
  const optimizer = new optim.SGD(model.parameters(), { lr: 0.1, momentum: 0.9 });
  const fn = compile((x: Tensor) => {
    optimizer.zeroGrad();
    model.forward(x).sum().backward();
    optimizer.step();
  });
  const x = ones([2, 2]);
  // The first step makes gradients that stand at the second.
  for (let i = 0; i < 3; i++) fn(x);
  const { recordings } = fn;
  const makers = [
    () => new nn.Dropout(0.3),
    () => (new nn.Dropout(0.3).p = 0.7),
    () => (new nn.BatchNorm1d(3, { momentum: 0.5 }).momentum = null),
    () => (new nn.InstanceNorm1d(3, { momentum: 0.5 }).momentum = 0.2),
    () => new nn.TransformerEncoderLayer(8, 2),
    () => new nn.ModuleDict({ a: new nn.Linear(2, 2) }).set('a', new nn.Linear(2, 2)),
    () => new optim.Adam(new nn.Linear(2, 2).parameters()).addParamGroup({ params: [ones([1])] }),
    () =>
      (new optim.SGD(new nn.Linear(2, 2).parameters(), { momentum: 0.9 }).paramGroups[0]!.nesterov = true),
    () => (new optim.SGD(new nn.Linear(2, 2).parameters()).paramGroups[0]!.momentum = 0.5),
  ];
  for (const make of makers) {
    make();
    fn(x);
  }
  expect(fn.recordings).toBe(recordings);
});

it('what a program has seen ends it: dropout, momentum, options, entries of containers, converted modules', () => {
  const dict = new nn.ModuleDict({ a: new nn.Linear(2, 2) });
  const model = new nn.Linear(2, 2, { bias: false });
  const w = ones([2], { requiresGrad: true });
  const optimizer = new optim.SGD([w], { lr: 1 });
  const fn = compile((x: Tensor) => {
    optimizer.zeroGrad();
    w.sum().backward();
    optimizer.step();
    // Neither ran as a module: what they hold is reached by itself.
    return noGrad(() => [dict.get('a').forward(x), x.matmul(model.weight.t().to('float32'))] as const);
  });
  const x = ones([1, 2]);
  for (let i = 0; i < 3; i++) fn(x);
  const other = new nn.Linear(2, 2);
  noGrad(() => other.parameters().forEach((each) => each.fill_(3)));
  dict.set('a', other);
  expect(fn(x)[0].tolist()).toEqual([[9, 9]]);
  model.to('float64');
  noGrad(() => model.weight.fill_(2));
  expect(fn(x)[1].tolist()).toEqual([[4, 4]]);
  const before = w.tolist() as number[];
  optimizer.paramGroups[0]!.maximize = true;
  fn(x);
  expect(w.tolist()).toEqual(before.map((value) => value + 1));
});
