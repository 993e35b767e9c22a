import { noGrad } from '../grad-mode.js';
import type { Shape } from '../ops/creation.js';
import { gammainc, xlogy } from '../ops/special.js';
import { scoped } from '../scope.js';
import type { Tensor } from '../tensor.js';
import { Distribution, type DistributionOptions } from './distribution.js';
import { broadcastParameters, checkDistributionOptions, floatOf, leastOf } from './parameters.js';
import { logStandardGamma } from './standard-gamma.js';
import { nonnegative, positive } from './support.js';

/**
 * The gamma distribution, of density rate^a x^(a - 1) exp(-rate x) / Γ(a) with a the concentration.
 *
 * concentration, rate: tensors or numbers, which broadcast to [...batchShape]; values: at least 0. Samples are by the method of
 * Marsaglia and Tsang (2000). There is no `rsample`: gradients with respect to the rate flow through
 * `new Gamma(concentration, 1).sample().div(rate)`; for the concentration use the gradient of `logProb` (REINFORCE).
 *
 * @throws ValueError for a parameter that is not above 0, or a negative value, unless `validateArgs` is false.
 * @throws ShapeError if the parameters, or a value and they, do not broadcast.
 * @example
 * import { distributions } from 'lanegrad';
 * const gamma = new distributions.Gamma(3, 2);
 * gamma.mean.item(); // => 1.5
 * gamma.mode.item(); // => 1
 * gamma.sample([2, 4]).shape; // => [2, 4]
 */
export class Gamma extends Distribution {
  /** The shape parameter a. */
  readonly concentration: Tensor;
  /** The rate, one over the scale. */
  readonly rate: Tensor;

  constructor(concentration: Tensor | number, rate: Tensor | number, options: DistributionOptions = {}) {
    checkDistributionOptions('Gamma', options);
    const [shape, speed] = broadcastParameters('Gamma', { concentration, rate });
    super(shape!.shape, [], options);
    this.concentration = shape!;
    this.rate = speed!;
    this.checkParameter('concentration', this.concentration, positive);
    this.checkParameter('rate', this.rate, positive);
  }

  override get mean(): Tensor {
    return this.concentration.div(this.rate);
  }

  override get mode(): Tensor {
    return scoped(() => this.concentration.sub(1).div(this.rate).clamp({ min: 0 }));
  }

  override get variance(): Tensor {
    return scoped(() => this.concentration.div(this.rate.square()));
  }

  override sample(sampleShape: Shape = []): Tensor {
    const shape = this.extended('sample', sampleShape);
    const dtype = floatOf(this.rate);
    return noGrad(() =>
      scoped(() => {
        const logs = logStandardGamma(this.concentration.expand(shape));
        // As PyTorch: never 0, at which the density may be infinite.
        return logs
          .exp()
          .div(this.rate)
          .to(dtype)
          .clamp({ min: leastOf(this.rate) });
      }),
    );
  }

  override logProb(value: Tensor | number): Tensor {
    return scoped(() => {
      const { concentration, rate } = this;
      const x = this.checked(value, rate, nonnegative);
      return xlogy(concentration, rate)
        .add(xlogy(concentration.sub(1), x))
        .sub(rate.mul(x))
        .sub(concentration.lgamma());
    });
  }

  override entropy(): Tensor {
    return scoped(() => {
      const { concentration, rate } = this;
      return concentration
        .sub(rate.log())
        .add(concentration.lgamma())
        .sub(concentration.sub(1).mul(concentration.digamma()));
    });
  }

  /** The probability of a value of at most this one; no gradient flows to the concentration. */
  override cdf(value: Tensor | number): Tensor {
    return scoped(() =>
      gammainc(this.concentration, this.rate.mul(this.checked(value, this.rate, nonnegative))),
    );
  }

  override expand(batchShape: readonly number[]): Gamma {
    return new Gamma(this.concentration.expand(batchShape), this.rate.expand(batchShape), {
      validateArgs: this.validateArgs,
    });
  }
}
