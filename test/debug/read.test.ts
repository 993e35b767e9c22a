import { Worker } from 'node:worker_threads';
import { afterEach, describe, expect, test } from 'vitest';
import {
  arange,
  DisposedError,
  dtypes,
  info,
  memory,
  randint,
  randn,
  tidy,
  zeros,
  type Tensor,
  type TypedArray,
} from '../../lib/index.js';

const native = info().name === 'native';
// Enough that the copy is made on another thread.
const large = [400, 700] as const;

/** The same kind of array with the same bytes. */
function expectSame(got: TypedArray, wanted: TypedArray): void {
  expect(Object.getPrototypeOf(got)).toBe(Object.getPrototypeOf(wanted));
  const bytes = (array: TypedArray): Buffer => Buffer.from(array.buffer, array.byteOffset, array.byteLength);
  expect(bytes(got).equals(bytes(wanted))).toBe(true);
}

const views: Readonly<Record<string, (x: Tensor) => Tensor>> = {
  all: (x) => x,
  transposed: (x) => x.t(),
  'a part': (x) => x.narrow(0, 37, 300).narrow(1, 11, 600),
  'every third row': (x) => x.slice(0, { start: 1, step: 3 }),
  expanded: (x) => x.narrow(0, 3, 1).expand([500, 700]),
  'one element': (x) => x.select(0, 5).select(0, 6),
  empty: (x) => x.narrow(0, 5, 0),
};

describe.each(dtypes)('%s', (dtype) => {
  test.each(Object.entries(views))('%s: what data gives', async (_name, view) => {
    const x = view(randint(0, 100, [...large]).to(dtype));
    expectSame(await x.read(), x.data);
  });
});

test('gives the values of the moment of the call, whatever is written next', async () => {
  const x = arange(500_000, { dtype: 'float32' });
  const wanted = x.data;
  const promises = [x.read(), x.narrow(0, 100, 400_000).read()];
  x.mul_(2);
  x.narrow(0, 0, 1000).fill_(-1);
  expectSame(await promises[0]!, wanted);
  expectSame(await promises[1]!, wanted.slice(100, 400_100));
  expect((await x.read())[1]).toBe(-1);
});

test('a view that is written to counts as a write to its base', async () => {
  const x = zeros([300_000]);
  const promise = x.read();
  x.view([300, 1000]).add_(1);
  expect((await promise).every((value) => value === 0)).toBe(true);
});

test('the tensor may go meanwhile', async () => {
  const before = memory().handles;
  const x = randn([600, 500]);
  const wanted = x.data;
  const promise = x.read();
  x.dispose();
  expectSame(await promise, wanted);
  let inside: Promise<TypedArray> | undefined;
  tidy(() => {
    inside = zeros([300_000]).add(3).read();
  });
  expect((await inside!)[299_999]).toBe(3);
  expect(memory().handles).toBe(before);
});

test('many at once', async () => {
  const tensors = Array.from({ length: 40 }, (_, i) => zeros([100_000]).add(i));
  const values = await Promise.all(tensors.map((x) => x.read()));
  values.forEach((value, i) => expect(value.every((v) => v === i)).toBe(true));
});

test('of a tensor that was freed it is rejected', async () => {
  const x = zeros([10]);
  x.dispose();
  await expect(x.read()).rejects.toThrow(DisposedError);
});

test.runIf(native)('the event loop turns while a large one is copied', async () => {
  // Backwards through memory, row by row: slow enough to see.
  const x = zeros([4000, 4000]).t();
  let turns = 0;
  let done = false;
  const count = (): void => {
    turns += 1;
    if (!done) setImmediate(count);
  };
  setImmediate(count);
  await x.read();
  done = true;
  expect(turns).toBeGreaterThan(3);
});

describe('a worker that ends with a read under way', () => {
  const url = new URL('../../lib/index.ts', import.meta.url).href;
  const workers: Worker[] = [];
  afterEach(() => Promise.all(workers.map((worker) => worker.terminate())));

  test.each(['terminate', 'process.exit'])('by %s', async (how) => {
    const code = `
      const { parentPort } = require('node:worker_threads');
      import('tsx/esm/api').then(async ({ register }) => {
        register();
        const { zeros } = await import(${JSON.stringify(url)});
        const x = zeros([3000, 3000]).t();
        for (let i = 0; i < 12; ++i) void x.read();
        parentPort.postMessage('reading');
        ${how === 'terminate' ? 'for (;;) await x.read();' : 'setImmediate(() => process.exit(0));'}
      });`;
    for (let round = 0; round < 3; ++round) {
      const worker = new Worker(code, { eval: true });
      workers.push(worker);
      const exited = new Promise((resolve, reject) => worker.once('exit', resolve).once('error', reject));
      await new Promise((resolve) => worker.once('message', resolve));
      if (how === 'terminate') void worker.terminate();
      await exited;
    }
    expect((await zeros([300_000]).add(1).read())[7]).toBe(1);
  });
});
