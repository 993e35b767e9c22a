import type { Shape } from '../ops/creation.js';
import { randn } from '../ops/random.js';
import { ndtr, ndtri } from '../ops/special.js';
import { scoped } from '../scope.js';
import type { Tensor } from '../tensor.js';
import { LocationScale } from './location-scale.js';
import { floatOf, valueTensor } from './parameters.js';
import { real } from './support.js';

/**
 * The normal distribution, of density exp(-(x - loc)² / (2 scale²)) / (scale √(2π)).
 *
 * loc, scale: mean and standard deviation, tensors or numbers, which broadcast to [...batchShape]; values: any real number.
 * Samples are loc + scale ε with ε standard normal, so that gradients flow through `rsample`.
 *
 * @throws ValueError for a scale that is not above 0, a loc or value that is NaN, unless `validateArgs` is false.
 * @throws ShapeError if the parameters, or a value and they, do not broadcast.
 * @example
 * import { distributions, tensor } from 'lanegrad';
 * const normal = new distributions.Normal(tensor([0, 1.5]), 2);
 * normal.batchShape; // => [2]
 * normal.mean.tolist(); // => [0, 1.5]
 * normal.rsample([3]).shape; // => [3, 2]
 * normal.cdf(tensor([0, 1.5])).tolist(); // => [0.5, 0.5]
 */
export class Normal extends LocationScale {
  override get stddev(): Tensor {
    return this.scale;
  }

  override get variance(): Tensor {
    return this.scale.square();
  }

  override rsample(sampleShape: Shape = []): Tensor {
    const shape = this.extended('rsample', sampleShape);
    return scoped(() =>
      randn(shape, { dtype: floatOf(this.loc) })
        .mul(this.scale)
        .add(this.loc),
    );
  }

  override logProb(value: Tensor | number): Tensor {
    return scoped(() => {
      const distance = this.checked(value, this.loc, real).sub(this.loc).div(this.scale);
      return distance
        .square()
        .mul(-0.5)
        .sub(this.scale.log())
        .sub(0.5 * Math.log(2 * Math.PI));
    });
  }

  override entropy(): Tensor {
    return scoped(() => this.scale.log().add(0.5 + 0.5 * Math.log(2 * Math.PI)));
  }

  override cdf(value: Tensor | number): Tensor {
    return scoped(() => ndtr(this.checked(value, this.loc, real).sub(this.loc).div(this.scale)));
  }

  override icdf(value: Tensor | number): Tensor {
    return scoped(() =>
      ndtri(valueTensor('Normal', value, this.loc))
        .mul(this.scale)
        .add(this.loc),
    );
  }

  override expand(batchShape: readonly number[]): Normal {
    return new Normal(...this.expanded(batchShape));
  }
}
