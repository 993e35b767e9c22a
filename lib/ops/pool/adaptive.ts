import { autocasting, inFloat32 } from '../../autocast-policy.js';
import { backend } from '../../backend/current.js';
import { checkFlag, checkInt, checkOptions, describe } from '../../check.js';
import { isFloat } from '../../dtype.js';
import { ValueError } from '../../errors.js';
import type { Tensor } from '../../tensor.js';
import type { ValuesAndIndices } from '../reduction.js';
import type { Single } from '../sizes.js';
import { checkPooled } from './window.js';
import type { WithIndices } from './max.js';

/** One size for both directions, or [height, width]; null keeps a size. */
export type AdaptivePair = number | null | readonly [number | null, number | null];

/** One size for all directions, or [depth, height, width]; null keeps a size. */
export type AdaptiveTriple = number | null | readonly [number | null, number | null, number | null];

export interface AdaptiveMaxPoolOptions {
  /** Give the places of the largest elements too. Default false. */
  returnIndices?: boolean;
}

/** One size for each direction, where null keeps that of x. */
export function adaptiveSizes(op: string, size: unknown, directions: number): readonly (number | null)[] {
  const list: unknown = typeof size === 'number' || size === null ? [size] : size;
  if (!Array.isArray(list) || (list.length !== directions && list.length !== 1)) {
    throw new ValueError(
      `[${op}] outputSize: got ${describe(size)}, wanted a size or an array of ${directions}`,
    );
  }
  const entries = (list as unknown[]).map((entry) => {
    if (entry === null || entry === undefined) return null;
    checkInt(op, 'outputSize', entry);
    if (entry < 0) throw new ValueError(`[${op}] outputSize: got ${describe(size)}, wanted at least 0`);
    return entry;
  });
  return entries.length === directions ? entries : new Array<number | null>(directions).fill(entries[0]!);
}

/** The sizes of the output, those that are null from x. */
function outputSizes(op: string, x: Tensor, size: unknown, directions: number): readonly number[] {
  const own = x.shape.slice(-directions);
  return adaptiveSizes(op, size, directions).map((entry, d) => entry ?? own[d]!);
}

function average(op: string, directions: number, x: Tensor, size: unknown): Tensor {
  if (directions === 3 && autocasting()) return inFloat32(average, op, directions, x, size);
  checkPooled(op, x, directions);
  const sizes = outputSizes(op, x, size, directions);
  // One piece is a mean over dims: its kernel takes many channels at a time, in any layout.
  if (sizes.every((each) => each === 1) && isFloat(x.dtype)) {
    return backend.run1('mean', [x], { dims: sizes.map((_, d) => d - directions), keepdim: true });
  }
  return backend.run1('adaptiveAvgPool', [x], { sizes });
}

function largest(
  op: string,
  directions: number,
  x: Tensor,
  size: unknown,
  options: AdaptiveMaxPoolOptions,
): Tensor | ValuesAndIndices {
  if (directions === 3 && autocasting()) return inFloat32(largest, op, directions, x, size, options);
  checkPooled(op, x, directions);
  checkOptions(op, options);
  const attrs = { sizes: outputSizes(op, x, size, directions) };
  const both = checkFlag(op, 'returnIndices', options.returnIndices);
  const [values, indices] = backend.run('adaptiveMaxPool', [x], attrs);
  if (both) return { values: values!, indices: indices as Tensor<'int64'> };
  backend.release(indices!);
  return values!;
}

/**
 * The mean of `outputSize` even pieces of a signal: piece i of n is [floor(i L / n), ceil((i + 1) L / n)), so pieces overlap where
 * n does not divide L.
 *
 * x: [N, C, L] or [C, L]; gives [N, C, outputSize]. Floating dtypes.
 * @throws ValueError for a negative size.
 * @example
 * import { F, tensor } from 'lanegrad';
 * F.adaptiveAvgPool1d(tensor([[[1.5, 2.5, 4, 3]]]), 2).tolist(); // => [[[2, 3.5]]]
 */
export function adaptiveAvgPool1d(x: Tensor, outputSize: Single): Tensor {
  return average('adaptiveAvgPool1d', 1, x, outputSize);
}

/**
 * The mean of even pieces of images: piece i of n is [floor(i H / n), ceil((i + 1) H / n)). Size 1 is the mean of the image.
 *
 * x: [N, C, H, W] or [C, H, W]; outputSize: a size, or [H', W'], of which null keeps that of x; gives [N, C, H', W']. Floating
 * dtypes.
 * @throws ValueError for a negative size.
 * @example
 * import { F, tensor } from 'lanegrad';
 * F.adaptiveAvgPool2d(tensor([[[1.5, 2.5], [4, 3]]]), [null, 1]).tolist(); // => [[[2], [3.5]]]
 */
export function adaptiveAvgPool2d(x: Tensor, outputSize: AdaptivePair): Tensor {
  return average('adaptiveAvgPool2d', 2, x, outputSize);
}

/**
 * The mean of even pieces of volumes: piece i of n is [floor(i D / n), ceil((i + 1) D / n)).
 *
 * x: [N, C, D, H, W] or [C, D, H, W]; outputSize: a size, or [D', H', W'], of which null keeps that of x; gives
 * [N, C, D', H', W']. Floating dtypes.
 * @throws ValueError for a negative size.
 * @example
 * import { F, ones } from 'lanegrad';
 * F.adaptiveAvgPool3d(ones([1, 2, 4, 5, 6]), [null, 3, 2]).shape; // => [1, 2, 4, 3, 2]
 */
export function adaptiveAvgPool3d(x: Tensor, outputSize: AdaptiveTriple): Tensor {
  return average('adaptiveAvgPool3d', 3, x, outputSize);
}

/**
 * The largest element of `outputSize` even pieces of a signal: piece i of n is [floor(i L / n), ceil((i + 1) L / n)). With
 * `returnIndices` also the places: int64 indices into L.
 *
 * x: [N, C, L] or [C, L]; gives [N, C, outputSize]. All dtypes but bool.
 * @throws ValueError for a negative size.
 * @example
 * import { F, tensor } from 'lanegrad';
 * F.adaptiveMaxPool1d(tensor([[[1.5, 2.5, 4, 3]]]), 2).tolist(); // => [[[2.5, 4]]]
 */
export function adaptiveMaxPool1d(
  x: Tensor,
  outputSize: Single,
  options: AdaptiveMaxPoolOptions & WithIndices,
): ValuesAndIndices;
export function adaptiveMaxPool1d(x: Tensor, outputSize: Single, options?: { returnIndices?: false }): Tensor;
export function adaptiveMaxPool1d(
  x: Tensor,
  outputSize: Single,
  options: AdaptiveMaxPoolOptions = {},
): Tensor | ValuesAndIndices {
  return largest('adaptiveMaxPool1d', 1, x, outputSize, options);
}

/**
 * The largest element of even pieces of images: piece i of n is [floor(i H / n), ceil((i + 1) H / n)). With `returnIndices` also the
 * places: int64 indices into the H * W plane.
 *
 * x: [N, C, H, W] or [C, H, W]; outputSize: a size, or [H', W'], of which null keeps that of x; gives [N, C, H', W']. All
 * dtypes but bool.
 * @throws ValueError for a negative size.
 * @example
 * import { F, tensor } from 'lanegrad';
 * F.adaptiveMaxPool2d(tensor([[[1.5, 2.5], [4, 3]]]), 1).tolist(); // => [[[4]]]
 */
export function adaptiveMaxPool2d(
  x: Tensor,
  outputSize: AdaptivePair,
  options: AdaptiveMaxPoolOptions & WithIndices,
): ValuesAndIndices;
export function adaptiveMaxPool2d(
  x: Tensor,
  outputSize: AdaptivePair,
  options?: { returnIndices?: false },
): Tensor;
export function adaptiveMaxPool2d(
  x: Tensor,
  outputSize: AdaptivePair,
  options: AdaptiveMaxPoolOptions = {},
): Tensor | ValuesAndIndices {
  return largest('adaptiveMaxPool2d', 2, x, outputSize, options);
}

/**
 * The largest element of even pieces of volumes: piece i of n is [floor(i D / n), ceil((i + 1) D / n)). With `returnIndices` also the
 * places: int64 indices into the D * H * W volume.
 *
 * x: [N, C, D, H, W] or [C, D, H, W]; outputSize: a size, or [D', H', W'], of which null keeps that of x; gives
 * [N, C, D', H', W']. All dtypes but bool.
 * @throws ValueError for a negative size.
 * @example
 * import { F, ones } from 'lanegrad';
 * F.adaptiveMaxPool3d(ones([1, 2, 4, 5, 6]), 2).shape; // => [1, 2, 2, 2, 2]
 */
export function adaptiveMaxPool3d(
  x: Tensor,
  outputSize: AdaptiveTriple,
  options: AdaptiveMaxPoolOptions & WithIndices,
): ValuesAndIndices;
export function adaptiveMaxPool3d(
  x: Tensor,
  outputSize: AdaptiveTriple,
  options?: { returnIndices?: false },
): Tensor;
export function adaptiveMaxPool3d(
  x: Tensor,
  outputSize: AdaptiveTriple,
  options: AdaptiveMaxPoolOptions = {},
): Tensor | ValuesAndIndices {
  return largest('adaptiveMaxPool3d', 3, x, outputSize, options);
}
