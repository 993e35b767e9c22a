import { Seen } from '../../backend/configuration.js';
import { backend } from '../../backend/current.js';
import { checkRange, checkTensor, noAttrs, shapeText } from '../../check.js';
import { ShapeError } from '../../errors.js';
import { noGrad } from '../../grad-mode.js';
import { to } from '../../ops/convert.js';
import { ones, zeros } from '../../ops/creation.js';
import { batchNorm } from '../../ops/norm.js';
import { reciprocal } from '../../ops/unary.js';
import { scoped } from '../../scope.js';
import type { Tensor } from '../../tensor.js';
import { Module } from '../module.js';
import { checkSize, layerDType, readOptions } from '../options.js';
import type { LayerOptions } from '../options.js';
import { parameter } from '../parameter.js';
import type { Parameter } from '../parameter.js';
import { noteParameters } from '../parameter-fields.js';

export interface BatchNormLayerOptions extends LayerOptions {
  /** Added to the variance. Default 1e-5. */
  eps?: number;
  /** Share of a new batch in the running statistics; null for the plain mean of all batches. Default 0.1. */
  momentum?: number | null;
  /** Whether there are weight and bias. Default true. */
  affine?: boolean;
  /** Whether there is a bias beside the weight. Default true. */
  bias?: boolean;
  /** Whether running statistics are kept; without them each batch's own are used, in evaluation too. Default true. */
  trackRunningStats?: boolean;
}

/** What PyTorch calls the statistics. */
export const statisticsNames: Readonly<Record<string, string | undefined>> = {
  runningMean: 'running_mean',
  runningVar: 'running_var',
  numBatchesTracked: 'num_batches_tracked',
};

/** What {@link BatchNorm1d}, {@link BatchNorm2d} and {@link BatchNorm3d} share. */
export abstract class BatchNorm extends Module {
  weight: Parameter | null;
  bias: Parameter | null;
  /** [C], or null without tracking. */
  declare readonly runningMean: Tensor | null;
  /** [C], or null without tracking. */
  declare readonly runningVar: Tensor | null;
  /** How many batches were seen in training: int64 []. */
  declare readonly numBatchesTracked: Tensor | null;
  readonly eps: number;
  readonly #name: string;
  readonly #seen = new Seen();
  #momentum: number | null = 0.1;

  protected constructor(
    name: string,
    readonly numFeatures: number,
    options: BatchNormLayerOptions,
  ) {
    super();
    checkSize(name, 'numFeatures', numFeatures);
    const settings = readOptions<BatchNormLayerOptions>(name, options, {
      eps: 1e-5,
      momentum: 0.1,
      affine: true,
      bias: true,
      trackRunningStats: true,
      dtype: 'float32',
    });
    const { eps, momentum } = settings;
    checkRange(name, 'eps', eps, 0, Infinity);
    const dtype = layerDType(name, options);
    this.#name = name;
    this.eps = eps;
    this.momentum = momentum;
    const shape = [numFeatures];
    const { affine, bias, trackRunningStats: tracked } = settings;
    this.weight = affine ? parameter(ones(shape, { dtype })) : null;
    this.bias = affine && bias ? parameter(zeros(shape, { dtype })) : null;
    this[noteParameters]();
    this.registerBuffer('runningMean', tracked ? zeros(shape, { dtype }) : null);
    this.registerBuffer('runningVar', tracked ? ones(shape, { dtype }) : null);
    this.registerBuffer('numBatchesTracked', tracked ? zeros([], { dtype: 'int64' }) : null);
  }

  /** Share of a new batch in the running statistics; null for the plain mean of all batches. May be assigned. */
  get momentum(): number | null {
    this.#seen.look();
    return this.#momentum;
  }
  set momentum(value: number | null) {
    if (value !== null) checkRange(this.#name, 'momentum', value, 0, 1);
    if (value !== this.#momentum) this.#seen.changed();
    this.#momentum = value;
  }

  override extraRepr(): string {
    return `${super.extraRepr()}, momentum=${this.#momentum}`;
  }

  protected override stateName(field: string): string {
    return statisticsNames[field] ?? field;
  }

  /** Throws unless x is [N, C, ...] with as many dims as the layer takes. */
  protected abstract checkRank(x: Tensor): void;

  forward(x: Tensor): Tensor {
    checkTensor(this.#name, 'x', x);
    this.checkRank(x);
    if (x.shape[1] !== this.numFeatures) {
      throw new ShapeError(
        `[${this.#name}] x is ${shapeText(x.shape)}, wanted ${this.numFeatures} channels in dim 1`,
      );
    }
    const { weight, bias, eps, runningMean, runningVar } = this;
    if (runningMean === null || runningVar === null) {
      return batchNorm(x, null, null, { weight, bias, eps, training: true });
    }
    if (!this.training) return batchNorm(x, runningMean, runningVar, { weight, bias, eps });
    return scoped(() => {
      const momentum = this.#count(runningMean);
      return batchNorm(x, runningMean, runningVar, { weight, bias, eps, momentum, training: true });
    });
  }

  /** Counts a batch; gives its share of the running statistics. */
  #count(runningMean: Tensor): number | Tensor {
    const { numBatchesTracked: count, momentum } = this;
    return noGrad(() => {
      if (count !== null) backend.runInPlace('add', [count, 1], noAttrs);
      if (momentum !== null) return momentum;
      // A tensor, since it changes from step to step.
      return count === null ? 0 : reciprocal(to(count, runningMean.dtype));
    });
  }

  /** Forgets the running statistics. */
  resetRunningStats(): void {
    const { runningMean, runningVar, numBatchesTracked } = this;
    noGrad(() => {
      if (runningMean) backend.runInPlace('copy', [runningMean, 0], noAttrs);
      if (runningVar) backend.runInPlace('copy', [runningVar, 1], noAttrs);
      if (numBatchesTracked) backend.runInPlace('copy', [numBatchesTracked, 0], noAttrs);
    });
  }
}

/**
 * Batch normalisation of features: (x - mean) / sqrt(variance + eps) * weight + bias per channel (Ioffe and Szegedy, 2015).
 * In training mean and variance are those of the batch, and move the running ones, which are used in evaluation.
 *
 * x: [N, C] or [N, C, L], C = numFeatures; gives the shape of x. weight: [C], ones at first; bias: [C], zeros at first.
 * @throws ShapeError from `forward`, for another rank or number of channels, or a single value per channel in training.
 * @example
 * import { nn, tensor } from 'lanegrad';
 * const norm = new nn.BatchNorm1d(1, { eps: 0 });
 * norm.forward(tensor([[1.5], [3.5]])).tolist(); // => [[-1], [1]]
 * norm.runningMean?.tolist(); // => [0.25]
 */
export class BatchNorm1d extends BatchNorm {
  constructor(numFeatures: number, options: BatchNormLayerOptions = {}) {
    super('BatchNorm1d', numFeatures, options);
  }

  protected override checkRank(x: Tensor): void {
    if (x.ndim !== 2 && x.ndim !== 3) {
      throw new ShapeError(`[BatchNorm1d] x is ${shapeText(x.shape)}, wanted [N, C] or [N, C, L]`);
    }
  }
}

/**
 * Batch normalisation of images, as {@link BatchNorm1d}.
 *
 * x: [N, C, H, W], C = numFeatures; gives the shape of x.
 * @throws ShapeError from `forward`, for another rank or number of channels, or a single value per channel in training.
 * @example
 * import { nn, ones } from 'lanegrad';
 * const norm = new nn.BatchNorm2d(3).eval();
 * norm.forward(ones([2, 3, 4, 4])).shape; // => [2, 3, 4, 4]
 * Object.keys(norm.stateDict()); // => ['weight', 'bias', 'running_mean', 'running_var', 'num_batches_tracked']
 */
export class BatchNorm2d extends BatchNorm {
  constructor(numFeatures: number, options: BatchNormLayerOptions = {}) {
    super('BatchNorm2d', numFeatures, options);
  }

  protected override checkRank(x: Tensor): void {
    if (x.ndim !== 4) throw new ShapeError(`[BatchNorm2d] x is ${shapeText(x.shape)}, wanted [N, C, H, W]`);
  }
}

/**
 * Batch normalisation of volumes, as {@link BatchNorm1d}.
 *
 * x: [N, C, D, H, W], C = numFeatures; gives the shape of x.
 * @throws ShapeError from `forward`, for another rank or number of channels, or a single value per channel in training.
 * @example
 * import { nn, ones } from 'lanegrad';
 * const norm = new nn.BatchNorm3d(3, { bias: false });
 * norm.forward(ones([2, 3, 4, 4, 4])).shape; // => [2, 3, 4, 4, 4]
 */
export class BatchNorm3d extends BatchNorm {
  constructor(numFeatures: number, options: BatchNormLayerOptions = {}) {
    super('BatchNorm3d', numFeatures, options);
  }

  protected override checkRank(x: Tensor): void {
    if (x.ndim !== 5)
      throw new ShapeError(`[BatchNorm3d] x is ${shapeText(x.shape)}, wanted [N, C, D, H, W]`);
  }
}
