import { checkFlag, checkOptions, checkRange, checkTensor, shapeText } from '../check.js';
import { isFloat } from '../dtype.js';
import { DTypeError, ShapeError } from '../errors.js';
import { nextCounter } from '../generator.js';
import { scoped } from '../scope.js';
import type { Tensor } from '../tensor.js';
import { add, ge, mul } from './binary.js';
import { runComposite1 } from './composite.js';
import { to } from './convert.js';
import { ones } from './creation.js';
import { blocksFor, rand } from './random.js';
import { squeeze, unsqueeze } from './view.js';

export interface DropoutOptions {
  /** Probability of a zero. Default 0.5. */
  p?: number;
  /** Default true; when false, x itself is returned. */
  training?: boolean;
}

/** The probability, and whether there is anything to do. */
function read(
  op: string,
  x: Tensor,
  options: DropoutOptions,
  otherwise: boolean,
): { p: number; active: boolean } {
  checkTensor(op, 'x', x);
  checkOptions(op, options);
  const { p = 0.5, training = otherwise } = options;
  checkRange(op, 'p', p, 0, 1);
  checkFlag(op, 'training', training);
  const active = training && p > 0;
  if (active && !isFloat(x.dtype)) throw new DTypeError(`[${op}] x is ${x.dtype}, wanted a float`);
  return { p, active };
}

function zeroed(x: Tensor, p: number): Tensor {
  return runComposite1('dropout', [x, nextCounter(blocksFor(x.numel(), 'float32'))], { p });
}

/**
 * Zeroes each element with probability p and scales the others by 1 / (1 - p). Srivastava et al., 2014. x: any shape,
 * floating. The mask follows from the generator's counter, so the backward pass makes it again instead of keeping it.
 *
 * @throws ValueError for p outside [0, 1].
 * @example
 * import { dropout, ones } from 'lanegrad';
 * dropout(ones([2]), { p: 1 }).tolist(); // => [0, 0]
 */
export function dropout(x: Tensor, options: DropoutOptions = {}): Tensor {
  const { p, active } = read('dropout', x, options, true);
  return active ? scoped(() => zeroed(x, p)) : x;
}

/** The shape of x with one element per channel of a sample. */
function channelShape(x: Tensor): number[] {
  return x.shape.map((size, i) => (i < 2 ? size : 1));
}

function dropChannels(op: string, x: Tensor, options: DropoutOptions, single: number | null): Tensor {
  const { p, active } = read(op, x, options, true);
  const least = single ?? 2;
  if (x.ndim < least) {
    throw new ShapeError(`[${op}] x is ${shapeText(x.shape)}, wanted at least ${least} dims`);
  }
  if (!active) return x;
  return scoped(() => {
    const batch = x.ndim === single ? unsqueeze(x, 0) : x;
    const out = mul(batch, zeroed(ones(channelShape(batch), { dtype: x.dtype }), p));
    return x.ndim === single ? squeeze(out, 0) : out;
  });
}

/**
 * {@link dropout} of whole channels: each of the N C channels is kept or zeroed as one. Tompson et al., 2015.
 * x: [N, C, L] or [C, L], floating.
 *
 * @throws ShapeError for fewer than two dims.
 * @throws ValueError for p outside [0, 1].
 * @example
 * import { F, ones } from 'lanegrad';
 * F.dropout1d(ones([1, 2, 3]), { p: 1 }).sum().item(); // => 0
 */
export function dropout1d(x: Tensor, options: DropoutOptions = {}): Tensor {
  return dropChannels('dropout1d', x, options, 2);
}

/**
 * {@link dropout} of whole channels: each of the N C channels is kept or zeroed as one. Tompson et al., 2015.
 * x: [N, C, H, W] or [N, C, L], floating; as in PyTorch, three dims are not [C, H, W].
 *
 * @throws ShapeError for fewer than two dims.
 * @throws ValueError for p outside [0, 1].
 * @example
 * import { F, ones } from 'lanegrad';
 * F.dropout2d(ones([1, 2, 3, 3]), { training: false }).sum().item(); // => 18
 */
export function dropout2d(x: Tensor, options: DropoutOptions = {}): Tensor {
  return dropChannels('dropout2d', x, options, null);
}

/**
 * {@link dropout} of whole channels: each of the N C channels is kept or zeroed as one. Tompson et al., 2015.
 * x: [N, C, D, H, W] or [C, D, H, W], floating.
 *
 * @throws ShapeError for fewer than two dims.
 * @throws ValueError for p outside [0, 1].
 * @example
 * import { F, ones } from 'lanegrad';
 * F.dropout3d(ones([1, 2, 3, 3, 3]), { p: 0 }).sum().item(); // => 54
 */
export function dropout3d(x: Tensor, options: DropoutOptions = {}): Tensor {
  checkTensor('dropout3d', 'x', x);
  return dropChannels('dropout3d', x, options, x.ndim === 4 ? 4 : null);
}

/** What SELU gives far left of 0, without the sign: scale * alpha. */
const floor = 1.7580993408473766;

/** Sets where the mask is false to SELU's floor, then scales and shifts so that mean 0 and variance 1 stay. */
function alphaDrop(x: Tensor, p: number, shape: readonly number[]): Tensor {
  if (p === 1) return mul(x, 0);
  const a = 1 / Math.sqrt((floor * floor * p + 1) * (1 - p));
  const kept = to(ge(rand(shape), p), x.dtype);
  const shift = add(mul(add(kept, -1), floor * a), floor * a * p);
  return add(mul(x, mul(kept, a)), shift);
}

/**
 * Dropout for self-normalising networks: drops to the floor of SELU, not to 0, and keeps mean 0 and variance 1. Klambauer et
 * al., 2017. x: any shape, floating; training: default false.
 *
 * @throws ValueError for p outside [0, 1].
 * @example
 * import { F, ones } from 'lanegrad';
 * F.alphaDropout(ones([2]), { p: 1, training: true }).tolist(); // => [0, 0]
 */
export function alphaDropout(x: Tensor, options: DropoutOptions = {}): Tensor {
  const { p, active } = read('alphaDropout', x, options, false);
  return active ? scoped(() => alphaDrop(x, p, x.shape)) : x;
}

/**
 * {@link alphaDropout} of whole channels. x: [N, C, ...], floating; training: default false.
 *
 * @throws ShapeError for fewer than two dims.
 * @throws ValueError for p outside [0, 1].
 * @example
 * import { F, ones } from 'lanegrad';
 * F.featureAlphaDropout(ones([1, 2, 3]), { p: 0.5 }).sum().item(); // => 6
 */
export function featureAlphaDropout(x: Tensor, options: DropoutOptions = {}): Tensor {
  const { p, active } = read('featureAlphaDropout', x, options, false);
  if (!active) return x;
  if (x.ndim < 2)
    throw new ShapeError(`[featureAlphaDropout] x is ${shapeText(x.shape)}, wanted [N, C, ...]`);
  return scoped(() => alphaDrop(x, p, channelShape(x)));
}
