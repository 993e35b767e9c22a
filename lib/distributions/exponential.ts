import { zerosLike, type Shape } from '../ops/creation.js';
import { expm1, log1p } from '../ops/math.js';
import { rand } from '../ops/random.js';
import { scoped } from '../scope.js';
import type { Tensor } from '../tensor.js';
import { Distribution, type DistributionOptions } from './distribution.js';
import { broadcastParameters, checkDistributionOptions, floatOf, valueTensor } from './parameters.js';
import { nonnegative, positive } from './support.js';

/**
 * The exponential distribution, of density rate exp(-rate x) for x of at least 0.
 *
 * rate: a tensor or number, [...batchShape]; values: at least 0. Samples are -log(1 - u) / rate with u uniform in [0, 1), so
 * that gradients flow through `rsample`.
 *
 * @throws ValueError for a rate that is not above 0, or a negative value, unless `validateArgs` is false.
 * @throws ShapeError if a value and the rate do not broadcast.
 * @example
 * import { distributions, tensor } from 'lanegrad';
 * const exponential = new distributions.Exponential(tensor([1, 4]));
 * exponential.mean.tolist(); // => [1, 0.25]
 * exponential.logProb(0.5).shape; // => [2]
 */
export class Exponential extends Distribution {
  /** The rate, one over the mean. */
  readonly rate: Tensor;
  override readonly hasRsample = true;

  constructor(rate: Tensor | number, options: DistributionOptions = {}) {
    checkDistributionOptions('Exponential', options);
    const [speed] = broadcastParameters('Exponential', { rate });
    super(speed!.shape, [], options);
    this.rate = speed!;
    this.checkParameter('rate', this.rate, positive);
  }

  override get mean(): Tensor {
    return this.rate.reciprocal();
  }

  override get mode(): Tensor {
    return zerosLike(this.rate);
  }

  override get stddev(): Tensor {
    return this.rate.reciprocal();
  }

  override get variance(): Tensor {
    return scoped(() => this.rate.square().reciprocal());
  }

  override rsample(sampleShape: Shape = []): Tensor {
    const shape = this.extended('rsample', sampleShape);
    return scoped(() =>
      log1p(rand(shape, { dtype: floatOf(this.rate) }).neg())
        .neg()
        .div(this.rate),
    );
  }

  override logProb(value: Tensor | number): Tensor {
    return scoped(() => {
      const x = this.checked(value, this.rate, nonnegative);
      return this.rate.log().sub(this.rate.mul(x));
    });
  }

  override entropy(): Tensor {
    return scoped(() => this.rate.log().neg().add(1));
  }

  override cdf(value: Tensor | number): Tensor {
    return scoped(() => expm1(this.rate.neg().mul(this.checked(value, this.rate, nonnegative))).neg());
  }

  override icdf(value: Tensor | number): Tensor {
    return scoped(() =>
      log1p(valueTensor('Exponential', value, this.rate).neg())
        .neg()
        .div(this.rate),
    );
  }

  override expand(batchShape: readonly number[]): Exponential {
    return new Exponential(this.rate.expand(batchShape), { validateArgs: this.validateArgs });
  }
}
