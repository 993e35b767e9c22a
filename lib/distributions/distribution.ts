import { checkShape } from '../check.js';
import { ValueError } from '../errors.js';
import { noGrad } from '../grad-mode.js';
import type { Shape } from '../ops/creation.js';
import { scoped } from '../scope.js';
import type { Tensor } from '../tensor.js';
import { valueTensor } from './parameters.js';
import { checkValues, type Support } from './support.js';

export interface DistributionOptions {
  /**
   * Whether parameters and values outside of what the distribution is defined for are errors. Looking costs a read of each.
   * Default true.
   */
  readonly validateArgs?: boolean;
}

/**
 * A batch of independent distributions of one family: `batchShape` of them, each over values of `eventShape`.
 *
 * sample and rsample: give [...sampleShape, ...batchShape, ...eventShape]; logProb, cdf, icdf: take values of a shape that
 * broadcasts with [...batchShape, ...eventShape]; entropy: [...batchShape]; mean, variance, stddev, mode: [...batchShape,
 * ...eventShape]. What a family lacks is a ValueError that says so.
 *
 * @example
 * import { distributions } from 'lanegrad';
 * const families: distributions.Distribution[] = [
 *   new distributions.Normal(0, 1),
 *   new distributions.Exponential(2),
 * ];
 * families.map((family) => family.mean.item()); // => [0, 0.5]
 */
export abstract class Distribution {
  /** The shape of the parameters, broadcast. */
  readonly batchShape: readonly number[];
  /** The shape of one value: [] for all families of scalars. */
  readonly eventShape: readonly number[];
  /** Whether `rsample` is there: whether gradients flow from samples to the parameters. */
  readonly hasRsample: boolean = false;
  protected readonly validateArgs: boolean;

  constructor(
    batchShape: readonly number[],
    eventShape: readonly number[] = [],
    options: DistributionOptions = {},
  ) {
    this.batchShape = batchShape;
    this.eventShape = eventShape;
    this.validateArgs = options.validateArgs ?? true;
  }

  /** The expected value. */
  abstract get mean(): Tensor;

  /** The expected square of the distance from the mean. */
  abstract get variance(): Tensor;

  /** The square root of the variance. */
  get stddev(): Tensor {
    return scoped(() => this.variance.sqrt());
  }

  /** The most probable value. */
  get mode(): Tensor {
    return this.lacks('mode');
  }

  /** The logarithm of the density, or of the probability, at the values. */
  abstract logProb(value: Tensor | number): Tensor;

  /** Values drawn from the distributions, without a gradient. */
  sample(sampleShape: Shape = []): Tensor {
    return noGrad(() => this.rsample(sampleShape));
  }

  /** Values drawn from the distributions, as a differentiable function of the parameters. */
  rsample(_sampleShape: Shape = []): Tensor {
    return this.lacks(
      'rsample',
      ': its samples have no gradient here; use sample() and the gradient of logProb',
    );
  }

  /** The expected value of -logProb, in nats. */
  entropy(): Tensor {
    return this.lacks('entropy');
  }

  /** The probability of a value of at most this one. */
  cdf(_value: Tensor | number): Tensor {
    return this.lacks('cdf');
  }

  /** The inverse of `cdf`: the value that is not passed with this probability. */
  icdf(_value: Tensor | number): Tensor {
    return this.lacks('icdf');
  }

  /** The same with its parameters broadcast to `batchShape`, without copying. */
  abstract expand(batchShape: readonly number[]): Distribution;

  /** The shape of samples. */
  protected extended(op: string, sampleShape: Shape): number[] {
    return [...checkShape(`${this.family}.${op}`, sampleShape), ...this.batchShape, ...this.eventShape];
  }

  /** A value as a tensor, of which every entry is in the support, if that is to be looked at. */
  protected checked(value: Tensor | number, like: Tensor, support: Support): Tensor {
    const given = valueTensor(this.family, value, like);
    if (this.validateArgs) checkValues(this.family, 'value', given, support);
    return given;
  }

  /** A parameter of which every entry is in the support, if that is to be looked at. */
  protected checkParameter(name: string, x: Tensor, support: Support): void {
    if (this.validateArgs) checkValues(this.family, name, x, support);
  }

  /** How errors name it. */
  protected get family(): string {
    return this.constructor.name;
  }

  private lacks(what: string, instead = ''): never {
    throw new ValueError(`[${this.family}] ${what}: there is none for this family${instead}`);
  }
}
