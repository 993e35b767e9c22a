import { checkInt, checkTensor, shapeText } from '../check.js';
import { ShapeError, ValueError } from '../errors.js';
import { scoped } from '../scope.js';
import type { Tensor } from '../tensor.js';
import { permute, reshape } from './view.js';

function checkFactor(op: string, name: string, factor: unknown): asserts factor is number {
  checkInt(op, name, factor);
  if (factor < 1) throw new ValueError(`[${op}] ${name}: got ${factor}, wanted at least 1`);
}

function imageDims(
  op: string,
  x: Tensor,
): { lead: number[]; channels: number; height: number; width: number } {
  const { shape } = x;
  if (shape.length < 3) throw new ShapeError(`[${op}] x: got ${shapeText(shape)}, wanted [..., C, H, W]`);
  const [channels, height, width] = shape.slice(-3) as [number, number, number];
  return { lead: shape.slice(0, -3), channels, height, width };
}

/** Dims 0 to lead - 1 as they are, then those of `order`, counted from there. */
function permuteBehind(x: Tensor, lead: number, order: readonly number[]): Tensor {
  return permute(x, [...Array.from({ length: lead }, (_, i) => i), ...order.map((dim) => lead + dim)]);
}

/**
 * Makes images larger out of their channels (Shi et al., 2016): r * r channels become r x r pixels.
 *
 * x: [..., C r², H, W]; gives [..., C, H r, W r]. All dtypes.
 * @throws ShapeError if r² does not divide the channels.
 * @example
 * import { F, tensor } from 'lanegrad';
 * F.pixelShuffle(tensor([[[1]], [[2]], [[3]], [[4]]]), 2).tolist(); // => [[[1, 2], [3, 4]]]
 */
export function pixelShuffle(x: Tensor, upscaleFactor: number): Tensor {
  checkTensor('pixelShuffle', 'x', x);
  checkFactor('pixelShuffle', 'upscaleFactor', upscaleFactor);
  const r = upscaleFactor;
  const { lead, channels, height, width } = imageDims('pixelShuffle', x);
  if (channels % (r * r) !== 0) {
    throw new ShapeError(
      `[pixelShuffle] x: got ${shapeText(x.shape)}, wanted channels that ${r * r} divides`,
    );
  }
  return scoped(() => {
    const apart = reshape(x, [...lead, channels / (r * r), r, r, height, width]);
    const moved = permuteBehind(apart, lead.length, [0, 3, 1, 4, 2]);
    return reshape(moved, [...lead, channels / (r * r), height * r, width * r]);
  });
}

/**
 * The inverse of {@link pixelShuffle}: r x r pixels become r * r channels.
 *
 * x: [..., C, H r, W r]; gives [..., C r², H, W]. All dtypes.
 * @throws ShapeError if r does not divide height and width.
 * @example
 * import { F, tensor } from 'lanegrad';
 * F.pixelUnshuffle(tensor([[[1, 2], [3, 4]]]), 2).tolist(); // => [[[1]], [[2]], [[3]], [[4]]]
 */
export function pixelUnshuffle(x: Tensor, downscaleFactor: number): Tensor {
  checkTensor('pixelUnshuffle', 'x', x);
  checkFactor('pixelUnshuffle', 'downscaleFactor', downscaleFactor);
  const r = downscaleFactor;
  const { lead, channels, height, width } = imageDims('pixelUnshuffle', x);
  if (height % r !== 0 || width % r !== 0) {
    throw new ShapeError(
      `[pixelUnshuffle] x: got ${shapeText(x.shape)}, wanted a height and width that ${r} divides`,
    );
  }
  return scoped(() => {
    const apart = reshape(x, [...lead, channels, height / r, r, width / r, r]);
    const moved = permuteBehind(apart, lead.length, [0, 2, 4, 1, 3]);
    return reshape(moved, [...lead, channels * r * r, height / r, width / r]);
  });
}

/**
 * Deals the channels out: those of g groups, one after the other, become one of each group, then the next of each
 * (Zhang et al., 2018).
 *
 * x: [N, C, ...] of at least three dims; gives its shape. All dtypes.
 * @throws ShapeError if g does not divide the channels.
 * @example
 * import { F, tensor } from 'lanegrad';
 * F.channelShuffle(tensor([[[1], [2], [3], [4]]]), 2).tolist(); // => [[[1], [3], [2], [4]]]
 */
export function channelShuffle(x: Tensor, groups: number): Tensor {
  checkTensor('channelShuffle', 'x', x);
  checkFactor('channelShuffle', 'groups', groups);
  const { shape } = x;
  if (shape.length < 3 || shape[1]! % groups !== 0) {
    throw new ShapeError(
      `[channelShuffle] x: got ${shapeText(shape)}, wanted [N, C, ...] with channels that ${groups} divides`,
    );
  }
  return scoped(() => {
    const apart = reshape(x, [shape[0]!, groups, shape[1]! / groups, ...shape.slice(2)]);
    return reshape(permute(apart, [0, 2, 1, ...shape.slice(2).map((_, i) => i + 3)]), shape);
  });
}
