import { afterAll, describe, expect, test } from 'vitest';
import { F, info, manualSeed, noGrad, ones, randn, setNumThreads, type Tensor } from '../../lib/index.js';
import { attentionCalls, attentionOperands } from '../support/attention-calls.js';

// Attention of bfloat16 on its units (amx, avx512-bf16); elsewhere vectors keep the same promises. Its gradient:
// tile-attention-gradient.test.ts.

const attention = F.scaledDotProductAttention;
const threads = info().threads;
// The TypeScript backend rounds after each op of which attention is made.
const native = info().name === 'native';

afterAll(() => {
  setNumThreads(threads);
});

const wide = (t: Tensor): Tensor => t.to('float64');

describe.runIf(native).each(Object.keys(attentionCalls))('%s', (key) => {
  const { q, k, v, run } = attentionOperands(attentionCalls[key]!);
  const exact = noGrad(() => run(wide(q), wide(k), wide(v)));

  test('forward: rounded once', () => {
    const scale = noGrad(() => run(wide(q), wide(k), wide(v.abs())));
    const error = noGrad(() => run(q, k, v))
      .to('float64')
      .sub(exact)
      .abs();
    const allowed = exact
      .abs()
      .mul(2 ** -8)
      .add(scale.mul(2 ** -16))
      .add(1e-300);
    expect(error.div(allowed).max().item()).toBeLessThanOrEqual(1);
  });
});

test.runIf(native)('dropped weights are those of float32', () => {
  const [q, k, v] = [0, 1, 2].map(() => randn([2, 70, 32], { dtype: 'bfloat16' })) as [
    Tensor,
    Tensor,
    Tensor,
  ];
  const dropped = (change: (t: Tensor) => Tensor): Tensor => {
    manualSeed(9);
    return attention(change(q), change(k), change(v), { dropoutP: 0.4 });
  };
  const exact = dropped((t) => t.to('float32'));
  const error = dropped((t) => t)
    .to('float32')
    .sub(exact)
    .abs();
  expect(
    error
      .div(
        exact
          .abs()
          .mul(2 ** -8)
          .add(1e-4),
      )
      .max()
      .item(),
  ).toBeLessThanOrEqual(1);
});

test.runIf(native).each([NaN, Infinity])('%d in a query: NaN in its row only', (value) => {
  const q = ones([40, 32]).to('bfloat16');
  q.select(0, 1).fill_(value);
  const out = attention(q, ones([300, 32]).to('bfloat16'), ones([300, 16]).to('bfloat16')).to('float32');
  expect(out.isnan().sum().item()).toBe(16);
  expect(out.select(0, 0).tolist()).toEqual(Array<number>(16).fill(1));
});

test.runIf(native)('a query that sees nothing gives 0', () => {
  const [q, k, v] = [0, 1, 2].map(() => randn([40, 32], { dtype: 'bfloat16' })) as [Tensor, Tensor, Tensor];
  const attnMask = ones([40, 40], { dtype: 'bool' });
  attnMask.select(0, 3).fill_(false);
  const out = attention(q, k, v, { attnMask });
  expect(out.select(0, 3).abs().max().item()).toBe(0);
  expect(out.isnan().any().item()).toBe(false);
});

test.runIf(native)('the same bits with any number of threads', () => {
  for (const key of ['blocks of keys, parts of queries', 'causal']) {
    const { q, k, v, run } = attentionOperands(attentionCalls[key]!);
    const bits = (): Buffer => Buffer.from(run(q, k, v).to('float32').data.buffer);
    setNumThreads(1);
    const first = bits();
    for (const count of [2, 3, 7, 16]) {
      setNumThreads(count);
      expect(bits().equals(first), `${key}, ${count} threads`).toBe(true);
    }
  }
});
