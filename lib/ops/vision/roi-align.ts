import { checkFlag, checkInt, checkNumber, checkOptions, checkTensor, shapeText } from '../../check.js';
import { isFloat } from '../../dtype.js';
import { DTypeError, IndexError, ShapeError, ValueError } from '../../errors.js';
import { scoped } from '../../scope.js';
import type { Tensor } from '../../tensor.js';
import { detach, to } from '../convert.js';
import { zeros } from '../creation.js';
import { embeddingBag } from '../embedding.js';
import { tensor } from '../from-data.js';
import { sizesOf } from '../sizes.js';
import type { Pair } from '../sizes.js';
import { permute, reshape } from '../view.js';
import { checkBoxes } from './boxes.js';

export interface RoiAlignOptions {
  /** What a box's coordinates are multiplied by to be those of x. Default 1. */
  spatialScale?: number;
  /** Samples along each side of a bin; 0 or less: as many as the bin has pixels, rounded up. Default -1. */
  samplingRatio?: number;
  /** Whether a coordinate is that of a pixel's corner, not its centre, and boxes may be less than a pixel. Default false. */
  aligned?: boolean;
}

const op = 'roiAlign';
/** More samples than any image needs: a box of absurd size is an error before memory runs out. */
const mostSamples = 2 ** 24;

/** Where pixels are read: four for each sample, which the bags of the output add up. */
interface Plan {
  readonly pixels: number[];
  readonly weights: number[];
  readonly starts: number[];
}

/**
 * The mean of samples of x in each of H' x W' bins of each box, sampled between pixels (He et al., "Mask R-CNN", 2017). A
 * sample more than a pixel outside of x is 0. The gradient is that of x.
 *
 * x: [N, C, H, W], floating; boxes: [K, 5] of which image, x1, y1, x2, y2; outputSize: [H', W'] or one size for both; gives
 * [K, C, H', W']. Reads the boxes. PyTorch: torchvision.ops.roi_align.
 *
 * @throws ShapeError unless x has four dims and boxes is [K, 5].
 * @throws DTypeError for x of integers.
 * @throws IndexError for a box of an image that is not there.
 * @throws ValueError for a box that is not finite, or too large to be sampled.
 * @example
 * import { tensor, vision } from 'lanegrad';
 * const x = tensor([0, 1, 2, 3], { dtype: 'float32' }).expand([1, 1, 4, 4]);
 * const boxes = tensor([[0, 0, 0, 2, 2]], { dtype: 'float32' });
 * vision.roiAlign(x, boxes, [1, 2], { samplingRatio: 1 }).tolist(); // => [[[[0.5, 1.5]]]]
 */
export function roiAlign(x: Tensor, boxes: Tensor, outputSize: Pair, options: RoiAlignOptions = {}): Tensor {
  checkTensor(op, 'x', x);
  checkBoxes(op, 'boxes', boxes, 5);
  checkOptions(op, options);
  const { spatialScale = 1, samplingRatio = -1 } = options;
  checkNumber(op, 'spatialScale', spatialScale);
  checkInt(op, 'samplingRatio', samplingRatio);
  const aligned = checkFlag(op, 'aligned', options.aligned);
  const [binRows, binColumns] = sizesOf(op, 'outputSize', outputSize, 2, 1) as [number, number];
  if (!isFloat(x.dtype)) throw new DTypeError(`[${op}] x: got ${x.dtype}, wanted a floating dtype`);
  if (x.ndim !== 4) throw new ShapeError(`[${op}] x is ${shapeText(x.shape)}, wanted [N, C, H, W]`);
  const [images, channels, height, width] = x.shape as [number, number, number, number];
  const count = boxes.shape[0]!;
  if (count * channels * height * width === 0) {
    return zeros([count, channels, binRows, binColumns], { dtype: x.dtype });
  }
  return scoped(() => {
    const plan: Plan = { pixels: [], weights: [], starts: [] };
    const rows = to(detach(boxes), 'float64').data;
    const scale = { spatialScale, samplingRatio, aligned };
    for (let k = 0; k < count; k++) {
      const [image, ...corners] = Array.from(rows.subarray(5 * k, 5 * k + 5)) as Corners;
      if (!corners.every(Number.isFinite)) throw new ValueError(`[${op}] box ${k} is not finite`);
      if (!Number.isInteger(image) || image < 0 || image >= images) {
        throw new IndexError(`[${op}] box ${k} is of image ${image}, of ${images}`);
      }
      planBox(plan, image, sidesOf(corners, scale), [binRows, binColumns], [height, width], samplingRatio);
    }
    // Pixels as rows of channels, of which each bin is a weighted sum.
    const table = reshape(permute(x, [0, 2, 3, 1]), [images * height * width, channels]);
    const bins = embeddingBag(tensor(plan.pixels, { dtype: 'int64' }), table, {
      offsets: tensor(plan.starts, { dtype: 'int64' }),
      mode: 'sum',
      perSampleWeights: tensor(plan.weights, { dtype: x.dtype }),
    });
    return permute(reshape(bins, [count, binRows, binColumns, channels]), [0, 3, 1, 2]).contiguous();
  });
}

type Corners = [image: number, x1: number, y1: number, x2: number, y2: number];
type Size = readonly [rows: number, columns: number];

/** A box in the coordinates of x: the first row and column, and how far it reaches. */
interface Sides {
  readonly start: Size;
  readonly length: Size;
}

function sidesOf(
  [x1, y1, x2, y2]: readonly number[],
  { spatialScale, aligned }: Required<RoiAlignOptions>,
): Sides {
  const shift = aligned ? 0.5 : 0;
  const least = aligned ? -Infinity : 1;
  return {
    start: [y1! * spatialScale - shift, x1! * spatialScale - shift],
    length: [Math.max((y2! - y1!) * spatialScale, least), Math.max((x2! - x1!) * spatialScale, least)],
  };
}

/** The samples of one box, bin after bin. */
function planBox(
  plan: Plan,
  image: number,
  { start, length }: Sides,
  bins: Size,
  size: Size,
  samplingRatio: number,
): void {
  const grid = [0, 1].map((d) =>
    samplingRatio > 0 ? samplingRatio : Math.max(0, Math.ceil(length[d]! / bins[d]!)),
  ) as [number, number];
  const samples = grid[0] * grid[1] * bins[0] * bins[1];
  if (plan.pixels.length / 4 + samples > mostSamples) {
    throw new ValueError(`[${op}] a box of ${length.join(' x ')} pixels takes too many samples`);
  }
  const rows = linesOf(start[0], length[0], bins[0], grid[0], size[0]);
  const columns = linesOf(start[1], length[1], bins[1], grid[1], size[1]);
  for (const inRow of rows) {
    for (const inColumn of columns) {
      plan.starts.push(plan.pixels.length);
      for (const y of inRow) {
        for (const x of inColumn) {
          plan.pixels.push((image * size[0] + y.pixel) * size[1] + x.pixel);
          plan.weights.push(y.weight * x.weight);
        }
      }
    }
  }
}

/** A pixel along one dim, and its part of the mean. */
interface Share {
  readonly pixel: number;
  readonly weight: number;
}

/** For each bin along a dim the pixels that its samples lie between. */
function linesOf(start: number, length: number, bins: number, samples: number, size: number): Share[][] {
  const step = length / bins / samples;
  return Array.from({ length: bins }, (_, bin) => {
    const shares: Share[] = [];
    for (let i = 0; i < samples; i++) {
      const given = start + (bin * samples + i + 0.5) * step;
      if (given < -1 || given > size) continue;
      const at = Math.min(Math.max(given, 0), size - 1);
      const pixel = Math.floor(at);
      shares.push({ pixel, weight: (1 - (at - pixel)) / samples });
      if (at > pixel) shares.push({ pixel: pixel + 1, weight: (at - pixel) / samples });
    }
    return shares;
  });
}
