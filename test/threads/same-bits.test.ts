import { afterAll, describe, expect, test } from 'vitest';
import {
  avgPool2d,
  batchNorm,
  cat,
  conv2d,
  crossEntropy,
  F,
  grad,
  info,
  layerNorm,
  manualSeed,
  maxPool2d,
  multinomial,
  nn,
  optim,
  poisson,
  rand,
  randint,
  randn,
  randperm,
  scatterAdd,
  setNumThreads,
  zeros,
  type Tensor,
} from '../../lib/index.js';
import { nets, train } from '../support/small-nets.js';

// Accumulation order depends on shape, strides and dtype only: the same bits for any number of threads, run after run.

const atStart = info().threads;

afterAll(() => setNumThreads(atStart));

const counts = info().name === 'native' ? [1, 2, 3, 7, 16] : [1];

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

type Norm = readonly [
  shape: readonly number[],
  parameters: readonly number[],
  norm: (x: Tensor, w: Tensor) => Tensor,
];

const last = (x: Tensor) => x.permute([0, 2, 3, 1]).contiguous().permute([0, 3, 1, 2]);

const norms: Readonly<Record<string, Norm>> = {
  layerNorm: [[500, 300], [300], (x, weight) => layerNorm(x, [300], { weight, bias: weight })],
  rmsNorm: [[500, 300], [300], (x, weight) => F.rmsNorm(x, [300], { weight })],
  'groupNorm of few elements': [
    [400, 64, 3],
    [64],
    (x, weight) => F.groupNorm(x, 8, { weight, bias: weight }),
  ],
  'groupNorm of planes': [[9, 24, 20, 23], [24], (x, weight) => F.groupNorm(x, 6, { weight, bias: weight })],
  'groupNorm of a large group': [[1, 24, 70, 71], [24], (x, weight) => F.groupNorm(x, 1, { weight })],
  'groupNorm of channels-last': [[5, 40, 30, 33], [40], (x, weight) => F.groupNorm(last(x), 8, { weight })],
};

const convolutions: Readonly<
  Record<string, readonly [readonly number[], readonly number[], Parameters<typeof conv2d>[3]]>
> = {
  'tiles of 3 x 3': [[6, 40, 28, 27], [50, 40, 3, 3], { padding: 1 }],
  depthwise: [[4, 40, 28, 27], [40, 1, 3, 3], { padding: 1, groups: 40 }],
  'depthwise of many planes': [[9, 130, 14, 14], [130, 1, 3, 3], { padding: 1, groups: 130 }],
  'strided depthwise': [[4, 40, 28, 27], [40, 1, 5, 5], { padding: 2, stride: 2, groups: 40 }],
  'strided depthwise of wide rows': [[4, 40, 57, 61], [40, 1, 3, 3], { padding: 1, stride: 2, groups: 40 }],
  'depthwise of 5 x 5': [[4, 40, 28, 27], [40, 1, 5, 5], { padding: 2, groups: 40 }],
  'depthwise of 7 x 7': [[4, 40, 28, 27], [40, 1, 7, 7], { padding: 3, groups: 40 }],
  pointwise: [[4, 40, 28, 27], [50, 40, 1, 1], {}],
  'pointwise of many images': [[16, 40, 28, 27], [50, 40, 1, 1], {}],
  'pointwise of many channels': [[4, 530, 13, 11], [170, 530, 1, 1], {}],
  'strided and padded': [[4, 40, 28, 27], [50, 40, 3, 3], { padding: 1, stride: 2 }],
  'few pixels': [[1, 290, 7, 7], [270, 290, 3, 3], { padding: 1 }],
  'few pixels, strided': [[1, 290, 13, 14], [270, 290, 3, 3], { padding: 1, stride: 2 }],
  'few tiles of 3 x 3': [[1, 140, 14, 13], [150, 140, 3, 3], { padding: 1 }],
  'one channel in': [[20, 1, 28, 27], [30, 1, 3, 3], {}],
};

// Sizes at which the work is split.
describe.runIf(counts.length > 1)('large ops', () => {
  const cases = {
    'sum of all': () => randn([1_000_003]).sum(),
    'sum of columns': () => randn([1500, 700]).sum({ dim: 0 }),
    'mean of rows': () => randn([1500, 700]).mean({ dim: 1 }),
    variance: () => randn([500_000]).var(),
    matmul: () => randn([190, 333]).matmul(randn([333, 210])),
    'deep matmul': () => randn([8, 20_000]).matmul(randn([20_000, 6])),
    'deep matmul in parts': () => randn([40, 9000]).matmul(randn([9000, 33])),
    'deep matmul of transposed': () =>
      randn([20_000, 12])
        .t()
        .matmul(randn([11, 20_000]).t()),
    'matmul packed in turns': () => randn([300, 1100]).matmul(randn([1500, 1100]).t()),
    'matmul by its own columns': () => randn([70, 300]).matmul(randn([900, 300]).t()),
    'matmul of few rows': () => randn([7, 900]).matmul(randn([1300, 900]).t()),
    'matmul of bfloat16, packed in turns': () =>
      randn([300, 1100], { dtype: 'bfloat16' }).matmul(randn([1500, 1100], { dtype: 'bfloat16' }).t()),
    'matmul of bfloat16 by its own columns': () =>
      randn([70, 300], { dtype: 'bfloat16' }).matmul(randn([300, 900], { dtype: 'bfloat16' })),
    'matmul of few rows of bfloat16': () =>
      randn([12, 900], { dtype: 'bfloat16' }).matmul(randn([1300, 900], { dtype: 'bfloat16' }).t()),
    'matmul of few rows of float16, B where it lies': () =>
      randn([7, 900], { dtype: 'float16' }).matmul(randn([900, 1300], { dtype: 'float16' })),
    'deep matmul of float16 in parts': () =>
      randn([40, 9000], { dtype: 'float16' }).matmul(randn([9000, 33], { dtype: 'float16' })),
    'tall matmul': () => randn([5000, 64]).matmul(randn([40, 64]).t()),
    softmax: () => randn([600, 1000]).softmax(1),
    'sum of bfloat16': () => randn([300_001], { dtype: 'bfloat16' }).sum(),
    'variance of all': () => randn([300_001]).var(),
    'variance of columns': () => randn([1500, 700]).var({ dim: 0 }),
    'norm of a long row': () => randn([300_001]).norm(),
    'logsumexp of a long row': () => randn([300_001]).logsumexp({ dim: 0 }),
    'logsumexp of rows': () => randn([700, 1001]).logsumexp({ dim: 1 }),
    'logsumexp of columns': () => randn([3, 301, 403]).logsumexp({ dim: 1 }),
    'batchNorm of short runs': () => batchNorm(randn([150, 90, 3, 5]), null, null, { training: true }),
    'avgPool2d of overlapping windows': () =>
      avgPool2d(randn([30, 40, 41, 43]), 3, { stride: 2, padding: 1 }),
    'gradient of avgPool2d': () => {
      const x = randn([30, 40, 42, 44], { requiresGrad: true });
      return grad(avgPool2d(x, 2).cos().sum(), [x])[0];
    },
    'maxPool2d, channels last': () => maxPool2d(last(randn([3, 70, 41, 43])), 3, { stride: 2, padding: 1 }),
    'scatterAdd to few places': () => scatterAdd(zeros([10]), 0, randint(0, 10, [300_001]), randn([300_001])),
    'cumsum of a long row': () => randn([300_001]).cumsum(0),
    'cumsum of columns': () => randn([300, 900]).cumsum(0),
    'logcumsumexp of a long row': () => randn([100_001]).logcumsumexp(0),
    'product of all': () => randn([300_001]).mul(0.001).add(1).prod(),
    randperm: () => randperm(100_001),
    'multinomial of one row': () => multinomial(rand([1000]), 100_001, { replacement: true }),
    'multinomial of rows': () => multinomial(rand([300, 100]), 50),
    poisson: () => poisson(rand([50_001]).mul(100)),
    'sort of a long row': () => randn([100_001]).sort().values,
    'topk of a long row': () => randn([300_001]).topk(20).values,
    exp: () => randn([700_001]).exp(),
    'gradient of a broadcast': () => {
      const bias = randn([300], { requiresGrad: true });
      randn([4000, 300]).add(bias).tanh().sum().backward();
      return bias.grad!;
    },
    ...Object.fromEntries(
      Object.entries(norms).flatMap(([name, [shape, parameters, norm]]) => {
        const make = () => [randn(shape, { requiresGrad: true }), randn(parameters, { requiresGrad: true })];
        return [0, 1].map((i) => [
          `gradient ${i} of ${name}`,
          () => {
            const inputs = make();
            return grad(norm(inputs[0]!, inputs[1]!).tanh().sum(), inputs)[i]!;
          },
        ]);
      }),
    ),
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
    ...Object.fromEntries(
      Object.entries(convolutions).flatMap(([name, [x, weight, options]]) =>
        [randn, (shape: readonly number[]) => last(randn(shape))].map((image, order) => [
          `convolution and gradients, ${name}${order === 1 ? ', channels-last' : ''}`,
          () => {
            const inputs = [image(x).requiresGrad_(), randn(weight, { requiresGrad: true })] as const;
            const out = conv2d(inputs[0], inputs[1], undefined, options);
            return cat([out, ...grad(out.cos().sum(), inputs)].map((t) => t.flatten()));
          },
        ]),
      ),
    ),
    'convolution of bfloat16 and gradients': () => {
      const inputs = [
        [16, 40, 28, 27],
        [50, 40, 3, 3],
      ].map((shape) => randn(shape, { dtype: 'bfloat16' }).requiresGrad_());
      const out = conv2d(inputs[0]!, inputs[1]!, undefined, { padding: 1, stride: 2 });
      return cat([out, ...grad(out.cos().sum(), inputs)].map((t) => t.flatten()));
    },
    ...Object.fromEntries(
      ([1, 2] as const).map((stride) => [
        `convolution of bfloat16 and gradients, some images at a time, stride ${stride}`,
        () => {
          const inputs = [
            [7, 40, 100, 101],
            [50, 40, 3, 3],
          ].map((shape) => randn(shape, { dtype: 'bfloat16' }).requiresGrad_());
          const out = conv2d(inputs[0]!, inputs[1]!, undefined, { padding: 1, stride });
          return cat([out, ...grad(out.cos().sum(), inputs)].map((t) => t.flatten()));
        },
      ]),
    ),
    'depthwise convolution of bfloat16 and gradients': () => {
      const x = randn([9, 40, 28, 27], { dtype: 'bfloat16', requiresGrad: true });
      const weight = randn([40, 1, 3, 3], { dtype: 'bfloat16', requiresGrad: true });
      const out = conv2d(x, weight, undefined, { padding: 1, groups: 40 });
      return cat([out, ...grad(out.cos().sum(), [x, weight])].map((t) => t.flatten()));
    },
    'outputs of an LSTM': () => new nn.LSTM(48, 96).forward(randn([12, 40, 48]))[0],
    'outputs of a GRU for few sequences': () => new nn.GRU(300, 700).forward(randn([4, 5, 300]))[0],
    'gradient of recurrent weights': () => {
      const lstm = new nn.LSTM(48, 96, { projSize: 64, batchFirst: true });
      const [output, [h, c]] = lstm.forward(randn([70, 9, 48]));
      output.square().sum().add(h.sum()).add(c.sum()).backward();
      return cat(lstm.parameters().map((p) => p.grad!.flatten()));
    },
    'crossEntropy of probabilities': () => crossEntropy(randn([900, 500]), randn([900, 500]).softmax(1)),
    'crossEntropy of pixels': () =>
      crossEntropy(randn([2, 7, 150, 130]), randint(0, 7, [2, 150, 130]), { weight: rand([7]) }),
    ctcLoss: () =>
      F.ctcLoss(
        randn([50, 9, 30]).logSoftmax(2),
        randint(1, 30, [9, 12]),
        Array<number>(9).fill(50),
        Array<number>(9).fill(12),
      ),
    ...Object.fromEntries(
      (['sum', 'mean', 'max'] as const).map((mode) => [
        `weight gradient of embeddingBag, ${mode}`,
        () => {
          const weight = randn([3000, 40], { requiresGrad: true });
          F.embeddingBag(randint(0, 3000, [2000, 15]), weight, { mode })
            .square()
            .sum()
            .backward();
          return weight.grad!;
        },
      ]),
    ),
    'weight gradient of a convolution': () => {
      const weight = randn([24, 8, 3, 3], { requiresGrad: true });
      conv2d(randn([16, 8, 30, 30]), weight)
        .square()
        .sum()
        .backward();
      return weight.grad!;
    },
    ...Object.fromEntries(
      (['Adafactor', 'Lamb', 'Muon'] as const).map((name) => [
        `parameters after steps of ${name}`,
        () => {
          const shapes = [
            [300, 260],
            [20, 30],
            [257, 300],
            ...(name === 'Muon' ? [] : [[40_001], [9, 70, 3, 3]]),
          ];
          const params = shapes.map((shape) => randn(shape, { requiresGrad: true }));
          const optimizer = new optim[name](params);
          for (let step = 0; step < 2; ++step) {
            params.forEach((param) => (param.grad = randn(param.shape)));
            optimizer.step();
          }
          return cat(params.map((param) => param.detach().flatten()));
        },
      ]),
    ),
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
