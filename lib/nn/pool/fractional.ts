import { checkFlag, checkTensor } from '../../check.js';
import { ValueError } from '../../errors.js';
import { fractionalMaxPool2d } from '../../ops/pool/fractional.js';
import type { FractionalMaxPool2dOptions } from '../../ops/pool/fractional.js';
import { sizesOf } from '../../ops/sizes.js';
import type { Pair } from '../../ops/sizes.js';
import type { Tensor } from '../../tensor.js';
import { Module } from '../module.js';
import { readOptions } from '../options.js';
import type { MaxPoolOutput } from './max.js';

export interface FractionalMaxPool2dLayerOptions<Indices extends boolean = boolean> extends Omit<
  FractionalMaxPool2dOptions,
  'returnIndices' | 'randomSamples'
> {
  /** Give the places of the largest elements too. Default false. */
  returnIndices?: Indices;
  /** [N, C, 2] numbers in [0, 1) that place the windows. Default: drawn at each call. PyTorch calls it _random_samples. */
  randomSamples?: Tensor | null;
}

/**
 * The largest element of each of H' * W' windows whose places are random, so that sizes shrink by any ratio (Graham,
 * "Fractional Max-Pooling", 2015). See {@link fractionalMaxPool2d}.
 *
 * x: [N, C, H, W] or [C, H, W]; gives [N, C, H', W'], by one of outputSize and outputRatio.
 * @throws ValueError unless one of outputSize and outputRatio is given.
 * @throws ShapeError from `forward`, if the windows do not fit.
 * @example
 * import { nn, ones } from 'lanegrad';
 * new nn.FractionalMaxPool2d(3, { outputRatio: 0.5 }).forward(ones([1, 2, 9, 9])).shape; // => [1, 2, 4, 4]
 */
export class FractionalMaxPool2d<Indices extends boolean = false> extends Module<
  [x: Tensor],
  MaxPoolOutput<Indices>
> {
  readonly outputSize: Pair | null;
  readonly outputRatio: number | readonly [number, number] | null;
  readonly returnIndices: boolean;
  readonly #randomSamples: Tensor | null;

  constructor(
    readonly kernelSize: Pair,
    options: FractionalMaxPool2dLayerOptions<Indices>,
  ) {
    super();
    const op = 'FractionalMaxPool2d';
    sizesOf(op, 'kernelSize', kernelSize, 2, 1);
    const settings = readOptions<FractionalMaxPool2dLayerOptions>(op, options, {
      outputSize: null,
      outputRatio: null,
      returnIndices: false,
      randomSamples: null,
    });
    if ((settings.outputSize === null) === (settings.outputRatio === null)) {
      throw new ValueError(`[${op}] wanted one of outputSize and outputRatio`);
    }
    if (settings.randomSamples !== null) checkTensor(op, 'randomSamples', settings.randomSamples);
    this.outputSize = settings.outputSize;
    this.outputRatio = settings.outputRatio;
    this.returnIndices = checkFlag(op, 'returnIndices', settings.returnIndices);
    this.#randomSamples = settings.randomSamples;
  }

  forward(x: Tensor): MaxPoolOutput<Indices> {
    const { kernelSize, outputSize, outputRatio, returnIndices } = this;
    const options = { outputSize, outputRatio, randomSamples: this.#randomSamples };
    const out = returnIndices
      ? fractionalMaxPool2d(x, kernelSize, { ...options, returnIndices })
      : fractionalMaxPool2d(x, kernelSize, options);
    return out as MaxPoolOutput<Indices>;
  }
}
