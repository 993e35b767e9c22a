import { describe, expect, it } from 'vitest';
import { F, mean, profile, randn, ShapeError, zeros, type Tensor } from '../../lib/index.js';

const pools = [
  [1, F.adaptiveAvgPool1d],
  [2, F.adaptiveAvgPool2d],
  [3, F.adaptiveAvgPool3d],
] as const;

/** Channels last: [N, C, ...] as it lies in memory [N, ..., C]. */
function channelsLast(x: Tensor): Tensor {
  const dims = x.shape.map((_, d) => d);
  const moved = x.permute([0, ...dims.slice(2), 1]).contiguous();
  return moved.permute([0, x.ndim - 1, ...dims.slice(1, -1)]);
}

describe.each(pools)('an adaptive mean of one piece in %d directions', (directions, pool) => {
  const shape = [3, 5, 4, 6, 7].slice(0, 2 + directions);
  const dim = Array.from({ length: directions }, (_, d) => d - directions);

  it.each(['float32', 'float64', 'bfloat16', 'float16'] as const)('is the mean over dims: %s', (dtype) => {
    for (const layout of [(x: Tensor): Tensor => x, channelsLast]) {
      const x = layout(randn(shape).to(dtype)).detach().requiresGrad_();
      const wanted = mean(x, { dim, keepdim: true });
      wanted.sum().backward();
      const slopes = x.grad!.tolist();
      x.grad = null;
      let pooled!: Tensor;
      const { ops } = profile(() => {
        pooled = pool(x, 1);
      });
      expect(ops.map(({ name }) => name)).toEqual(['mean']);
      expect([pooled.shape, pooled.dtype]).toEqual([wanted.shape, dtype]);
      expect(pooled.tolist()).toEqual(wanted.tolist());
      pooled.sum().backward();
      expect(x.grad!.tolist()).toEqual(slopes);
    }
  });

  it('refuses integers and what has no elements under its own name', () => {
    expect(() => pool(zeros(shape, { dtype: 'int32' }), 1)).toThrow(/floating|supported|float/);
    expect(() => pool(zeros([2, ...shape.slice(1, -1), 0]), 1)).toThrow(ShapeError);
  });
});
