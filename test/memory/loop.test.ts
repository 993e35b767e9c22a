import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { crossEntropy, info, manualSeed, memory, ones, optim, randint, randn } from '../../lib/index.js';
import { makeMlp } from '../support/small-nets.js';

const native = info().name === 'native';

// A plain synchronous loop, without tidy, dispose or await: nobody's code should need them.

describe.runIf(native)('the live count stays flat', () => {
  test('over 3,000 steps in this process', () => {
    manualSeed(1);
    const model = makeMlp();
    const x = randn([8, 20]);
    const y = randint(0, 5, [8]);
    const optimizer = new optim.SGD(model.parameters(), { lr: 0.01, momentum: 0.9 });
    const counts: number[] = [];
    for (let step = 1; step <= 3000; ++step) {
      optimizer.zeroGrad();
      crossEntropy(model.forward(x), y).backward();
      optimizer.step();
      if (step % 500 === 0) counts.push(memory().tensors);
    }
    // Garbage waits for a sweep, so the count saws; it must not grow.
    const most = Math.max(...counts);
    expect(most - Math.min(...counts)).toBeLessThan(20_000);
    expect(Math.max(...counts.slice(3))).toBeLessThanOrEqual(Math.max(...counts.slice(0, 3)) + 5000);
  });

  test('of ops without gradients', () => {
    const x = randn([16]);
    const before = memory().tensors;
    for (let i = 0; i < 200_000; ++i) x.add(1);
    expect(memory().tensors - before).toBeLessThan(20_000);
  });

  test('and no operand is freed under an op', () => {
    // The inner results are dead to JavaScript while the outer op allocates, and every 5,000 handles it collects.
    const x = ones([8]);
    let wrong = 0;
    for (let i = 0; i < 30_000; ++i) {
      const y = x.mul(i).add(x.mul(2 * i).sub(x.mul(i)));
      if (i % 97 === 0 && y.sum().item() !== 16 * i) ++wrong;
    }
    expect(wrong).toBe(0);
  });

  test('of large tensors that are dropped: bytes stay bounded', () => {
    const x = randn([256, 1024]);
    for (let i = 0; i < 2000; ++i) x.add(1);
    expect(memory().peakBytes).toBeLessThan(600e6);
  });
});

// The short form of the runs that test/memory/long-loop.ts makes.
describe('resident memory of a training process', () => {
  const runs = native
    ? [
        ['mlp_tiny', 4000, 400],
        ['mlp_mnist', 60, 400],
        ['lenet_mnist', 6, 600],
      ]
    : [['mlp_tiny', 300, 400]];

  test.each(runs as [string, number, number][])(
    '%s, %d steps, stays under %d MB',
    (workload, steps, limit) => {
      const script = fileURLToPath(new URL('./long-loop.ts', import.meta.url));
      const run = spawnSync(process.execPath, ['--import', 'tsx', script, workload, String(steps)], {
        encoding: 'utf8',
      });
      expect(run.status, run.stderr).toBe(0);
      const { peakRssMb, live, loss } = JSON.parse(run.stdout) as {
        peakRssMb: number;
        live: number[];
        loss: number;
      };
      expect(Number.isFinite(loss)).toBe(true);
      expect(peakRssMb).toBeLessThan(limit);
      if (native) expect(live.at(-1)!).toBeLessThan(Math.max(...live.slice(0, -1)) + 5000);
    },
  );
});
