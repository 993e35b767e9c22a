import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  BusyError,
  compile,
  dropout,
  info,
  manualSeed,
  noGrad,
  ones,
  randn,
  setNumThreads,
  tensor,
  zeros,
} from '../../lib/index.js';
import type { CompiledFunction, Tensor } from '../../lib/index.js';
import { records } from './support.js';

// Programs that share nothing run at the same time; those that share what one of them writes, in the order of the calls.

const { threads } = info();
beforeEach(() => setNumThreads(Math.max(threads, 2)));
afterEach(() => setNumThreads(threads));

/** A program of `count` products, besides what `also` does. */
function long(
  count: number,
  also: (y: Tensor) => Tensor = (y) => y.sum(),
): CompiledFunction<[Tensor], Tensor> {
  const a = randn([128, 128]);
  return compile((x: Tensor) => {
    let y = x;
    for (let i = 0; i < count; i++) y = y.matmul(a).tanh();
    return also(y);
  });
}

describe.runIf(records)('programs in flight', () => {
  it('overlap where they share nothing but what they read', async () => {
    const weight = ones([128, 128]);
    const slow = long(2000, (y) => y.mul(weight).sum());
    const quick = compile((x: Tensor) => x.mul(weight).sum());
    const x = randn([128, 128]);
    slow(x);
    quick(x);
    const order: string[] = [];
    const calls = [
      slow.async(x).then(() => order.push('slow')),
      quick.async(x).then(() => order.push('quick')),
    ];
    await Promise.all(calls);
    expect(order).toEqual(['quick', 'slow']);
  });

  it('keep their order where one writes what the other uses', async () => {
    const state = zeros([]);
    const order: string[] = [];
    const slow = long(300, (y) => noGrad(() => state.add_(y.sum().mul(0)).add_(1)));
    const double = compile(() => noGrad(() => state.mul_(2)));
    const look = compile(() => state.add(0));
    const x = randn([128, 128]);
    slow(x);
    double();
    look();
    state.fill_(0);
    const calls = [slow.async(x), look.async(), double.async(), look.async(), slow.async(x), look.async()];
    calls.forEach((call, i) => void call.then(() => order.push(String(i))));
    const values = (await Promise.all(calls)).map((each) => each.item());
    expect(values).toEqual([1, 1, 2, 2, 3, 3]);
    expect(order.filter((each) => '024'.includes(each))).toEqual(['0', '2', '4']);
  });

  it('have every bit of calls one after the other', async () => {
    const run = async (how: (fn: CompiledFunction<[], Tensor>) => Promise<Tensor>): Promise<unknown[]> => {
      manualSeed(4);
      const states = [0, 1, 2, 3, 4].map(() => randn([40, 40]));
      // Each reads two of the states, and writes one; some draw random numbers.
      const steps = states.map((_, i) => {
        const [to, from, by] = [states[i]!, states[(i + 1) % 5]!, states[(i + 3) % 5]!];
        return compile(() => {
          const mixed = from.matmul(by).tanh();
          return noGrad(() => to.mul_(0.5).add_(i % 2 ? dropout(mixed, { p: 0.3 }) : mixed));
        });
      });
      for (const step of steps) step();
      const order = Array.from({ length: 300 }, (_, k) => (k * 7 + (k >> 3)) % 5);
      const results = await Promise.all(order.map((i) => how(steps[i]!)));
      return [...results.map((each) => each.sum().item()), ...states.map((each) => each.tolist())];
    };
    const atOnce = await run((step) => Promise.resolve(step()));
    expect(await run((step) => step.async())).toEqual(atOnce);
  });

  it('are named where they are in the way', async () => {
    const state = zeros([2]);
    const other = zeros([2]);
    const named = (name: string, to: Tensor) => {
      const a = randn([128, 128]);
      return compile(
        (x: Tensor) => {
          let y = x;
          for (let i = 0; i < 300; i++) y = y.matmul(a).tanh();
          return noGrad(() => to.add_(y.sum()));
        },
        { name },
      );
    };
    const [train, update] = [named('train', state), named('update', other)];
    const x = randn([128, 128]);
    train(x);
    update(x);
    const first = train.async(x);
    expect(() => state.mul(2)).toThrow(BusyError);
    expect(() => state.mul(2)).toThrow(/^\[mul\] .*train/);
    const second = update.async(x);
    expect(() => other.add_(1)).toThrow(/^\[add_\] .*update/);
    expect(() => update(x)).toThrow(/^\[update\] /);
    await Promise.all([first, second]);
    expect(state.mul(2).shape).toEqual([2]);
  });

  it('may be very many, of one program and of several', async () => {
    const total = zeros([]);
    const add = compile((x: Tensor) => noGrad(() => total.add_(x)));
    const twice = compile((x: Tensor) => x.mul(2));
    const one = tensor(1, { dtype: 'float32' });
    add(one);
    twice(one);
    const calls: Promise<Tensor>[] = [];
    for (let i = 0; i < 4000; i++) calls.push(add.async(one), twice.async(one));
    const results = await Promise.all(calls);
    expect(total.item()).toBe(4001);
    expect(results.at(-2)!.item()).toBe(4001);
    expect(results.at(-1)!.item()).toBe(2);
  });
});
