import { describe, expect, it } from 'vitest';
import {
  AutogradError,
  BusyError,
  compile,
  info,
  memory,
  nn,
  noGrad,
  ones,
  optim,
  OutOfMemoryError,
  randn,
  RecordingError,
  setMemoryLimit,
  setNumThreads,
  tensor,
  tidy,
  ValueError,
  zeros,
} from '../../lib/index.js';
import type { Tensor } from '../../lib/index.js';
import { records } from './support.js';

// What went wrong once when compiled functions were used in ways that nobody had thought of.

describe('a sum that is read in the expression that it is made of', () => {
  const functions: Record<string, (x: Tensor) => Tensor> = {
    'the mean taken off': (x) => x.sub(x.abs().mean()),
    'rows divided by their squares': (x) => x.div(x.square().sum({ dim: -1, keepdim: true })),
    'channels weighed': (x) => x.mul(x.relu().mean({ dim: 1, keepdim: true })),
    'the gradient of a softmax': (x) => {
      const g = x.mul(2);
      return g.sub(g.mul(x).sum({ dim: -1, keepdim: true })).mul(x);
    },
  };
  it.each(Object.keys(functions))('%s', (name) => {
    const fn = functions[name]!;
    const compiled = compile(fn);
    for (let i = 1; i <= 4; i++) {
      const x = randn([5, 7]).mul(i * i);
      expect(compiled(x).tolist()).toEqual(fn(x).tolist());
    }
  });
});

describe.runIf(records)('calls that fail', () => {
  it('are not counted as in flight', async () => {
    const twice = compile((x: Tensor) => x.mul(2));
    const x = ones([200_000]);
    twice(x).dispose();
    setMemoryLimit(memory().bytes);
    try {
      await expect(twice.async(x)).rejects.toThrow(/cannot allocate/);
    } finally {
      setMemoryLimit(0);
    }
    const promise = twice.async(x);
    expect(() => twice(x)).toThrow(BusyError);
    expect((await promise).shape).toEqual([200_000]);
    expect(twice(x).shape).toEqual([200_000]);
  });

  it('leave no gradient of an argument behind', () => {
    const step = compile((x: Tensor, rows: Tensor) => {
      const loss = x
        .mul(3)
        .sum()
        .add(ones([3]).indexSelect(0, rows).sum());
      loss.backward();
      return loss;
    });
    const make = () => tensor([1, 1], { dtype: 'float32', requiresGrad: true });
    step(make(), tensor([0]));
    const x = make();
    expect(() => step(x, tensor([7]))).toThrow(/index/i);
    expect(x.grad).toBe(null);
    step(x, tensor([2]));
    expect(x.grad!.tolist()).toEqual([3, 3]);
  });
});

it('names of passes are looked at before anything is recorded', () => {
  const passes = [Symbol('fuse')] as unknown as string[];
  expect(() => compile((x: Tensor) => x.mul(2), { passes })).toThrow(ValueError);
  const compileWith = (names: string[]) => () => compile((x: Tensor) => x.mul(2), { passes: names });
  for (const names of [['bogus'], ['deadCode', 'bogus']]) {
    expect(compileWith(names)).toThrow(ValueError);
    expect(compileWith(names)).toThrow(
      /^\[compile\] got the pass bogus, wanted one of: constantFolding .* inPlace$/,
    );
  }
  expect(compileWith([])).not.toThrow();
  expect(compile((x: Tensor) => x.mul(2))(ones([2])).tolist()).toEqual([2, 2]);
});

it('an array with holes is an argument like another', () => {
  const list: Tensor[] = [ones([2])];
  list.length = 3;
  const first = compile((each: readonly (Tensor | undefined)[]) => noGrad(() => each[0]!.mul(each.length)));
  for (let i = 0; i < 3; i++) expect(first(list).tolist()).toEqual([3, 3]);
});

describe.runIf(records)('where memory runs out', () => {
  it('while a program is built, the call gives what it did, and does it once', () => {
    const state = zeros([2 * 1024 * 1024]);
    const w = randn([1024, 1024]);
    const x = randn([1024, 1024]);
    // Two products at a time as it stands; the program keeps all of them, for they depend on state alone.
    const step = compile(() => {
      let product = x.matmul(w);
      for (let i = 0; i < 6; i++) {
        const next = product.matmul(w);
        product.dispose();
        product = next;
      }
      const sum = tidy(() => product.sum().mul(0).add(1));
      product.dispose();
      return noGrad(() => state.add_(sum)).sum();
    });
    const wanted = state.numel();
    setMemoryLimit(memory().bytes + 18 * 2 ** 20);
    try {
      expect(step().item()).toBe(wanted);
      expect(step().item()).toBe(2 * wanted);
      expect([step.recordings, step.programs]).toEqual([2, 0]);
    } finally {
      setMemoryLimit(0);
    }
    for (let i = 3; i < 6; i++) expect(step().item()).toBe(i * wanted);
    expect([step.recordings, step.programs]).toEqual([3, 1]);
  });

  it('for more threads, later calls try again', () => {
    const { threads } = info();
    const w = randn([512, 512]);
    const fn = compile((x: Tensor) => x.matmul(w).matmul(w).sum());
    const x = randn([512, 512]);
    setNumThreads(1);
    try {
      fn(x);
      const wanted = fn(x).item();
      setNumThreads(16);
      setMemoryLimit(memory().bytes);
      for (let i = 0; i < 2; i++) {
        try {
          expect(fn(x).item()).toBe(wanted);
        } catch (error) {
          expect(error).toBeInstanceOf(OutOfMemoryError);
        }
      }
      setMemoryLimit(0);
      expect(fn(x).item()).toBe(wanted);
    } finally {
      setMemoryLimit(0);
      setNumThreads(threads);
    }
  });
});

describe.runIf(records)('gradients', () => {
  const training = (keepGrads: boolean) => {
    const model = new nn.Linear(256, 256);
    const optimizer = new optim.SGD(model.parameters(), { lr: 0.1 });
    const step = compile(
      (x: Tensor) => {
        optimizer.zeroGrad();
        const loss = model.forward(x).tanh().matmul(model.weight).square().mean();
        loss.backward();
        return loss;
      },
      { keepGrads },
    );
    const x = randn([4096, 256]);
    step(x);
    step(x);
    return { model, optimizer, step, x };
  };

  it('that are not kept are missed by an optimizer outside', () => {
    const { model, optimizer, step, x } = training(false);
    expect(() => model.weight.grad).toThrow(/keepGrads: true/);
    expect(() => optimizer.step()).toThrow(RecordingError);
    expect(() => optimizer.step()).toThrow(/keepGrads: true/);
    step(x);
    optimizer.zeroGrad();
    optimizer.step();
  });

  it('do not keep the memory of a function that was disposed of', () => {
    const before = memory().bytes;
    const { model, optimizer, step, x } = training(true);
    const wanted = model.weight.grad!.tolist();
    const arena = step.explain().programs[0]!.arenaBytes;
    expect(arena).toBeGreaterThan(4 * 2 ** 20);
    step.dispose();
    expect(memory().bytes - before).toBeLessThan(x.numel() * 4 + 2 ** 21);
    expect(model.weight.grad!.tolist()).toEqual(wanted);
    optimizer.step();
  });

  it('are not to be had of results, whose history no call keeps', () => {
    const { step, x } = training(true);
    const loss = step(x);
    expect(() => loss.backward()).toThrow(AutogradError);
    expect(() => loss.backward()).toThrow(/result of a compiled function/);
  });
});
