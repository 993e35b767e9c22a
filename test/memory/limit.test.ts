import { afterEach, describe, expect, test } from 'vitest';
import {
  collect,
  info,
  memory,
  nn,
  ones,
  OutOfMemoryError,
  randn,
  setMemoryLimit,
  zeros,
} from '../../lib/index.js';

const native = info().name === 'native';
const megabyte = 1 << 20;

afterEach(() => setMemoryLimit(0));

/** A limit so far above what lives now. */
function limitAbove(bytes: number): number {
  collect();
  const limit = memory().bytes + bytes;
  setMemoryLimit(limit);
  return limit;
}

test('memory() says what the limit is', () => {
  const unset = memory().limitBytes;
  if (native) expect(unset).toBeGreaterThan(100 * megabyte);
  else expect(unset).toBe(Infinity);
  setMemoryLimit(3e9);
  expect(memory().limitBytes).toBe(3e9);
  setMemoryLimit(Infinity);
  expect(memory().limitBytes).toBe(unset);
});

test('the error says op, bytes wanted, bytes live and the limit', () => {
  const limit = limitAbove(8 * megabyte);
  const x = ones([megabyte]);
  let message = '';
  try {
    x.expand([16, megabyte]).mul(2);
  } catch (error) {
    expect(error).toBeInstanceOf(OutOfMemoryError);
    message = (error as Error).message;
  }
  const [, op, wanted, live, said] =
    /^\[(\w+)\] cannot allocate (\d+) bytes: (\d+) bytes are live, the limit is (\d+)$/.exec(message) ?? [];
  expect([op, Number(wanted), Number(said)]).toEqual(['mul', 64 * megabyte, limit]);
  expect(Number(live)).toBeGreaterThanOrEqual(4 * megabyte);
  expect(Number(live)).toBeLessThanOrEqual(limit);
  // Nothing is broken.
  expect(x.sum().item()).toBe(megabyte);
});

test('what was dropped is freed before anything fails', () => {
  limitAbove(40 * megabyte);
  for (let i = 0; i < 60; ++i) ones([megabyte]).add(1);
  expect(memory().bytes).toBeLessThanOrEqual(memory().limitBytes);
});

test('also in the middle of a backward pass', () => {
  const x = randn([megabyte], { requiresGrad: true });
  limitAbove(60 * megabyte);
  for (let i = 0; i < 8; ++i) {
    // Garbage up to the limit, which only a collection within the pass can make room from.
    const loss = x.mul(2).exp().sum();
    while (memory().bytes + 9 * megabyte < memory().limitBytes) zeros([megabyte]);
    loss.backward();
  }
  expect(x.grad!.shape).toEqual([megabyte]);
});

describe.runIf(native)('memory kept for reuse', () => {
  test('is given back before anything fails', () => {
    collect();
    const kept = Array.from({ length: 10 }, () => zeros([megabyte]));
    for (const x of kept) x.dispose();
    expect(memory().pooledBytes).toBeGreaterThan(38 * megabyte);
    // Blocks of another size than those that are kept.
    setMemoryLimit(memory().bytes + 45 * megabyte);
    const x = zeros([10 * megabyte]);
    expect(memory().pooledBytes).toBeLessThan(5 * megabyte);
    x.dispose();
  });

  test('does not count as live', () => {
    limitAbove(20 * megabyte);
    for (let i = 1; i <= 40; ++i) zeros([4 * megabyte - i * 50_000]).dispose();
    expect(memory().bytes + memory().pooledBytes).toBeLessThan(memory().limitBytes + megabyte);
  });
});

test('a model that trains within a limit goes on when one batch was too large', () => {
  const model = new nn.Linear(1000, 1000);
  limitAbove(64 * megabyte);
  const step = (rows: number): number => {
    const loss = model
      .forward(randn([rows, 1000]))
      .square()
      .mean();
    loss.backward();
    return loss.item();
  };
  expect(step(100)).toBeGreaterThan(0);
  expect(() => step(20_000)).toThrow(OutOfMemoryError);
  for (let i = 0; i < 20; ++i) expect(step(100)).toBeGreaterThan(0);
});
