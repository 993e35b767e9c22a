import { describe, expect, test } from 'vitest';
import {
  counters,
  dropout,
  F,
  info,
  manualSeed,
  ones,
  rand,
  randint,
  randn,
  tensor,
  withSeed,
  type Tensor,
} from '../../lib/index.js';

const moments = (x: Tensor) => {
  const data = Array.from(x.data as Float32Array, Number);
  const mean = data.reduce((a, b) => a + b, 0) / data.length;
  return { mean, variance: data.reduce((a, b) => a + (b - mean) ** 2, 0) / data.length };
};

// The first words of Philox4x32-10, from the test vectors of its authors' library: key 0 and counter 0.
test('uniform numbers are words of Philox4x32-10', () => {
  const words = [0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8];
  const first = withSeed(0, () => rand([4]));
  expect(first.tolist()).toEqual(words.map((word) => (word >>> 8) * 2 ** -24));
});

test('a seed repeats', () => {
  const draw = () => [rand([5]).tolist(), randn([5]).tolist(), randint(0, 9, [5]).tolist()];
  manualSeed(3);
  const first = draw();
  const next = draw();
  manualSeed(3);
  expect(draw()).toEqual(first);
  expect(draw()).toEqual(next);
  expect(next).not.toEqual(first);
});

test('withSeed leaves the stream outside alone', () => {
  manualSeed(4);
  const plain = [rand([3]).tolist(), rand([3]).tolist()];
  manualSeed(4);
  const before = rand([3]).tolist();
  withSeed(9, () => rand([100]));
  expect([before, rand([3]).tolist()]).toEqual(plain);
});

test('an amount fixed by the shape is consumed', () => {
  manualSeed(5);
  rand([7]);
  const after = rand([2]).tolist();
  manualSeed(5);
  randn([7]);
  expect(rand([2]).tolist()).toEqual(after);
});

test.each(['float32', 'float64'] as const)('what is consumed is what was drawn: %s', (dtype) => {
  for (const draw of [rand, randn]) {
    const parts = withSeed(6, () => [draw([12], { dtype }), draw([4], { dtype })].map((x) => x.tolist()));
    expect(parts.flat()).toEqual(withSeed(6, () => draw([16], { dtype }).tolist()));
  }
});

describe('distributions', () => {
  test.each(['float32', 'float64'] as const)('%s', (dtype) => {
    manualSeed(11);
    const u = moments(rand([40000], { dtype }));
    expect(u.mean).toBeCloseTo(0.5, 1);
    expect(u.variance).toBeCloseTo(1 / 12, 2);
    const n = moments(randn([40000], { dtype }));
    expect(Math.abs(n.mean)).toBeLessThan(0.02);
    expect(n.variance).toBeCloseTo(1, 1);
  });

  test('randint is even and in range', () => {
    manualSeed(12);
    const counts = [0, 0, 0, 0, 0];
    for (const value of randint(-2, 3, [20000]).tolist() as number[]) counts[value + 2]!++;
    for (const count of counts) expect(Math.abs(count - 4000)).toBeLessThan(300);
  });

  test('dropout keeps the mean, scales, and masks its gradient alike', () => {
    manualSeed(13);
    const x = ones([20000], { requiresGrad: true });
    const y = dropout(x, { p: 0.25 });
    const values = new Set(Array.from(y.data as Float32Array, (v) => Math.round(v * 1e4)));
    expect([...values].sort()).toEqual([0, 13333]);
    expect(moments(y).mean).toBeCloseTo(1, 1);
    y.sum().backward();
    expect(x.grad!.tolist()).toEqual(y.tolist());
    expect(dropout(x, { p: 0.25, training: false }).tolist()).toEqual(x.tolist());
  });
});

test.runIf(info().name === 'native')('dropout saves its counter and no mask', () => {
  const x = ones([1000], { requiresGrad: true });
  const before = counters().savedBytes;
  dropout(x, { p: 0.5 });
  // Two int64: seed and offset.
  expect(counters().savedBytes - before).toBe(16);
});

test('gumbelSoftmax draws from the distribution of its logits', () => {
  manualSeed(12);
  const shares = [0.1, 0.6, 0.3];
  const logits = ones([20000, 1]).mul(tensor(shares)).log();
  const hard = F.gumbelSoftmax(logits, { hard: true });
  const found = hard.mean({ dim: 0 }).tolist() as number[];
  found.forEach((share, i) => expect(share).toBeCloseTo(shares[i]!, 1.5));
  const soft = F.gumbelSoftmax(logits, { tau: 0.5 });
  expect(soft.sum({ dim: 1 }).sub(1).abs().amax().item()).toBeLessThan(1e-5);
});

test('rrelu draws a slope for each element', () => {
  manualSeed(13);
  const y = F.rrelu(ones([1000]).neg(), { training: true, lower: 0.25, upper: 0.5 });
  expect(y.amax().item()).toBeLessThanOrEqual(-0.25);
  expect(y.amin().item()).toBeGreaterThanOrEqual(-0.5);
  expect(moments(y).variance).toBeCloseTo(0.25 ** 2 / 12, 3);
});
