import { describe, expect, test } from 'vitest';
import { F, grad, info, manualSeed, randn, setNumThreads, type Tensor } from '../../lib/index.js';

// Products of 16-bit floats: sums in float32, rounded once. Shapes that take each way through the native products: dot
// products with the few on either side, few rows against rows of B, columns packed by each thread, all of B packed, in
// turns, sums kept between depth blocks, rows by the thousand, long sums in parts.

const shapes: readonly (readonly [m: number, n: number, k: number])[] = [
  [1, 300, 200],
  [1, 1, 1000],
  [3, 130, 520],
  [5, 50, 90],
  [8, 33, 600],
  [9, 70, 300],
  [16, 257, 64],
  [300, 11, 70],
  [13, 33, 31],
  [40, 300, 257],
  [100, 1024, 300],
  [300, 64, 250],
  [270, 140, 300],
  [260, 1300, 260],
  [4200, 40, 300],
  [40, 33, 9000],
];

const atStart = info().threads;
const dtypes = { bfloat16: 2 ** -8, float16: 2 ** -11 } as const;

type Half = keyof typeof dtypes;

function layouts(m: number, n: number, dtype: Half): Record<string, () => Tensor> {
  return {
    rows: () => randn([m, n], { dtype }),
    columns: () => randn([n, m], { dtype }).t(),
    'every other column': () => randn([m, 2 * n], { dtype }).slice(1, { step: 2 }),
  };
}

// Rounding the exact sum, and the error of summing in float32.
function excess(result: Tensor, x: Tensor, y: Tensor, dtype: Half): number {
  const [a, b] = [x.double(), y.double()];
  const exact = a.matmul(b);
  const allowed = exact
    .abs()
    .mul(dtypes[dtype])
    .add(a.abs().matmul(b.abs()).mul(5e-7))
    .add(2 ** -24);
  return result.double().sub(exact).abs().div(allowed).max().item();
}

describe.runIf(info().name === 'native').each(Object.keys(dtypes) as Half[])('%s', (dtype) => {
  describe.each(shapes)('[%i, %i] of depth %i', (m, n, k) => {
    for (const [left, makeA] of Object.entries(layouts(m, k, dtype))) {
      for (const [right, makeB] of Object.entries(layouts(k, n, dtype))) {
        test(`${left} by ${right}`, () => {
          manualSeed(1);
          const [x, y] = [makeA(), makeB()];
          const product = x.matmul(y);
          expect(product.dtype).toBe(dtype);
          expect(excess(product, x, y, dtype)).toBeLessThanOrEqual(1.01);
        });
      }
    }

    test('a layer and its gradients', () => {
      manualSeed(2);
      const x = randn([m, k], { dtype, requiresGrad: true });
      const weight = randn([n, k], { dtype, requiresGrad: true });
      const bias = randn([n], { dtype });
      const out = F.linear(x, weight, bias);
      const plain = x.float().matmul(weight.float().t()).add(bias.float());
      const difference = out
        .float()
        .sub(plain)
        .abs()
        .div(plain.abs().add(k ** 0.5));
      expect(difference.max().item()).toBeLessThan(1.1 * dtypes[dtype]);
      const g = randn([m, n], { dtype });
      const [dx, dw] = grad(out, [x, weight], { gradOutputs: g });
      expect(excess(dx, g, weight.detach(), dtype)).toBeLessThanOrEqual(1.01);
      expect(excess(dw, g.t(), x.detach(), dtype)).toBeLessThanOrEqual(1.01);
    });
  });

  test('a batch, its matrices broadcast', () => {
    manualSeed(3);
    const [x, y] = [randn([5, 1, 20, 70], { dtype }), randn([3, 70, 40], { dtype })];
    expect(excess(x.matmul(y), x, y, dtype)).toBeLessThanOrEqual(1.01);
  });

  test('a depth of zero gives the bias', () => {
    const bias = randn([40], { dtype });
    const out = F.linear(randn([20, 0], { dtype }), randn([40, 0], { dtype }), bias);
    expect(out.tolist()).toEqual(bias.expand([20, 40]).tolist());
    expect(F.linear(randn([2, 0], { dtype }), randn([40, 0], { dtype }), bias).tolist()).toEqual(
      bias.expand([2, 40]).tolist(),
    );
  });

  test('infinities and NaNs pass', () => {
    const x = randn([20, 70], { dtype });
    x.select(0, 3).select(0, 5).fill_(Infinity);
    x.select(0, 4).select(0, 5).fill_(NaN);
    const out = x.matmul(randn([70, 30], { dtype }).abs());
    expect(out.select(0, 3).tolist()).toEqual(Array(30).fill(Infinity));
    expect(out.select(0, 4).isnan().all().item()).toBe(true);
    expect(out.select(0, 5).isfinite().all().item()).toBe(true);
  });
});

// Processors multiply pairs of bfloat16 as if denormals were zero: the rows that hold any go another way.
test.runIf(info().name === 'native').each([1e-39, 3e38, Infinity, NaN])(
  'a few rows by one with %d, with any number of threads',
  (value) => {
    manualSeed(4);
    const x = randn([8, 70], { dtype: 'bfloat16' }).mul(2 ** 100);
    const weight = randn([33, 70])
      .mul(2 ** -20)
      .to('bfloat16');
    weight.select(0, 6).fill_(0).narrow(0, 2, 1).fill_(value);
    const wanted = x.double().matmul(weight.double().t()).to('bfloat16');
    const sums = [1, 2, 3, 7].map((threads) => {
      setNumThreads(threads);
      return F.linear(x, weight).float();
    });
    setNumThreads(atStart);
    expect(sums[0]!.select(1, 6).tolist()).toEqual(wanted.float().select(1, 6).tolist());
    expect(sums[0]!.div(wanted.float()).sub(1).narrow(1, 7, 26).abs().max().item()).toBeLessThan(0.05);
    for (const sum of sums)
      expect(Buffer.from(sum.data.buffer).equals(Buffer.from(sums[0]!.data.buffer))).toBe(true);
  },
);
