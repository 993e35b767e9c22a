import { Worker } from 'node:worker_threads';
import { expect, test } from 'vitest';
import { exp, LanegradError, ones, type Tensor } from '../../lib/index.js';
import { train } from '../support/small-nets.js';

interface Answer {
  readonly losses: number[];
  readonly tensors: number;
}

async function inWorker(): Promise<Answer> {
  const url = new URL('../support/train-worker.ts', import.meta.url).href;
  // A worker does not inherit the loader of TypeScript.
  const code = `import('tsx/esm/api').then(({ register }) => (register(), import(${JSON.stringify(url)})));`;
  const worker = new Worker(code, { eval: true });
  const answer = new Promise<Answer>((resolve, reject) => {
    worker.once('message', resolve);
    worker.once('error', reject);
  });
  const exited = new Promise<number>((resolve) => worker.once('exit', resolve));
  const result = await answer;
  expect(await exited).toBe(0);
  return result;
}

test('several worker threads train at once, each on its own, with the same bits', async () => {
  const answers = await Promise.all([inWorker(), inWorker(), inWorker()]);
  const here = train('mlp', 10);
  for (const { losses, tensors } of answers) {
    expect(losses).toEqual(here);
    expect(tensors).toBeGreaterThan(0);
  }
  expect(ones([3]).add(1).sum().item()).toBe(6);
});

test('a tensor does not survive a clone: what arrives is an error to use, not a crash', () => {
  const cloned = structuredClone({ ...ones([3]) }) as unknown as Tensor;
  expect(() => exp(cloned)).toThrow(LanegradError);
});
