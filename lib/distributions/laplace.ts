import type { Shape } from '../ops/creation.js';
import { expm1, log1p } from '../ops/math.js';
import { rand } from '../ops/random.js';
import { scoped } from '../scope.js';
import type { Tensor } from '../tensor.js';
import { LocationScale } from './location-scale.js';
import { epsilonOf, floatOf, valueTensor } from './parameters.js';
import { real } from './support.js';

/**
 * The Laplace distribution, of density exp(-|x - loc| / scale) / (2 scale).
 *
 * loc, scale: tensors or numbers, which broadcast to [...batchShape]; values: any real number. Samples are
 * loc - scale sign(u) log(1 - |u|) with u uniform in (-1, 1), so that gradients flow through `rsample`.
 *
 * @throws ValueError for a scale that is not above 0, a loc or value that is NaN, unless `validateArgs` is false.
 * @throws ShapeError if the parameters, or a value and they, do not broadcast.
 * @example
 * import { distributions } from 'lanegrad';
 * const laplace = new distributions.Laplace(1, 2);
 * laplace.variance.item(); // => 8
 * laplace.cdf(1).item(); // => 0.5
 */
export class Laplace extends LocationScale {
  override get stddev(): Tensor {
    return this.scale.mul(Math.SQRT2);
  }

  override get variance(): Tensor {
    return scoped(() => this.scale.square().mul(2));
  }

  override rsample(sampleShape: Shape = []): Tensor {
    const shape = this.extended('rsample', sampleShape);
    const eps = epsilonOf(this.loc);
    return scoped(() => {
      // From eps - 1: at -1 itself the sample would be infinite.
      const u = rand(shape, { dtype: floatOf(this.loc) })
        .mul(2 - eps)
        .add(eps - 1);
      return this.loc.sub(this.scale.mul(u.sign().mul(log1p(u.abs().neg()))));
    });
  }

  override logProb(value: Tensor | number): Tensor {
    return scoped(() => {
      const x = this.checked(value, this.loc, real);
      return this.scale.mul(2).log().add(x.sub(this.loc).abs().div(this.scale)).neg();
    });
  }

  override entropy(): Tensor {
    return scoped(() => this.scale.mul(2).log().add(1));
  }

  override cdf(value: Tensor | number): Tensor {
    return scoped(() => {
      const x = this.checked(value, this.loc, real).sub(this.loc);
      return x
        .sign()
        .mul(expm1(x.abs().neg().div(this.scale)))
        .mul(-0.5)
        .add(0.5);
    });
  }

  override icdf(value: Tensor | number): Tensor {
    return scoped(() => {
      const x = valueTensor('Laplace', value, this.loc).sub(0.5);
      return this.loc.sub(this.scale.mul(x.sign()).mul(log1p(x.abs().mul(-2))));
    });
  }

  override expand(batchShape: readonly number[]): Laplace {
    return new Laplace(...this.expanded(batchShape));
  }
}
