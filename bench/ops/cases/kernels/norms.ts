// Softmax, norms and the loss over rows; batch norm in both of PyTorch's layouts.
import { F } from '../../../../lib/index.js';
import { input } from '../../case.js';
import type { OpCase } from '../../case.js';
import { withGradient } from './gradient.js';

const rowSizes = [
  [1024, 384],
  [2048, 256],
  [4096, 1024],
  [1024, 8000],
] as const;

const rows = rowSizes.flatMap(([r, c]) => {
  const x = input([r, c], { normal: true });
  const vector = input([c], { normal: true });
  const bytes = 4 * r * c;
  const traffic = { bytes: 2 * bytes, bytesBoth: 5 * bytes };
  return [
    ...withGradient({
      group: 'norm',
      name: `softmax ${r}x${c}`,
      inputs: [x],
      call: (a) => F.softmax(a, -1),
      torch: 'torch.softmax(a, -1)',
      ...traffic,
    }),
    ...withGradient({
      group: 'norm',
      name: `layernorm ${r}x${c}`,
      inputs: [x, vector, vector],
      call: (a, weight, bias) => F.layerNorm(a, [c], { weight: weight, bias: bias }),
      torch: `F.layer_norm(a, (${c},), b, c)`,
      ...traffic,
    }),
    ...withGradient({
      group: 'norm',
      name: `cross_entropy ${r}x${c}`,
      inputs: [x, input([r], { dtype: 'int64', low: 0, high: c })],
      call: (a, target) => F.crossEntropy(a, target),
      torch: 'F.cross_entropy(a, b)',
      moved: [0],
      bytes,
      bytesBoth: 3 * bytes,
    }),
  ];
});

const imageSizes = [
  [32, 64, 32, 32],
  [32, 512, 4, 4],
  [16, 256, 56, 56],
] as const;

const images = imageSizes.flatMap((shape) => {
  const channels = shape[1];
  const vector = input([channels]);
  const bytes = 4 * shape.reduce((product, size) => product * size, 1);
  return withGradient({
    group: 'norm',
    name: `batchnorm ${shape.join('x')}`,
    inputs: [input(shape, { normal: true }), vector, vector, vector, vector],
    call: (a, mean, variance, weight, bias) =>
      F.batchNorm(a, mean, variance, { weight: weight, bias: bias, training: true }),
    torch: 'F.batch_norm(a, b, c, d, e, True)',
    moved: [0, 3, 4],
    bytes: 2 * bytes,
    bytesBoth: 5 * bytes,
    layouts: 'a1, b1, c1, d1, e1 = a.to(memory_format=torch.channels_last), b, c, d, e',
  });
});

export const norms: readonly OpCase[] = [...rows, ...images];
