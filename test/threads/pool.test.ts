import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { Worker } from 'node:worker_threads';
import { describe, expect, test } from 'vitest';
import { info, randn, setNumThreads } from '../../lib/index.js';

// The one pool of the process: how large it is, who shares it, and that it rests.

const native = info().name === 'native';
const tasks = '/proc/self/task';
const hasTaskset = spawnSync('taskset', ['--version']).status === 0;

/** What a fresh process says of its threads. */
function threadsOf(env: NodeJS.ProcessEnv, ...prefix: string[]): unknown {
  const program =
    "import('./lib/index.ts').then(({ info: i }) => console.log(JSON.stringify([i().threads, i().threadsSource])))";
  const clean = { ...process.env };
  delete clean['LANEGRAD_NUM_THREADS'];
  const [command = '', ...args] = [...prefix, process.execPath, '--import', 'tsx', '-e', program];
  const run = spawnSync(command, args, { env: { ...clean, ...env }, encoding: 'utf8' });
  expect(run.status, run.stderr).toBe(0);
  return JSON.parse(run.stdout);
}

describe.runIf(native)('its size', () => {
  test('is what LANEGRAD_NUM_THREADS says', () => {
    expect(threadsOf({ LANEGRAD_NUM_THREADS: '3' })).toEqual([3, 'LANEGRAD_NUM_THREADS']);
  });

  test.runIf(hasTaskset)('is what the affinity of the process grants', () => {
    expect(threadsOf({}, 'taskset', '-c', '0')).toEqual([1, 'affinity']);
  });
});

describe.runIf(native && existsSync(tasks))('its threads', () => {
  const threads = () => readdirSync(tasks).length;
  const work = () =>
    randn([400, 400])
      .matmul(randn([400, 400]))
      .dispose();

  test('serve all workers', async () => {
    setNumThreads(4);
    work();
    const before = threads();
    const code = `
      import('tsx/esm/api').then(async ({ register }) => {
        register();
        const { randn, setNumThreads } = await import(${JSON.stringify(new URL('../../lib/index.ts', import.meta.url).href)});
        setNumThreads(4);
        for (let i = 0; i < 20; ++i) randn([400, 400]).matmul(randn([400, 400])).dispose();
      });`;
    await Promise.all(
      Array.from({ length: 3 }, () => {
        const worker = new Worker(code, { eval: true });
        return new Promise((resolve, reject) => worker.once('exit', resolve).once('error', reject));
      }),
    );
    // A pool for each worker would leave three threads each.
    expect(threads() - before).toBeLessThan(3);
  });

  test('park soon after the work is done', async () => {
    setNumThreads(4);
    work();
    await new Promise((resolve) => setTimeout(resolve, 50));
    const before = process.cpuUsage();
    await new Promise((resolve) => setTimeout(resolve, 400));
    const { user, system } = process.cpuUsage(before);
    // Three that spin would take 400 ms of each core that is free.
    expect((user + system) / 1000).toBeLessThan(100);
  });
});
