import { describe, expect, test } from 'vitest';
import { F, info, manualSeed, randn, type Tensor } from '../../lib/index.js';

// Shapes that take each way through the native products: dot products, tiles of every height, panels of A where they
// lie and copied, B where it lies, packed whole, by columns and in turns, long sums in parts. Each layout of the
// operands; some of the elements, in float64.

const shapes: readonly (readonly [m: number, n: number, k: number])[] = [
  [1, 300, 200],
  [3, 50, 90],
  [7, 130, 300],
  [300, 6, 70],
  [13, 33, 31],
  [27, 65, 257],
  [64, 64, 64],
  [100, 1024, 40],
  [97, 512, 300],
  [70, 300, 520],
  [270, 140, 300],
  [260, 1300, 260],
  [1030, 40, 300],
  [40, 33, 9000],
];

function layouts(m: number, n: number): Record<string, () => Tensor> {
  return {
    rows: () => randn([m, n], { dtype: 'float64' }),
    columns: () => randn([n, m], { dtype: 'float64' }).t(),
    'every other column': () => randn([m, 2 * n], { dtype: 'float64' }).slice(1, { step: 2 }),
  };
}

function largest(x: Tensor): number {
  return x.abs().max().item();
}

// The operands are rounded to float32 first, so that only the product's own error counts.
function errorOf(a: Tensor, b: Tensor, product: (a: Tensor, b: Tensor) => Tensor, exact: Tensor): number {
  const scale = a.abs().matmul(b.abs()).add(1);
  return largest(product(a.float(), b.float()).double().sub(exact).div(scale));
}

describe.runIf(info().name === 'native').each(shapes)('[%i, %i] of depth %i', (m, n, k) => {
  const a = layouts(m, k);
  const b = layouts(k, n);
  for (const [left, makeA] of Object.entries(a)) {
    for (const [right, makeB] of Object.entries(b)) {
      test(`${left} by ${right}`, () => {
        manualSeed(1);
        const x = makeA().float().double();
        const y = makeB().float().double();
        const sums = x.unsqueeze(1).slice(0, { stop: 5 }).mul(y.t().unsqueeze(0)).sum({ dim: 2 });
        const exact = x.matmul(y);
        expect(largest(exact.slice(0, { stop: 5 }).sub(sums))).toBeLessThan(1e-11 * k);
        expect(errorOf(x, y, (p, q) => p.matmul(q), exact)).toBeLessThan(5e-7);
      });
    }
  }

  test('a bias is added once', () => {
    manualSeed(2);
    const x = randn([m, k]);
    const weight = randn([n, k]);
    const bias = randn([n]);
    const difference = F.linear(x, weight, bias).sub(x.matmul(weight.t()).add(bias));
    expect(largest(difference)).toBeLessThan(2e-6 * k);
  });
});
