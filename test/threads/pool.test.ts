import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { Worker } from 'node:worker_threads';
import { describe, expect, test } from 'vitest';
import { info, linalg, manualSeed, randn, setNumThreads } from '../../lib/index.js';
import { rawAddon } from '../support/raw-addon.js';

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
    // Of the pool alone: the process has other threads too.
    const before = poolTicks();
    expect(before.size).toBeGreaterThanOrEqual(3);
    await new Promise((resolve) => setTimeout(resolve, 1000));
    expect(poolTicks()).toEqual(before);
  });

  test('are awake when the next region comes within a millisecond', (context) => {
    setNumThreads(2);
    const addon = rawAddon();
    for (const pause of [0, 100, 500, 900]) {
      // NaN: the machine has other things to do, and the threads rest so as not to be in the way.
      const starts = Array.from({ length: 300 }, () => addon.regionStart(pause)).filter(
        (start) => start >= 0,
      );
      if (starts.length < 30) context.skip('other processes want the cores');
      expect(Math.min(...starts), `after ${pause} us`).toBeLessThan(5);
    }
  });

  test('a call within a parallel one, and callers at the same time, give what they give alone', async () => {
    setNumThreads(3);
    // Rows of tasks that ask for the pool themselves (a batch of factorisations), from here and from workers.
    manualSeed(5);
    const x = randn([12, 60, 60]);
    const wanted = linalg.inv(x).data;
    const url = JSON.stringify(new URL('../../lib/index.ts', import.meta.url).href);
    const code = `
      const { parentPort } = require('node:worker_threads');
      import('tsx/esm/api').then(async ({ register }) => {
        register();
        const { linalg, manualSeed, randn } = await import(${url});
        manualSeed(5);
        const x = randn([12, 60, 60]);
        for (let i = 0; i < 10; ++i) parentPort.postMessage(linalg.inv(x).data);
      });`;
    const workers = Array.from({ length: 3 }, () => new Worker(code, { eval: true }));
    let answers = 0;
    const ends = workers.map(
      (worker) =>
        new Promise((resolve, reject) => {
          worker.on('message', (data: Float32Array) => {
            answers += Number(same(data, wanted as Float32Array));
          });
          worker.once('exit', resolve).once('error', reject);
        }),
    );
    for (let i = 0; i < 30; ++i) {
      expect(same(linalg.inv(x).data as Float32Array, wanted as Float32Array)).toBe(true);
      await new Promise((resolve) => setImmediate(resolve));
    }
    await Promise.all(ends);
    expect(answers).toBe(30);
  });
});

const same = (a: Float32Array, b: Float32Array) => Buffer.from(a.buffer).equals(Buffer.from(b.buffer));

/** Clock ticks that each thread of the pool has run: those of this process without a name of their own. */
function poolTicks(): Map<string, string> {
  const ticks = new Map<string, string>();
  for (const id of readdirSync(tasks)) {
    const [name, rest] = readFileSync(`${tasks}/${id}/stat`, 'utf8')
      .split(/^\d+ \(|\) /)
      .slice(1);
    if (name !== 'lanegrad') continue;
    const fields = rest!.split(' ');
    ticks.set(id, `${fields[11]} ${fields[12]}`);
  }
  return ticks;
}
