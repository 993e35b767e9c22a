import { backend } from '../backend/current.js';
import { checkOptions, checkTensor, noAttrs, product, shapeText } from '../check.js';
import { ShapeError } from '../errors.js';
import { scoped } from '../scope.js';
import type { Tensor } from '../tensor.js';
import { zeros } from './creation.js';
import { arange } from './ranges.js';
import { checkImage, sizesOf } from './sizes.js';
import type { Pair } from './sizes.js';
import { reshape } from './view.js';

export interface FoldOptions {
  /** Distance of window elements. Default 1. */
  dilation?: Pair;
  /** Zeros added on each side. Default 0. */
  padding?: Pair;
  /** Default 1. */
  stride?: Pair;
}

/** Windows over an image, as sizes [height, width]. */
interface Windows {
  readonly kernel: readonly number[];
  readonly dilation: readonly number[];
  readonly padding: readonly number[];
  readonly stride: readonly number[];
  readonly padded: readonly number[];
  readonly count: readonly number[];
}

function windowsOver(op: string, size: readonly number[], kernel: Pair, options: FoldOptions): Windows {
  checkOptions(op, options);
  const extent = sizesOf(op, 'kernel', kernel, 2, 1);
  const dilation = sizesOf(op, 'dilation', options.dilation ?? 1, 2, 1);
  const padding = sizesOf(op, 'padding', options.padding ?? 0, 2, 0);
  const stride = sizesOf(op, 'stride', options.stride ?? 1, 2, 1);
  const padded = size.map((n, d) => n + 2 * padding[d]!);
  const count = padded.map((n, d) => Math.floor((n - dilation[d]! * (extent[d]! - 1) - 1) / stride[d]!) + 1);
  if (count.some((n) => n < 1)) {
    throw new ShapeError(
      `[${op}] windows of ${shapeText(extent)} do not fit into an image of ${shapeText(size)} padded by ${shapeText(padding)}`,
    );
  }
  return { kernel: extent, dilation, padding, stride, padded, count };
}

/** Where the elements of the windows lie in a padded plane: int64 [kH * kW * L]. */
function placesOf(w: Windows): Tensor {
  const int64 = { dtype: 'int64' } as const;
  const width = w.padded[1]!;
  const scaled = (n: number, step: number, shape: readonly number[]) =>
    reshape(backend.run1('mul', [arange(n, int64), step], noAttrs), shape);
  const parts = [
    scaled(w.kernel[0]!, w.dilation[0]! * width, [-1, 1, 1, 1]),
    scaled(w.kernel[1]!, w.dilation[1]!, [-1, 1, 1]),
    scaled(w.count[0]!, w.stride[0]! * width, [-1, 1]),
    scaled(w.count[1]!, w.stride[1]!, [-1]),
  ];
  return reshape(
    parts.reduce((a, b) => backend.run1('add', [a, b], noAttrs)),
    [-1],
  );
}

/**
 * The windows that slide over an image, each as a column: what a convolution multiplies with its weights.
 *
 * x: [N, C, H, W] or [C, H, W]; gives [N, C kH kW, L], L = the product of floor((H + 2 padding - dilation (kH - 1) - 1) / stride) + 1
 * and the same of the width. All dtypes.
 * @throws ShapeError if the window is larger than the padded image.
 * @example
 * import { F, tensor } from 'lanegrad';
 * F.unfold(tensor([[[[1, 2, 3], [4, 5, 6]]]]), 2).tolist(); // => [[[1, 2], [2, 3], [4, 5], [5, 6]]]
 */
export function unfold(x: Tensor, kernel: Pair, options: FoldOptions = {}): Tensor {
  checkTensor('unfold', 'x', x);
  const batched = checkImage('unfold', x, 2, true);
  const w = windowsOver('unfold', x.shape.slice(-2), kernel, options);
  const lead = batched ? [x.shape[0]!] : [];
  const channels = x.shape[batched ? 1 : 0]!;
  return scoped(() => {
    const around = w.padding.some((by) => by > 0)
      ? backend.run1('padConstant', [x], { before: w.padding, after: w.padding, value: 0 })
      : x;
    const planes = reshape(around, [...lead, channels, product(w.padded)]);
    const columns = backend.run1('indexSelect', [planes, placesOf(w)], { dim: lead.length + 1 });
    return reshape(columns, [...lead, channels * product(w.kernel), product(w.count)]);
  });
}

/**
 * The transpose of {@link unfold}: puts the windows back into an image; where they overlap, they add up.
 *
 * x: [N, C kH kW, L] or [C kH kW, L]; outputSize: [H, W]; gives [N, C, H, W]. Floating dtypes.
 * @throws ShapeError if x does not have the shape that unfold gives.
 * @example
 * import { F, ones } from 'lanegrad';
 * F.fold(ones([1, 4, 2]), [2, 3], 2).tolist(); // => [[[[1, 2, 1], [1, 2, 1]]]]
 */
export function fold(x: Tensor, outputSize: Pair, kernel: Pair, options: FoldOptions = {}): Tensor {
  checkTensor('fold', 'x', x);
  const size = sizesOf('fold', 'outputSize', outputSize, 2, 1);
  const w = windowsOver('fold', size, kernel, options);
  const { shape } = x;
  const lead = shape.slice(0, -2);
  const rows = shape[shape.length - 2]!;
  const window = product(w.kernel);
  if (
    (shape.length !== 2 && shape.length !== 3) ||
    rows % window !== 0 ||
    shape.at(-1) !== product(w.count)
  ) {
    throw new ShapeError(
      `[fold] x: got ${shapeText(shape)}, wanted [N, C * ${window}, ${product(w.count)}] for an output of ${shapeText(size)}`,
    );
  }
  const channels = rows / window;
  return scoped(() => {
    const columns = reshape(x, [...lead, channels, window * product(w.count)]);
    const empty = zeros([...lead, channels, product(w.padded)], { dtype: x.dtype });
    const planes = backend.run1('indexAdd', [empty, placesOf(w), columns], { dim: lead.length + 1 });
    const images = reshape(planes, [...lead, channels, ...w.padded]);
    if (w.padding.every((by) => by === 0)) return images;
    const cut = w.padding.map((by) => -by);
    return backend.run1('padConstant', [images], { before: cut, after: cut, value: 0 });
  });
}
