import { autocasting, inFloat32 } from '../../autocast-policy.js';
import { backend } from '../../backend/current.js';
import { checkFlag, checkOptions, checkTensor, describe, noAttrs, product, shapeText } from '../../check.js';
import { ShapeError, ValueError } from '../../errors.js';
import { scoped } from '../../scope.js';
import type { Tensor } from '../../tensor.js';
import { arange } from '../ranges.js';
import { gather } from '../indexing.js';
import { rand } from '../random.js';
import type { ValuesAndIndices } from '../reduction.js';
import { sizesOf } from '../sizes.js';
import type { Pair } from '../sizes.js';
import { reshape, select, squeeze, unsqueeze } from '../view.js';
import { checkPooled } from './window.js';
import type { WithIndices } from './max.js';

export interface FractionalMaxPool2dOptions {
  /** [H', W'], or one size for both. This or outputRatio. */
  outputSize?: Pair | null;
  /** H' / H and W' / W, each in (0, 1). This or outputSize. */
  outputRatio?: number | readonly [number, number] | null;
  /** Give the places of the largest elements too. Default false. */
  returnIndices?: boolean;
  /** [N, C, 2] numbers in [0, 1) that place the windows: for the width, then for the height. Default: drawn. */
  randomSamples?: Tensor | null;
}

const op = 'fractionalMaxPool2d';

function outputSizes(image: readonly number[], options: FractionalMaxPool2dOptions): readonly number[] {
  const { outputSize, outputRatio } = options;
  if ((outputSize == null) === (outputRatio == null)) {
    throw new ValueError(`[${op}] wanted one of outputSize and outputRatio`);
  }
  if (outputSize != null) return sizesOf(op, 'outputSize', outputSize, 2, 1);
  const ratios: unknown = typeof outputRatio === 'number' ? [outputRatio, outputRatio] : outputRatio;
  if (!Array.isArray(ratios) || ratios.length !== 2 || !ratios.every((ratio) => ratio > 0 && ratio < 1)) {
    throw new ValueError(`[${op}] outputRatio: got ${describe(outputRatio)}, wanted numbers in (0, 1)`);
  }
  return image.map((size, d) => Math.floor(size * (ratios as number[])[d]!));
}

/** Where the windows start: floor((i + u) a) - floor(u a) with a = (size - kernel) / (out - 1); the last at the end. */
function windowStarts(samples: Tensor, size: number, kernel: number, out: number): Tensor {
  const room = size - kernel;
  const alpha = out > 1 ? room / (out - 1) : 0;
  const steps = arange(out, { dtype: 'float64' });
  const moved = backend.run1('add', [unsqueeze(samples, 2), steps], noAttrs);
  const floored = (x: Tensor) => backend.run1('floor', [backend.run1('mul', [x, alpha], noAttrs)], noAttrs);
  const starts = backend.run1('sub', [floored(moved), floored(unsqueeze(samples, 2))], noAttrs);
  const isLast = backend.run1('eq', [steps, out - 1], noAttrs);
  return backend.run1('to', [backend.run1('where', [isLast, room, starts], noAttrs)], { dtype: 'int64' });
}

/**
 * The largest element of each of H' * W' windows whose places are random, so that sizes shrink by any ratio (Graham,
 * "Fractional Max-Pooling", 2015). With `returnIndices` also the places: int64 indices into the H * W plane.
 *
 * x: [N, C, H, W] or [C, H, W]; gives [N, C, H', W']. Floating dtypes. Draws 2 numbers a channel from the generator.
 * @throws ValueError unless one of outputSize and outputRatio is given.
 * @throws ShapeError if the windows do not fit.
 * @example
 * import { F, ones } from 'lanegrad';
 * F.fractionalMaxPool2d(ones([1, 2, 9, 9]), 3, { outputRatio: 0.5 }).shape; // => [1, 2, 4, 4]
 */
export function fractionalMaxPool2d(
  x: Tensor,
  kernel: Pair,
  options: FractionalMaxPool2dOptions & WithIndices,
): ValuesAndIndices;
export function fractionalMaxPool2d(
  x: Tensor,
  kernel: Pair,
  options: FractionalMaxPool2dOptions & { returnIndices?: false },
): Tensor;
export function fractionalMaxPool2d(
  x: Tensor,
  kernel: Pair,
  options: FractionalMaxPool2dOptions,
): Tensor | ValuesAndIndices {
  return autocasting() ? inFloat32(pickWindows, x, kernel, options) : pickWindows(x, kernel, options);
}

function pickWindows(
  x: Tensor,
  kernel: Pair,
  options: FractionalMaxPool2dOptions,
): Tensor | ValuesAndIndices {
  checkPooled(op, x, 2);
  checkOptions(op, options);
  const both = checkFlag(op, 'returnIndices', options.returnIndices);
  const window = sizesOf(op, 'kernel', kernel, 2, 1) as readonly [number, number];
  const [height, width] = x.shape.slice(-2) as [number, number];
  const [rows, columns] = outputSizes([height, width], options) as [number, number];
  if (rows < 1 || columns < 1 || rows + window[0] - 1 > height || columns + window[1] - 1 > width) {
    throw new ShapeError(
      `[${op}] ${rows} x ${columns} windows of ${shapeText(window)} do not fit into ${shapeText(x.shape)}`,
    );
  }
  const images = x.shape.length === 4 ? x.shape[0]! : 1;
  const channels = x.shape[x.shape.length - 3]!;
  const { randomSamples } = options;
  if (randomSamples != null) checkTensor(op, 'randomSamples', randomSamples);
  const result = scoped((): ValuesAndIndices => {
    const samples = randomSamples ?? rand([images, channels, 2], { dtype: 'float64' });
    const along = (k: number, size: number, extent: number, out: number) =>
      windowStarts(backend.run1('to', [select(samples, 2, k)], { dtype: 'float64' }), size, extent, out);
    const left = along(0, width, window[1], columns);
    const top = along(1, height, window[0], rows);
    const add = (a: Tensor, b: Tensor) => backend.run1('add', [a, b], noAttrs);
    const inRow = add(unsqueeze(left, 3), arange(window[1], { dtype: 'int64' }));
    const inColumn = add(unsqueeze(top, 3), arange(window[0], { dtype: 'int64' }));
    const lines = backend.run1('mul', [inColumn, width], noAttrs);
    // [N, C, rows, columns, kernel, kernel]
    const places = add(
      reshape(lines, [images, channels, rows, 1, window[0], 1]),
      reshape(inRow, [images, channels, 1, columns, 1, window[1]]),
    );
    const index = reshape(places, [images, channels, rows * columns * product(window)]);
    const flat = gather(reshape(x, [images, channels, height * width]), 2, index);
    const windows = [images, channels, rows * columns, product(window)];
    const [values, best] = backend.run('maxDim', [reshape(flat, windows)], { dim: 3, keepdim: false });
    const chosen = squeeze(gather(reshape(index, windows), 3, unsqueeze(best!, 3)), 3);
    const shape = [...x.shape.slice(0, -2), rows, columns];
    return { values: reshape(values!, shape), indices: reshape(chosen, shape) as Tensor<'int64'> };
  });
  if (both) return result;
  backend.release(result.indices);
  return result.values;
}
