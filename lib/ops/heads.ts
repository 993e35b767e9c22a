import type { Tensor } from '../tensor.js';
import { permute, reshape, select } from './view.js';

// Where the heads of attention lie: side by side in the features outside, a dim of their own inside.

/** [L, N, parts H D], or [N, L, parts H D] with `batchFirst`, to `parts` views [N, H, L, D]. `sizes` are parts, H and D. */
export function splitHeads(
  x: Tensor,
  sizes: readonly [parts: number, heads: number, size: number],
  batchFirst: boolean,
): Tensor[] {
  const [first, second] = x.shape as [number, number];
  const split = reshape(x, [first, second, ...sizes]);
  const turned = permute(split, batchFirst ? [2, 0, 3, 1, 4] : [2, 1, 3, 0, 4]);
  return Array.from({ length: sizes[0] }, (_, i) => select(turned, 0, i));
}

/** [N, H, L, D] to [L, N, H D], or [N, L, H D] with `batchFirst`. */
export function mergeHeads(x: Tensor, batchFirst: boolean): Tensor {
  const [samples, heads, places, size] = x.shape as [number, number, number, number];
  return batchFirst
    ? reshape(permute(x, [0, 2, 1, 3]), [samples, places, heads * size])
    : reshape(permute(x, [2, 0, 1, 3]), [places, samples, heads * size]);
}
