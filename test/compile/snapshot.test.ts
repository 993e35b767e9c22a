import { expect, it } from 'vitest';
import {
  compile,
  DTypeError,
  memory,
  nn,
  noGrad,
  ones,
  randn,
  snapshot,
  ValueError,
} from '../../lib/index.js';
import type { Tensor } from '../../lib/index.js';

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
