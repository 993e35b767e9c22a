import { checkChoice, checkTensor, shapeText } from '../../check.js';
import { ShapeError } from '../../errors.js';
import { zeros } from '../../ops/creation.js';
import { runConv } from '../../ops/conv/conv.js';
import { convPlan } from '../../ops/conv/options.js';
import type { ConvOptions, ConvPlan } from '../../ops/conv/options.js';
import { pad } from '../../ops/pad.js';
import type { PadMode } from '../../ops/pad.js';
import { checkImage, sizesOf } from '../../ops/sizes.js';
import type { Pair, Single, Triple } from '../../ops/sizes.js';
import { scoped } from '../../scope.js';
import type { Tensor } from '../../tensor.js';
import { initialize } from '../linear.js';
import { Module } from '../module.js';
import type { LayerShapes } from '../module.js';
import { layerDType, readOptions } from '../options.js';
import type { LayerOptions } from '../options.js';
import { parameter } from '../parameter.js';
import type { Parameter } from '../parameter.js';
import { checkGroupedChannels, convMultiplyAdds } from './channels.js';
import { noteParameters } from '../parameter-fields.js';

const paddingModes = ['zeros', 'reflect', 'replicate', 'circular'] as const;

/** What a convolution puts around its input; see {@link PadMode}. */
export type ConvPaddingMode = (typeof paddingModes)[number];

export interface ConvLayerOptions<Size> extends ConvOptions<Size>, LayerOptions {
  /** Whether there is a bias. Default true. */
  bias?: boolean;
  /** What the padding is made of: zeros; the input mirrored at its edge; its edge; its other end. Default `zeros`. */
  paddingMode?: ConvPaddingMode;
}

export type Conv1dLayerOptions = ConvLayerOptions<Single>;
export type Conv2dLayerOptions = ConvLayerOptions<Pair>;
export type Conv3dLayerOptions = ConvLayerOptions<Triple>;

/** What the convolutions share. */
export abstract class Convolution<Size extends Single | Pair | Triple> extends Module {
  weight: Parameter;
  bias: Parameter | null;
  readonly kernelSize: readonly number[];
  readonly stride: readonly number[];
  readonly padding: readonly number[] | 'same' | 'valid';
  readonly dilation: readonly number[];
  readonly groups: number;
  readonly paddingMode: ConvPaddingMode;
  readonly #name: string;
  readonly #plan: ConvPlan;
  /** What `pad` puts around x before, or null where the op pads with zeros. */
  readonly #border: { readonly sizes: readonly number[]; readonly mode: PadMode } | null;

  protected constructor(
    name: string,
    directions: 1 | 2 | 3,
    readonly inChannels: number,
    readonly outChannels: number,
    kernelSize: Size,
    options: ConvLayerOptions<Size>,
    one: Size,
    none: Size,
  ) {
    super();
    const settings = readOptions<ConvLayerOptions<Size>>(
      name,
      options,
      {
        stride: one,
        padding: none,
        dilation: one,
        groups: 1,
        bias: true,
        paddingMode: 'zeros',
        dtype: 'float32',
      },
      ['stride', 'padding', 'dilation'],
    );
    const dtype = layerDType(name, settings);
    const { groups, padding, paddingMode } = settings;
    checkChoice(name, 'paddingMode', paddingMode, paddingModes);
    this.kernelSize = sizesOf(name, 'kernelSize', kernelSize, directions, 1);
    const plan = convPlan(name, this.kernelSize, settings);
    checkGroupedChannels(name, inChannels, outChannels, groups);
    this.stride = plan.attrs.stride;
    this.padding = typeof padding === 'string' ? padding : plan.attrs.padding;
    this.dilation = plan.attrs.dilation;
    this.groups = groups;
    this.paddingMode = paddingMode;
    this.#name = name;
    this.#border = paddingMode === 'zeros' ? null : { sizes: borderOf(plan), mode: paddingMode };
    this.#plan = this.#border === null ? plan : withoutPadding(plan);
    const kernel = [inChannels / groups, ...this.kernelSize];
    this.weight = parameter(zeros([outChannels, ...kernel], { dtype }));
    this.bias = settings.bias ? parameter(zeros([outChannels], { dtype })) : null;
    initialize(this.weight, this.bias);
    this[noteParameters]();
  }

  forward(x: Tensor): Tensor {
    const name = this.#name;
    checkTensor(name, 'x', x);
    const batched = checkImage(name, x, this.kernelSize.length, false);
    if (x.shape[batched ? 1 : 0] !== this.inChannels) {
      throw new ShapeError(
        `[${name}] x is ${shapeText(x.shape)}, wanted ${this.inChannels} channels in dim ${batched ? 1 : 0}`,
      );
    }
    const { weight, bias } = this;
    const border = this.#border;
    if (border === null) return runConv(name, x, weight, bias, this.#plan);
    return scoped(() => {
      const framed = pad(x, border.sizes, { mode: border.mode });
      return runConv(name, framed, weight, bias, this.#plan);
    });
  }

  override multiplyAdds(shapes: LayerShapes): number {
    return convMultiplyAdds(this.weight, shapes.outputs[0]!);
  }
}

/** The padding as `pad` takes it: the last dim first. */
function borderOf({ attrs, behind }: ConvPlan): number[] {
  const pairs = attrs.padding.map((size, d) => [size, size + (behind?.[d] ?? 0)]);
  return pairs.reverse().flat();
}

function withoutPadding({ attrs }: ConvPlan): ConvPlan {
  return { attrs: { ...attrs, padding: attrs.padding.map(() => 0) }, behind: null };
}

/**
 * The 1-D cross-correlation of signals with learned kernels. See {@link conv1d}.
 *
 * x: [N, inChannels, L] or [inChannels, L]; gives [N, outChannels, L'] with
 * L' = floor((L + 2 padding - dilation (kernel - 1) - 1) / stride) + 1. weight: [outChannels, inChannels / groups, kL],
 * bias: [outChannels], both drawn uniformly from [-b, b) with b = 1/sqrt(elements of a kernel).
 * @throws ValueError for sizes below 1, channels that `groups` does not divide, or an option that is unknown.
 * @throws ShapeError from `forward`, if the channels differ or the kernel is larger than the padded signal.
 * @example
 * import { nn, ones } from 'lanegrad';
 * const layer = new nn.Conv1d(4, 8, 3, { padding: 'same' });
 * layer.forward(ones([2, 4, 16])).shape; // => [2, 8, 16]
 */
export class Conv1d extends Convolution<Single> {
  constructor(inChannels: number, outChannels: number, kernelSize: Single, options: Conv1dLayerOptions = {}) {
    super('Conv1d', 1, inChannels, outChannels, kernelSize, options, 1, 0);
  }
}

/**
 * The 2-D cross-correlation of images with learned kernels. See {@link conv2d}.
 *
 * x: [N, inChannels, H, W] or [inChannels, H, W]; gives [N, outChannels, H', W'] with
 * H' = floor((H + 2 padding - dilation (kernel - 1) - 1) / stride) + 1. weight: [outChannels, inChannels / groups, kH, kW],
 * bias: [outChannels], both drawn uniformly from [-b, b) with b = 1/sqrt(elements of a kernel).
 * @throws ValueError for sizes below 1, channels that `groups` does not divide, or an option that is unknown.
 * @throws ShapeError from `forward`, if the channels differ or the kernel is larger than the padded image.
 * @example
 * import { nn, ones } from 'lanegrad';
 * const layer = new nn.Conv2d(3, 8, 3, { padding: 1, stride: 2 });
 * layer.forward(ones([1, 3, 32, 32])).shape; // => [1, 8, 16, 16]
 */
export class Conv2d extends Convolution<Pair> {
  constructor(inChannels: number, outChannels: number, kernelSize: Pair, options: Conv2dLayerOptions = {}) {
    super('Conv2d', 2, inChannels, outChannels, kernelSize, options, 1, 0);
  }
}

/**
 * The 3-D cross-correlation of volumes with learned kernels. See {@link conv3d}.
 *
 * x: [N, inChannels, D, H, W] or [inChannels, D, H, W]; gives [N, outChannels, D', H', W'] with
 * D' = floor((D + 2 padding - dilation (kernel - 1) - 1) / stride) + 1. weight: [outChannels, inChannels / groups, kD, kH, kW],
 * bias: [outChannels], both drawn uniformly from [-b, b) with b = 1/sqrt(elements of a kernel).
 * @throws ValueError for sizes below 1, channels that `groups` does not divide, or an option that is unknown.
 * @throws ShapeError from `forward`, if the channels differ or the kernel is larger than the padded volume.
 * @example
 * import { nn, ones } from 'lanegrad';
 * const layer = new nn.Conv3d(1, 4, [1, 3, 3], { paddingMode: 'replicate', padding: [0, 1, 1] });
 * layer.forward(ones([1, 1, 5, 8, 8])).shape; // => [1, 4, 5, 8, 8]
 */
export class Conv3d extends Convolution<Triple> {
  constructor(inChannels: number, outChannels: number, kernelSize: Triple, options: Conv3dLayerOptions = {}) {
    super('Conv3d', 3, inChannels, outChannels, kernelSize, options, 1, 0);
  }
}
