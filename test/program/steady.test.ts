import { describe, expect, it } from 'vitest';
import {
  crossEntropy,
  getRngState,
  manualSeed,
  memory,
  nn,
  optim,
  randint,
  randn,
  setNumThreads,
} from '../../lib/index.js';
import { backend } from '../../lib/backend/current.js';
import type { Tensor } from '../../lib/index.js';
import { bits, native, record } from './kit.js';

function training() {
  manualSeed(9);
  const model = new nn.Sequential(
    new nn.Conv2d(1, 8, 3),
    new nn.BatchNorm2d(8),
    new nn.ReLU(),
    new nn.Flatten(),
    new nn.Dropout(0.2),
    new nn.Linear(8 * 36, 4),
  );
  const optimizer = new optim.Adam(model.parameters(), { lr: 0.01 });
  const x = randn([16, 1, 8, 8]);
  const y = randint(0, 4, [16]);
  const step = (): Tensor => {
    optimizer.zeroGrad();
    const loss = crossEntropy(model.forward(x), y);
    loss.backward();
    optimizer.step();
    return loss;
  };
  step();
  return { model, step, optimizer };
}

describe.runIf(native)('in the steady state', () => {
  it('a call allocates its result and makes its handle, and nothing else', () => {
    const { step } = training();
    const { program } = record(step, []);
    for (let i = 0; i < 10; i++) program.run([])[0]!.dispose();
    const [before, held] = [backend.counters(), memory()];
    for (let i = 0; i < 1000; i++) program.run([])[0]!.dispose();
    const [after, heldAfter] = [backend.counters(), memory()];
    expect(after.handlesMade - before.handlesMade).toBe(1000);
    expect(after.allocations - before.allocations).toBe(1000);
    expect(after.allocatedBytes - before.allocatedBytes).toBe(4000);
    expect(after.tapeNodes - before.tapeNodes).toBe(0);
    // The call, and dispose.
    expect(after.crossings - before.crossings).toBeLessThanOrEqual(2002);
    expect(heldAfter.tensors).toBe(held.tensors);
    expect(heldAfter.bytes).toBe(held.bytes);
  });

  it('a step has the same bits with any number of threads, at once or on its thread', async () => {
    const threads = backend.backendInfo().threads;
    const results: string[][] = [];
    for (const [count, later] of [
      [1, false],
      [2, false],
      [3, true],
      [7, false],
      [16, true],
    ] as const) {
      const { model, step } = training();
      const { program } = record(step, []);
      setNumThreads(count);
      const losses: string[] = [];
      for (let i = 0; i < 5; i++)
        losses.push(bits((later ? await program.runAsync([]) : program.run([]))[0]!));
      setNumThreads(threads);
      results.push([...losses, ...model.parameters().map(bits), bits(getRngState())]);
    }
    for (const other of results) expect(other).toEqual(results[0]);
  });

  it('a program gives back all of its memory', () => {
    const run = (): void => {
      const { step } = training();
      const { program } = record(step, []);
      program.run([]);
      program.dispose();
    };
    run();
    backend.collect();
    const before = memory();
    run();
    run();
    backend.collect();
    expect(memory().tensors).toBeLessThanOrEqual(before.tensors);
    expect(memory().bytes).toBeLessThanOrEqual(before.bytes);
  });

  it('times each node when asked', () => {
    const { step } = training();
    const { program } = record(step, [], { passes: 'all', profile: true });
    program.run([]);
    const { nodes, calls } = program.describe();
    expect(calls).toBe(1);
    expect(nodes.every(({ microseconds }) => microseconds! >= 0)).toBe(true);
    expect(nodes.reduce((sum, { microseconds }) => sum + microseconds!, 0)).toBeGreaterThan(0);
  });
});
