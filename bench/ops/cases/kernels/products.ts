// Products of matrices: square ones, a layer on few rows, attention.
import { F, matmul } from '../../../../lib/index.js';
import type { DType } from '../../../../lib/index.js';
import { input } from '../../case.js';
import type { Input, OpCase } from '../../case.js';
import { withGradient } from './gradient.js';

const dtypes: readonly (readonly [DType, string])[] = [
  ['float32', 'f32'],
  ['bfloat16', 'bf16'],
];
const normal = (shape: readonly number[], dtype: DType): Input => input(shape, { dtype, normal: true });

const squares = dtypes.flatMap(([dtype, variant]) =>
  [64, 128, 256, 512, 1024, 2048].flatMap((n) =>
    withGradient({
      group: 'matmul',
      name: `matmul ${n}x${n}x${n}`,
      variant,
      inputs: [normal([n, n], dtype), normal([n, n], dtype)],
      call: (a, b) => matmul(a, b),
      torch: 'a @ b',
      flops: 2 * n ** 3,
    }),
  ),
);

const side = 1024;
const layers = dtypes.flatMap(([dtype, variant]) =>
  [1, 8, 32].flatMap((m) =>
    withGradient({
      group: 'matmul',
      name: `linear ${m}x${side}x${side}`,
      variant,
      inputs: [normal([m, side], dtype), normal([side, side], dtype)],
      call: (x, w) => F.linear(x, w),
      torch: 'F.linear(a, b)',
      flops: 2 * m * side * side,
    }),
  ),
);

const heads = [
  { batch: 4, heads: 6, steps: 256, size: 64, causal: true },
  { batch: 16, heads: 4, steps: 128, size: 64, causal: false },
  { batch: 1, heads: 8, steps: 1024, size: 64, causal: true },
  { batch: 8, heads: 12, steps: 512, size: 64, causal: false },
] as const;

const attention = dtypes.flatMap(([dtype, variant]) =>
  heads.flatMap((one) => {
    const shape = [one.batch, one.heads, one.steps, one.size];
    const flops = 4 * one.batch * one.heads * one.steps ** 2 * one.size * (one.causal ? 0.5 : 1);
    const made = normal(shape, dtype);
    return withGradient({
      group: 'attn',
      name: `sdpa B${one.batch} H${one.heads} T${one.steps} D${one.size}${one.causal ? ' causal' : ''}`,
      variant,
      inputs: [made, made, made],
      call: (q, k, v) => F.scaledDotProductAttention(q, k, v, { isCausal: one.causal }),
      torch: `F.scaled_dot_product_attention(a, b, c, is_causal=${one.causal ? 'True' : 'False'})`,
      flops,
      flopsBoth: 3.5 * flops,
    });
  }),
);

const batched = dtypes.flatMap(([dtype, variant]) =>
  withGradient({
    group: 'attn',
    name: 'bmm 64x128x64x128',
    variant,
    inputs: [normal([16, 4, 128, 64], dtype), normal([16, 4, 128, 64], dtype)],
    call: (q, k) => matmul(q, k.transpose(-1, -2)),
    torch: 'torch.matmul(a, b.transpose(-1, -2))',
    moved: [],
    flops: 2 * 64 * 128 * 128 * 64,
  }),
);

export const products: readonly OpCase[] = [...squares, ...layers, ...attention, ...batched];
