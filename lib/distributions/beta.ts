import { noGrad } from '../grad-mode.js';
import { where } from '../ops/binary.js';
import type { Shape } from '../ops/creation.js';
import { xlog1py, xlogy } from '../ops/special.js';
import { scoped } from '../scope.js';
import type { Tensor } from '../tensor.js';
import { Distribution, type DistributionOptions } from './distribution.js';
import { broadcastParameters, checkDistributionOptions, floatOf } from './parameters.js';
import { logStandardGamma } from './standard-gamma.js';
import { positive, unitInterval } from './support.js';

/**
 * The beta distribution, of density x^(a - 1) (1 - x)^(b - 1) / B(a, b) with a, b = concentration1, concentration0.
 *
 * concentration1, concentration0: tensors or numbers, which broadcast to [...batchShape]; values: in [0, 1]. Samples are
 * X / (X + Y) of two of gamma distributions. There is no `rsample`: use the gradient of `logProb` (REINFORCE). The mode where both
 * are below 1 is 1, one of the two ends, as in PyTorch.
 *
 * @throws ValueError for a parameter that is not above 0, or a value outside of [0, 1], unless `validateArgs` is false.
 * @throws ShapeError if the parameters, or a value and they, do not broadcast.
 * @example
 * import { distributions } from 'lanegrad';
 * const beta = new distributions.Beta(3, 2);
 * beta.mode.item(); // => 0.6666667
 * beta.sample([5]).shape; // => [5]
 */
export class Beta extends Distribution {
  /** The shape parameter a, of x. */
  readonly concentration1: Tensor;
  /** The shape parameter b, of 1 - x. */
  readonly concentration0: Tensor;

  constructor(
    concentration1: Tensor | number,
    concentration0: Tensor | number,
    options: DistributionOptions = {},
  ) {
    checkDistributionOptions('Beta', options);
    const [a, b] = broadcastParameters('Beta', { concentration1, concentration0 });
    super(a!.shape, [], options);
    this.concentration1 = a!;
    this.concentration0 = b!;
    this.checkParameter('concentration1', this.concentration1, positive);
    this.checkParameter('concentration0', this.concentration0, positive);
  }

  override get mean(): Tensor {
    return scoped(() => this.concentration1.div(this.concentration1.add(this.concentration0)));
  }

  override get mode(): Tensor {
    return scoped(() => {
      const a = this.concentration1.sub(1);
      const b = this.concentration0.sub(1);
      const up = a.clamp({ min: 0 });
      return where(a.lt(0).logicalAnd(b.lt(0)), 1, up.div(up.add(b.clamp({ min: 0 }))));
    });
  }

  override get variance(): Tensor {
    return scoped(() => {
      const total = this.concentration1.add(this.concentration0);
      return this.concentration1.mul(this.concentration0).div(total.square().mul(total.add(1)));
    });
  }

  override sample(sampleShape: Shape = []): Tensor {
    const shape = this.extended('sample', sampleShape);
    const dtype = floatOf(this.concentration1);
    return noGrad(() =>
      scoped(() => {
        const logX = logStandardGamma(this.concentration1.expand(shape));
        const logY = logStandardGamma(this.concentration0.expand(shape));
        return logX.sub(logY).sigmoid().to(dtype);
      }),
    );
  }

  override logProb(value: Tensor | number): Tensor {
    return scoped(() => {
      const [a, b] = [this.concentration1, this.concentration0];
      const x = this.checked(value, a, unitInterval);
      return xlogy(a.sub(1), x)
        .add(xlog1py(b.sub(1), x.neg()))
        .sub(logBeta(a, b));
    });
  }

  override entropy(): Tensor {
    return scoped(() => {
      const [a, b] = [this.concentration1, this.concentration0];
      const total = a.add(b);
      return logBeta(a, b)
        .add(total.sub(2).mul(total.digamma()))
        .sub(a.sub(1).mul(a.digamma()))
        .sub(b.sub(1).mul(b.digamma()));
    });
  }

  override expand(batchShape: readonly number[]): Beta {
    return new Beta(this.concentration1.expand(batchShape), this.concentration0.expand(batchShape), {
      validateArgs: this.validateArgs,
    });
  }
}

/** log B(a, b) = log Γ(a) + log Γ(b) - log Γ(a + b). */
export function logBeta(a: Tensor, b: Tensor): Tensor {
  return a.lgamma().add(b.lgamma()).sub(a.add(b).lgamma());
}
