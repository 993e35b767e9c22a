import { describe, expect, it } from 'vitest';
import {
  RecordingError,
  crossEntropy,
  keep,
  manualSeed,
  nn,
  ones,
  optim,
  rand,
  randint,
  randn,
  tensor,
  zeros,
} from '../../lib/index.js';
import type { Tensor } from '../../lib/index.js';
import { gradientsChanged } from '../../lib/tensor.js';
import { bits, native, programs, record, replay } from './kit.js';

const numbers = (t: Tensor): unknown => t.tolist();

describe.runIf(native)('a recording that is given up', () => {
  it('leaves parameters, statistics, optimizer state, gradients and generator as they were', () => {
    manualSeed(3);
    const model = new nn.Sequential(
      new nn.Linear(4, 8),
      new nn.BatchNorm1d(8),
      new nn.Dropout(0.5),
      new nn.Linear(8, 2),
    );
    const optimizer = new optim.Adam(model.parameters(), { lr: 0.1 });
    const x = randn([6, 4]);
    const y = randint(0, 2, [6]);
    const step = (fails: boolean): Tensor => {
      optimizer.zeroGrad();
      const loss = crossEntropy(model.forward(x), y);
      loss.backward();
      optimizer.step();
      if (fails) throw new Error('on purpose');
      return loss;
    };
    step(false);
    const gradients = model.parameters().map((p) => p.grad!);
    const state = (): string[] => [
      ...Object.values(model.stateDict()).map((t) => JSON.stringify(t.tolist())),
      ...gradients.map(bits),
      ...Object.values(optimizer.stateDict().state).flatMap((s) => Object.values(s).map(bits)),
    ];
    const before = state();
    expect(() => record(() => step(true), [])).toThrow('on purpose');
    expect(state()).toEqual(before);
    model.parameters().forEach((p, i) => {
      expect(p.grad).toBe(gradients[i]);
    });
    const drawn = (): string => {
      manualSeed(5);
      rand([2]);
      try {
        record(() => {
          rand([7]);
          throw new Error('on purpose');
        }, []);
      } catch {
        // as meant
      }
      return bits(rand([3]));
    };
    const first = drawn();
    manualSeed(5);
    rand([2]);
    expect(bits(rand([3]))).toBe(first);
  });

  it('puts back a gradient that was absent, and one that was another', () => {
    const w = ones([2], { requiresGrad: true });
    const v = ones([2], { requiresGrad: true });
    v.sum().backward();
    const grad = v.grad;
    const fails = (): Tensor => {
      w.mul(v).sum().backward();
      v.grad = null;
      throw new Error('on purpose');
    };
    expect(() => record(fails, [])).toThrow('on purpose');
    expect(w.grad).toBeNull();
    expect(v.grad).toBe(grad);
    expect(numbers(v.grad!)).toEqual([1, 1]);
  });
});

describe.runIf(native)('while a program is recorded', () => {
  it('values cannot be read, and outside tensors not be disposed of', async () => {
    const x = ones([2]);
    expect(() => record(() => tensor(x.sum().item()), [])).toThrow(RecordingError);
    expect(() => record(() => (x.dispose(), x), [])).toThrow(RecordingError);
    let promise: Promise<unknown> | undefined;
    record(() => {
      promise = x.read();
      return x.add(1);
    }, []);
    await expect(promise).rejects.toThrow(RecordingError);
    expect(numbers(x)).toEqual([1, 1]);
  });

  it('no other recording begins, and no program runs', () => {
    const x = ones([2]);
    const { program } = record(() => x.add(1), []);
    expect(() => record(() => record(() => x, []).results[0]!, [])).toThrow(RecordingError);
    expect(() => record(() => program.run([])[0]!, [])).toThrow(RecordingError);
    expect(programs().recording).toBe(false);
  });

  it('temporaries may be disposed of', () => {
    const x = ones([2]);
    const { program } = record(() => {
      const y = x.add(1);
      const z = y.mul(2);
      y.dispose();
      return z;
    }, []);
    expect(numbers(replay(program, [])[0]!)).toEqual([4, 4]);
  });
});

describe.runIf(native)('a program', () => {
  it('reads arguments of each call, and state as it is', () => {
    const w = ones([3]);
    const { program, results } = record((x) => x.mul(w).add(1), [tensor([1, 2, 3], { dtype: 'float32' })]);
    expect(numbers(results[0]!)).toEqual([2, 3, 4]);
    w.mul_(2);
    const a = replay(program, [tensor([1, 2, 3], { dtype: 'float32' })])[0]!;
    const b = replay(program, [tensor([4, 5, 6], { dtype: 'float32' })])[0]!;
    expect(numbers(a)).toEqual([3, 5, 7]);
    expect(numbers(b)).toEqual([9, 11, 13]);
  });

  it('takes views as arguments where they lie', () => {
    const base = tensor([0, 1, 2, 3, 4, 5, 6, 7], { dtype: 'float32' });
    const part = (from: number): Tensor => base.narrow(0, from, 3);
    const { program } = record((x) => x.mul(10), [part(0)]);
    expect(numbers(replay(program, [part(4)])[0]!)).toEqual([40, 50, 60]);
    expect(program.ready([base])).toBe(false);
    expect(() => program.run([base])).toThrow(RecordingError);
  });

  it('writes into arguments and state, through views too', () => {
    const w = zeros([4]);
    const body = (x: Tensor): Tensor => {
      w.narrow(0, 1, 2).add_(x);
      x.mul_(2);
      return w.sum();
    };
    const x = tensor([1, 2], { dtype: 'float32' });
    const { program } = record(body, [x]);
    expect(numbers(x)).toEqual([2, 4]);
    expect(numbers(replay(program, [x])[0]!)).toBe(9);
    expect(numbers(w)).toEqual([0, 3, 6, 0]);
    expect(numbers(x)).toEqual([4, 8]);
  });

  it('begins each call with what JavaScript gave', () => {
    const x = ones([2]);
    const { program } = record(() => {
      const sum = tensor([10, 20], { dtype: 'float32' });
      sum.add_(x);
      return sum;
    }, []);
    for (let i = 0; i < 3; i++) expect(numbers(replay(program, [])[0]!)).toEqual([11, 21]);
  });

  it('gives fresh results, which later calls leave alone', () => {
    const x = tensor([1], { dtype: 'float32' });
    const { program, results } = record((t) => [t.add(1), t.add(1).view([1, 1])], [x]);
    const first = replay(program, [tensor([5], { dtype: 'float32' })]);
    replay(program, [tensor([9], { dtype: 'float32' })]);
    expect(numbers(results[0]!)).toEqual([2]);
    expect(first.map(numbers)).toEqual([[6], [[6]]]);
    expect(first[0]!.requiresGrad).toBe(false);
  });

  it('may return an argument, state and a constant', () => {
    const w = ones([2]);
    const x = zeros([2]);
    const { program } = record((t) => [t, w, tensor([7])], [x]);
    const y = zeros([2]);
    const [a, b, c] = replay(program, [y]);
    y.add_(3);
    w.add_(1);
    expect([a, b, c].map((t) => numbers(t!))).toEqual([[3, 3], [2, 2], [7]]);
  });

  it('writes what was kept into the same memory', () => {
    let last: Tensor | undefined;
    const { program } = record(
      (x) => {
        const y = x.mul(2);
        last = keep(y);
        return y.sum();
      },
      [ones([2])],
    );
    expect(numbers(last!)).toEqual([2, 2]);
    replay(program, [tensor([3, 4], { dtype: 'float32' })]);
    expect(numbers(last!)).toEqual([6, 8]);
  });

  it('draws fresh numbers with each call, and the generator moves on', () => {
    manualSeed(11);
    const plain = [0, 1, 2, 3].map(() => bits(rand([5])));
    manualSeed(11);
    const { results, program } = record(() => rand([5]), []);
    const seen = [
      bits(results[0]!),
      bits(replay(program, [])[0]!),
      bits(replay(program, [])[0]!),
      bits(rand([5])),
    ];
    expect(seen).toEqual(plain);
  });
});

describe.runIf(native)('gradients of a program', () => {
  const loss = (w: Tensor, x: Tensor): Tensor => w.mul(x).sum();

  it('accumulate into those that are there', () => {
    const w = ones([2], { requiresGrad: true });
    loss(w, ones([2])).backward();
    const step = (x: Tensor): Tensor => {
      const value = loss(w, x);
      value.backward();
      return value;
    };
    const { program } = record(step, [ones([2])]);
    const x = tensor([10, 20], { dtype: 'float32' });
    replay(program, [x]);
    expect(numbers(w.grad!)).toEqual([12, 22]);
    w.grad = tensor([1, 2], { dtype: 'float32' });
    replay(program, [x]);
    expect(numbers(w.grad)).toEqual([11, 22]);
    w.grad = null;
    expect(program.ready([x])).toBe(false);
  });

  it('are what they were at the end: set, or cleared', () => {
    const w = ones([2], { requiresGrad: true });
    const set = record(
      (x) => {
        w.grad = null;
        const value = loss(w, x);
        value.backward();
        return value;
      },
      [ones([2])],
    ).program;
    const cleared = record(() => {
      w.grad = null;
      return w.add(0);
    }, []).program;
    expect(w.grad).toBeNull();
    replay(set, [tensor([3, 4], { dtype: 'float32' })]);
    expect(numbers(w.grad!)).toEqual([3, 4]);
    replay(cleared, []);
    expect(w.grad).toBeNull();
    replay(set, [tensor([5, 6], { dtype: 'float32' })]);
    expect(numbers(w.grad!)).toEqual([5, 6]);
  });

  it('that are not kept cannot be looked at', () => {
    const w = ones([2], { requiresGrad: true });
    const optimizer = new optim.SGD([w], { lr: 1 });
    const { program } = record(
      (x) => {
        optimizer.zeroGrad();
        const value = loss(w, x);
        value.backward();
        optimizer.step();
        return value;
      },
      [ones([2])],
      { keepGrads: false },
    );
    expect(() => w.grad).toThrow(RecordingError);
    w.grad = null;
    expect(w.grad).toBeNull();
    replay(program, [tensor([1, 2], { dtype: 'float32' })]);
    expect(() => w.grad).toThrow(RecordingError);
    expect(numbers(w)).toEqual([-1, -2]);
    expect(program.describe().keptBytes).toBe(0);
  });

  it('that a call did not come to are not there', async () => {
    const table = ones([4, 2], { requiresGrad: true });
    const { program } = record(
      (i) => {
        table.grad = null;
        const value = table.indexSelect(0, i).sum();
        value.backward();
        return value;
      },
      [tensor([1, 2])],
    );
    replay(program, [tensor([0, 1])]);
    expect(numbers(table.grad!)).toEqual([
      [1, 1],
      [1, 1],
      [0, 0],
      [0, 0],
    ]);
    expect(() => replay(program, [tensor([0, 9])])).toThrow(/index/i);
    expect(table.grad).toBeNull();
    replay(program, [tensor([3, 3])]);
    expect(numbers(table.grad!)).toEqual([
      [0, 0],
      [0, 0],
      [0, 0],
      [2, 2],
    ]);
    await expect(program.runAsync([tensor([0, 9])])).rejects.toThrow(/index/i);
    gradientsChanged();
    expect(table.grad).toBeNull();
  });

  it('lie in the arena until somebody has seen them', () => {
    const step =
      (w: Tensor, look: boolean) =>
      (x: Tensor): Tensor => {
        w.grad = null;
        const value = x.matmul(w).sin().sum();
        value.backward();
        if (look) expect((w.grad as Tensor | null)?.shape).toEqual([64, 64]);
        return value;
      };
    const x = randn([32, 64]);
    const make = (): Tensor => randn([64, 64], { requiresGrad: true });
    const [a, b] = [make(), make()];
    const hidden = record(step(a, false), [x]).program;
    const seen = record(step(b, true), [x]).program;
    expect(hidden.describe().keptBytes).toBe(0);
    expect(seen.describe().keptBytes).toBe(64 * 64 * 4);
    for (let i = 0; i < 3; i++) {
      const y = randn([32, 64]);
      replay(hidden, [y]);
      const made = bits(a.grad!);
      a.grad = null;
      y.matmul(a).sin().sum().backward();
      expect(bits(a.grad as unknown as Tensor)).toBe(made);
    }
    replay(hidden, [x]);
    hidden.dispose();
    expect(a.grad!.shape).toEqual([64, 64]);
    expect(a.grad!.add(0).isContiguous()).toBe(true);
  });

  it('of an argument are fresh with each call', () => {
    const x = ones([2], { requiresGrad: true });
    const step = (t: Tensor): Tensor => {
      const value = t.square().sum();
      value.backward();
      return value;
    };
    const { program } = record(step, [x]);
    const a = tensor([1, 2], { dtype: 'float32', requiresGrad: true });
    const b = tensor([3, 4], { dtype: 'float32', requiresGrad: true });
    replay(program, [a]);
    replay(program, [b]);
    expect(numbers(a.grad!)).toEqual([2, 4]);
    expect(numbers(b.grad!)).toEqual([6, 8]);
  });

  it('depend on what requires one', () => {
    const w = ones([2], { requiresGrad: true });
    const { program } = record((x) => loss(w, x), [ones([2])]);
    expect(program.ready([ones([2])])).toBe(true);
    expect(program.ready([ones([2], { requiresGrad: true })])).toBe(false);
    w.requiresGrad = false;
    expect(program.ready([ones([2])])).toBe(false);
  });
});
