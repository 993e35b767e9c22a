import { product } from '../check.js';
import { ShapeError } from '../errors.js';
import { noGrad } from '../grad-mode.js';
import { broadcastShapes } from '../ops/broadcast.js';
import { full, type Shape } from '../ops/creation.js';
import { multinomial } from '../ops/sampling.js';
import { scoped } from '../scope.js';
import type { Tensor } from '../tensor.js';
import { Distribution, type DistributionOptions } from './distribution.js';
import { clampedProbs, floatOf, readProbabilities } from './parameters.js';
import { nonnegative, places, real } from './support.js';

/** Probabilities of the places, or their logits: one of the two must be given. */
export interface CategoricalOptions extends DistributionOptions {
  /** At least 0, not all 0; need not sum to 1. Default: the softmax of `logits`. */
  readonly probs?: Tensor;
  /** Logarithms of probabilities, which need not be normalised. Default: those of `probs`. */
  readonly logits?: Tensor;
}

/**
 * The categorical distribution over the places 0 to C - 1 of the last dim.
 *
 * probs or logits: [...batchShape, C]; values: places, of any dtype; samples are int64. Logarithms of given probabilities take
 * these at least epsilon away from 0 and 1, as PyTorch does. Mean and variance are NaN: places are no quantities.
 *
 * @throws ValueError unless exactly one of probs and logits is given; for a negative probability, a row that sums to no
 *   positive number, or a value that is no place, unless `validateArgs` is false.
 * @throws ShapeError for a parameter without dims, or if a value and the batch do not broadcast.
 * @example
 * import { distributions, tensor } from 'lanegrad';
 * const choice = new distributions.Categorical({ probs: tensor([[1, 3.0], [2, 0]]) });
 * choice.probs.tolist(); // => [[0.25, 0.75], [1, 0]]
 * choice.mode.tolist(); // => [1, 0]
 * choice.sample([4]).shape; // => [4, 2]
 */
export class Categorical extends Distribution {
  /** The number of places, C. */
  readonly numEvents: number;
  readonly #name: 'probs' | 'logits';
  /** Normalised. */
  readonly #tensor: Tensor;

  constructor(options: CategoricalOptions) {
    const { name, tensor } = readProbabilities('Categorical', options);
    if (tensor.ndim === 0) throw new ShapeError(`[Categorical] ${name}: got a 0-dim tensor, wanted [..., C]`);
    super(tensor.shape.slice(0, -1), [], options);
    this.numEvents = tensor.shape.at(-1)!;
    this.#name = name;
    this.checkParameter(name, tensor, name === 'probs' ? nonnegative : real);
    this.#tensor = scoped(() =>
      name === 'probs'
        ? tensor.div(tensor.sum({ dim: -1, keepdim: true }))
        : tensor.sub(tensor.logsumexp({ dim: -1, keepdim: true })),
    );
    // 0 / 0 and infinity by itself: a row that cannot be normalised.
    this.checkParameter(name, this.#tensor, {
      name: 'rows that can be normalised',
      has: (x) => x.eq(x),
    });
  }

  /** The probabilities, which sum to 1: [...batchShape, C]. */
  get probs(): Tensor {
    return this.#name === 'probs' ? this.#tensor : this.#tensor.softmax(-1);
  }

  /** The logarithms of the probabilities: [...batchShape, C]. */
  get logits(): Tensor {
    return this.#name === 'logits' ? this.#tensor : scoped(() => clampedProbs(this.#tensor).log());
  }

  override get mean(): Tensor {
    return full(this.batchShape, NaN, { dtype: floatOf(this.#tensor) });
  }

  override get mode(): Tensor {
    return this.#tensor.argmax({ dim: -1 });
  }

  override get variance(): Tensor {
    return full(this.batchShape, NaN, { dtype: floatOf(this.#tensor) });
  }

  override sample(sampleShape: Shape = []): Tensor {
    const shape = this.extended('sample', sampleShape);
    const batch = product(this.batchShape);
    const samples = batch === 0 ? 0 : product(shape) / batch;
    if (samples === 0) return full(shape, 0, { dtype: 'int64' });
    return noGrad(() =>
      scoped(() =>
        multinomial(this.probs.reshape([batch, this.numEvents]), samples, { replacement: true })
          .transpose(0, 1)
          .reshape(shape),
      ),
    );
  }

  override logProb(value: Tensor | number): Tensor {
    return scoped(() => {
      const { logits } = this;
      const place = this.checked(value, logits, places(this.numEvents)).to('int64').unsqueeze(-1);
      const shape = broadcastShapes(place.shape.slice(0, -1), this.batchShape);
      return logits
        .expand([...shape, this.numEvents])
        .gather(-1, place.expand([...shape, 1]))
        .squeeze(-1);
    });
  }

  override entropy(): Tensor {
    return scoped(() => {
      const { logits, probs } = this;
      // Finite, so that what has no probability adds 0; float16 ends earlier than the others.
      const min = logits.dtype === 'float16' ? -65504 : -3e38;
      return logits.clamp({ min }).mul(probs).sum({ dim: -1 }).neg();
    });
  }

  override expand(batchShape: readonly number[]): Categorical {
    return new Categorical({
      [this.#name]: this.#tensor.expand([...batchShape, this.numEvents]),
      validateArgs: this.validateArgs,
    });
  }
}
