// Embedding, pooling, recurrent layers, random numbers.
import { F, enableGrad, nn, randn } from '../../../../lib/index.js';
import type { Tensor } from '../../../../lib/index.js';
import { input } from '../../case.js';
import type { OpCase } from '../../case.js';
import { withGradient } from './gradient.js';

const tables = [
  [8000, 256, 2048],
  [50000, 256, 4096],
] as const;

const embeddings = tables.flatMap(([rows, size, count]) =>
  withGradient({
    group: 'misc',
    name: `embedding V${rows} D${size} n${count}`,
    inputs: [input([count], { dtype: 'int64', low: 0, high: rows }), input([rows, size], { normal: true })],
    call: (indices, table) => F.embedding(indices, table),
    torch: 'F.embedding(a, b)',
    moved: [1],
    bytes: 8 * count * size,
    bytesBoth: 4 * rows * size + 16 * count * size,
  }),
);

const image = [32, 64, 56, 56] as const;
const elements = 32 * 64 * 56 * 56;
const channelsLast = 'a1 = a.to(memory_format=torch.channels_last)';
const pools = [
  ...withGradient({
    group: 'misc',
    name: `maxpool2 ${image.join('x')}`,
    inputs: [input(image, { normal: true })],
    call: (x) => F.maxPool2d(x, 2),
    torch: 'F.max_pool2d(a, 2)',
    bytes: 5 * elements,
    bytesBoth: 10 * elements,
    layouts: channelsLast,
  }),
  ...withGradient({
    group: 'misc',
    name: `avgpool2 ${image.join('x')}`,
    inputs: [input(image, { normal: true })],
    call: (x) => F.avgPool2d(x, 2),
    torch: 'F.avg_pool2d(a, 2)',
    moved: [],
    bytes: 5 * elements,
    layouts: channelsLast,
  }),
];

function recurrent(kind: 'LSTM' | 'GRU', gates: number): OpCase[] {
  const [batch, steps, size] = [32, 64, 256];
  const flops = 2 * batch * steps * 2 * size * gates * size;
  const name = `${kind.toLowerCase()} B${batch} T${steps} ${size}->${size} f32`;
  const made = `m = torch.nn.${kind}(${size}, ${size}, batch_first=True)`;
  const both = `${made}\ndef f():\n  with torch.enable_grad():\n    m(a)[0].sum().backward()`;
  const layer = (): ((x: Tensor) => Tensor) => {
    if (kind === 'LSTM') {
      const module = new nn.LSTM(size, size, { batchFirst: true });
      return (x) => module.forward(x)[0];
    }
    const module = new nn.GRU(size, size, { batchFirst: true });
    return (x) => module.forward(x)[0];
  };
  const shared = {
    group: 'misc' as const,
    inputs: [input([batch, steps, size], { normal: true })],
    call: (x: Tensor) => x,
  };
  return [
    {
      ...shared,
      name: `${name} fwd`,
      prepare: (x) => {
        const forward = layer();
        return () => forward(x);
      },
      flops,
      torch: { setup: made, calls: ['m(a)'] },
    },
    {
      ...shared,
      name: `${name} fwd+bwd`,
      prepare: (x) => {
        const forward = layer();
        return () => {
          enableGrad(() => {
            forward(x).sum().backward();
          });
          return 0;
        };
      },
      flops: 3 * flops,
      torch: { setup: both, calls: ['f()'] },
    },
  ];
}

const million = 1 << 20;
const random: readonly OpCase[] = [
  {
    name: 'randn 1M f32',
    group: 'misc',
    inputs: [],
    call: () => randn([million]),
    torch: 'torch.randn(1 << 20)',
    bytes: 4 * million,
  },
  {
    name: 'dropout 4M f32 fwd',
    group: 'misc',
    inputs: [input([4 * million], { normal: true })],
    call: (x) => F.dropout(x, { p: 0.1 }),
    torch: 'F.dropout(a, 0.1)',
    bytes: 32 * million,
  },
];

export const layers: readonly OpCase[] = [
  ...embeddings,
  ...pools,
  ...recurrent('LSTM', 4),
  ...recurrent('GRU', 3),
  ...random,
];
