import { noGrad } from '../grad-mode.js';
import { where } from '../ops/binary.js';
import type { Shape } from '../ops/creation.js';
import { rand } from '../ops/random.js';
import { scoped } from '../scope.js';
import type { Tensor } from '../tensor.js';
import { floatOf, type ProbabilityOptions } from './parameters.js';
import { binary, unitInterval } from './support.js';
import { exactSoftplus, Trials } from './trials.js';

/**
 * The Bernoulli distribution: 1, a success, with probability p, else 0.
 *
 * probs in [0, 1] or logits: [...batchShape]; values: 0 or 1, of any dtype; samples have the dtype of the parameter. Logits of
 * given probabilities take these at least epsilon away from 0 and 1, as PyTorch does, so that logProb stays finite. The mode
 * where p is one half is NaN.
 *
 * @throws ValueError unless exactly one of probs and logits is given; for a probability outside of [0, 1] or a value other
 *   than 0 and 1, unless `validateArgs` is false.
 * @throws ShapeError if a value and the parameter do not broadcast.
 * @example
 * import { distributions, tensor } from 'lanegrad';
 * const coins = new distributions.Bernoulli({ probs: tensor([0.25, 1]) });
 * coins.variance.tolist(); // => [0.1875, 0]
 * coins.mode.tolist(); // => [0, 1]
 * new distributions.Bernoulli({ logits: 0 }).mean.item(); // => 0.5
 */
export class Bernoulli extends Trials {
  constructor(options: ProbabilityOptions) {
    super(options, unitInterval);
  }

  override get mean(): Tensor {
    return this.probs;
  }

  override get mode(): Tensor {
    return scoped(() => {
      const { probs } = this;
      return where(probs.eq(0.5), NaN, probs.gt(0.5).to(floatOf(probs)));
    });
  }

  override get variance(): Tensor {
    return scoped(() => {
      const { probs } = this;
      return probs.mul(probs.neg().add(1));
    });
  }

  override sample(sampleShape: Shape = []): Tensor {
    const shape = this.extended('sample', sampleShape);
    const dtype = floatOf(this.given.tensor);
    return noGrad(() => scoped(() => rand(shape, { dtype }).lt(this.probs).to(dtype)));
  }

  override logProb(value: Tensor | number): Tensor {
    return scoped(() => {
      const { logits } = this;
      return logits.mul(this.checked(value, logits, binary)).sub(exactSoftplus(logits));
    });
  }

  override entropy(): Tensor {
    return scoped(() => {
      const { logits } = this;
      return exactSoftplus(logits).sub(logits.mul(this.probs));
    });
  }

  override expand(batchShape: readonly number[]): Bernoulli {
    return new Bernoulli(this.expanded(batchShape));
  }
}
