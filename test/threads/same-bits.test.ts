import { afterAll, describe, expect, test } from 'vitest';
import {
  cat,
  conv2d,
  F,
  grad,
  info,
  manualSeed,
  randn,
  setNumThreads,
  zeros,
  type Tensor,
} from '../../lib/index.js';
import { nets, train } from '../support/small-nets.js';

// Accumulation order depends on shape, strides and dtype only: the same bits for any number of threads, run after run.

const atStart = info().threads;

afterAll(() => setNumThreads(atStart));

const counts = info().name === 'native' ? [1, 2, 4, 8] : [1];

describe.each(Object.keys(nets) as (keyof typeof nets)[])('%s', (net) => {
  const losses = (threads: number) => {
    setNumThreads(threads);
    return train(net, 20);
  };

  test('losses of 20 steps are the same bits with any number of threads', () => {
    const first = losses(1);
    expect(first.every(Number.isFinite)).toBe(true);
    expect(first.at(-1)).toBeLessThan(first[0]!);
    for (const threads of counts) expect(losses(threads), `${threads} threads`).toEqual(first);
  });

  test('and on a second run', () => {
    expect(losses(counts.at(-1)!)).toEqual(losses(counts.at(-1)!));
  });
});

// Sizes at which the work is split.
describe.runIf(counts.length > 1)('large ops', () => {
  const cases = {
    'sum of all': () => randn([1_000_003]).sum(),
    'sum of columns': () => randn([1500, 700]).sum({ dim: 0 }),
    'mean of rows': () => randn([1500, 700]).mean({ dim: 1 }),
    variance: () => randn([500_000]).var(),
    matmul: () => randn([190, 333]).matmul(randn([333, 210])),
    'deep matmul': () => randn([8, 20_000]).matmul(randn([20_000, 6])),
    softmax: () => randn([600, 1000]).softmax(1),
    'cumsum of a long row': () => randn([300_001]).cumsum(0),
    'cumsum of columns': () => randn([300, 900]).cumsum(0),
    'logcumsumexp of a long row': () => randn([100_001]).logcumsumexp(0),
    'product of all': () => randn([300_001]).mul(0.001).add(1).prod(),
    'sort of a long row': () => randn([100_001]).sort().values,
    'topk of a long row': () => randn([300_001]).topk(20).values,
    exp: () => randn([700_001]).exp(),
    'gradient of a broadcast': () => {
      const bias = randn([300], { requiresGrad: true });
      randn([4000, 300]).add(bias).tanh().sum().backward();
      return bias.grad!;
    },
    attention: () =>
      F.scaledDotProductAttention(randn([3, 300, 24]), randn([3, 600, 24]), randn([3, 600, 40])),
    'attention of one query': () => {
      const options = { enableGqa: true, dropoutP: 0.2 };
      return F.scaledDotProductAttention(
        randn([6, 1, 64]),
        randn([2, 3000, 64]),
        randn([2, 3000, 64]),
        options,
      );
    },
    'gradients of attention': () => {
      const inputs = [0, 1, 2].map(() => randn([1, 2, 700, 16], { requiresGrad: true }));
      const [q, k, v] = inputs as [Tensor, Tensor, Tensor];
      const out = F.scaledDotProductAttention(q, k, v, { isCausal: true, dropoutP: 0.1 });
      return cat(grad(out.cos().sum(), inputs));
    },
    'weight gradient of a convolution': () => {
      const weight = randn([24, 8, 3, 3], { requiresGrad: true });
      conv2d(randn([16, 8, 30, 30]), weight)
        .square()
        .sum()
        .backward();
      return weight.grad!;
    },
  };
  test.each(Object.entries(cases))('%s', (_name, make) => {
    const run = (threads: number) => {
      setNumThreads(threads);
      manualSeed(77);
      return make().data as Float32Array;
    };
    const first = run(1);
    for (const threads of counts)
      expect(Buffer.from(run(threads).buffer).equals(Buffer.from(first.buffer))).toBe(true);
  });
});

// Nor does anything depend on where in memory a tensor begins.
const places = {
  sum: (x) => x.sum(),
  'mean of columns': (x) => x.mean({ dim: 0 }),
  'variance of rows': (x) => x.var({ dim: 1 }),
  softmax: (x) => x.softmax(1),
  exp: (x) => x.exp(),
  matmul: (x) => x.matmul(x.t()),
} satisfies Record<string, (x: Tensor) => Tensor>;

test.each(Object.entries(places))('%s: the same bits at any address', (_name, run) => {
  const rows = 120;
  const columns = 37;
  const x = randn([rows, columns]);
  const wanted = run(x).data;
  for (let start = 1; start <= 16; ++start) {
    const place = zeros([rows * columns + start]).narrow(0, start, rows * columns);
    place.copy_(x.reshape([-1]));
    expect(run(place.view([rows, columns])).data, `from element ${start}`).toEqual(wanted);
  }
});
