import { noGrad } from '../grad-mode.js';
import type { Shape } from '../ops/creation.js';
import { poisson } from '../ops/sampling.js';
import { xlogy } from '../ops/special.js';
import { scoped } from '../scope.js';
import type { Tensor } from '../tensor.js';
import { Distribution, type DistributionOptions } from './distribution.js';
import { broadcastParameters, checkDistributionOptions } from './parameters.js';
import { counts, nonnegative } from './support.js';

/**
 * The Poisson distribution: how many events of a given rate there are, rate^k exp(-rate) / k!.
 *
 * rate: a tensor or number, [...batchShape]; values: integers of at least 0, of any dtype; samples have the dtype of the rate.
 * As in PyTorch there is no `entropy`, which has no closed form.
 *
 * @throws ValueError for a negative rate, or a value that is no count, unless `validateArgs` is false.
 * @throws ShapeError if a value and the rate do not broadcast.
 * @example
 * import { distributions, tensor } from 'lanegrad';
 * const events = new distributions.Poisson(tensor([2.5, 0]));
 * events.mode.tolist(); // => [2, 0]
 * events.logProb(0).tolist(); // => [-2.5, 0]
 */
export class Poisson extends Distribution {
  /** The expected count. */
  readonly rate: Tensor;

  constructor(rate: Tensor | number, options: DistributionOptions = {}) {
    checkDistributionOptions('Poisson', options);
    const [frequency] = broadcastParameters('Poisson', { rate });
    super(frequency!.shape, [], options);
    this.rate = frequency!;
    this.checkParameter('rate', this.rate, nonnegative);
  }

  override get mean(): Tensor {
    return this.rate;
  }

  override get mode(): Tensor {
    return this.rate.floor();
  }

  override get variance(): Tensor {
    return this.rate;
  }

  override sample(sampleShape: Shape = []): Tensor {
    const shape = this.extended('sample', sampleShape);
    return noGrad(() => scoped(() => poisson(this.rate.expand(shape))));
  }

  override logProb(value: Tensor | number): Tensor {
    return scoped(() => {
      const k = this.checked(value, this.rate, counts);
      return xlogy(k, this.rate).sub(this.rate).sub(k.add(1).lgamma());
    });
  }

  override expand(batchShape: readonly number[]): Poisson {
    return new Poisson(this.rate.expand(batchShape), { validateArgs: this.validateArgs });
  }
}
