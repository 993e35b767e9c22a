import { noGrad } from '../grad-mode.js';
import { zerosLike, type Shape } from '../ops/creation.js';
import { rand } from '../ops/random.js';
import { xlog1py } from '../ops/special.js';
import { scoped } from '../scope.js';
import type { Tensor } from '../tensor.js';
import { floatOf, type ProbabilityOptions } from './parameters.js';
import { counts, positiveProbability } from './support.js';
import { exactSoftplus, Trials } from './trials.js';

/**
 * The geometric distribution: how many trials fail before the first success, p (1 - p)^k.
 *
 * probs in (0, 1] or logits: [...batchShape]; values: integers of at least 0, of any dtype; samples have the dtype of the parameter.
 *
 * @throws ValueError unless exactly one of probs and logits is given; for a probability outside of (0, 1] or a value that is
 *   no count, unless `validateArgs` is false.
 * @throws ShapeError if a value and the parameter do not broadcast.
 * @example
 * import { distributions } from 'lanegrad';
 * const failures = new distributions.Geometric({ probs: 0.25 });
 * failures.mean.item(); // => 3
 * failures.variance.item(); // => 12
 */
export class Geometric extends Trials {
  constructor(options: ProbabilityOptions) {
    super(options, positiveProbability);
  }

  override get mean(): Tensor {
    return scoped(() => this.probs.reciprocal().sub(1));
  }

  override get mode(): Tensor {
    return zerosLike(this.given.tensor);
  }

  override get variance(): Tensor {
    return scoped(() => {
      const { probs } = this;
      return probs.reciprocal().sub(1).div(probs);
    });
  }

  override sample(sampleShape: Shape = []): Tensor {
    const shape = this.extended('sample', sampleShape);
    const dtype = floatOf(this.given.tensor);
    return noGrad(() =>
      scoped(() => rand(shape, { dtype }).neg().log1p().div(this.probs.neg().log1p()).floor()),
    );
  }

  override logProb(value: Tensor | number): Tensor {
    return scoped(() => {
      const { probs } = this;
      return xlog1py(this.checked(value, probs, counts), probs.neg()).add(probs.log());
    });
  }

  override entropy(): Tensor {
    return scoped(() => {
      const { logits, probs } = this;
      return exactSoftplus(logits).sub(logits.mul(probs)).div(probs);
    });
  }

  override expand(batchShape: readonly number[]): Geometric {
    return new Geometric(this.expanded(batchShape));
  }
}
