import { backend } from '../../backend/current.js';
import {
  checkChoice,
  checkFlag,
  checkInt,
  checkListLength,
  checkNumber,
  checkOptions,
  checkTensor,
  describe,
  shapeText,
} from '../../check.js';
import { isFloat } from '../../dtype.js';
import { DTypeError, ShapeError, ValueError } from '../../errors.js';
import { scoped } from '../../scope.js';
import { fromNumbers } from '../../tensor.js';
import type { Tensor } from '../../tensor.js';
import { resample, resampleBytes } from './resample.js';
import { antialiasTaps, cubicTaps, linearTaps, nearestPlaces, precisionOf } from './source.js';
import type { Precision, Resized, Taps } from './source.js';

export type InterpolateMode =
  'nearest' | 'nearest-exact' | 'linear' | 'bilinear' | 'trilinear' | 'bicubic' | 'area';

const modes: readonly InterpolateMode[] = [
  'nearest',
  'nearest-exact',
  'linear',
  'bilinear',
  'trilinear',
  'bicubic',
  'area',
];

export interface InterpolateOptions {
  /** The new size, or one for each direction. This or scaleFactor. */
  size?: number | readonly number[] | null;
  /** The factor of the sizes, or one for each direction; sizes are rounded down. This or size. */
  scaleFactor?: number | readonly number[] | null;
  /** Default `nearest`. */
  mode?: InterpolateMode;
  /**
   * Whether the centres of the corner elements stay where they are, instead of the corners of the elements. For the modes
   * linear, bilinear, trilinear and bicubic. Default false.
   */
  alignCorners?: boolean | null;
  /** Whether positions follow from the sizes even where scaleFactor was given. Default false. */
  recomputeScaleFactor?: boolean | null;
  /** Whether a reduction takes the mean of all elements under its kernel. For bilinear and bicubic. Default false. */
  antialias?: boolean;
}

/** Directions that a mode is for; 0: any. */
const directionsOf: Readonly<Record<InterpolateMode, number>> = {
  nearest: 0,
  'nearest-exact': 0,
  area: 0,
  linear: 1,
  bilinear: 2,
  bicubic: 2,
  trilinear: 3,
};

/** Options with everything decided. */
interface Plan {
  readonly mode: InterpolateMode;
  readonly antialias: boolean;
  readonly dims: readonly Resized[];
}

function listOf(name: string, value: unknown, directions: number): readonly number[] {
  const list: unknown = typeof value === 'number' ? new Array<number>(directions).fill(value) : value;
  if (!Array.isArray(list) || list.length !== directions) {
    throw new ValueError(
      `[interpolate] ${name}: got ${describe(value)}, wanted a number or an array of ${directions}`,
    );
  }
  return list as number[];
}

function plan(x: Tensor, options: InterpolateOptions): Plan {
  checkOptions('interpolate', options);
  const { size, scaleFactor, mode = 'nearest', alignCorners, recomputeScaleFactor, antialias } = options;
  checkChoice('interpolate', 'mode', mode, modes);
  const { shape } = x;
  const directions = shape.length - 2;
  const wanted = directionsOf[mode];
  if (directions < 1 || directions > 3 || (wanted !== 0 && wanted !== directions)) {
    const dims = wanted === 0 ? 'three to five dims' : `${wanted + 2} dims`;
    throw new ShapeError(`[interpolate] x: got ${shapeText(shape)}, wanted ${dims} for mode ${mode}`);
  }
  if (wanted === 0 && alignCorners != null) {
    throw new ValueError(`[interpolate] alignCorners: got ${describe(alignCorners)} for mode ${mode}`);
  }
  const smooth = checkFlag('interpolate', 'antialias', antialias);
  if (smooth && mode !== 'bilinear' && mode !== 'bicubic') {
    throw new ValueError(`[interpolate] antialias: got true for mode ${mode}, wanted bilinear or bicubic`);
  }
  const recompute = checkFlag('interpolate', 'recomputeScaleFactor', recomputeScaleFactor ?? undefined);
  if ((size == null) === (scaleFactor == null)) {
    throw new ValueError('[interpolate] wanted one of size and scaleFactor');
  }
  if (size != null && recompute) {
    throw new ValueError('[interpolate] recomputeScaleFactor: got true with a size, wanted a scaleFactor');
  }
  const corners = checkFlag('interpolate', 'alignCorners', alignCorners ?? undefined);
  const inner = shape.slice(2);
  const follow = scaleFactor != null && !recompute && mode !== 'area';
  const factors = scaleFactor == null ? [] : listOf('scaleFactor', scaleFactor, directions);
  const counts =
    size == null ? inner.map((n, d) => scaled(n, factors[d]!)) : listOf('size', size, directions);
  const dims = counts.map((count, d) => {
    checkInt('interpolate', 'size', count);
    // Places and weights, up to four for each element, are JavaScript's.
    checkListLength('interpolate', 4 * Math.max(count, inner[d]!));
    return { size: inner[d]!, count, factor: follow ? factors[d] : undefined, alignCorners: corners };
  });
  const least = mode === 'area' ? 0 : 1;
  if (dims.some((dim) => dim.count < least || dim.size < 1) || shape[1] === 0) {
    throw new ShapeError(
      `[interpolate] sizes must be at least 1: x is ${shapeText(shape)}, the result ${shapeText(counts)}`,
    );
  }
  return { mode, antialias: smooth, dims };
}

function scaled(size: number, factor: unknown): number {
  checkNumber('interpolate', 'scaleFactor', factor);
  return Math.floor(size * factor);
}

/** A dim that is smoothed. */
function tapsOf({ mode, antialias }: Plan, dim: Resized, round: Precision): Taps {
  if (antialias) return antialiasTaps(dim, mode === 'bicubic' ? 'cubic' : 'linear', round);
  return mode === 'bicubic' ? cubicTaps(dim, round) : linearTaps(dim, round);
}

/**
 * Resizes signals, images and volumes. `nearest` takes the element at floor(i L / L'), `nearest-exact` the one in which the
 * centre lies; the linear modes blend the nearest two along each direction, `bicubic` the nearest four by Keys' convolution
 * (1981, a = -0.75); `area` takes the mean of the elements that each new one covers, as adaptiveAvgPool does.
 *
 * x: [N, C, L], [N, C, H, W] or [N, C, D, H, W]; `linear` is for the first, `bilinear` and `bicubic` for the second, `trilinear` for
 * the last; gives [N, C, ...size]. Floating dtypes; nearest ones take all, the others uint8 too, rounded after each direction.
 * @throws ValueError unless one of size and scaleFactor is given, or for an option that the mode does not take.
 * @throws ShapeError if the mode is for another number of dims, or a size would be 0.
 * @example
 * import { F, tensor } from 'lanegrad';
 * F.interpolate(tensor([[[1.5, 2.5]]]), { scaleFactor: 2 }).tolist(); // => [[[1.5, 1.5, 2.5, 2.5]]]
 * F.interpolate(tensor([[[1.5, 2.5]]]), { size: 3, mode: 'linear', alignCorners: true }).tolist(); // => [[[1.5, 2, 2.5]]]
 */
export function interpolate(x: Tensor, options: InterpolateOptions): Tensor {
  checkTensor('interpolate', 'x', x);
  const decided = plan(x, options);
  const { mode, dims } = decided;
  const sizes = dims.map((dim) => dim.count);
  if (mode === 'area') return backend.run1('adaptiveAvgPool', [x], { sizes });
  const round = precisionOf(x.dtype);
  if (mode === 'nearest' || mode === 'nearest-exact') {
    const index = dims.flatMap((dim) => nearestPlaces(dim, mode === 'nearest-exact', round));
    return scoped(() =>
      backend.run1('outerIndex', [x, fromNumbers('int32', [index.length], index)], { sizes }),
    );
  }
  const tables = dims.map((dim) => tapsOf(decided, dim, round));
  if (x.dtype === 'uint8') return resampleBytes(x, tables);
  if (!isFloat(x.dtype)) {
    throw new DTypeError(
      `[interpolate] x: got ${x.dtype}, wanted a floating dtype or uint8 for mode ${mode}`,
    );
  }
  return scoped(() => resample(x, tables));
}
