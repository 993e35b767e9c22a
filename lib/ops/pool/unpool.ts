import { autocasting, inFloat32 } from '../../autocast-policy.js';
import { backend } from '../../backend/current.js';
import { checkInts, checkOptions, checkSameShape, checkTensor, shapeText } from '../../check.js';
import { ValueError } from '../../errors.js';
import type { Tensor } from '../../tensor.js';
import { sizesOf } from '../sizes.js';
import type { Pair, Single, Triple } from '../sizes.js';
import { checkPooled } from './window.js';

export interface MaxUnpoolOptions<Size> {
  /** Of the pool that is undone. Default: the kernel. */
  stride?: Size;
  /** Of the pool that is undone. Default 0. */
  padding?: Size;
  /** The sizes of the result, with or without N and C, less than a stride from the default. Default: the smallest that fits. */
  outputSize?: readonly number[] | null;
}

export type MaxUnpool1dOptions = MaxUnpoolOptions<Single>;
export type MaxUnpool2dOptions = MaxUnpoolOptions<Pair>;
export type MaxUnpool3dOptions = MaxUnpoolOptions<Triple>;

function outputSizes(
  op: string,
  x: Tensor,
  kernel: unknown,
  directions: number,
  options: MaxUnpoolOptions<unknown>,
): readonly number[] {
  checkOptions(op, options);
  const window = sizesOf(op, 'kernel', kernel, directions, 1);
  const { stride, padding = 0, outputSize } = options;
  const steps = stride == null ? window : sizesOf(op, 'stride', stride, directions, 1);
  const around = sizesOf(op, 'padding', padding, directions, 0);
  const smallest = x.shape
    .slice(-directions)
    .map((size, d) => (size - 1) * steps[d]! + window[d]! - 2 * around[d]!);
  if (outputSize == null) return smallest;
  checkInts(op, 'outputSize', outputSize);
  if (outputSize.length !== directions && outputSize.length !== directions + 2) {
    throw new ValueError(
      `[${op}] outputSize: got ${shapeText(outputSize)}, wanted ${directions} or ${directions + 2} sizes`,
    );
  }
  const wanted = outputSize.slice(-directions);
  if (wanted.some((size, d) => Math.abs(size - smallest[d]!) >= steps[d]!)) {
    throw new ValueError(
      `[${op}] outputSize: got ${shapeText(outputSize)}, wanted less than a stride from ${shapeText(smallest)}`,
    );
  }
  return wanted;
}

function maxUnpool(
  op: string,
  directions: number,
  x: Tensor,
  indices: Tensor,
  kernel: unknown,
  options: MaxUnpoolOptions<unknown>,
): Tensor {
  if (autocasting()) return inFloat32(maxUnpool, op, directions, x, indices, kernel, options);
  checkPooled(op, x, directions);
  checkTensor(op, 'indices', indices);
  checkSameShape(op, x, 'x', indices, 'indices');
  const sizes = outputSizes(op, x, kernel, directions, options);
  return backend.run1('maxUnpool', [x, indices], { sizes, accumulate: false });
}

/**
 * Undoes a max pool: zeros, with each element at the place that `indices` says. Where two share a place, one of them stays.
 *
 * x, indices (int64): [N, C, L] or [C, L]; gives [N, C, L'] with L' = (L - 1) stride - 2 padding + kernel.
 * @throws IndexError for an index out of range.
 * @throws ValueError if outputSize is a stride or more from that.
 * @example
 * import { F, tensor } from 'lanegrad';
 * F.maxUnpool1d(tensor([[[2.5, 4]]]), tensor([[[1, 2]]]), 2).tolist(); // => [[[0, 2.5, 4, 0]]]
 */
export function maxUnpool1d(
  x: Tensor,
  indices: Tensor,
  kernel: Single,
  options: MaxUnpool1dOptions = {},
): Tensor {
  return maxUnpool('maxUnpool1d', 1, x, indices, kernel, options);
}

/**
 * Undoes a max pool: zeros, with each element at the place in the H' * W' plane that `indices` says. Where two share a place,
 * one of them stays.
 *
 * x, indices (int64): [N, C, H, W] or [C, H, W]; gives [N, C, H', W'] with H' = (H - 1) stride - 2 padding + kernel.
 * @throws IndexError for an index out of range.
 * @throws ValueError if outputSize is a stride or more from that.
 * @example
 * import { F, tensor } from 'lanegrad';
 * F.maxUnpool2d(tensor([[[4.5]]]), tensor([[[2]]]), 2).tolist(); // => [[[0, 0], [4.5, 0]]]
 */
export function maxUnpool2d(
  x: Tensor,
  indices: Tensor,
  kernel: Pair,
  options: MaxUnpool2dOptions = {},
): Tensor {
  return maxUnpool('maxUnpool2d', 2, x, indices, kernel, options);
}

/**
 * Undoes a max pool: zeros, with each element at the place in the D' * H' * W' volume that `indices` says. Where two share a
 * place, one of them stays.
 *
 * x, indices (int64): [N, C, D, H, W] or [C, D, H, W]; gives [N, C, D', H', W'] with
 * D' = (D - 1) stride - 2 padding + kernel.
 * @throws IndexError for an index out of range.
 * @throws ValueError if outputSize is a stride or more from that.
 * @example
 * import { F, ones } from 'lanegrad';
 * const { values, indices } = F.maxPool3d(ones([1, 2, 4, 4, 4]), 2, { returnIndices: true });
 * F.maxUnpool3d(values, indices, 2).shape; // => [1, 2, 4, 4, 4]
 */
export function maxUnpool3d(
  x: Tensor,
  indices: Tensor,
  kernel: Triple,
  options: MaxUnpool3dOptions = {},
): Tensor {
  return maxUnpool('maxUnpool3d', 3, x, indices, kernel, options);
}
