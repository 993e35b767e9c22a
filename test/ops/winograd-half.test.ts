// 3 x 3 convolutions of 16-bit floats by Winograd's transforms, which read and write such images themselves: the same sums as
// in float32, rounded once.
import { expect, it } from 'vitest';
import { F, info, manualSeed, randn } from '../../lib/index.js';
import type { Tensor } from '../../lib/index.js';

const dtypes = ['bfloat16', 'float16'] as const;
// Where tiles take these convolutions of bfloat16, and in TypeScript, sums are made in another order.
const isSame = (dtype: string): boolean =>
  info().name === 'native' && !(dtype === 'bfloat16' && info().isa.startsWith('amx'));

// Channels that fill no vector, rows longer than those widened at a time, tiles that hang over every edge; few tiles.
const cases = [
  { images: 2, channels: [20, 37], size: [9, 131], padding: [1, 1] },
  { images: 3, channels: [16, 16], size: [17, 64], padding: [0, 2] },
  { images: 1, channels: [33, 24], size: [65, 66], padding: [2, 0] },
  { images: 4, channels: [64, 80], size: [8, 8], padding: [1, 1] },
] as const;

function passes(
  x: Tensor,
  weight: Tensor,
  bias: Tensor,
  grad: Tensor,
  padding: readonly [number, number],
): Tensor[] {
  const leaves = [x, weight].map((t) => t.detach().clone().requiresGrad_());
  const out = F.conv2d(leaves[0]!, leaves[1]!, bias, { padding: [...padding] });
  out.backward({ gradient: grad });
  return [out.detach(), ...leaves.map((t) => t.grad!)];
}

for (const dtype of dtypes) {
  it.each(cases)(`of ${dtype} are those of float32, rounded: $images x $channels, $size`, (z) => {
    manualSeed(7);
    const [input, output] = z.channels;
    const make = (shape: number[]): Tensor => randn(shape).to(dtype);
    const x = make([z.images, input, ...z.size]);
    const weight = make([output, input, 3, 3]);
    const bias = make([output]);
    const grad = make([z.images, output, ...z.size.map((n, d) => n + 2 * z.padding[d]! - 2)]);
    const narrow = passes(x, weight, bias, grad, z.padding);
    const wide = passes(x.float(), weight.float(), bias.float(), grad.float(), z.padding);
    for (const [i, got] of narrow.entries()) {
      expect(got.dtype).toBe(dtype);
      const wanted = wide[i]!.to(dtype).float();
      const error = got.float().sub(wanted).abs().max().item();
      // Another order may round the other way: one unit of the largest.
      const unit = wanted.abs().max().item() * (dtype === 'bfloat16' ? 2 ** -8 : 2 ** -11);
      expect(error).toBeLessThanOrEqual(isSame(dtype) ? 0 : unit);
    }
  });

  it(`of ${dtype} keep an infinity to its windows`, () => {
    const x = randn([1, 16, 32, 32]).to(dtype);
    x.select(0, 0).select(0, 3).select(0, 10).select(0, 12).fill_(Infinity);
    const weight = randn([16, 16, 3, 3]).to(dtype);
    const out = F.conv2d(x, weight, null, { padding: 1 });
    expect(out.isfinite().logicalNot().sum().item()).toBe(16 * 9);
  });
}
