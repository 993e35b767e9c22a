import { softplus } from '../ops/activation.js';
import { scoped } from '../scope.js';
import type { Tensor } from '../tensor.js';
import { Distribution } from './distribution.js';
import { clampedProbs, readProbabilities, type ProbabilityOptions } from './parameters.js';
import { real, type Support } from './support.js';

/** A family about trials that succeed with some probability, given as such or by its logit. */
export abstract class Trials extends Distribution {
  /** The parameter as it was given. */
  protected readonly given: ReturnType<typeof readProbabilities>;

  constructor(options: ProbabilityOptions, support: Support) {
    const family = new.target.name;
    const given = readProbabilities(family, options);
    super(given.tensor.shape, [], options);
    this.given = given;
    this.checkParameter(given.name, given.tensor, given.name === 'probs' ? support : real);
  }

  /** The probabilities of success. */
  get probs(): Tensor {
    const { name, tensor } = this.given;
    return name === 'probs' ? tensor : tensor.sigmoid();
  }

  /** The logarithms of the odds of success. */
  get logits(): Tensor {
    const { name, tensor } = this.given;
    return name === 'logits' ? tensor : scoped(() => clampedProbs(tensor).logit());
  }

  /** What makes the same distribution with its parameter broadcast. */
  protected expanded(batchShape: readonly number[]): ProbabilityOptions {
    const { name, tensor } = this.given;
    return { [name]: tensor.expand(batchShape), validateArgs: this.validateArgs };
  }
}

/** log(1 + e^x) without the switch to x beyond a threshold. */
export function exactSoftplus(x: Tensor): Tensor {
  return softplus(x, { threshold: Infinity });
}
