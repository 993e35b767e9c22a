import { where } from '../ops/binary.js';
import { fullLike, type Shape } from '../ops/creation.js';
import { rand } from '../ops/random.js';
import { scoped } from '../scope.js';
import type { Tensor } from '../tensor.js';
import { Distribution, type DistributionOptions } from './distribution.js';
import { broadcastParameters, checkDistributionOptions, floatOf, valueTensor } from './parameters.js';
import { between, real, type Support } from './support.js';

/**
 * The uniform distribution on [low, high), of density 1 / (high - low).
 *
 * low, high: tensors or numbers, which broadcast to [...batchShape]; values: from low to high, at which the density is 0
 * already. Samples are low + (high - low) u with u uniform in [0, 1), so that gradients flow through `rsample`. The mode is NaN, as in
 * PyTorch: no value is more probable than another.
 *
 * @throws ValueError for a high that is not above low, or a value outside, unless `validateArgs` is false.
 * @throws ShapeError if the parameters, or a value and they, do not broadcast.
 * @example
 * import { distributions } from 'lanegrad';
 * const uniform = new distributions.Uniform(-1, 3);
 * uniform.mean.item(); // => 1
 * uniform.cdf(0).item(); // => 0.25
 * uniform.sample([5]).shape; // => [5]
 */
export class Uniform extends Distribution {
  /** The lower end. */
  readonly low: Tensor;
  /** The upper end. */
  readonly high: Tensor;
  override readonly hasRsample = true;

  constructor(low: Tensor | number, high: Tensor | number, options: DistributionOptions = {}) {
    checkDistributionOptions('Uniform', options);
    const [least, most] = broadcastParameters('Uniform', { low, high });
    super(least!.shape, [], options);
    this.low = least!;
    this.high = most!;
    this.checkParameter('low', this.low, real);
    this.checkParameter('high', this.high, { name: 'numbers above low', has: (x) => x.gt(this.low) });
  }

  override get mean(): Tensor {
    return scoped(() => this.low.add(this.high).div(2));
  }

  override get mode(): Tensor {
    return fullLike(this.low, NaN);
  }

  override get stddev(): Tensor {
    return scoped(() => this.high.sub(this.low).div(Math.sqrt(12)));
  }

  override get variance(): Tensor {
    return scoped(() => this.high.sub(this.low).square().div(12));
  }

  override rsample(sampleShape: Shape = []): Tensor {
    const shape = this.extended('rsample', sampleShape);
    return scoped(() =>
      rand(shape, { dtype: floatOf(this.low) })
        .mul(this.high.sub(this.low))
        .add(this.low),
    );
  }

  override logProb(value: Tensor | number): Tensor {
    return scoped(() => {
      const x = this.checked(value, this.low, this.#support);
      const inside = x.ge(this.low).logicalAnd(x.lt(this.high));
      return where(inside, this.high.sub(this.low).log().neg(), -Infinity);
    });
  }

  override entropy(): Tensor {
    return scoped(() => this.high.sub(this.low).log());
  }

  override cdf(value: Tensor | number): Tensor {
    return scoped(() =>
      this.checked(value, this.low, this.#support)
        .sub(this.low)
        .div(this.high.sub(this.low))
        .clamp({ min: 0, max: 1 }),
    );
  }

  override icdf(value: Tensor | number): Tensor {
    return scoped(() => valueTensor('Uniform', value, this.low).mul(this.high.sub(this.low)).add(this.low));
  }

  override expand(batchShape: readonly number[]): Uniform {
    return new Uniform(this.low.expand(batchShape), this.high.expand(batchShape), {
      validateArgs: this.validateArgs,
    });
  }

  get #support(): Support {
    return between(this.low, this.high);
  }
}
