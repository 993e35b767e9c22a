import { backend } from '../backend/current.js';
import { checkFlag, checkInt, checkOptions, checkTensor, pairOf, shapeText } from '../check.js';
import { ShapeError, ValueError } from '../errors.js';
import { scoped } from '../scope.js';
import type { Tensor } from '../tensor.js';
import { squeeze, unsqueeze } from './view.js';

/** One number for both directions, or [height, width]. */
export type Pair = number | readonly [number, number];

export interface Conv2dOptions {
  /** Default 1. */
  stride?: Pair;
  /** Zeros added on each side; `same` keeps the size at stride 1, `valid` is 0. Default 0. */
  padding?: Pair | 'same' | 'valid';
  /** Distance of kernel elements. Default 1. */
  dilation?: Pair;
  /** Groups of channels that see only each other. Default 1. */
  groups?: number;
}

export interface ConvAttrs {
  readonly stride: readonly number[];
  readonly padding: readonly number[];
  readonly dilation: readonly number[];
  readonly groups: number;
}

/** Options as the op takes them, for a kernel of this size. A layer resolves them once. */
export function convAttrs(op: string, kernel: readonly number[], options: Conv2dOptions): ConvAttrs {
  checkOptions(op, options);
  const { stride = 1, padding = 0, dilation = 1, groups = 1 } = options;
  checkInt(op, 'groups', groups);
  if (groups < 1) throw new ValueError(`[${op}] groups: got ${groups}, wanted at least 1`);
  const steps = pairOf(op, 'stride', stride, 1);
  const spacing = pairOf(op, 'dilation', dilation, 1);
  let around: readonly number[];
  if (padding === 'same') {
    if (steps[0] !== 1 || steps[1] !== 1)
      throw new ValueError(`[${op}] padding: got same with a stride other than 1`);
    around = kernel.map((size, i) => (spacing[i]! * (size - 1)) / 2);
    if (!around.every(Number.isInteger)) {
      throw new ValueError(
        `[${op}] padding: got same for a kernel of ${shapeText(kernel)}, which cannot be centred`,
      );
    }
  } else {
    around = padding === 'valid' ? [0, 0] : pairOf(op, 'padding', padding, 0);
  }
  return { stride: steps, padding: around, dilation: spacing, groups };
}

const plainConv: ConvAttrs = Object.freeze({ stride: [1, 1], padding: [0, 0], dilation: [1, 1], groups: 1 });

/**
 * The 2-D cross-correlation of an image with learned kernels.
 *
 * x: [N, Cin, H, W] or [Cin, H, W]; weight: [Cout, Cin / groups, kH, kW]; bias: [Cout] or none. Gives [N, Cout, H', W'] with
 * H' = floor((H + 2 padding - dilation (kH - 1) - 1) / stride) + 1.
 * @throws ShapeError if channels do not fit, or the kernel is larger than the padded image.
 * @example
 * import { conv2d, ones } from 'lanegrad';
 * conv2d(ones([1, 1, 3, 3]), ones([1, 1, 2, 2])).tolist(); // => [[[[4, 4], [4, 4]]]]
 */
export function conv2d(x: Tensor, weight: Tensor, bias?: Tensor | null, options?: Conv2dOptions): Tensor {
  checkTensor('conv2d', 'x', x);
  checkTensor('conv2d', 'weight', weight);
  if (bias != null) checkTensor('conv2d', 'bias', bias);
  const attrs = options === undefined ? plainConv : convAttrs('conv2d', weight.shape.slice(2), options);
  return runConv2d(x, weight, bias ?? null, attrs);
}

export function runConv2d(x: Tensor, weight: Tensor, bias: Tensor | null, attrs: ConvAttrs): Tensor {
  return batched(x, (images) => backend.run1('conv2d', [images, weight, bias], attrs));
}

/** Runs an op of [N, C, H, W] on [C, H, W] too. */
function batched(x: Tensor, run: (images: Tensor) => Tensor): Tensor {
  if (x.shape.length !== 3) return run(x);
  return scoped(() => squeeze(run(unsqueeze(x, 0)), 0));
}

export interface PoolOptions {
  /** Default: the kernel. */
  stride?: Pair;
  /** At most half the kernel. Default 0. */
  padding?: Pair;
  /** Round the output size up, so that a last window may stick out. Default false. */
  ceilMode?: boolean;
}

export interface MaxPool2dOptions extends PoolOptions {
  /** Distance of window elements. Default 1. */
  dilation?: Pair;
}

export interface AvgPool2dOptions extends PoolOptions {
  /** Whether padding counts as elements of a window. Default true. */
  countIncludePad?: boolean;
}

function windowAttrs(op: string, kernel: Pair, options: PoolOptions) {
  checkOptions(op, options);
  const sizes = pairOf(op, 'kernel', kernel, 1);
  return {
    kernel: sizes,
    stride: options.stride === undefined ? sizes : pairOf(op, 'stride', options.stride, 1),
    padding: pairOf(op, 'padding', options.padding ?? 0, 0),
    ceilMode: checkFlag(op, 'ceilMode', options.ceilMode),
  };
}

export function maxPoolAttrs(kernel: Pair, options: MaxPool2dOptions) {
  const attrs = windowAttrs('maxPool2d', kernel, options);
  return { ...attrs, dilation: pairOf('maxPool2d', 'dilation', options.dilation ?? 1, 1) };
}

export function avgPoolAttrs(kernel: Pair, options: AvgPool2dOptions) {
  const attrs = windowAttrs('avgPool2d', kernel, options);
  const { countIncludePad = true } = options;
  return { ...attrs, countIncludePad: checkFlag('avgPool2d', 'countIncludePad', countIncludePad) };
}

/**
 * The largest element of each window; padding counts as -Infinity, NaN wins. The gradient goes to that element.
 *
 * x: [N, C, H, W] or [C, H, W]; gives [N, C, H', W'] with
 * H' = floor((H + 2 padding - dilation (kernel - 1) - 1) / stride) + 1.
 * @throws ShapeError if the window is larger than the padded image.
 * @throws ValueError if padding is more than half the kernel.
 * @example
 * import { maxPool2d, tensor } from 'lanegrad';
 * maxPool2d(tensor([[[[1.5, 2], [4, 3]]]]), 2).tolist(); // => [[[[4]]]]
 */
export function maxPool2d(x: Tensor, kernel: Pair, options: MaxPool2dOptions = {}): Tensor {
  return runMaxPool2d(x, maxPoolAttrs(kernel, options));
}

export function runMaxPool2d(x: Tensor, attrs: ReturnType<typeof maxPoolAttrs>): Tensor {
  checkTensor('maxPool2d', 'x', x);
  return batched(x, (images) => backend.run1('maxPool2d', [images], attrs));
}

/**
 * The largest element of each window as {@link maxPool2d}, and its place as an int64 index into the H * W plane.
 *
 * @example
 * import { maxPool2dWithIndices, tensor } from 'lanegrad';
 * maxPool2dWithIndices(tensor([[[[1.5, 2], [4, 3]]]]), 2).indices.tolist(); // => [[[[2]]]]
 */
export function maxPool2dWithIndices(
  x: Tensor,
  kernel: Pair,
  options: MaxPool2dOptions = {},
): { values: Tensor; indices: Tensor<'int64'> } {
  checkTensor('maxPool2dWithIndices', 'x', x);
  if (x.shape.length === 3) {
    throw new ShapeError(
      `[maxPool2dWithIndices] x: got ${shapeText(x.shape)}, wanted four dims [N, C, H, W]`,
    );
  }
  const [values, indices] = backend.run('maxPool2d', [x], maxPoolAttrs(kernel, options));
  return { values: values!, indices: indices as Tensor<'int64'> };
}

/**
 * The mean of each window.
 *
 * x: [N, C, H, W] or [C, H, W]; gives [N, C, H', W'] with H' = floor((H + 2 padding - kernel) / stride) + 1.
 * @throws ShapeError if the window is larger than the padded image.
 * @example
 * import { avgPool2d, tensor } from 'lanegrad';
 * avgPool2d(tensor([[[[1.0, 2], [4, 5]]]], { dtype: 'float32' }), 2).tolist(); // => [[[[3]]]]
 */
export function avgPool2d(x: Tensor, kernel: Pair, options: AvgPool2dOptions = {}): Tensor {
  return runAvgPool2d(x, avgPoolAttrs(kernel, options));
}

export function runAvgPool2d(x: Tensor, attrs: ReturnType<typeof avgPoolAttrs>): Tensor {
  checkTensor('avgPool2d', 'x', x);
  return batched(x, (images) => backend.run1('avgPool2d', [images], attrs));
}
