import { expect, expectTypeOf, it } from 'vitest';
import {
  BusyError,
  compile,
  counters,
  manualSeed,
  nn,
  noGrad,
  ones,
  optim,
  randint,
  randn,
  RecordingError,
  snapshot,
  ValueError,
  zeros,
} from '../../lib/index.js';
import type { CompiledFunction, Tensor } from '../../lib/index.js';
import { classifierStep, records } from './support.js';

function makeStep(): { step: CompiledFunction<[x: Tensor, y: Tensor], Tensor>; model: nn.Sequential } {
  manualSeed(11);
  const model = new nn.Sequential(
    new nn.Linear(8, 32),
    new nn.Tanh(),
    new nn.Dropout(0.1),
    new nn.Linear(32, 3),
  );
  const optimizer = new optim.AdamW(model.parameters(), { lr: 0.01 });
  const step = classifierStep(model, optimizer);
  return { step, model };
}

it('has the types of the function', () => {
  const fn = compile((x: Tensor, by: number) => ({ y: x.mul(by), by }));
  expectTypeOf(fn).parameters.toEqualTypeOf<[x: Tensor, by: number]>();
  expectTypeOf(fn).returns.toEqualTypeOf<{ y: Tensor; by: number }>();
  expectTypeOf(fn.async).returns.toEqualTypeOf<Promise<{ y: Tensor; by: number }>>();
  expectTypeOf(fn.async).parameters.toEqualTypeOf<[x: Tensor, by: number]>();
  expect(fn(ones([1]), 3).by).toBe(3);
});

it('gives by async what it gives at once', async () => {
  const batches = [0, 1, 2, 3, 4, 5].map(() => [randn([16, 8]), randint(0, 3, [16])] as const);
  const atOnce = makeStep();
  const wanted = batches.map((batch) => atOnce.step(...batch).item());
  const later = makeStep();
  const losses: Tensor[] = [];
  for (const batch of batches) losses.push(await later.step.async(...batch));
  expect(losses.map((loss) => loss.item())).toEqual(wanted);
  expect(later.model.parameters().map((each) => each.tolist())).toEqual(
    atOnce.model.parameters().map((each) => each.tolist()),
  );
});

it('runs calls that share what they write in the order in which they were made', async () => {
  const batches = [0, 1, 2, 3, 4, 5].map(() => [randn([16, 8]), randint(0, 3, [16])] as const);
  const atOnce = makeStep();
  const wanted = batches.map((batch) => atOnce.step(...batch).item());
  const later = makeStep();
  // The kinds of call are known: with and without gradients at the start.
  const first = [later.step(...batches[0]!), later.step(...batches[1]!)];
  const losses = await Promise.all(batches.slice(2).map((batch) => later.step.async(...batch)));
  expect([...first, ...losses].map((loss) => loss.item())).toEqual(wanted);
});

it('keeps that order when one of them is to be recorded', async () => {
  const state = zeros([]);
  const step = compile((x: Tensor) => {
    noGrad(() => state.mul_(2).add_(x.sum()));
    return state;
  });
  step(ones([1]));
  state.fill_(0);
  const results = await Promise.all([1, 2, 1, 3, 2, 1].map((n) => step.async(ones([n]))));
  expect(results.map((result) => result.item())).toEqual([1, 4, 9, 21, 44, 89]);
  if (records) expect([step.recordings, step.replays]).toEqual([3, 4]);
});

it.skipIf(!records)('keeps what it writes from others until it is done', async () => {
  const { step, model } = makeStep();
  const [x, y] = [randn([4096, 8]), randint(0, 3, [4096])];
  step(x, y);
  const running = step.async(x, y);
  const [weight] = model.parameters();
  expect(() => weight!.sum()).toThrow(BusyError);
  expect(() => step(x, y)).toThrow(BusyError);
  expect(() => snapshot(model)).toThrow(BusyError);
  expect((await weight!.read()).length).toBe(weight!.numel());
  await running;
  expect(Number.isFinite(weight!.sum().item())).toBe(true);
  snapshot(model).dispose();
});

it('rejects what a call throws', async () => {
  const fn = compile((x: Tensor) => x.mul(x.sum().item()));
  await expect(fn.async(ones([2]))).rejects.toThrow(RecordingError);
  const gone = ones([2]);
  gone.dispose();
  await expect(fn.async(gone)).rejects.toThrow();
});

it('does not begin when its signal is aborted, and checks its options', async () => {
  let calls = 0;
  const fn = compile((x: Tensor) => {
    calls += 1;
    return x.add(1);
  });
  const x = ones([2]);
  await expect(fn.asyncWith({ signal: AbortSignal.abort(new RangeError('as a test')) }, x)).rejects.toThrow(
    RangeError,
  );
  expect(calls).toBe(0);
  const result = await fn.asyncWith({ signal: new AbortController().signal }, x);
  expect(result.tolist()).toEqual([2, 2]);
  await expect(fn.asyncWith({ signal: 1 as unknown as AbortSignal }, x)).rejects.toThrow(ValueError);
  await expect(fn.asyncWith({ abort: 1 } as object, x)).rejects.toThrow(ValueError);
});

it.skipIf(!records)('makes nothing in a steady state but what it returns', () => {
  const { step } = makeStep();
  const [x, y] = [randn([16, 8]), randint(0, 3, [16])];
  for (let i = 0; i < 3; i++) step(x, y).dispose();
  const before = counters();
  for (let i = 0; i < 1000; i++) step(x, y).dispose();
  const after = counters();
  expect(after.handlesMade - before.handlesMade).toBe(1000);
  expect(after.tapeNodes - before.tapeNodes).toBe(0);
  // The memory of the loss.
  expect(after.allocations - before.allocations).toBeLessThanOrEqual(1000);
  expect(after.crossings - before.crossings).toBeLessThanOrEqual(5000);
});
