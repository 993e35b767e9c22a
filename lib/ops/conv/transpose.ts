import { backend } from '../../backend/current.js';
import { checkOptions, checkTensor, shapeText } from '../../check.js';
import { ShapeError, ValueError } from '../../errors.js';
import { scoped } from '../../scope.js';
import type { Tensor } from '../../tensor.js';
import { checkImage, sizesOf } from '../sizes.js';
import type { Pair, Single, Triple } from '../sizes.js';
import { squeeze, unsqueeze } from '../view.js';
import { checkWeight, throughFloat64 } from './conv.js';
import { checkGroups } from './options.js';
import type { ConvAttrs } from './options.js';

export interface ConvTransposeOptions<Size> {
  /** Default 1. */
  stride?: Size;
  /** Of the convolution that this one transposes: so many elements are cut off each side. Default 0. */
  padding?: Size;
  /** Elements added behind, less than the stride or the dilation. Default 0. */
  outputPadding?: Size;
  /** Groups of channels that see only each other. Default 1. */
  groups?: number;
  /** Distance of kernel elements. Default 1. */
  dilation?: Size;
}

export type ConvTranspose1dOptions = ConvTransposeOptions<Single>;
export type ConvTranspose2dOptions = ConvTransposeOptions<Pair>;
export type ConvTranspose3dOptions = ConvTransposeOptions<Triple>;

/** How a transposed convolution runs: the attributes of the convolution that it transposes, and what it adds behind. */
export interface ConvTransposePlan {
  readonly attrs: ConvAttrs;
  readonly outputPadding: readonly number[];
}

/** Options as the op takes them. A layer resolves them once. */
export function convTransposePlan(
  op: string,
  directions: number,
  options: ConvTransposeOptions<Single | Pair | Triple>,
): ConvTransposePlan {
  checkOptions(op, options);
  const { stride = 1, padding = 0, outputPadding = 0, groups = 1, dilation = 1 } = options;
  checkGroups(op, groups);
  const attrs: ConvAttrs = {
    stride: sizesOf(op, 'stride', stride, directions, 1),
    padding: sizesOf(op, 'padding', padding, directions, 0),
    dilation: sizesOf(op, 'dilation', dilation, directions, 1),
    groups,
  };
  const behind = sizesOf(op, 'outputPadding', outputPadding, directions, 0);
  if (behind.some((by, d) => by >= Math.max(attrs.stride[d]!, attrs.dilation[d]!))) {
    throw new ValueError(
      `[${op}] outputPadding: got ${shapeText(behind)}, wanted less than the stride or the dilation`,
    );
  }
  return { attrs, outputPadding: behind };
}

/** Runs a transposed convolution that was planned before, over [N, C, ...] or [C, ...]. */
export function runConvTranspose(
  op: string,
  x: Tensor,
  weight: Tensor,
  bias: Tensor | null,
  { attrs, outputPadding }: ConvTransposePlan,
): Tensor {
  const { stride, padding, dilation, groups } = attrs;
  const batched = checkImage(op, x, stride.length, false);
  const [ins, outs] = weight.shape as [number, number];
  if (x.shape[batched ? 1 : 0] !== ins || ins % groups !== 0) {
    throw new ShapeError(
      `[${op}] channels do not fit: x is ${shapeText(x.shape)}, weight is ${shapeText(weight.shape)} with groups ${groups}`,
    );
  }
  const sizes = stride.map((step, d) => {
    const size = x.shape[d + (batched ? 2 : 1)]!;
    return (
      (size - 1) * step - 2 * padding[d]! + dilation[d]! * (weight.shape[d + 2]! - 1) + outputPadding[d]! + 1
    );
  });
  if (sizes.some((size) => size < 1)) {
    throw new ShapeError(
      `[${op}] padding of ${shapeText(padding)} leaves nothing: x is ${shapeText(x.shape)}, weight is ${shapeText(weight.shape)}`,
    );
  }
  // An output padding of a stride or more is what that many zeros behind x would give.
  const more = outputPadding.map((by, d) => Math.floor(by / stride[d]!));
  return scoped(() => {
    let images = batched ? x : unsqueeze(x, 0);
    if (more.some((zeros) => zeros > 0)) {
      images = backend.run1('padConstant', [images], { before: more.map(() => 0), after: more, value: 0 });
    }
    const inputShape = [images.shape[0]!, outs * groups, ...sizes];
    const out = throughFloat64([images, weight, bias], (inputs) =>
      backend.run1('convolutionInputGrad', inputs, { inputShape, ...attrs }),
    );
    return batched ? out : squeeze(out, 0);
  });
}

function convTranspose(
  op: string,
  directions: 1 | 2 | 3,
  x: Tensor,
  weight: Tensor,
  bias: Tensor | null | undefined,
  options: ConvTransposeOptions<Single | Pair | Triple>,
): Tensor {
  checkTensor(op, 'x', x);
  checkTensor(op, 'weight', weight);
  if (bias != null) checkTensor(op, 'bias', bias);
  checkWeight(op, weight, directions);
  return runConvTranspose(op, x, weight, bias ?? null, convTransposePlan(op, directions, options));
}

/**
 * The transposed 1-D convolution: the gradient of conv1d with respect to its input, as an op. Scales signals up.
 *
 * x: [N, Cin, L] or [Cin, L]; weight: [Cin, Cout / groups, kL]; bias: [Cout] or none. Gives [N, Cout, L'] with
 * L' = (L - 1) stride - 2 padding + dilation (kL - 1) + outputPadding + 1. Floating dtypes, and int64.
 * @throws ShapeError if channels do not fit, or the padding leaves nothing.
 * @throws ValueError if outputPadding is not less than the stride or the dilation.
 * @example
 * import { F, tensor } from 'lanegrad';
 * F.convTranspose1d(tensor([[[1.5, 2]]]), tensor([[[1.0, 3]]], { dtype: 'float32' }), null, { stride: 2 }).tolist();
 * // => [[[1.5, 4.5, 2, 6]]]
 */
export function convTranspose1d(
  x: Tensor,
  weight: Tensor,
  bias?: Tensor | null,
  options: ConvTranspose1dOptions = {},
): Tensor {
  return convTranspose('convTranspose1d', 1, x, weight, bias, options);
}

/**
 * The transposed 2-D convolution: the gradient of conv2d with respect to its input, as an op. Scales images up.
 *
 * x: [N, Cin, H, W] or [Cin, H, W]; weight: [Cin, Cout / groups, kH, kW]; bias: [Cout] or none. Gives [N, Cout, H', W'] with
 * H' = (H - 1) stride - 2 padding + dilation (kH - 1) + outputPadding + 1. Floating dtypes, and int64.
 * @throws ShapeError if channels do not fit, or the padding leaves nothing.
 * @throws ValueError if outputPadding is not less than the stride or the dilation.
 * @example
 * import { F, ones } from 'lanegrad';
 * F.convTranspose2d(ones([1, 1, 2, 2]), ones([1, 1, 2, 2])).tolist(); // => [[[[1, 2, 1], [2, 4, 2], [1, 2, 1]]]]
 */
export function convTranspose2d(
  x: Tensor,
  weight: Tensor,
  bias?: Tensor | null,
  options: ConvTranspose2dOptions = {},
): Tensor {
  return convTranspose('convTranspose2d', 2, x, weight, bias, options);
}

/**
 * The transposed 3-D convolution: the gradient of conv3d with respect to its input, as an op. Scales volumes up.
 *
 * x: [N, Cin, D, H, W] or [Cin, D, H, W]; weight: [Cin, Cout / groups, kD, kH, kW]; bias: [Cout] or none. Gives
 * [N, Cout, D', H', W'] with D' = (D - 1) stride - 2 padding + dilation (kD - 1) + outputPadding + 1. Floating dtypes, and int64.
 * @throws ShapeError if channels do not fit, or the padding leaves nothing.
 * @throws ValueError if outputPadding is not less than the stride or the dilation.
 * @example
 * import { F, ones } from 'lanegrad';
 * F.convTranspose3d(ones([1, 2, 3, 3, 3]), ones([2, 4, 2, 2, 2]), null, { stride: 2 }).shape; // => [1, 4, 6, 6, 6]
 */
export function convTranspose3d(
  x: Tensor,
  weight: Tensor,
  bias?: Tensor | null,
  options: ConvTranspose3dOptions = {},
): Tensor {
  return convTranspose('convTranspose3d', 3, x, weight, bias, options);
}
