// Elementwise ops, reductions and copies in sizes that fit the caches or not. Bytes are inputs read and outputs written once;
// those of a backward pass too.
import * as lg from '../../../../lib/index.js';
import type { Tensor } from '../../../../lib/index.js';
import { input, side, square } from '../../case.js';
import type { OpCase } from '../../case.js';
import { withGradient } from './gradient.js';

interface Pointwise {
  readonly name: string;
  readonly call: (a: Tensor, b: Tensor, c: Tensor) => Tensor;
  readonly torch: string;
  /** Operands. */
  readonly count: number;
  /** Arrays that forward and backward move, if the backward pass is a case. */
  readonly both?: number;
}

const { F } = lg;
const pointwise: readonly Pointwise[] = [
  { name: 'add', call: (a, b) => lg.add(a, b), torch: 'a + b', count: 2, both: 3 },
  { name: 'add_', call: (a, b) => a.add_(b), torch: 'a.add_(b)', count: 2 },
  { name: 'relu', call: (a) => F.relu(a), torch: 'F.relu(a)', count: 1, both: 5 },
  { name: 'gelu', call: (a) => F.gelu(a), torch: 'F.gelu(a)', count: 1, both: 5 },
  {
    name: 'gelu tanh',
    call: (a) => F.gelu(a, { approximate: 'tanh' }),
    torch: 'F.gelu(a, approximate="tanh")',
    count: 1,
  },
  { name: 'exp', call: (a) => lg.exp(a), torch: 'torch.exp(a)', count: 1 },
  { name: 'tanh', call: (a) => lg.tanh(a), torch: 'torch.tanh(a)', count: 1 },
  { name: 'sigmoid', call: (a) => lg.sigmoid(a), torch: 'torch.sigmoid(a)', count: 1 },
  {
    name: 'mul-add (x*y+z)*x+y',
    call: (a, b, c) => a.mul(b).add(c).mul(a).add(b),
    torch: '(a * b + c) * a + b',
    count: 3,
  },
];

const sizes = [
  [1 << 14, '16K'],
  [1 << 18, '256K'],
  [1 << 24, '16M'],
] as const;

const elementwise = sizes.flatMap(([n, tag]) =>
  pointwise.flatMap(({ name, call, torch, count, both }) =>
    withGradient({
      group: 'elem',
      name: `${name} ${tag}`,
      inputs: Array.from({ length: count }, () => input([n], { normal: true })),
      call: (a, b, c) => call(a, b, c),
      torch,
      bytes: 4 * n * (count + 1),
      ...(both === undefined ? { moved: [] } : { bytesBoth: 4 * n * both }),
    }),
  ),
);

const matrix = (name: string, call: (x: Tensor) => Tensor, torch: string, arrays: number): OpCase[] =>
  withGradient({
    group: 'elem',
    name: `${name} ${side}^2`,
    inputs: [square],
    call: (x) => call(x),
    torch,
    moved: [],
    bytes: 4 * side * side * arrays,
  });

export const kernels: readonly OpCase[] = [
  ...elementwise,
  ...matrix('sum all', (x) => x.sum(), 'a.sum()', 1),
  ...matrix('sum axis0', (x) => x.sum({ dim: 0 }), 'a.sum(0)', 1),
  ...matrix('sum axis1', (x) => x.sum({ dim: 1 }), 'a.sum(1)', 1),
  ...matrix('max axis1', (x) => x.max({ dim: 1 }).values, 'a.max(1)', 1),
  ...matrix('transpose copy', (x) => x.t().contiguous(), 'a.t().contiguous()', 2),
  ...matrix('copy', (x) => x.clone(), 'a.clone()', 2),
  ...withGradient({
    group: 'elem',
    name: 'permute 0213 8x256x12x64',
    inputs: [input([8, 256, 12, 64], { normal: true })],
    call: (x) => x.permute([0, 2, 1, 3]).contiguous(),
    torch: 'a.permute(0, 2, 1, 3).contiguous()',
    moved: [],
    bytes: 8 * 8 * 256 * 12 * 64,
  }),
];
