import { Worker } from 'node:worker_threads';
import { describe, expect, it } from 'vitest';
import { BusyError, manualSeed, matmul, ones, randn, tensor, zeros } from '../../lib/index.js';
import type { Tensor } from '../../lib/index.js';
import { bits, native, record } from './kit.js';

/** A program of some milliseconds that adds 1 to `state` and then `count` products to it. */
function slow(state: Tensor, count = 40) {
  const a = randn([192, 192]);
  return record(
    (x) => {
      state.add_(x);
      let y: Tensor = a.add(x); // else it would be hoisted
      for (let i = 0; i < count; i++) y = matmul(y, a).tanh();
      state.add_(y.sum().mul(0));
      return state.sum();
    },
    [zeros([])],
  ).program;
}

describe.runIf(native)('a program on its thread', () => {
  it('gives what it gives at once', async () => {
    manualSeed(2);
    const w = randn([4, 4]);
    const { program } = record((x) => [matmul(x, w), x.sum()], [randn([3, 4])]);
    const x = randn([3, 4]);
    const here = program.run([x]).map(bits);
    expect((await program.runAsync([x])).map(bits)).toEqual(here);
  });

  it('runs calls in the order in which they were started, whatever program they are of', async () => {
    const state = ones([2]);
    const double = record(() => (state.mul_(2), state.sum()), []).program;
    const add = record((x) => (state.add_(x), state.sum()), [zeros([])]).program;
    state.fill_(1);
    const one = ones([]);
    const calls = [add.runAsync([one]), double.runAsync([]), add.runAsync([one]), double.runAsync([])];
    const sums = (await Promise.all(calls)).map(([sum]) => sum!.item());
    expect(sums).toEqual([4, 8, 10, 20]);
  });

  it('keeps what it writes from everybody but programs and reads', async () => {
    const state = zeros([3]);
    const program = slow(state);
    state.fill_(0);
    const call = program.runAsync([ones([])]);
    expect(() => state.add(1)).toThrow(BusyError);
    expect(() => state.add_(1)).toThrow(BusyError);
    expect(() => state.tolist()).toThrow(BusyError);
    expect(() => program.run([ones([])])).toThrow(BusyError);
    expect(() => state.add(1)).toThrow(/program/);
    expect(state.shape).toEqual([3]);
    expect(Array.from(await state.read())).toEqual([1, 1, 1]);
    await call;
    expect(state.add(1).tolist()).toEqual([2, 2, 2]);
  });

  it('lets others read what it reads, but not write it', async () => {
    const w = ones([256, 256]);
    const { program } = record(() => {
      let y: Tensor = w;
      for (let i = 0; i < 20; i++) y = matmul(y, w).tanh();
      return y.sum();
    }, []);
    const call = program.runAsync([]);
    expect(w.sum().item()).toBe(65536);
    expect(() => w.add_(1)).toThrow(BusyError);
    await call;
    w.add_(1);
  });

  it('can be cancelled until it writes', async () => {
    const state = zeros([1]);
    const program = slow(state);
    state.fill_(0);
    const cancelled = new AbortController();
    const first = program.runAsync([ones([])]);
    const second = program.runAsync([ones([])], cancelled.signal);
    cancelled.abort();
    await first;
    await expect(second).rejects.toThrow('aborted');
    expect(state.item()).toBe(1);
    await expect(program.runAsync([ones([])], AbortSignal.abort())).rejects.toThrow('aborted');
    const late = new AbortController();
    const third = program.runAsync([ones([])], late.signal);
    await third;
    late.abort();
    expect(state.item()).toBe(2);
  });

  it('rejects with the error of an op', async () => {
    const table = randn([4, 2]);
    const { program } = record((i) => table.indexSelect(0, i), [tensor([1, 2])]);
    await expect(program.runAsync([tensor([1, 9])])).rejects.toThrow(/index/i);
    expect((await program.runAsync([tensor([0, 3])]))[0]!.shape).toEqual([2, 2]);
  });

  it('may be disposed of while it runs', async () => {
    const state = zeros([1]);
    const program = slow(state, 5);
    state.fill_(0);
    const call = program.runAsync([ones([])]);
    program.dispose();
    expect((await call)[0]!.item()).toBe(1);
    expect(() => program.run([ones([])])).toThrow(/disposed/);
  });

  it('ends with its worker', async () => {
    const url = new URL('./ending-worker.ts', import.meta.url).href;
    // A worker does not inherit the loader of TypeScript.
    const script = `import('tsx/esm/api').then(({ register }) => (register(), import(${JSON.stringify(url)})));`;
    const worker = new Worker(script, { eval: true });
    const code = await new Promise((resolve, reject) => {
      worker.on('error', reject);
      worker.on('exit', resolve);
    });
    expect(code).toBe(0);
  });
});
