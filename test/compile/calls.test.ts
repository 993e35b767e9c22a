import { describe, expect, it } from 'vitest';
import { compile, DisposedError, nn, noGrad, ones, optim, tensor, zeros } from '../../lib/index.js';
import type { CompiledFunction, Tensor } from '../../lib/index.js';
import { records } from './support.js';

// Ways to call a compiled function, and to be one, that are rare.

it('a tensor that is returned twice is one tensor', () => {
  const state = ones([2]);
  const fn = compile((x: Tensor) => {
    const y = x.mul(2);
    return [y, { again: y }, state, state] as const;
  });
  for (let i = 0; i < 3; i++) {
    const [y, { again }, first, second] = fn(ones([2]));
    expect(again).toBe(y);
    expect(second).toBe(first);
    expect([y.tolist(), first.tolist()]).toEqual([
      [2, 2],
      [1, 1],
    ]);
    expect(first).not.toBe(state);
  }
});

it('a function without a name is called compiled function', () => {
  const fn = compile((x: Tensor) => x.add(1));
  expect(fn.name).toBe('compiled function');
  expect(fn.explain().name).toBe('compiled function');
  fn.dispose();
  expect(() => fn(ones([1]))).toThrow('[compile] compiled function was disposed');
});

it('a name may be any text', () => {
  const x = ones([2]);
  for (const name of ['line\nbreak', 'null\0byte', 'es\x1b[31mcape', '"quoted" \\ 名', 'half \ud800 pair']) {
    const fn = compile((y: Tensor) => y.mul(3).add(1), { name, profile: true });
    fn(x);
    fn(x);
    const explained = fn.explain();
    // eslint-disable-next-line no-control-regex
    expect(String(explained)).not.toMatch(/[\0\x1b]|line\nbreak/);
    expect(() => JSON.parse(explained.chromeTrace()) as unknown).not.toThrow();
    if (records) expect(explained.programs[0]!.name).toBe(fn.name);
  }
});

describe('this', () => {
  class Layer {
    constructor(readonly by: Tensor) {}
    apply(x: Tensor): Tensor {
      return x.mul(this.by);
    }
  }
  interface Compiled {
    readonly by: Tensor;
    run: CompiledFunction<[Tensor], Tensor>;
  }

  it('is passed to the function, and part of the kind of a call', () => {
    // eslint-disable-next-line @typescript-eslint/unbound-method
    const run = compile(Layer.prototype.apply);
    const two: Compiled = { by: tensor([2], { dtype: 'float32' }), run };
    const three: Compiled = { by: tensor([3], { dtype: 'float32' }), run };
    for (let i = 0; i < 3; i++) {
      expect(two.run(ones([1])).tolist()).toEqual([2]);
      expect(three.run(ones([1])).tolist()).toEqual([3]);
    }
    if (records) expect(run.recordings).toBe(2);
  });

  it('does not matter to a function that does not look at it', async () => {
    const holder = { step: compile((x: Tensor) => x.add(1)) };
    holder.step(ones([1]));
    const { step } = holder;
    step(ones([1]));
    await holder.step.async(ones([1]));
    if (records) expect(step.recordings).toBe(1);
  });
});

describe('a compiled function may be', () => {
  it('disposed of while it is recorded', () => {
    const state = zeros([1]);
    const fn: CompiledFunction<[Tensor], Tensor> = compile((x: Tensor): Tensor => {
      fn.dispose();
      noGrad(() => state.add_(x));
      return x.mul(2);
    });
    expect(fn(ones([1])).tolist()).toEqual([2]);
    expect(state.tolist()).toEqual([1]);
    expect(fn.programs).toBe(0);
    expect(() => fn(ones([1]))).toThrow(DisposedError);
  });

  it('called by a getter in the arguments of its call', () => {
    const fn = compile(({ a, b }: { a: Tensor; b: Tensor }) => a.mul(10).add(b));
    const plain = (a: number, b: number) => ({
      a: tensor([a], { dtype: 'float32' }),
      b: tensor([b], { dtype: 'float32' }),
    });
    const nested = () => {
      const { a } = plain(1, 0);
      return {
        a,
        get b(): Tensor {
          return fn(plain(2, 3));
        },
      };
    };
    for (let i = 0; i < 3; i++) expect(fn(nested()).tolist()).toEqual([33]);
    expect(fn(plain(4, 5)).tolist()).toEqual([45]);
  });
});

describe.runIf(records)('gradients that share memory', () => {
  const total = () =>
    compile((x: Tensor) => {
      const loss = a.mul(x).sum().add(b.mul(x).sum());
      loss.backward();
      return loss;
    });
  let a: Tensor, b: Tensor;

  it('with each other are recorded so', () => {
    a = ones([2], { requiresGrad: true });
    b = ones([2], { requiresGrad: true });
    const step = total();
    const x = ones([2]);
    a.grad = zeros([2]);
    b.grad = zeros([2]);
    step(x);
    step(x);
    expect([a.grad.tolist(), b.grad.tolist()]).toEqual([
      [2, 2],
      [2, 2],
    ]);
    const both = zeros([2]);
    a.grad = both;
    b.grad = both.view([2]);
    const recordings = step.recordings;
    step(x);
    expect(both.tolist()).toEqual([2, 2]);
    expect(step.recordings).toBe(recordings + 1);
    step(x);
    expect(both.tolist()).toEqual([4, 4]);
    expect(step.recordings).toBe(recordings + 1);
  });

  it('with an argument are, too', () => {
    a = ones([2], { requiresGrad: true });
    b = ones([2], { requiresGrad: true });
    const step = total();
    a.grad = zeros([2]);
    b.grad = zeros([2]);
    step(ones([2]));
    const recordings = step.recordings;
    const x = tensor([5, 6], { dtype: 'float32' });
    a.grad = x.view([2]);
    expect(() => step(x)).toThrow(/shares memory with an argument/);
    expect(x.tolist()).toEqual([5, 6]);
    a.grad = zeros([2]);
    step(x);
    expect([step.recordings, a.grad.tolist()]).toEqual([recordings, [5, 6]]);
  });
});

it.runIf(records)('many arguments cost what they are', () => {
  const fn = compile((list: readonly Tensor[]) => list[0]!.add(list.at(-1)!));
  const list = Array.from({ length: 20_000 }, () => ones([1]));
  fn(list);
  const start = performance.now();
  expect(fn(list).tolist()).toEqual([2]);
  expect(fn.replays).toBe(1);
  expect(performance.now() - start).toBeLessThan(500);
});

it('gradients outlive the function that made them, and nothing else of it does', () => {
  const model = new nn.Linear(4, 3);
  const optimizer = new optim.SGD(model.parameters(), { lr: 0.1 });
  const step = compile((x: Tensor) => {
    optimizer.zeroGrad();
    const loss = model.forward(x).square().sum();
    loss.backward();
    optimizer.step();
    return loss;
  });
  const x = ones([2, 4]);
  step(x);
  step(x);
  const wanted = model.weight.grad!.tolist();
  step.dispose();
  expect(model.weight.grad!.tolist()).toEqual(wanted);
  optimizer.step();
});
