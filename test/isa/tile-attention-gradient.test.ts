import { afterAll, describe, expect, test } from 'vitest';
import { eye, F, grad, info, noGrad, ones, randn, setNumThreads, type Tensor } from '../../lib/index.js';
import {
  type AttentionCall,
  attentionCalls,
  attentionOperands,
  type AttentionOperands,
} from '../support/attention-calls.js';

// The gradient of attention of bfloat16 on its units (amx, avx512-bf16); elsewhere vectors keep the same
// promises.

const threads = info().threads;
// The TypeScript backend rounds after each op of which attention is made.
const native = info().name === 'native';

afterAll(() => {
  setNumThreads(threads);
});

const calls: Readonly<Record<string, AttentionCall>> = {
  ...attentionCalls,
  'dropout, causal': {
    query: [2, 2, 200, 32],
    key: [2, 2, 200, 32],
    value: [2, 2, 200, 32],
    isCausal: true,
    dropoutP: 0.3,
  },
};

const wide = (t: Tensor): Tensor => t.detach().to('float64');

function gradientsOf({ q, k, v, run }: AttentionOperands, seed: Tensor): readonly Tensor[] {
  const leaves = [q, k, v].map((t) => t.detach().requiresGrad_()) as [Tensor, Tensor, Tensor];
  return grad(run(...leaves), leaves, { gradOutputs: seed });
}

/**
 * The gradients in float64 and, for each element, the sum of the sizes of what they add up. The result of the forward
 * pass is taken as it was rounded, for so it is saved.
 */
function exactGradients({ q, k, v, run }: AttentionOperands, seed: Tensor, scale: number) {
  const group = k.shape.length > 2 ? q.shape.at(-3)! / k.shape.at(-3)! : 1;
  const shared = (t: Tensor): Tensor => (group > 1 ? wide(t).repeatInterleave(group, { dim: -3 }) : wide(t));
  const summed = (t: Tensor): Tensor =>
    group > 1 ? t.unflatten(-3, [t.shape.at(-3)! / group, group]).sum({ dim: -3 }) : t;
  const identity = eye(k.shape.at(-2)!, { dtype: 'float64' }).expand([
    ...k.shape.slice(0, -1),
    k.shape.at(-2)!,
  ]);
  const weights = run(wide(q), wide(k), identity, 0);
  const kept = run(wide(q), wide(k), identity);
  const [queries, keys, values, g] = [wide(q), shared(k), shared(v), wide(seed)];
  const out = wide(run(q, k, v));
  const delta = g.mul(out).sum({ dim: -1, keepdim: true });
  const slopes = kept.mul(g.matmul(values.mT)).sub(weights.mul(delta)).mul(scale);
  const size = kept
    .mul(g.abs().matmul(values.abs().mT))
    .add(weights.mul(g.mul(out).abs().sum({ dim: -1, keepdim: true })))
    .mul(Math.abs(scale));
  return [
    { exact: slopes.matmul(keys), size: size.matmul(keys.abs()) },
    { exact: summed(slopes.mT.matmul(queries)), size: summed(size.mT.matmul(queries.abs())) },
    { exact: summed(kept.mT.matmul(g)), size: summed(kept.mT.matmul(g.abs())) },
  ];
}

/** The error beyond one rounding to bfloat16, relative to the sizes of what is added up: the greatest. */
function errorBeyondRounding(got: Tensor, exact: Tensor, size: Tensor): number {
  const rounding = exact.abs().mul(2 ** -8);
  const beyond = wide(got).sub(exact).abs().sub(rounding).clamp({ min: 0 });
  return beyond.div(size.add(1e-300)).max().item();
}

describe.runIf(native).each(Object.keys(calls))('%s', (key) => {
  const call = calls[key]!;
  const operands = attentionOperands(call);
  const scale = call.scale ?? 1 / Math.sqrt(call.query.at(-1)!);
  const seed = randn([...call.query.slice(0, -1), call.value.at(-1)!], { dtype: 'bfloat16' });
  const wanted = noGrad(() => exactGradients(operands, seed, scale));

  test('rounded once: weights and gradients of scores lose no more than 2^-16', () => {
    gradientsOf(operands, seed).forEach((got, i) => {
      const { exact, size } = wanted[i]!;
      expect(got.dtype).toBe('bfloat16');
      expect(errorBeyondRounding(got, exact, size)).toBeLessThanOrEqual(2 ** -16);
    });
  });
});

const small: AttentionCall = { query: [2, 70, 32], key: [2, 150, 32], value: [2, 150, 32] };

// What the tiles would take for zero or lose in an overflow: exponents of two that operands are multiplied by.
test
  .runIf(native)
  .each([
    { k: -120 },
    { v: -120 },
    { v: 100 },
    { grad: -110 },
    { grad: 100 },
    { q: -64, k: 64, v: -30, grad: -30 },
  ])('extreme sizes: %o', ({ q = 0, k = 0, v = 0, grad: ofGrad = 0 }) => {
  const given = attentionOperands(small);
  const sized = (t: Tensor, exponent: number): Tensor => t.mul(2 ** exponent);
  const operands = { ...given, q: sized(given.q, q), k: sized(given.k, k), v: sized(given.v, v) };
  const seed = sized(randn([2, 70, 32], { dtype: 'bfloat16' }), ofGrad);
  const wanted = noGrad(() => exactGradients(operands, seed, 1 / Math.sqrt(32)));
  gradientsOf(operands, seed).forEach((got, i) => {
    const { exact, size } = wanted[i]!;
    // Denormal results have fewer bits.
    expect(errorBeyondRounding(got, exact, size.add(2 ** -117))).toBeLessThanOrEqual(2 ** -16);
  });
});

test.runIf(native).each([NaN, Infinity])('%d in one head leaves the gradients of the other', (value) => {
  const operands = attentionOperands(small);
  const seed = randn([2, 70, 32], { dtype: 'bfloat16' });
  const wanted = gradientsOf(operands, seed);
  for (const place of ['q', 'k', 'v', 'seed'] as const) {
    const changed = { ...operands, seed, [place]: { ...operands, seed }[place].clone() };
    changed[place].select(0, 1).fill_(value);
    gradientsOf(changed, changed.seed).forEach((got, i) => {
      const error = got.select(0, 0).sub(wanted[i]!.select(0, 0)).abs().max().item();
      expect(error / wanted[i]!.abs().max().item()).toBeLessThan(2 ** -8);
    });
    expect(gradientsOf(changed, changed.seed)[0]!.select(0, 1).isnan().any().item()).toBe(true);
  }
});

test.runIf(native)('a query that sees nothing, and a key that nothing sees, have gradients of 0', () => {
  const attnMask = ones([70, 150], { dtype: 'bool' });
  attnMask.select(0, 3).fill_(false);
  attnMask.select(1, 5).fill_(false);
  const operands = attentionOperands(small);
  const run: AttentionOperands['run'] = (q, k, v) => F.scaledDotProductAttention(q, k, v, { attnMask });
  const seed = randn([2, 70, 32], { dtype: 'bfloat16' });
  const [dq, dk, dv] = gradientsOf({ ...operands, run }, seed) as [Tensor, Tensor, Tensor];
  for (const [grads, unseen] of [
    [dq, 3],
    [dk, 5],
    [dv, 5],
  ] as const) {
    const rows = grads.abs().amax({ dim: [0, 2] });
    expect(rows.eq(0).nonzero().flatten().tolist()).toEqual([unseen]);
    expect(rows.isnan().any().item()).toBe(false);
  }
});

test.runIf(native)('a gradient that is one number spread out', () => {
  const operands = attentionOperands(small);
  const one = ones([], { dtype: 'bfloat16' });
  const spread = gradientsOf(operands, one.expand([2, 70, 32]));
  const dense = gradientsOf(operands, ones([2, 70, 32], { dtype: 'bfloat16' }));
  spread.forEach((got, i) => {
    expect(got.equal(dense[i]!)).toBe(true);
  });
});

test.runIf(native)('the same bits with any number of threads', () => {
  for (const key of ['blocks of keys, parts of queries', 'masked, shared heads', 'many heads, causal']) {
    const call = calls[key]!;
    const operands = attentionOperands(call);
    const seed = randn([...call.query.slice(0, -1), call.value.at(-1)!], { dtype: 'bfloat16' });
    const bits = (): Buffer =>
      Buffer.concat(gradientsOf(operands, seed).map((t) => Buffer.from(t.to('float32').data.buffer)));
    setNumThreads(1);
    const first = bits();
    for (const count of [2, 3, 7, 16]) {
      setNumThreads(count);
      expect(bits().equals(first), `${key}, ${count} threads`).toBe(true);
    }
  }
});
