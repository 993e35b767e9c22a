// Convolutions of known networks on batches of 16, against the better of PyTorch's two layouts.
import { F } from '../../../../lib/index.js';
import type { DType } from '../../../../lib/index.js';
import { input } from '../../case.js';
import type { OpCase } from '../../case.js';
import { withGradient } from './gradient.js';

interface Shape {
  readonly name: string;
  readonly channels: readonly [number, number];
  readonly kernel: number;
  readonly stride?: number;
  readonly padding?: number;
  readonly image: number;
  readonly groups?: number;
}

const shapes: readonly Shape[] = [
  { name: 'stem 7x7s2 3->64 @224', channels: [3, 64], kernel: 7, stride: 2, padding: 3, image: 224 },
  { name: '1x1 64->256 @56', channels: [64, 256], kernel: 1, image: 56 },
  { name: '3x3 64->64 @56', channels: [64, 64], kernel: 3, padding: 1, image: 56 },
  { name: '3x3s2 128->128 @56', channels: [128, 128], kernel: 3, stride: 2, padding: 1, image: 56 },
  { name: '3x3 128->128 @28', channels: [128, 128], kernel: 3, padding: 1, image: 28 },
  { name: '1x1 512->128 @28', channels: [512, 128], kernel: 1, image: 28 },
  { name: '3x3 256->256 @14', channels: [256, 256], kernel: 3, padding: 1, image: 14 },
  { name: '1x1 1024->256 @14', channels: [1024, 256], kernel: 1, image: 14 },
  { name: '3x3 512->512 @7', channels: [512, 512], kernel: 3, padding: 1, image: 7 },
  { name: 'dw3x3 128 @56', channels: [128, 128], kernel: 3, padding: 1, image: 56, groups: 128 },
  { name: 'dw3x3 512 @14', channels: [512, 512], kernel: 3, padding: 1, image: 14, groups: 512 },
  { name: 'dw5x5s2 96 @28', channels: [96, 96], kernel: 5, stride: 2, padding: 2, image: 28, groups: 96 },
];

const batch = 16;

function casesOf(shape: Shape, dtype: DType, variant: string): OpCase[] {
  const { name, channels, kernel, stride = 1, padding = 0, image, groups = 1 } = shape;
  const [from, to] = channels;
  const out = Math.floor((image + 2 * padding - kernel) / stride) + 1;
  const flops = 2 * batch * to * out * out * (from / groups) * kernel * kernel;
  const isFirst = from === 3;
  return withGradient({
    group: 'conv',
    name: `conv ${name}`,
    variant,
    inputs: [
      input([batch, from, image, image], { dtype, normal: true }),
      input([to, from / groups, kernel, kernel], { dtype, normal: true }),
    ],
    call: (x, w) => F.conv2d(x, w, null, { stride, padding, groups }),
    torch: `F.conv2d(a, b, None, ${stride}, ${padding}, 1, ${groups})`,
    // The images of a first layer have no gradient.
    moved: isFirst ? [1] : [0, 1],
    flops,
    flopsBoth: flops * (isFirst ? 2 : 3),
    layouts: 'a1, b1 = (x.to(memory_format=torch.channels_last) for x in (a, b))',
  });
}

export const convolutions: readonly OpCase[] = [
  ...shapes.flatMap((shape) => casesOf(shape, 'float32', 'f32')),
  ...shapes.flatMap((shape) => casesOf(shape, 'bfloat16', 'bf16')),
];
