import { describe, expect, it } from 'vitest';
import {
  autocast,
  BusyError,
  compile,
  DisposedError,
  DTypeError,
  nn,
  noGrad,
  ones,
  randn,
  tensor,
  tidy,
  zeros,
} from '../../lib/index.js';
import type { Tensor } from '../../lib/index.js';
import { records } from './support.js';

// A call by async that waits, since it is to be recorded while programs run, is made with what it was given.

/** Something in flight, for a call to wait behind: resolves when it is done. */
function inFlight(): Promise<unknown> {
  const a = randn([160, 160]);
  const slow = compile((x: Tensor) => {
    let y = x;
    for (let i = 0; i < 20; i++) y = y.matmul(a).tanh();
    return y.sum();
  });
  slow(randn([160, 160]));
  return slow.async(randn([160, 160]));
}

describe('a call that waits for its turn', () => {
  it('has the arguments that it was given', async () => {
    const sum = compile((list: Tensor[], { by }: { by: number }) =>
      list.reduce((total, each) => total.add(each.sum()), zeros([])).mul(by),
    );
    const running = inFlight();
    const list = [ones([2]), ones([3])];
    const options = { by: 2 };
    const call = sum.async(list, options);
    list.push(ones([100]));
    list[0] = zeros([2]);
    options.by = 50;
    expect((await call).item()).toBe(10);
    await running;
  });

  it('waits for what is being read, too', async () => {
    const size = 1_000_000;
    const state = zeros([size]);
    const write = compile((x: Tensor) => {
      noGrad(() =>
        state
          .add_(x)
          .sin_()
          .copy_(x.expand([size])),
      );
      return x.clone();
    });
    write(ones([]));
    for (let i = 0; i < 10; i++) {
      const add = compile((x: Tensor) => noGrad(() => state.add_(x)).sum());
      const writing = write.async(tensor(i, { dtype: 'float32' }));
      const reads = [state.read(), state.read(), state.read()];
      const adding = add.async(ones([]));
      expect((await adding).item()).toBe(size * (i + 1));
      for (const read of await Promise.all(reads)) expect(read[size - 1]).toBe(i);
      await writing;
    }
  });

  it('has tensors that their owner disposes of, or whose scope ends', async () => {
    const twice = compile((x: Tensor) => x.mul(2));
    const running = inFlight();
    const x = ones([2]);
    const calls = [twice.async(x), tidy(() => [twice.async(ones([3]))])[0]!];
    x.dispose();
    const results = await Promise.all(calls);
    expect(results.map((result) => result.tolist())).toEqual([
      [2, 2],
      [2, 2, 2],
    ]);
    await running;
  });

  it('gives the gradient of an argument to the tensor that was given', async () => {
    const loss = compile((x: Tensor) => {
      const y = x.square().sum();
      y.backward();
      return y;
    });
    const running = inFlight();
    const x = tensor([1, 2], { dtype: 'float32', requiresGrad: true });
    expect((await loss.async(x)).item()).toBe(5);
    expect(x.grad!.tolist()).toEqual([2, 4]);
    await running;
  });

  it('runs in the modes that it was made in', async () => {
    const w = ones([2, 2], { requiresGrad: true });
    const seen: unknown[] = [];
    const fn = compile((x: Tensor) => {
      const y = x.matmul(w);
      seen.push([y.requiresGrad, y.dtype]);
      return y;
    });
    const running = inFlight();
    const x = ones([1, 2]);
    const calls = [
      noGrad(() => [fn.async(x)]),
      autocast({ dtype: 'bfloat16' }, () => [fn.async(x)]),
      [fn.async(x)],
    ];
    for (const [call] of calls) await call;
    expect(seen).toEqual([
      [false, 'float32'],
      [true, 'bfloat16'],
      [true, 'float32'],
    ]);
    await running;
  });

  it('runs modules in training or evaluation, and with the fields, that they had', async () => {
    class Scale extends nn.Module<[Tensor], Tensor> {
      by = 1;
      inner = new nn.Dropout(0.999);
      forward(x: Tensor): Tensor {
        return this.inner.forward(x).mul(this.by);
      }
    }
    const model = new Scale().eval();
    const fn = compile((x: Tensor) => model.forward(x));
    fn(ones([1]));
    const running = inFlight();
    const call = fn.async(ones([64]));
    model.by = 7;
    model.train();
    expect((await call).sum().item()).toBe(64);
    expect([model.by, model.training, model.inner.training]).toEqual([7, true, true]);
    await running;

    // Modules that no program has seen.
    const unseen = new nn.Dropout(0.999);
    const other = compile((x: Tensor) => unseen.forward(x));
    const again = inFlight();
    const first = other.async(ones([64]));
    unseen.eval();
    const second = other.async(ones([64]));
    expect((await first).sum().item()).not.toBe(64);
    expect((await second).sum().item()).toBe(64);
    expect(unseen.training).toBe(false);
    await again;
  });

  it('is checked when it is made', async () => {
    const fn = compile((x: unknown) => (x as Tensor).mul(2));
    const running = inFlight();
    const gone = ones([2]);
    gone.dispose();
    await expect(fn.async(gone)).rejects.toThrow(DisposedError);
    await expect(fn.async(new Map())).rejects.toThrow(DTypeError);
    await running;
  });

  it.runIf(records)('is not overtaken by one at once', async () => {
    const state = zeros([]);
    const step = compile(
      (x: Tensor) => {
        noGrad(() => state.mul_(2).add_(x.sum()));
        return state;
      },
      { name: 'accumulate' },
    );
    const running = inFlight();
    const call = step.async(ones([3]));
    expect(() => step(ones([3]))).toThrow(BusyError);
    expect(() => step(ones([3]))).toThrow(/accumulate/);
    expect((await call).item()).toBe(3);
    await running;
    expect(step(ones([3])).item()).toBe(9);
  });
});

it('a loop that awaits calls or values lets the event loop go on', async () => {
  /** How often it is waited until timers have come four times; without an end if they never come. */
  const waits = async (wait: (x: Tensor) => Promise<unknown>): Promise<number> => {
    let [ticks, count] = [0, 0];
    const timer = setInterval(() => ++ticks, 1);
    const x = ones([4]);
    const end = performance.now() + 3000;
    for (; ticks < 4 && performance.now() < end; ++count) await wait(x);
    clearInterval(timer);
    return ticks < 4 ? Infinity : count;
  };
  const fn = compile((x: Tensor) => x.add(1));
  fn(ones([4]));
  // The runtime would take a thousand calls that end one after the other.
  expect(await waits((x) => fn.async(x))).toBeLessThan(records ? 3000 : Infinity);
  expect(await waits((x) => x.read())).toBeLessThan(Infinity);
  let n = 0;
  const counted = compile((x: Tensor, by: number) => x.add(by), { maxPrograms: 1 });
  expect(await waits((x) => counted.async(x, ++n))).toBeLessThan(Infinity);
});
