import { noGrad } from '../grad-mode.js';
import { zerosLike, type Shape } from '../ops/creation.js';
import { rand } from '../ops/random.js';
import { xlog1py } from '../ops/special.js';
import { scoped } from '../scope.js';
import type { Tensor } from '../tensor.js';
import { exactSoftplus } from './bernoulli.js';
import { Distribution, type DistributionOptions } from './distribution.js';
import { clampedProbs, floatOf, readProbabilities } from './parameters.js';
import { counts, positiveProbability, real } from './support.js';

/** Probabilities of success, or their logits: one of the two must be given. */
export interface GeometricOptions extends DistributionOptions {
  /** The probabilities that a trial succeeds, in (0, 1]. Default: the sigmoid of `logits`. */
  readonly probs?: Tensor | number;
  /** The logarithms of the odds that a trial succeeds. Default: those of `probs`. */
  readonly logits?: Tensor | number;
}

/**
 * The geometric distribution: how many trials fail before the first success, p (1 - p)^k.
 *
 * probs or logits: [...batchShape]; values: integers of at least 0, of any dtype; samples have the dtype of the parameter.
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
export class Geometric extends Distribution {
  readonly #given: ReturnType<typeof readProbabilities>;

  constructor(options: GeometricOptions) {
    const given = readProbabilities('Geometric', options);
    super(given.tensor.shape, [], options);
    this.#given = given;
    this.checkParameter(given.name, given.tensor, given.name === 'probs' ? positiveProbability : real);
  }

  /** The probabilities that a trial succeeds. */
  get probs(): Tensor {
    const { name, tensor } = this.#given;
    return name === 'probs' ? tensor : tensor.sigmoid();
  }

  /** The logarithms of the odds that a trial succeeds. */
  get logits(): Tensor {
    const { name, tensor } = this.#given;
    return name === 'logits' ? tensor : scoped(() => clampedProbs(tensor).logit());
  }

  override get mean(): Tensor {
    return scoped(() => this.probs.reciprocal().sub(1));
  }

  override get mode(): Tensor {
    return zerosLike(this.#given.tensor);
  }

  override get variance(): Tensor {
    return scoped(() => {
      const { probs } = this;
      return probs.reciprocal().sub(1).div(probs);
    });
  }

  override sample(sampleShape: Shape = []): Tensor {
    const shape = this.extended('sample', sampleShape);
    const dtype = floatOf(this.#given.tensor);
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
    const { name, tensor } = this.#given;
    return new Geometric({ [name]: tensor.expand(batchShape), validateArgs: this.validateArgs });
  }
}
