import { checkInts, checkTensor, shapeText } from '../../check.js';
import { ShapeError, ValueError } from '../../errors.js';
import { zeros } from '../../ops/creation.js';
import { convTransposePlan, runConvTranspose } from '../../ops/conv/transpose.js';
import type { ConvTransposeOptions, ConvTransposePlan } from '../../ops/conv/transpose.js';
import { checkImage, sizesOf } from '../../ops/sizes.js';
import type { Pair, Single, Triple } from '../../ops/sizes.js';
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

export interface ConvTransposeLayerOptions<Size> extends ConvTransposeOptions<Size>, LayerOptions {
  /** Whether there is a bias. Default true. */
  bias?: boolean;
}

export type ConvTranspose1dLayerOptions = ConvTransposeLayerOptions<Single>;
export type ConvTranspose2dLayerOptions = ConvTransposeLayerOptions<Pair>;
export type ConvTranspose3dLayerOptions = ConvTransposeLayerOptions<Triple>;

/** What `forward` takes besides x. */
export interface ConvTransposeCallOptions {
  /**
   * The sizes of the result, with or without N and C, less than a stride above the smallest that can be. Default: what the
   * formula gives with `outputPadding`.
   */
  outputSize?: readonly number[] | null;
}

/** What the transposed convolutions share. */
export abstract class ConvolutionTranspose<Size extends Single | Pair | Triple> extends Module<
  [x: Tensor, options?: ConvTransposeCallOptions]
> {
  weight: Parameter;
  bias: Parameter | null;
  readonly kernelSize: readonly number[];
  readonly stride: readonly number[];
  readonly padding: readonly number[];
  readonly outputPadding: readonly number[];
  readonly dilation: readonly number[];
  readonly groups: number;
  readonly #name: string;
  readonly #plan: ConvTransposePlan;

  protected constructor(
    name: string,
    directions: 1 | 2 | 3,
    readonly inChannels: number,
    readonly outChannels: number,
    kernelSize: Size,
    options: ConvTransposeLayerOptions<Size>,
    one: Size,
    none: Size,
  ) {
    super();
    const settings = readOptions<ConvTransposeLayerOptions<Size>>(
      name,
      options,
      {
        stride: one,
        padding: none,
        outputPadding: none,
        groups: 1,
        bias: true,
        dilation: one,
        dtype: 'float32',
      },
      ['stride', 'padding', 'outputPadding', 'dilation'],
    );
    const dtype = layerDType(name, settings);
    const { groups } = settings;
    this.kernelSize = sizesOf(name, 'kernelSize', kernelSize, directions, 1);
    const plan = convTransposePlan(name, directions, settings);
    checkGroupedChannels(name, inChannels, outChannels, groups);
    this.stride = plan.attrs.stride;
    this.padding = plan.attrs.padding;
    this.outputPadding = plan.outputPadding;
    this.dilation = plan.attrs.dilation;
    this.groups = groups;
    this.#name = name;
    this.#plan = plan;
    this.weight = parameter(zeros([inChannels, outChannels / groups, ...this.kernelSize], { dtype }));
    this.bias = settings.bias ? parameter(zeros([outChannels], { dtype })) : null;
    initialize(this.weight, this.bias);
    this[noteParameters]();
  }

  forward(x: Tensor, options: ConvTransposeCallOptions = {}): Tensor {
    const name = this.#name;
    checkTensor(name, 'x', x);
    const batched = checkImage(name, x, this.kernelSize.length, false);
    if (x.shape[batched ? 1 : 0] !== this.inChannels) {
      throw new ShapeError(
        `[${name}] x is ${shapeText(x.shape)}, wanted ${this.inChannels} channels in dim ${batched ? 1 : 0}`,
      );
    }
    const { outputSize } = readOptions(name, options, { outputSize: null });
    const outputPadding = outputSize === null ? this.outputPadding : this.#paddingFor(x, outputSize);
    return runConvTranspose(name, x, this.weight, this.bias, { attrs: this.#plan.attrs, outputPadding });
  }

  /** The output padding that leads to the wanted sizes. */
  #paddingFor(x: Tensor, outputSize: readonly number[]): number[] {
    const { kernelSize, stride, padding, dilation } = this;
    const name = this.#name;
    checkInts(name, 'outputSize', outputSize);
    const directions = kernelSize.length;
    if (outputSize.length !== directions && outputSize.length !== x.ndim) {
      throw new ValueError(
        `[${name}] outputSize: got ${shapeText(outputSize)}, wanted ${directions} sizes or ${x.ndim}`,
      );
    }
    const sizes = x.shape.slice(-directions);
    const smallest = sizes.map(
      (size, d) => (size - 1) * stride[d]! - 2 * padding[d]! + dilation[d]! * (kernelSize[d]! - 1) + 1,
    );
    const more = outputSize.slice(-directions).map((size, d) => size - smallest[d]!);
    if (more.some((by, d) => by < 0 || by >= stride[d]!)) {
      const largest = smallest.map((size, d) => size + stride[d]! - 1);
      throw new ValueError(
        `[${name}] outputSize: got ${shapeText(outputSize)}, wanted sizes from ${shapeText(smallest)} to ${shapeText(largest)}`,
      );
    }
    return more;
  }

  override multiplyAdds(shapes: LayerShapes): number {
    return convMultiplyAdds(this.weight, shapes.inputs[0]!);
  }
}

/**
 * The transposed 1-D convolution: what the gradient of {@link Conv1d} does, as a layer. Scales signals up. See
 * {@link convTranspose1d}.
 *
 * x: [N, inChannels, L] or [inChannels, L]; gives [N, outChannels, L'] with
 * L' = (L - 1) stride - 2 padding + dilation (kernel - 1) + outputPadding + 1. weight:
 * [inChannels, outChannels / groups, kL], bias: [outChannels], both drawn uniformly from [-b, b) with
 * b = 1/sqrt(outChannels / groups * elements of the window).
 * @throws ValueError for sizes below 1, channels that `groups` does not divide, an outputPadding that is not less than the
 * stride or the dilation, or an option that is unknown.
 * @throws ShapeError from `forward`, if the channels differ or the padding leaves nothing.
 * @example
 * import { nn, ones } from 'lanegrad';
 * const layer = new nn.ConvTranspose1d(4, 2, 4, { stride: 2, padding: 1 });
 * layer.forward(ones([1, 4, 8])).shape; // => [1, 2, 16]
 */
export class ConvTranspose1d extends ConvolutionTranspose<Single> {
  constructor(
    inChannels: number,
    outChannels: number,
    kernelSize: Single,
    options: ConvTranspose1dLayerOptions = {},
  ) {
    super('ConvTranspose1d', 1, inChannels, outChannels, kernelSize, options, 1, 0);
  }
}

/**
 * The transposed 2-D convolution: what the gradient of {@link Conv2d} does, as a layer. Scales images up. See
 * {@link convTranspose2d}.
 *
 * x: [N, inChannels, H, W] or [inChannels, H, W]; gives [N, outChannels, H', W'] with
 * H' = (H - 1) stride - 2 padding + dilation (kernel - 1) + outputPadding + 1. weight:
 * [inChannels, outChannels / groups, kH, kW], bias: [outChannels], both drawn uniformly from [-b, b) with
 * b = 1/sqrt(outChannels / groups * elements of the window).
 * @throws ValueError for sizes below 1, channels that `groups` does not divide, an outputPadding that is not less than the
 * stride or the dilation, or an option that is unknown.
 * @throws ShapeError from `forward`, if the channels differ or the padding leaves nothing.
 * @example
 * import { nn, ones } from 'lanegrad';
 * const layer = new nn.ConvTranspose2d(16, 8, 2, { stride: 2 });
 * layer.forward(ones([1, 16, 7, 7])).shape; // => [1, 8, 14, 14]
 * layer.forward(ones([1, 16, 7, 7]), { outputSize: [15, 15] }).shape; // => [1, 8, 15, 15]
 */
export class ConvTranspose2d extends ConvolutionTranspose<Pair> {
  constructor(
    inChannels: number,
    outChannels: number,
    kernelSize: Pair,
    options: ConvTranspose2dLayerOptions = {},
  ) {
    super('ConvTranspose2d', 2, inChannels, outChannels, kernelSize, options, 1, 0);
  }
}

/**
 * The transposed 3-D convolution: what the gradient of {@link Conv3d} does, as a layer. Scales volumes up. See
 * {@link convTranspose3d}.
 *
 * x: [N, inChannels, D, H, W] or [inChannels, D, H, W]; gives [N, outChannels, D', H', W'] with
 * D' = (D - 1) stride - 2 padding + dilation (kernel - 1) + outputPadding + 1. weight:
 * [inChannels, outChannels / groups, kD, kH, kW], bias: [outChannels], both drawn uniformly from [-b, b) with
 * b = 1/sqrt(outChannels / groups * elements of the window).
 * @throws ValueError for sizes below 1, channels that `groups` does not divide, an outputPadding that is not less than the
 * stride or the dilation, or an option that is unknown.
 * @throws ShapeError from `forward`, if the channels differ or the padding leaves nothing.
 * @example
 * import { nn, ones } from 'lanegrad';
 * const layer = new nn.ConvTranspose3d(2, 4, 2, { stride: 2 });
 * layer.forward(ones([1, 2, 3, 3, 3])).shape; // => [1, 4, 6, 6, 6]
 */
export class ConvTranspose3d extends ConvolutionTranspose<Triple> {
  constructor(
    inChannels: number,
    outChannels: number,
    kernelSize: Triple,
    options: ConvTranspose3dLayerOptions = {},
  ) {
    super('ConvTranspose3d', 3, inChannels, outChannels, kernelSize, options, 1, 0);
  }
}
