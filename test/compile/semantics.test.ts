import { describe, expect, it } from 'vitest';
import {
  AnomalyError,
  autocast,
  compile,
  crossEntropy,
  detectAnomaly,
  getRngState,
  keep,
  manualSeed,
  memory,
  nn,
  noGrad,
  ones,
  optim,
  rand,
  randn,
  setDetectAnomaly,
  setRngState,
  tensor,
  withSeed,
  zeros,
} from '../../lib/index.js';
import type { Tensor } from '../../lib/index.js';
import { records } from './support.js';

// What a compiled function promises, one test a sentence.

const numbers = (x: Tensor): unknown => x.tolist();

describe('a call', () => {
  it('takes and gives null and undefined, each of its own kind', () => {
    const fn = compile((y: Tensor, mask?: Tensor | null, rest?: { scale: number | undefined }) => ({
      y: mask === null ? y.neg() : mask === undefined ? y.mul(rest?.scale ?? 2) : y.add(mask),
      mask: mask && null,
      none: undefined,
    }));
    for (let i = 0; i < 2; i++) {
      const y = tensor([i + 1]);
      expect(fn(y).y.tolist()).toEqual([2 * (i + 1)]);
      expect(fn(y, undefined, { scale: undefined }).y.tolist()).toEqual([2 * (i + 1)]);
      expect(fn(y, undefined, { scale: 3 }).y.tolist()).toEqual([3 * (i + 1)]);
      expect(fn(y, null).y.tolist()).toEqual([-i - 1]);
      const masked = fn(y, tensor([5]));
      expect(masked.y.tolist()).toEqual([i + 6]);
      expect([masked.mask, masked.none]).toEqual([null, undefined]);
    }
    if (records) expect([fn.recordings, fn.replays]).toEqual([5, 5]);
  });

  it('takes and gives tensors, numbers, booleans and strings in arrays and plain objects', () => {
    const fn = compile(({ x, by }: { x: Tensor; by: readonly number[] }, sign: boolean) => ({
      scaled: by.map((factor) => x.mul(sign ? -factor : factor)),
      count: by.length,
      label: 'scaled',
      none: null,
    }));
    for (let i = 0; i < 3; i++) {
      const result = fn({ x: tensor([1, i + 1]), by: [2, 3] }, true);
      expect(result.scaled.map(numbers)).toEqual([
        [-2, -2 * (i + 1)],
        [-3, -3 * (i + 1)],
      ]);
      expect([result.count, result.label, result.none]).toEqual([2, 'scaled', null]);
    }
    if (records) expect([fn.recordings, fn.replays]).toEqual([1, 2]);
  });

  it('runs JavaScript only while it is recorded', () => {
    let calls = 0;
    const fn = compile((x: Tensor) => {
      calls += 1;
      return x.add(1);
    });
    for (let i = 0; i < 4; i++) expect(fn(tensor([i])).tolist()).toEqual([i + 1]);
    expect(calls).toBe(records ? 1 : 4);
    expect(fn.recordings).toBe(calls);
    expect(fn.replays).toBe(4 - calls);
  });

  it('gives fresh tensors, which no later call overwrites', () => {
    const w = zeros([2]);
    const fn = compile((x: Tensor) => {
      noGrad(() => w.add_(x));
      return [x.mul(2), w, x] as const;
    });
    const results = [1, 2, 3].map((value) => fn(tensor([value, value], { dtype: 'float32' })));
    expect(results.map(([twice]) => Number(twice.data[0]))).toEqual([2, 4, 6]);
    expect(results.map(([, state]) => Number(state.data[0]))).toEqual([1, 3, 6]);
    expect(results.map(([, , given]) => Number(given.data[0]))).toEqual([1, 2, 3]);
    results[0]![1].add_(100);
    expect(w.tolist()).toEqual([6, 6]);
  });

  it('gives results without history', () => {
    const w = ones([2], { requiresGrad: true });
    const fn = compile(() => w.square().sum());
    for (let i = 0; i < 3; i++) expect(fn().requiresGrad).toBe(false);
  });

  it('works as an evaluation, in or around noGrad', () => {
    const model = new nn.Sequential(new nn.Linear(3, 4), new nn.BatchNorm1d(4), new nn.Dropout(0.5)).eval();
    const predict = compile((x: Tensor) => noGrad(() => model.forward(x)), { passes: 'exact' });
    const around = compile((x: Tensor) => model.forward(x), { passes: 'exact' });
    for (let i = 0; i < 3; i++) {
      const x = randn([2, 3]);
      const wanted = noGrad(() => model.forward(x)).tolist();
      expect(predict(x).tolist()).toEqual(wanted);
      expect(noGrad(() => around(x)).tolist()).toEqual(wanted);
    }
  });

  it('leaves nothing behind', () => {
    const w = randn([3, 3], { requiresGrad: true });
    const fn = compile((x: Tensor) => {
      w.grad = null;
      const loss = w.matmul(x).tanh().sum();
      loss.backward();
      return loss;
    });
    const x = randn([3, 3]);
    for (let i = 0; i < 3; i++) fn(x).dispose();
    const before = memory().handles;
    for (let i = 0; i < 20; i++) fn(x).dispose();
    expect(memory().handles).toBe(before);
  });
});

describe('state', () => {
  it('is what the function reaches, by reference', () => {
    const w = tensor([1, 2], { dtype: 'float32' });
    const fn = compile((x: Tensor) => w.mul(x));
    expect(fn(ones([2])).tolist()).toEqual([1, 2]);
    w.fill_(5);
    expect(fn(ones([2])).tolist()).toEqual([5, 5]);
  });

  it('is seen by what runs as it stands, between calls', () => {
    const w = zeros([1]);
    const fn = compile(() => noGrad(() => void w.add_(1)));
    for (let i = 0; i < 3; i++) fn();
    w.mul_(10);
    fn();
    expect(w.tolist()).toEqual([31]);
  });

  it('includes views: a write through one is a write to its base', () => {
    const base = zeros([2, 2]);
    const fn = compile((x: Tensor) => {
      noGrad(() => base.select(0, 1).copy_(x));
      return base.sum();
    });
    for (const value of [1, 2, 3])
      expect(fn(tensor([value, value], { dtype: 'float32' })).item()).toBe(2 * value);
    expect(base.tolist()).toEqual([
      [0, 0],
      [3, 3],
    ]);
  });

  it('of random numbers goes on: each call draws others, the same as it would draw', () => {
    manualSeed(5);
    const plain = [0, 1, 2, 3].map(() => rand([3]).tolist());
    manualSeed(5);
    const fn = compile(() => rand([3]));
    expect([0, 1, 2, 3].map(() => fn().tolist())).toEqual(plain);
    manualSeed(5);
    expect(fn().tolist()).toEqual(plain[0]);
    const state = getRngState();
    fn();
    setRngState(state);
    expect(fn().tolist()).toEqual(plain[1]);
    expect(rand([3]).tolist()).toEqual(plain[2]);
  });

  it('of random numbers is that of withSeed, around and inside', () => {
    const draw = compile(() => rand([2]));
    draw();
    const seeded = withSeed(9, () => rand([2]).tolist());
    expect(withSeed(9, () => draw().tolist())).toEqual(seeded);
    const inside = compile(() => [withSeed(9, () => rand([2])), rand([2])] as const);
    manualSeed(1);
    const plain = [rand([2]).tolist(), rand([2]).tolist()];
    manualSeed(1);
    const results = [inside(), inside()];
    expect(results.map(([a]) => a.tolist())).toEqual([seeded, seeded]);
    expect(results.map(([, b]) => b.tolist())).toEqual(plain);
  });

  it('includes running statistics', () => {
    const [plain, compiled] = [false, true].map((isCompiled) => {
      manualSeed(2);
      const norms = [new nn.BatchNorm1d(3), new nn.BatchNorm1d(3, { momentum: null })];
      const body = (x: Tensor): Tensor => norms.reduce((y, norm) => norm.forward(y), x).sum();
      const fn = isCompiled ? compile(body, { passes: 'exact' }) : body;
      for (let i = 0; i < 5; i++) fn(randn([4, 3]));
      return norms.map((norm) => Object.values(norm.stateDict()).map(numbers));
    });
    expect(compiled).toEqual(plain);
  });

  it('includes averages of weights', () => {
    for (const options of [{}, { decay: 0.9 }]) {
      const [plain, compiled] = [false, true].map((isCompiled) => {
        manualSeed(4);
        const model = new nn.Linear(2, 2);
        const averaged = new optim.AveragedModel(model, options);
        const optimizer = new optim.SGD(model.parameters(), { lr: 0.1 });
        const body = (x: Tensor): void => {
          optimizer.zeroGrad();
          model.forward(x).square().sum().backward();
          optimizer.step();
          averaged.updateParameters();
        };
        const fn = isCompiled ? compile(body, { passes: 'exact' }) : body;
        for (let i = 0; i < 5; i++) fn(randn([3, 2]));
        return [averaged.nAveraged, ...Object.values(averaged.stateDict()).map(numbers)];
      });
      expect(compiled).toEqual(plain);
      expect(compiled![0]).toBe(5);
    }
  });

  it('is what the function keeps', () => {
    let last: Tensor | undefined;
    const fn = compile((x: Tensor) => {
      last = keep(x.mul(2));
      return x.add(1);
    });
    for (const value of [1, 2, 3]) fn(tensor([value]));
    expect(last!.tolist()).toEqual([6]);
  });
});

describe('gradients', () => {
  it('are after a call what the function leaves', () => {
    const w = tensor([1, 2], { dtype: 'float32', requiresGrad: true });
    const fn = compile((x: Tensor) => {
      w.grad = null;
      w.mul(x).sum().backward();
    });
    for (const value of [3, 4, 5]) {
      fn(tensor([value, value], { dtype: 'float32' }));
      expect(w.grad?.tolist()).toEqual([value, value]);
    }
    const clear = compile(() => {
      w.grad = null;
    });
    for (let i = 0; i < 3; i++) {
      fn(ones([2]));
      clear();
      expect(w.grad).toBeNull();
    }
  });

  it('are added to where they are set, by one function or by two', () => {
    const w = tensor([1, 2], { dtype: 'float32', requiresGrad: true });
    const optimizer = new optim.SGD([w], { lr: 0.5 });
    const accumulate = compile((x: Tensor) => {
      w.mul(x).sum().backward();
    });
    const apply = compile(() => {
      optimizer.step();
      optimizer.zeroGrad();
    });
    for (let round = 0; round < 4; round++) {
      const before = w.tolist() as number[];
      for (const value of [1, 2, 3]) accumulate(tensor([value, 2 * value], { dtype: 'float32' }));
      expect(w.grad?.tolist()).toEqual([6, 12]);
      apply();
      expect(w.grad).toBeNull();
      expect(w.tolist()).toEqual([before[0]! - 3, before[1]! - 6]);
    }
    if (records) expect(accumulate.recordings).toBe(2);
  });

  it('are added up over the parts of a batch inside', () => {
    const [plain, compiled] = [false, true].map((isCompiled) => {
      manualSeed(8);
      const model = new nn.Linear(3, 2);
      const optimizer = new optim.Adam(model.parameters());
      const body = (x: Tensor, y: Tensor): Tensor[] => {
        optimizer.zeroGrad();
        const losses = [0, 1].map((i) => {
          const loss = crossEntropy(model.forward(x.narrow(0, 2 * i, 2)), y.narrow(0, 2 * i, 2)).div(2);
          loss.backward();
          return loss;
        });
        optimizer.step();
        return losses;
      };
      const fn = isCompiled ? compile(body, { passes: 'exact' }) : body;
      const results: unknown[] = [];
      for (let i = 0; i < 5; i++) results.push(fn(randn([4, 3]), tensor([0, 1, 1, 0])).map(numbers));
      return results;
    });
    expect(compiled).toEqual(plain);
  });

  it('of arguments are set too', () => {
    const fn = compile((x: Tensor) => {
      x.square().sum().backward();
    });
    for (const value of [1, 2, 3]) {
      const x = tensor([value], { dtype: 'float32', requiresGrad: true });
      fn(x);
      expect(x.grad?.tolist()).toEqual([2 * value]);
    }
  });
});

it('a function that throws leaves memory, gradients and generator as they were', () => {
  if (!records) return;
  manualSeed(6);
  const model = new nn.Sequential(new nn.Linear(3, 3), new nn.BatchNorm1d(3), new nn.Dropout(0.5));
  const optimizer = new optim.SGD(model.parameters(), { lr: 0.1, momentum: 0.9 });
  let fails = true;
  const fn = compile((x: Tensor) => {
    optimizer.zeroGrad();
    model.forward(x).sum().backward();
    optimizer.step();
    if (fails) throw new RangeError('as a test');
  });
  const x = randn([4, 3]);
  const look = (): unknown => [
    Object.values(model.stateDict()).map(numbers),
    model.parameters().map((each) => each.grad?.tolist()),
    optimizer.stateDict().state,
    getRngState().data,
  ];
  const before = look();
  expect(() => fn(x)).toThrow(RangeError);
  expect(look()).toEqual(before);
  expect([fn.recordings, fn.programs]).toEqual([0, 0]);
  fails = false;
  fn(x);
  expect(fn.recordings).toBe(1);
  expect(look()).not.toEqual(before);
});

it('a closure of LBFGS may be compiled', () => {
  const [plain, compiled] = [false, true].map((isCompiled) => {
    const w = tensor([4, -2], { dtype: 'float64', requiresGrad: true });
    const optimizer = new optim.LBFGS([w], { lineSearchFn: 'strong_wolfe' });
    const body = (): Tensor => {
      optimizer.zeroGrad();
      const loss = w.sub(1).pow(4).sum();
      loss.backward();
      return loss;
    };
    const closure = isCompiled ? compile(body, { passes: 'exact' }) : body;
    return [0, 1, 2].map(() => [optimizer.step(closure).item(), w.tolist()]);
  });
  expect(compiled).toEqual(plain);
});

it('autocast inside and around gives the same', () => {
  const model = new nn.Linear(4, 3);
  const x = randn([2, 4]);
  const wanted = autocast(() => model.forward(x));
  const inside = compile(() => autocast(() => model.forward(x)));
  const around = compile(() => model.forward(x));
  for (let i = 0; i < 3; i++) {
    expect(inside().tolist()).toEqual(wanted.tolist());
    expect(autocast(() => around()).dtype).toBe('bfloat16');
    expect(around().dtype).toBe('float32');
    model.weight.requiresGrad = true;
  }
});

it('runs as it stands where anomalies are looked for', () => {
  const x = tensor([4, 0], { dtype: 'float32', requiresGrad: true });
  const fn = compile(() => {
    x.grad = null;
    x.sqrt().sum().backward();
  });
  fn();
  fn();
  expect(() => detectAnomaly(() => fn())).toThrow(AnomalyError);
  fn();
  const bad = tensor([0], { dtype: 'float32', requiresGrad: true });
  const nan = compile(() => bad.mul(0).div(bad).sum().backward());
  nan();
  setDetectAnomaly(true);
  try {
    expect(nan).toThrow(AnomalyError);
  } finally {
    setDetectAnomaly(false);
  }
});
