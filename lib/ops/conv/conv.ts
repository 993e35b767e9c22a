import { backend } from '../../backend/current.js';
import { checkTensor, shapeText } from '../../check.js';
import { ShapeError } from '../../errors.js';
import { scoped } from '../../scope.js';
import type { Tensor } from '../../tensor.js';
import { to } from '../convert.js';
import { checkImage, directionNames } from '../sizes.js';
import { squeeze, unsqueeze } from '../view.js';
import { convPlan } from './options.js';
import type {
  Conv1dOptions,
  Conv2dOptions,
  Conv3dOptions,
  ConvAttrs,
  ConvOptions,
  ConvPlan,
} from './options.js';
import type { Pair, Single, Triple } from '../sizes.js';

const plainPlans = [1, 2, 3].map((directions) =>
  convPlan('convolution', new Array<number>(directions).fill(1), {}),
);

function conv(
  op: string,
  directions: 1 | 2 | 3,
  x: Tensor,
  weight: Tensor,
  bias: Tensor | null | undefined,
  options: ConvOptions<Single | Pair | Triple> | undefined,
): Tensor {
  checkTensor(op, 'x', x);
  checkTensor(op, 'weight', weight);
  if (bias != null) checkTensor(op, 'bias', bias);
  checkWeight(op, weight, directions);
  const plan =
    options === undefined ? plainPlans[directions - 1]! : convPlan(op, weight.shape.slice(2), options);
  return runConv(op, x, weight, bias ?? null, plan);
}

export function checkWeight(op: string, weight: Tensor, directions: number): void {
  if (weight.shape.length !== directions + 2) {
    const dims = directionNames[directions]!.replaceAll(/[LDHW]/g, 'k$&');
    throw new ShapeError(
      `[${op}] weight: got ${shapeText(weight.shape)}, wanted [Cout, Cin / groups, ${dims}]`,
    );
  }
}

/** Runs a convolution that was planned before, over [N, C, ...] or [C, ...]. */
export function runConv(
  op: string,
  x: Tensor,
  weight: Tensor,
  bias: Tensor | null,
  { attrs, behind }: ConvPlan,
): Tensor {
  const batched = checkImage(op, x, attrs.stride.length, false);
  checkChannels(op, x.shape[batched ? 1 : 0]!, weight, attrs.groups);
  checkFits(op, x, weight, attrs, behind);
  if (batched && behind === null && x.dtype !== 'int64') {
    return backend.run1('convolution', [x, weight, bias], attrs);
  }
  return scoped(() => {
    let images = batched ? x : unsqueeze(x, 0);
    if (behind !== null) {
      images = backend.run1('padConstant', [images], {
        before: behind.map(() => 0),
        after: behind,
        value: 0,
      });
    }
    const out = throughFloat64([images, weight, bias], (inputs) =>
      backend.run1('convolution', inputs, attrs),
    );
    return batched ? out : squeeze(out, 0);
  });
}

function checkChannels(op: string, channels: number, weight: Tensor, groups: number): void {
  const [outs, ins] = weight.shape as [number, number];
  if (ins * groups !== channels || outs % groups !== 0) {
    throw new ShapeError(
      `[${op}] channels do not fit: x has ${channels}, weight is ${shapeText(weight.shape)} with groups ${groups}`,
    );
  }
}

function checkFits(
  op: string,
  x: Tensor,
  weight: Tensor,
  { padding, dilation }: ConvAttrs,
  behind: readonly number[] | null,
): void {
  const lead = x.shape.length - padding.length;
  for (let d = 0; d < padding.length; ++d) {
    const room = x.shape[lead + d]! + 2 * padding[d]! + (behind?.[d] ?? 0);
    if (dilation[d]! * (weight.shape[d + 2]! - 1) + 1 > room) {
      throw new ShapeError(
        `[${op}] the kernel is larger than the padded input: x is ${shapeText(x.shape)}, weight is ${shapeText(weight.shape)}, padding ${shapeText(padding)}, dilation ${shapeText(dilation)}`,
      );
    }
  }
}

/** int64 operands are computed as float64: exact as long as sums stay below 2^53. */
export function throughFloat64(
  inputs: readonly (Tensor | null)[],
  run: (inputs: readonly (Tensor | null)[]) => Tensor,
): Tensor {
  if (!inputs.every((input) => input === null || input.dtype === 'int64')) return run(inputs);
  return to(run(inputs.map((input) => input && to(input, 'float64'))), 'int64');
}

/**
 * The 1-D cross-correlation of signals with learned kernels.
 *
 * x: [N, Cin, L] or [Cin, L]; weight: [Cout, Cin / groups, kL]; bias: [Cout] or none. Gives [N, Cout, L'] with
 * L' = floor((L + 2 padding - dilation (kL - 1) - 1) / stride) + 1. Floating dtypes, and int64.
 * @throws ShapeError if channels do not fit, or the kernel is larger than the padded signal.
 * @example
 * import { F, tensor } from 'lanegrad';
 * F.conv1d(tensor([[[1.5, 2, 3]]]), tensor([[[1.0, 2]]], { dtype: 'float32' })).tolist(); // => [[[5.5, 8]]]
 */
export function conv1d(x: Tensor, weight: Tensor, bias?: Tensor | null, options?: Conv1dOptions): Tensor {
  return conv('conv1d', 1, x, weight, bias, options);
}

/**
 * The 2-D cross-correlation of images with learned kernels.
 *
 * x: [N, Cin, H, W] or [Cin, H, W]; weight: [Cout, Cin / groups, kH, kW]; bias: [Cout] or none. Gives [N, Cout, H', W'] with
 * H' = floor((H + 2 padding - dilation (kH - 1) - 1) / stride) + 1. Floating dtypes, and int64.
 * @throws ShapeError if channels do not fit, or the kernel is larger than the padded image.
 * @example
 * import { conv2d, ones } from 'lanegrad';
 * conv2d(ones([1, 1, 3, 3]), ones([1, 1, 2, 2])).tolist(); // => [[[[4, 4], [4, 4]]]]
 */
export function conv2d(x: Tensor, weight: Tensor, bias?: Tensor | null, options?: Conv2dOptions): Tensor {
  return conv('conv2d', 2, x, weight, bias, options);
}

/**
 * The 3-D cross-correlation of volumes with learned kernels.
 *
 * x: [N, Cin, D, H, W] or [Cin, D, H, W]; weight: [Cout, Cin / groups, kD, kH, kW]; bias: [Cout] or none. Gives
 * [N, Cout, D', H', W'] with D' = floor((D + 2 padding - dilation (kD - 1) - 1) / stride) + 1. Floating dtypes, and int64.
 * @throws ShapeError if channels do not fit, or the kernel is larger than the padded volume.
 * @example
 * import { F, ones } from 'lanegrad';
 * F.conv3d(ones([1, 2, 4, 4, 4]), ones([3, 2, 2, 2, 2])).shape; // => [1, 3, 3, 3, 3]
 */
export function conv3d(x: Tensor, weight: Tensor, bias?: Tensor | null, options?: Conv3dOptions): Tensor {
  return conv('conv3d', 3, x, weight, bias, options);
}
