import { afterEach, describe, expect, it } from 'vitest';
import { mlpTiny } from '../../bench/models/mlp_tiny.js';
import {
  compile,
  counters,
  getNumThreads,
  manualSeed,
  optim,
  randn,
  setNumThreads,
} from '../../lib/index.js';
import type { Tensor } from '../../lib/index.js';
import { native } from './kit.js';

// Nodes that are too small for several threads run one after the other on the thread of the call.

const threads = getNumThreads();
afterEach(() => setNumThreads(threads));

/** Parallel regions that `run` begins. */
function regions(run: () => unknown): number {
  const before = counters().parallelRegions;
  run();
  return counters().parallelRegions - before;
}

/** Independent chains of small nodes, none of which is fused with another. */
function chains(size: number) {
  const xs = Array.from({ length: 12 }, () => randn([size, size]));
  const step = compile(() => xs.map((x) => x.matmul(x).softmax(-1).add(1).sum({ dim: 0 })), { passes: [] });
  step();
  return { step, nodes: step.explain().programs[0]!.nodesAfter };
}

describe.runIf(native).each([2, 7, 16])('with %i threads', (count) => {
  it('a run of small nodes wakes no thread, and one of large nodes does', () => {
    setNumThreads(count);
    const [small, large] = [chains(16), chains(512)];
    expect(small.nodes).toBeGreaterThanOrEqual(48);
    expect(regions(() => small.step())).toBe(0);
    expect(regions(() => large.step())).toBeGreaterThan(0);
  });

  it('nor does a step of the smallest network, at once or on a thread of programs', async () => {
    setNumThreads(count);
    manualSeed(3);
    const step = compile(mlpTiny.build().step);
    for (let i = 0; i < 3; i++) step();
    expect(step.explain().programs[0]!.nodesAfter).toBeGreaterThan(10);
    const before = counters().parallelRegions;
    for (let i = 0; i < 10; i++) {
      step();
      await step.async();
    }
    expect(counters().parallelRegions).toBe(before);
  });
});

describe.runIf(native)('the steps of many small optimizers', () => {
  const train = (passes: readonly string[]) => {
    const params = Array.from({ length: 12 }, () => randn([4096]));
    const optimizers = params.map((param) => {
      param.requiresGrad = true;
      return new optim.SGD([param], { lr: 0.1 });
    });
    const step = compile(
      (x: Tensor) => {
        for (const each of optimizers) each.zeroGrad();
        for (const param of params) param.dot(x).backward();
        for (const each of optimizers) each.step();
      },
      { passes },
    );
    const x = randn([4096]);
    for (let i = 0; i < 3; i++) step(x);
    return regions(() => step(x));
  };

  it('are enough for one region together, and for none alone', () => {
    setNumThreads(2);
    expect(train([])).toBe(0);
    expect(train(['fuseOptimizers'])).toBe(1);
  });
});
