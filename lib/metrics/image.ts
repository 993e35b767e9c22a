import { checkInt, checkOptions, checkRange, checkTensor, shapeText } from '../check.js';
import { ShapeError, ValueError } from '../errors.js';
import { noGrad } from '../grad-mode.js';
import { conv2d } from '../ops/conv/conv.js';
import { tensor } from '../ops/from-data.js';
import { scoped } from '../scope.js';
import type { Tensor } from '../tensor.js';
import { Metric, readPair, refuseUpdate } from './metric.js';
import type { Numbers } from './metric.js';

export interface PsnrOptions {
  /** The difference of the largest and the smallest value that a pixel may have. Default 1. */
  dataRange?: number;
}

/**
 * The peak signal-to-noise ratio in decibels: 10 log10(dataRange² / mean of (prediction - target)²), over all pixels of all images.
 * Infinity for images that are equal.
 *
 * predictions and targets: any shape, the same.
 * @throws ShapeError for shapes that differ.
 * @throws ValueError for a range that is not above 0.
 * @example
 * import { metrics } from 'lanegrad';
 * const psnr = new metrics.PeakSignalNoiseRatio();
 * psnr.update([0.5, 0.6], [0.4, 0.5]);
 * psnr.compute(); // => 20.0000
 */
export class PeakSignalNoiseRatio extends Metric<[predictions: Numbers, targets: Numbers], number> {
  readonly #range: number;
  #sum = 0;
  #count = 0;

  constructor(options: PsnrOptions = {}) {
    super();
    checkOptions('PeakSignalNoiseRatio', options, ['dataRange']);
    this.#range = checkDataRange('PeakSignalNoiseRatio', options.dataRange ?? 1);
  }

  protected override settings(): string {
    return `dataRange ${this.#range}`;
  }

  update(predictions: Numbers, targets: Numbers): void {
    const [x, y] = readPair('PeakSignalNoiseRatio', predictions, targets);
    let sum = 0;
    for (let i = 0; i < x.values.length; ++i) sum += (x.values[i]! - y.values[i]!) ** 2;
    this.#sum += sum;
    this.#count += x.values.length;
  }

  compute(): number {
    return 10 * Math.log10((this.#range * this.#range * this.#count) / this.#sum);
  }

  reset(): void {
    this.#sum = this.#count = 0;
  }

  protected override add(other: this): void {
    this.#sum += other.#sum;
    this.#count += other.#count;
  }
}

export interface SsimOptions {
  /** The difference of the largest and the smallest value that a pixel may have. Default 1. */
  dataRange?: number;
  /** Width of the window, odd. Default 11. */
  kernelSize?: number;
  /** Standard deviation of the window. Default 1.5. */
  sigma?: number;
  /** Of the constants (k dataRange)² that keep small denominators away. Default [0.01, 0.03]. */
  k?: readonly [number, number];
}

/**
 * The structural similarity of images (Wang et al., 2004): the mean over pixels, channels and images of
 * (2 μ_x μ_y + c₁) (2 σ_xy + c₂) / ((μ_x² + μ_y² + c₁) (σ_x² + σ_y² + c₂)), with moments in a Gaussian window around each pixel whose
 * window lies within the image, c₁ = (k₁ dataRange)², c₂ = (k₂ dataRange)². 1 for images that are equal.
 *
 * predictions and targets: [N, C, H, W], floats, the same.
 * @throws ShapeError for shapes that differ, or images smaller than the window.
 * @throws ValueError for options out of range.
 * @example
 * import { metrics, rand } from 'lanegrad';
 * const ssim = new metrics.StructuralSimilarity();
 * const images = rand([2, 3, 16, 16]);
 * ssim.update(images, images);
 * ssim.compute(); // => 1.0000
 */
export class StructuralSimilarity extends Metric<[predictions: Tensor, targets: Tensor], number> {
  readonly #range: number;
  readonly #window: readonly number[];
  readonly #constants: readonly [number, number];
  #sum = 0;
  #count = 0;

  constructor(options: SsimOptions = {}) {
    super();
    const op = 'StructuralSimilarity';
    checkOptions(op, options, ['dataRange', 'kernelSize', 'sigma', 'k']);
    const { kernelSize = 11, sigma = 1.5, k = [0.01, 0.03] } = options;
    this.#range = checkDataRange(op, options.dataRange ?? 1);
    checkInt(op, 'kernelSize', kernelSize);
    checkRange(op, 'kernelSize', kernelSize, 1, 1001);
    if (kernelSize % 2 === 0)
      throw new ValueError(`[${op}] kernelSize: got ${kernelSize}, wanted an odd number`);
    checkRange(op, 'sigma', sigma, 0, Infinity);
    if (sigma === 0) throw new ValueError(`[${op}] sigma: got 0, wanted a number above 0`);
    k.forEach((one, i) => checkRange(op, `k[${i}]`, one, 0, Infinity));
    this.#constants = [(k[0] * this.#range) ** 2, (k[1] * this.#range) ** 2];
    const weights = Array.from({ length: kernelSize }, (_, i) =>
      Math.exp(-(((i - (kernelSize - 1) / 2) / sigma) ** 2) / 2),
    );
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    this.#window = weights.map((weight) => weight / total);
  }

  protected override settings(): string {
    return `dataRange ${this.#range}, window ${this.#window.join(' ')}, constants ${this.#constants.join(', ')}`;
  }

  update(predictions: Tensor, targets: Tensor): void {
    const op = 'StructuralSimilarity';
    refuseUpdate(op);
    checkTensor(op, 'predictions', predictions);
    checkTensor(op, 'targets', targets);
    const [got, wanted] = [shapeText(predictions.shape), shapeText(targets.shape)];
    if (got !== wanted)
      throw new ShapeError(`[${op}] shapes differ: predictions are ${got}, targets ${wanted}`);
    const [, , height = 0, width = 0] = predictions.shape;
    const least = this.#window.length;
    if (predictions.ndim !== 4 || height < least || width < least)
      throw new ShapeError(
        `[${op}] predictions are ${got}, wanted [N, C, H, W] with H and W of at least ${least}`,
      );
    const { sum, count } = noGrad(() => scoped(() => this.#similarity(predictions, targets)));
    this.#sum += sum;
    this.#count += count;
  }

  /** In float64: variances are differences of squares. */
  #similarity(predictions: Tensor, targets: Tensor): { sum: number; count: number } {
    const [height, width] = predictions.shape.slice(2) as [number, number];
    const images = (x: Tensor): Tensor => x.double().reshape([-1, 1, height, width]);
    const [x, y] = [images(predictions), images(targets)];
    const weights = tensor(this.#window, { dtype: 'float64' });
    const size = this.#window.length;
    const blur = (values: Tensor): Tensor =>
      conv2d(conv2d(values, weights.reshape([1, 1, size, 1])), weights.reshape([1, 1, 1, size]));
    const [meanX, meanY] = [blur(x), blur(y)];
    const product = meanX.mul(meanY);
    const squares = meanX.square().add(meanY.square());
    const covariance = blur(x.mul(y)).sub(product);
    const variances = blur(x.square().add(y.square())).sub(squares);
    const [c1, c2] = this.#constants;
    const above = product.mul(2).add(c1).mul(covariance.mul(2).add(c2));
    const ssim = above.div(squares.add(c1).mul(variances.add(c2)));
    return { sum: Number(ssim.sum().item()), count: ssim.numel() };
  }

  compute(): number {
    return this.#sum / this.#count;
  }

  reset(): void {
    this.#sum = this.#count = 0;
  }

  protected override add(other: this): void {
    this.#sum += other.#sum;
    this.#count += other.#count;
  }
}

function checkDataRange(op: string, range: number): number {
  checkRange(op, 'dataRange', range, 0, Infinity);
  if (range === 0) throw new ValueError(`[${op}] dataRange: got 0, wanted a number above 0`);
  return range;
}
