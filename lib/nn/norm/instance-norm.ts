import { Seen } from '../../backend/configuration.js';
import { checkRange, checkTensor, shapeText } from '../../check.js';
import { ShapeError } from '../../errors.js';
import { ones, zeros } from '../../ops/creation.js';
import { instanceNorm } from '../../ops/group-norm.js';
import { directionNames } from '../../ops/sizes.js';
import { squeeze, unsqueeze } from '../../ops/view.js';
import { scoped } from '../../scope.js';
import type { Tensor } from '../../tensor.js';
import { Module } from '../module.js';
import { checkSize, layerDType, readOptions } from '../options.js';
import type { LayerOptions } from '../options.js';
import { parameter } from '../parameter.js';
import type { Parameter } from '../parameter.js';
import { statisticsNames } from './batch-norm.js';
import { noteParameters } from '../parameter-fields.js';

export interface InstanceNormLayerOptions extends LayerOptions {
  /** Added to the variance. Default 1e-5. */
  eps?: number;
  /** Share of a new batch in the running statistics. Default 0.1. */
  momentum?: number;
  /** Whether there are weight and bias. Default false. */
  affine?: boolean;
  /** Whether there is a bias beside the weight. Default true. */
  bias?: boolean;
  /** Whether running statistics are kept, and used in evaluation. Default false. */
  trackRunningStats?: boolean;
}

/** What {@link InstanceNorm1d}, {@link InstanceNorm2d} and {@link InstanceNorm3d} share. */
export abstract class InstanceNorm extends Module {
  weight: Parameter | null;
  bias: Parameter | null;
  /** [C], or null without tracking. */
  declare readonly runningMean: Tensor | null;
  /** [C], or null without tracking. */
  declare readonly runningVar: Tensor | null;
  /** 0: only batch norms count, as in PyTorch. int64 []. */
  declare readonly numBatchesTracked: Tensor | null;
  readonly eps: number;
  readonly #name: string;
  readonly #directions: 1 | 2 | 3;
  readonly #seen = new Seen();
  #momentum = 0.1;

  protected constructor(
    name: string,
    directions: 1 | 2 | 3,
    readonly numFeatures: number,
    options: InstanceNormLayerOptions,
  ) {
    super();
    checkSize(name, 'numFeatures', numFeatures);
    const settings = readOptions(name, options, {
      eps: 1e-5,
      momentum: 0.1,
      affine: false,
      bias: true,
      trackRunningStats: false,
      dtype: 'float32',
    });
    checkRange(name, 'eps', settings.eps, 0, Infinity);
    const dtype = layerDType(name, options);
    const { affine, bias, trackRunningStats: tracked } = settings;
    const shape = [numFeatures];
    this.#name = name;
    this.#directions = directions;
    this.eps = settings.eps;
    this.momentum = settings.momentum;
    this.weight = affine ? parameter(ones(shape, { dtype })) : null;
    this.bias = affine && bias ? parameter(zeros(shape, { dtype })) : null;
    this[noteParameters]();
    this.registerBuffer('runningMean', tracked ? zeros(shape, { dtype }) : null);
    this.registerBuffer('runningVar', tracked ? ones(shape, { dtype }) : null);
    this.registerBuffer('numBatchesTracked', tracked ? zeros([], { dtype: 'int64' }) : null);
  }

  /** Share of a new batch in the running statistics. May be assigned. */
  get momentum(): number {
    this.#seen.look();
    return this.#momentum;
  }
  set momentum(value: number) {
    checkRange(this.#name, 'momentum', value, 0, 1);
    if (value !== this.#momentum) this.#seen.changed();
    this.#momentum = value;
  }

  override extraRepr(): string {
    return `${super.extraRepr()}, momentum=${this.#momentum}`;
  }

  protected override stateName(field: string): string {
    return statisticsNames[field] ?? field;
  }

  forward(x: Tensor): Tensor {
    const batched = this.#checkInput(x);
    const { weight, bias, runningMean, runningVar, eps, momentum } = this;
    const useInputStats = this.training || runningMean === null;
    const options = { weight, bias, runningMean, runningVar, eps, momentum, useInputStats };
    if (batched) return instanceNorm(x, options);
    return scoped(() => squeeze(instanceNorm(unsqueeze(x, 0), options), 0));
  }

  /** Whether x is [N, C, ...] and not [C, ...]. */
  #checkInput(x: Tensor): boolean {
    const name = this.#name;
    checkTensor(name, 'x', x);
    const directions = this.#directions;
    const batched = x.ndim === directions + 2;
    if (!batched && x.ndim !== directions + 1) {
      const dims = directionNames[directions];
      throw new ShapeError(`[${name}] x is ${shapeText(x.shape)}, wanted [N, C, ${dims}] or [C, ${dims}]`);
    }
    if (x.shape[batched ? 1 : 0] !== this.numFeatures) {
      throw new ShapeError(
        `[${name}] x is ${shapeText(x.shape)}, wanted ${this.numFeatures} channels in dim ${batched ? 1 : 0}`,
      );
    }
    return batched;
  }
}

/**
 * Normalises each channel of each sequence: (x - mean) / sqrt(variance + eps) * weight + bias (Ulyanov, Vedaldi and
 * Lempitsky, 2016). See {@link instanceNorm}. With `trackRunningStats` training moves running statistics, which are used in
 * evaluation.
 *
 * x: [N, C, L] or [C, L], C = numFeatures; gives the shape of x. weight: [C], ones at first; bias: [C], zeros at first; none
 * unless `affine`.
 * @throws ShapeError from `forward`, for another rank or number of channels, or a single value per channel.
 * @example
 * import { nn, tensor } from 'lanegrad';
 * new nn.InstanceNorm1d(1, { eps: 0 }).forward(tensor([[[1.5, 3.5]]])).tolist(); // => [[[-1, 1]]]
 */
export class InstanceNorm1d extends InstanceNorm {
  constructor(numFeatures: number, options: InstanceNormLayerOptions = {}) {
    super('InstanceNorm1d', 1, numFeatures, options);
  }
}

/**
 * Normalises each channel of each image, as {@link InstanceNorm1d}.
 *
 * x: [N, C, H, W] or [C, H, W], C = numFeatures; gives the shape of x.
 * @throws ShapeError from `forward`, for another rank or number of channels, or a single value per channel.
 * @example
 * import { nn, ones } from 'lanegrad';
 * new nn.InstanceNorm2d(3, { affine: true }).forward(ones([2, 3, 4, 4])).shape; // => [2, 3, 4, 4]
 */
export class InstanceNorm2d extends InstanceNorm {
  constructor(numFeatures: number, options: InstanceNormLayerOptions = {}) {
    super('InstanceNorm2d', 2, numFeatures, options);
  }
}

/**
 * Normalises each channel of each volume, as {@link InstanceNorm1d}.
 *
 * x: [N, C, D, H, W] or [C, D, H, W], C = numFeatures; gives the shape of x.
 * @throws ShapeError from `forward`, for another rank or number of channels, or a single value per channel.
 * @example
 * import { nn, ones } from 'lanegrad';
 * const norm = new nn.InstanceNorm3d(3, { trackRunningStats: true });
 * Object.keys(norm.stateDict()); // => ['running_mean', 'running_var', 'num_batches_tracked']
 * norm.forward(ones([2, 3, 2, 4, 4])).shape; // => [2, 3, 2, 4, 4]
 */
export class InstanceNorm3d extends InstanceNorm {
  constructor(numFeatures: number, options: InstanceNormLayerOptions = {}) {
    super('InstanceNorm3d', 3, numFeatures, options);
  }
}
