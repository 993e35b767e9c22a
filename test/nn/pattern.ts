import { product } from '../../lib/check.js';
import { noGrad, tensor, type Tensor } from '../../lib/index.js';
import type { AnyModule } from '../../lib/nn/index.js';

/** The values that the expected ones were computed from: exact in float32, and no two equal in 19. */
export function patternOf(shape: readonly number[], k: number): number[] {
  return Array.from({ length: product(shape) }, (_, i) => (((i * (2 * k + 5) + 3 * k) % 19) - 9) / 8);
}

export function pattern(
  shape: readonly number[],
  k: number,
  dtype: 'float32' | 'float64' = 'float64',
): Tensor {
  return tensor(patternOf(shape, k), { shape, dtype });
}

/** Parameters that are not random: half the pattern of their number. */
export function setParameters(module: AnyModule): void {
  noGrad(() => module.parameters().forEach((p, i) => p.copy_(pattern(p.shape, i + 1).div(2))));
}

export function flat(x: Tensor): number[] {
  return Array.from(x.data as ArrayLike<number | bigint>, Number);
}

/** The largest difference of two lists, relative to the larger of 1 and the values. */
export function distance(actual: readonly number[], expected: readonly number[]): number {
  if (actual.length !== expected.length) return Infinity;
  return Math.max(
    0,
    ...actual.map((v, i) => Math.abs(v - expected[i]!) / Math.max(1, Math.abs(expected[i]!))),
  );
}
