import { autocasting, inFloat32 } from '../../autocast-policy.js';
import { backend } from '../../backend/current.js';
import { checkFlag } from '../../check.js';
import { isFloat } from '../../dtype.js';
import type { Tensor } from '../../tensor.js';
import { runComposite } from '../composite.js';
import type { ValuesAndIndices } from '../reduction.js';
import { sizesOf } from '../sizes.js';
import type { Pair, Single, Triple } from '../sizes.js';
import { checkPooled, windowAttrs } from './window.js';
import type { PoolOptions, WindowAttrs } from './window.js';

export interface MaxPoolOptions<Size> extends PoolOptions<Size> {
  /** Distance of window elements. Default 1. */
  dilation?: Size;
  /** Give the places of the largest elements too. Default false. */
  returnIndices?: boolean;
}

export type MaxPool1dOptions = MaxPoolOptions<Single>;
export type MaxPool2dOptions = MaxPoolOptions<Pair>;
export type MaxPool3dOptions = MaxPoolOptions<Triple>;

/** The choice of `returnIndices: true`. */
export interface WithIndices {
  returnIndices: true;
}

export interface MaxPoolAttrs extends WindowAttrs {
  readonly dilation: readonly number[];
}

export function maxPoolAttrs(
  op: string,
  kernel: unknown,
  directions: number,
  options: MaxPoolOptions<unknown>,
): MaxPoolAttrs {
  const attrs = windowAttrs(op, kernel, directions, options);
  return { ...attrs, dilation: sizesOf(op, 'dilation', options.dilation ?? 1, directions, 1) };
}

export function runMaxPool(op: string, x: Tensor, attrs: MaxPoolAttrs): Tensor {
  if (attrs.kernel.length === 3 && autocasting()) return inFloat32(runMaxPool, op, x, attrs);
  checkPooled(op, x, attrs.kernel.length);
  // Nobody asked for indices: where the backend can, it keeps a byte a window for the gradient.
  const places = attrs.kernel.reduce((count, size) => count * size, 1);
  const small = isFloat(x.dtype) && places <= 256 && backend.has('windowMax');
  const [values, from] = small ? runComposite('windowMax', [x], attrs) : backend.run('maxPool', [x], attrs);
  backend.release(from!);
  return values!;
}

export function runMaxPoolWithIndices(op: string, x: Tensor, attrs: MaxPoolAttrs): ValuesAndIndices {
  if (attrs.kernel.length === 3 && autocasting()) return inFloat32(runMaxPoolWithIndices, op, x, attrs);
  checkPooled(op, x, attrs.kernel.length);
  const [values, indices] = backend.run('maxPool', [x], attrs);
  return { values: values!, indices: indices as Tensor<'int64'> };
}

function maxPool(
  op: string,
  directions: number,
  x: Tensor,
  kernel: unknown,
  options: MaxPoolOptions<unknown>,
): Tensor | ValuesAndIndices {
  const attrs = maxPoolAttrs(op, kernel, directions, options);
  const both = checkFlag(op, 'returnIndices', options.returnIndices);
  return both ? runMaxPoolWithIndices(op, x, attrs) : runMaxPool(op, x, attrs);
}

/**
 * The largest element of each window; padding counts as -Infinity, NaN wins. The gradient goes to that element. With
 * `returnIndices` also the places: int64 indices into L.
 *
 * x: [N, C, L] or [C, L]; gives [N, C, L'] with L' = floor((L + 2 padding - dilation (kernel - 1) - 1) / stride) + 1. All dtypes
 * but bool.
 * @throws ShapeError if the window is larger than the padded signal.
 * @throws ValueError if padding is more than half the kernel.
 * @example
 * import { F, tensor } from 'lanegrad';
 * F.maxPool1d(tensor([[[1.5, 2, 4, 3]]]), 2).tolist(); // => [[[2, 4]]]
 * F.maxPool1d(tensor([[[1.5, 2, 4, 3]]]), 2, { returnIndices: true }).indices.tolist(); // => [[[1, 2]]]
 */
export function maxPool1d(
  x: Tensor,
  kernel: Single,
  options: MaxPool1dOptions & WithIndices,
): ValuesAndIndices;
export function maxPool1d(
  x: Tensor,
  kernel: Single,
  options?: MaxPool1dOptions & { returnIndices?: false },
): Tensor;
export function maxPool1d(
  x: Tensor,
  kernel: Single,
  options: MaxPool1dOptions = {},
): Tensor | ValuesAndIndices {
  return maxPool('maxPool1d', 1, x, kernel, options);
}

/**
 * The largest element of each window; padding counts as -Infinity, NaN wins. The gradient goes to that element. With
 * `returnIndices` also the places: int64 indices into the H * W plane.
 *
 * x: [N, C, H, W] or [C, H, W]; gives [N, C, H', W'] with
 * H' = floor((H + 2 padding - dilation (kernel - 1) - 1) / stride) + 1. All dtypes but bool.
 * @throws ShapeError if the window is larger than the padded image.
 * @throws ValueError if padding is more than half the kernel.
 * @example
 * import { maxPool2d, tensor } from 'lanegrad';
 * maxPool2d(tensor([[[[1.5, 2], [4, 3]]]]), 2).tolist(); // => [[[[4]]]]
 */
export function maxPool2d(x: Tensor, kernel: Pair, options: MaxPool2dOptions & WithIndices): ValuesAndIndices;
export function maxPool2d(
  x: Tensor,
  kernel: Pair,
  options?: MaxPool2dOptions & { returnIndices?: false },
): Tensor;
export function maxPool2d(
  x: Tensor,
  kernel: Pair,
  options: MaxPool2dOptions = {},
): Tensor | ValuesAndIndices {
  return maxPool('maxPool2d', 2, x, kernel, options);
}

/**
 * The largest element of each window; padding counts as -Infinity, NaN wins. The gradient goes to that element. With
 * `returnIndices` also the places: int64 indices into the D * H * W volume.
 *
 * x: [N, C, D, H, W] or [C, D, H, W]; gives [N, C, D', H', W'] with
 * D' = floor((D + 2 padding - dilation (kernel - 1) - 1) / stride) + 1. All dtypes but bool.
 * @throws ShapeError if the window is larger than the padded volume.
 * @throws ValueError if padding is more than half the kernel.
 * @example
 * import { F, ones } from 'lanegrad';
 * F.maxPool3d(ones([1, 2, 4, 6, 6]), 2).shape; // => [1, 2, 2, 3, 3]
 */
export function maxPool3d(
  x: Tensor,
  kernel: Triple,
  options: MaxPool3dOptions & WithIndices,
): ValuesAndIndices;
export function maxPool3d(
  x: Tensor,
  kernel: Triple,
  options?: MaxPool3dOptions & { returnIndices?: false },
): Tensor;
export function maxPool3d(
  x: Tensor,
  kernel: Triple,
  options: MaxPool3dOptions = {},
): Tensor | ValuesAndIndices {
  return maxPool('maxPool3d', 3, x, kernel, options);
}

/**
 * {@link maxPool1d} and the places of its elements, as int64 indices into L.
 *
 * @example
 * import { F, tensor } from 'lanegrad';
 * F.maxPool1dWithIndices(tensor([[[1.5, 2, 4, 3]]]), 2).indices.tolist(); // => [[[1, 2]]]
 */
export function maxPool1dWithIndices(
  x: Tensor,
  kernel: Single,
  options: MaxPool1dOptions = {},
): ValuesAndIndices {
  const op = 'maxPool1dWithIndices';
  return runMaxPoolWithIndices(op, x, maxPoolAttrs(op, kernel, 1, options));
}

/**
 * {@link maxPool2d} and the places of its elements, as int64 indices into the H * W plane.
 *
 * @example
 * import { maxPool2dWithIndices, tensor } from 'lanegrad';
 * maxPool2dWithIndices(tensor([[[[1.5, 2], [4, 3]]]]), 2).indices.tolist(); // => [[[[2]]]]
 */
export function maxPool2dWithIndices(
  x: Tensor,
  kernel: Pair,
  options: MaxPool2dOptions = {},
): ValuesAndIndices {
  const op = 'maxPool2dWithIndices';
  return runMaxPoolWithIndices(op, x, maxPoolAttrs(op, kernel, 2, options));
}

/**
 * {@link maxPool3d} and the places of its elements, as int64 indices into the D * H * W volume.
 *
 * @example
 * import { F, ones } from 'lanegrad';
 * F.maxPool3dWithIndices(ones([1, 1, 2, 2, 2]), 2).indices.tolist(); // => [[[[[0]]]]]
 */
export function maxPool3dWithIndices(
  x: Tensor,
  kernel: Triple,
  options: MaxPool3dOptions = {},
): ValuesAndIndices {
  const op = 'maxPool3dWithIndices';
  return runMaxPoolWithIndices(op, x, maxPoolAttrs(op, kernel, 3, options));
}
