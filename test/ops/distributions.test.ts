import { describe, expect, test } from 'vitest';
import * as lg from '../../lib/index.js';
import type { Tensor } from '../../lib/index.js';
import { loadTypeScriptCopy, ours } from '../support/copies.js';

const native = ours.backend.name === 'native';
const theirs = await loadTypeScriptCopy();

const many = 20000;
const values = (x: Tensor): number[] => Array.from(x.data as Float32Array, Number);
const meanOf = (data: readonly number[]): number => data.reduce((a, b) => a + b, 0) / data.length;
const varianceOf = (data: readonly number[]): number => {
  const mean = meanOf(data);
  return meanOf(data.map((value) => (value - mean) ** 2));
};
const medianOf = (data: readonly number[]): number => data.toSorted((a, b) => a - b)[data.length >> 1]!;

interface Drawn {
  readonly draw: (lib: typeof lg) => Tensor;
  readonly mean: number;
  readonly variance: number;
}

// Mean and variance by the definition of the distribution.
const drawn: Readonly<Record<string, Drawn>> = {
  uniform_: { draw: (lib) => lib.zeros([many]).uniform_({ from: -1, to: 3 }), mean: 1, variance: 16 / 12 },
  normal_: { draw: (lib) => lib.zeros([many]).normal_({ mean: 2, std: 3 }), mean: 2, variance: 9 },
  'normal of tensors': {
    draw: (lib) => lib.normal(lib.full([many], 1.5), lib.full([many], 0.5)),
    mean: 1.5,
    variance: 0.25,
  },
  'normal of numbers': { draw: (lib) => lib.normal(-1, 2, [many]), mean: -1, variance: 4 },
  logNormal_: {
    draw: (lib) => lib.zeros([many]).logNormal_({ mean: 0, std: 0.5 }),
    mean: Math.exp(0.125),
    variance: (Math.exp(0.25) - 1) * Math.exp(0.25),
  },
  exponential_: { draw: (lib) => lib.zeros([many]).exponential_({ lambd: 2 }), mean: 0.5, variance: 0.25 },
  geometric_: { draw: (lib) => lib.zeros([many]).geometric_(0.25), mean: 4, variance: 12 },
  'geometric_ of integers': {
    draw: (lib) => lib.zeros([many], { dtype: 'int64' }).geometric_(0.5).to('float32'),
    mean: 2,
    variance: 2,
  },
  random_: { draw: (lib) => lib.zeros([many]).random_({ from: 1, to: 7 }), mean: 3.5, variance: 35 / 12 },
  bernoulli: { draw: (lib) => lib.bernoulli(lib.full([many], 0.25)), mean: 0.25, variance: 0.1875 },
  bernoulli_: { draw: (lib) => lib.zeros([many]).bernoulli_({ p: 0.75 }), mean: 0.75, variance: 0.1875 },
  'poisson of few': { draw: (lib) => lib.poisson(lib.full([many], 0.75)), mean: 0.75, variance: 0.75 },
  'poisson of many': { draw: (lib) => lib.poisson(lib.full([many], 40.5)), mean: 40.5, variance: 40.5 },
  'poisson of very many': {
    draw: (lib) => lib.poisson(lib.full([many], 2e4, { dtype: 'float32' })),
    mean: 2e4,
    variance: 2e4,
  },
  'poisson by normal numbers': {
    draw: (lib) => lib.poisson(lib.full([many], 4e8, { dtype: 'float64' })).sub(4e8),
    mean: 0,
    variance: 4e8,
  },
  'poisson of bfloat16': {
    draw: (lib) => lib.poisson(lib.full([many], 3, { dtype: 'bfloat16' })).float(),
    mean: 3,
    variance: 3,
  },
  'every place of randperm': {
    draw: (lib) => lib.stack(Array.from({ length: 500 }, () => lib.randperm(40))).float(),
    mean: 19.5,
    variance: (1600 - 1) / 12,
  },
  randintLike: { draw: (lib) => lib.randintLike(lib.zeros([many]), 0, 4), mean: 1.5, variance: 1.25 },
  'alphaDropout of normal numbers': {
    draw: (lib) => lib.F.alphaDropout(lib.randn([many]), { p: 0.25, training: true }),
    mean: 0,
    variance: 1,
  },
};

describe.each(Object.entries(drawn))('%s', (_name, { draw, mean, variance }) => {
  test('has its mean and variance', () => {
    const data = lg.withSeed(11, () => values(draw(lg)));
    // Six standard errors of the mean; the variance, whose tails are long, within a tenth.
    expect(Math.abs(meanOf(data) - mean)).toBeLessThan(6 * Math.sqrt(variance / many));
    expect(Math.abs(varianceOf(data) / variance - 1)).toBeLessThan(0.1);
  });

  test.runIf(native)('draws the same on the TypeScript backend', () => {
    const left = lg.withSeed(5, () => values(draw(lg)));
    const right = theirs.lg.withSeed(5, () => values(draw(theirs.lg)));
    const differ = left.filter(
      (value, i) => Math.abs(value - right[i]!) > 1e-5 * Math.max(1, Math.abs(value)),
    );
    expect(differ).toEqual([]);
  });

  test('takes as much from the generator whatever it draws', () => {
    // The number behind it is the one that stands behind as many words in the stream of the seed.
    const rest = (seed: number) => lg.withSeed(seed, () => (draw(lg), lg.rand([1]).item()));
    const stream = (seed: number) => lg.withSeed(seed, () => values(lg.rand([16 * many])));
    const places = [1, 2].map((seed) => stream(seed).indexOf(rest(seed)));
    expect(places[0]).toBeGreaterThan(0);
    expect(places[1]).toBe(places[0]);
  });
});

test('cauchy_ has its median and quartiles', () => {
  const data = lg.withSeed(3, () => values(lg.zeros([many]).cauchy_({ median: 2, sigma: 0.5 })));
  expect(medianOf(data)).toBeCloseTo(2, 1);
  expect(medianOf(data.map((value) => Math.abs(value - 2)))).toBeCloseTo(0.5, 1);
});

test('randperm has every number once', () => {
  const order = lg.withSeed(1, () => lg.randperm(1000));
  expect(order.dtype).toBe('int64');
  expect(values(order)).not.toEqual(Array.from({ length: 1000 }, (_, i) => i));
  expect(values(order).toSorted((a, b) => a - b)).toEqual(Array.from({ length: 1000 }, (_, i) => i));
  expect(lg.randperm(0).shape).toEqual([0]);
  expect(() => lg.randperm(-1)).toThrow(lg.ValueError);
});

test('randperm puts each number in each place as often', () => {
  const orders = lg.withSeed(9, () => Array.from({ length: 2000 }, () => values(lg.randperm(10))));
  for (let number = 0; number < 10; number++) {
    for (let place = 0; place < 10; place++) {
      const count = orders.filter((order) => order[place] === number).length;
      expect(Math.abs(count - 200)).toBeLessThan(6 * Math.sqrt(200));
    }
  }
});

test('every permutation is as likely', () => {
  const counts = new Map<string, number>();
  lg.withSeed(2, () => {
    for (let i = 0; i < 6000; i++) {
      const key = values(lg.randperm(3)).join('');
      counts.set(key, (counts.get(key) ?? 0) + 1);
    }
  });
  expect(counts.size).toBe(6);
  for (const count of counts.values()) expect(Math.abs(count - 1000)).toBeLessThan(6 * Math.sqrt(1000));
});

describe('multinomial', () => {
  test('draws by weight', () => {
    const places = lg.withSeed(4, () =>
      values(lg.multinomial(lg.tensor([1, 0, 3, 4]).float(), many, { replacement: true })),
    );
    const share = (place: number) => places.filter((value) => value === place).length / many;
    [0.125, 0, 0.375, 0.5].forEach((wanted, place) => {
      expect(Math.abs(share(place) - wanted)).toBeLessThanOrEqual(
        6 * Math.sqrt((wanted * (1 - wanted)) / many),
      );
    });
  });

  test('draws nothing twice without replacement, and no weight of 0', () => {
    const weights = lg
      .tensor([
        [0, 1, 2, 3, 0],
        [5, 0, 0, 1, 1],
      ])
      .float();
    const rows = lg.withSeed(4, () => lg.multinomial(weights, 3).tolist()) as number[][];
    expect(rows.map((row) => row.toSorted((a, b) => a - b))).toEqual([
      [1, 2, 3],
      [0, 3, 4],
    ]);
  });

  test('draws without replacement in the order of chance', () => {
    const weights = [1, 2, 5];
    const rows = lg.withSeed(8, () =>
      lg.multinomial(lg.tensor(weights).float().expand([many, 3]), 2).tolist(),
    ) as number[][];
    for (const first of [0, 1, 2]) {
      for (const second of [0, 1, 2]) {
        const [a, b] = [weights[first]! / 8, weights[second]! / (8 - weights[first]!)];
        const wanted = first === second ? 0 : a * b;
        const share = rows.filter((row) => row[0] === first && row[1] === second).length / many;
        expect(Math.abs(share - wanted)).toBeLessThanOrEqual(6 * Math.sqrt((wanted * (1 - wanted)) / many));
      }
    }
  });

  test('refuses a row after good ones', () => {
    const x = lg.tensor([
      [1, 1],
      [1, -2],
    ]);
    expect(() => lg.multinomial(x.float(), 1)).toThrow(/\[multinomial\] got the probability -2/);
  });

  test.each([
    [[0, 0, 0], 1, true],
    [[-1, 1, 1], 1, true],
    [[NaN, 1, 1], 1, true],
    [[1, 0, 0], 2, false],
    [[1, 1, 1], 4, false],
    [[1, 1, 1], 0, true],
  ] as const)('refuses %j, %d', (weights, count, replacement) => {
    const x = lg.tensor([...weights], { dtype: 'float32' });
    expect(() => lg.multinomial(x, count, { replacement })).toThrow(lg.ValueError);
  });
});

test.each([
  ['uniform_', () => lg.zeros([2]).uniform_({ from: 3, to: -1 })],
  ['normal_', () => lg.zeros([2]).normal_({ std: -1 })],
  ['exponential_', () => lg.zeros([2]).exponential_({ lambd: 0 })],
  ['cauchy_', () => lg.zeros([2]).cauchy_({ sigma: 0 })],
  ['geometric_', () => lg.zeros([2]).geometric_(1)],
  ['logNormal_', () => lg.zeros([2]).logNormal_({ std: 0 })],
  ['random_', () => lg.zeros([2]).random_({ from: 2, to: 2 })],
  ['bernoulli', () => lg.bernoulli(lg.tensor([1.5]))],
  ['bernoulli_', () => lg.zeros([2]).bernoulli_({ p: 2 })],
  ['poisson', () => lg.poisson(lg.tensor([-1.5]))],
  ['normal', () => lg.normal(0, 1)],
])('%s refuses what is no distribution', (_name, call) => {
  expect(call).toThrow(lg.ValueError);
});

describe('dropout of channels', () => {
  test.each([
    ['dropout1d', [4, 50, 3]],
    ['dropout2d', [4, 50, 3, 2]],
    ['dropout3d', [4, 50, 2, 2, 2]],
  ] as const)('%s keeps or drops each as one', (name, shape) => {
    const x = lg.ones(shape, { requiresGrad: true });
    const out = lg.withSeed(6, () => lg.F[name](x, { p: 0.25 }));
    const rows = out.reshape([200, -1]).tolist() as number[][];
    const kept = rows.filter((row) => row[0] !== 0);
    expect(kept.length).toBeGreaterThan(120);
    expect(kept.length).toBeLessThan(180);
    for (const row of rows) {
      for (const value of row) expect(value).toBeCloseTo(row[0] === 0 ? 0 : 4 / 3, 5);
    }
    out.sum().backward();
    expect(x.grad!.tolist()).toEqual(out.tolist());
  });

  test('dropout1d and dropout3d take a sample without a batch', () => {
    expect(lg.F.dropout1d(lg.ones([5, 3])).shape).toEqual([5, 3]);
    expect(lg.F.dropout3d(lg.ones([5, 1, 1, 2])).shape).toEqual([5, 1, 1, 2]);
  });

  test('featureAlphaDropout sets whole channels to one value', () => {
    const out = lg.withSeed(7, () => lg.F.featureAlphaDropout(lg.ones([2, 20, 4]), { training: true }));
    const rows = out.reshape([40, 4]).tolist() as number[][];
    for (const row of rows) expect(new Set(row).size).toBe(1);
    expect(new Set(rows.map((row) => row[0])).size).toBe(2);
  });
});
