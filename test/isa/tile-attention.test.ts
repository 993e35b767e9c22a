import { afterAll, describe, expect, test } from 'vitest';
import {
  F,
  grad,
  info,
  manualSeed,
  noGrad,
  ones,
  randn,
  setNumThreads,
  type Tensor,
} from '../../lib/index.js';

// Attention of bfloat16 on tiles (levels amx and amx-emulated); elsewhere vectors keep the same promises.

const attention = F.scaledDotProductAttention;
const threads = info().threads;
// The TypeScript backend rounds after each op of which attention is made.
const native = info().name === 'native';

afterAll(() => {
  setNumThreads(threads);
});

type Shape = readonly number[];
interface Case {
  readonly query: Shape;
  readonly key: Shape;
  readonly value: Shape;
  readonly isCausal?: boolean;
  readonly mask?: boolean;
  readonly scale?: number;
}

const cases: Readonly<Record<string, Case>> = {
  'one block': { query: [2, 3, 64, 64], key: [2, 3, 64, 64], value: [2, 3, 64, 64] },
  'blocks of keys, parts of queries': { query: [300, 40], key: [530, 40], value: [530, 72] },
  'sizes that fill no tile': { query: [3, 35, 17], key: [3, 47, 17], value: [3, 47, 19] },
  causal: { query: [2, 290, 32], key: [2, 290, 32], value: [2, 290, 32], isCausal: true },
  'causal, more keys': { query: [1, 65, 48], key: [1, 300, 48], value: [1, 300, 16], isCausal: true },
  'causal, fewer keys': { query: [1, 300, 48], key: [1, 65, 48], value: [1, 65, 16], isCausal: true },
  'masked, shared heads': {
    query: [2, 6, 70, 32],
    key: [2, 2, 300, 32],
    value: [2, 2, 300, 32],
    mask: true,
    scale: 0.3,
  },
};

interface Operands {
  readonly q: Tensor;
  readonly k: Tensor;
  readonly v: Tensor;
  readonly run: (q: Tensor, k: Tensor, v: Tensor) => Tensor;
}

/** Heads are views of rows that hold all of them, as projections give them. */
function operandsOf({ query, key, value, isCausal = false, mask = false, scale }: Case): Operands {
  manualSeed(3);
  const heads = (shape: Shape): Tensor => {
    if (shape.length !== 4) return randn([...shape], { dtype: 'bfloat16' });
    const [n, h, t, d] = shape as readonly [number, number, number, number];
    return randn([n, t, h, d], { dtype: 'bfloat16' }).transpose(1, 2);
  };
  const attnMask = mask ? randn([query.at(-2)!, key.at(-2)!]).gt(-0.5) : undefined;
  return {
    q: heads(query),
    k: heads(key),
    v: heads(value),
    run: (q, k, v) =>
      attention(q, k, v, {
        isCausal,
        ...(attnMask && { attnMask }),
        ...(scale !== undefined && { scale }),
        enableGqa: q.shape.at(-3) !== k.shape.at(-3),
      }),
  };
}

const wide = (t: Tensor): Tensor => t.to('float64');

describe.runIf(native).each(Object.keys(cases))('%s', (key) => {
  const { q, k, v, run } = operandsOf(cases[key]!);
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

  test('gradients', () => {
    const seed = randn(exact.shape, { dtype: 'bfloat16' });
    const of = (change: (t: Tensor) => Tensor): readonly Tensor[] => {
      const leaves = [q, k, v].map((t) => change(t).clone().requiresGrad_()) as [Tensor, Tensor, Tensor];
      return grad(run(...leaves), leaves, { gradOutputs: change(seed) });
    };
    const wanted = of(wide);
    of((t) => t).forEach((got, i) => {
      const error = got.to('float64').sub(wanted[i]!).abs().max().item();
      expect(error / wanted[i]!.abs().max().item()).toBeLessThan(2 ** -7);
    });
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
    const { q, k, v, run } = operandsOf(cases[key]!);
    const bits = (): Buffer => Buffer.from(run(q, k, v).to('float32').data.buffer);
    setNumThreads(1);
    const first = bits();
    for (const count of [2, 3, 7, 16]) {
      setNumThreads(count);
      expect(bits().equals(first), `${key}, ${count} threads`).toBe(true);
    }
  }
});
