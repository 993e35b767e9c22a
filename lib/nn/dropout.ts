import { Seen } from '../backend/configuration.js';
import { checkRange, checkTensor } from '../check.js';
import { isFloat } from '../dtype.js';
import { DTypeError } from '../errors.js';
import { add, mul } from '../ops/binary.js';
import {
  alphaDropout,
  dropout,
  dropout1d,
  dropout2d,
  dropout3d,
  featureAlphaDropout,
} from '../ops/dropout.js';
import { ones } from '../ops/creation.js';
import { randnLike } from '../ops/random.js';
import { scoped } from '../scope.js';
import type { Tensor } from '../tensor.js';
import { Module } from './module.js';

// Layers that disturb x in training and give x itself in evaluation. All repeat after manualSeed and keep the shape of x.

/** What the dropout layers share: the probability. */
abstract class Dropping extends Module {
  readonly #name: string;
  readonly #seen = new Seen();
  #p = 0;

  constructor(name: string, p: number) {
    super();
    this.#name = name;
    this.p = p;
  }

  /** The probability. May be assigned. */
  get p(): number {
    this.#seen.look();
    return this.#p;
  }
  set p(value: number) {
    checkRange(this.#name, 'p', value, 0, 1);
    if (value !== this.#p) this.#seen.changed();
    this.#p = value;
  }

  override extraRepr(): string {
    return `p=${this.#p}`;
  }
}

/**
 * In training, zeroes each element with probability p and scales the others by 1 / (1 - p); in evaluation gives x itself
 * (Srivastava et al., 2014). See {@link dropout}. Repeats after {@link manualSeed}.
 *
 * x: any shape, which it keeps. p: default 0.5.
 * @throws ValueError for p outside [0, 1].
 * @example
 * import { nn, ones } from 'lanegrad';
 * const layer = new nn.Dropout(0.5);
 * layer.eval().forward(ones([3])).tolist(); // => [1, 1, 1]
 */
export class Dropout extends Dropping {
  constructor(p = 0.5) {
    super('Dropout', p);
  }

  forward(x: Tensor): Tensor {
    return dropout(x, { p: this.p, training: this.training });
  }
}

/**
 * {@link Dropout} of whole channels of sequences: each is kept or zeroed as one (Tompson et al., 2015). See
 * {@link dropout1d}.
 *
 * x: [N, C, L] or [C, L]. p: default 0.5.
 * @throws ValueError for p outside [0, 1].
 * @throws ShapeError from `forward`, for fewer than two dims.
 * @example
 * import { nn, ones } from 'lanegrad';
 * new nn.Dropout1d(1).forward(ones([1, 2, 3])).sum().item(); // => 0
 */
export class Dropout1d extends Dropping {
  constructor(p = 0.5) {
    super('Dropout1d', p);
  }

  forward(x: Tensor): Tensor {
    return dropout1d(x, { p: this.p, training: this.training });
  }
}

/**
 * {@link Dropout} of whole channels of images: each is kept or zeroed as one (Tompson et al., 2015). See {@link dropout2d}.
 *
 * x: [N, C, H, W] or [N, C, L]; as in PyTorch, three dims are not [C, H, W]. p: default 0.5.
 * @throws ValueError for p outside [0, 1].
 * @throws ShapeError from `forward`, for fewer than two dims.
 * @example
 * import { nn, ones } from 'lanegrad';
 * new nn.Dropout2d(0.2).eval().forward(ones([1, 2, 3, 3])).sum().item(); // => 18
 */
export class Dropout2d extends Dropping {
  constructor(p = 0.5) {
    super('Dropout2d', p);
  }

  forward(x: Tensor): Tensor {
    return dropout2d(x, { p: this.p, training: this.training });
  }
}

/**
 * {@link Dropout} of whole channels of volumes: each is kept or zeroed as one (Tompson et al., 2015). See {@link dropout3d}.
 *
 * x: [N, C, D, H, W] or [C, D, H, W]. p: default 0.5.
 * @throws ValueError for p outside [0, 1].
 * @throws ShapeError from `forward`, for fewer than two dims.
 * @example
 * import { nn, ones } from 'lanegrad';
 * new nn.Dropout3d(0).forward(ones([1, 2, 3, 3, 3])).sum().item(); // => 54
 */
export class Dropout3d extends Dropping {
  constructor(p = 0.5) {
    super('Dropout3d', p);
  }

  forward(x: Tensor): Tensor {
    return dropout3d(x, { p: this.p, training: this.training });
  }
}

/**
 * Dropout for networks with {@link SELU}: drops to its floor, not to 0, and keeps mean 0 and variance 1 (Klambauer et al.,
 * 2017). See {@link alphaDropout}.
 *
 * x: any shape. p: default 0.5.
 * @throws ValueError for p outside [0, 1].
 * @example
 * import { nn, ones } from 'lanegrad';
 * new nn.AlphaDropout(0.5).eval().forward(ones([3])).tolist(); // => [1, 1, 1]
 */
export class AlphaDropout extends Dropping {
  constructor(p = 0.5) {
    super('AlphaDropout', p);
  }

  forward(x: Tensor): Tensor {
    return alphaDropout(x, { p: this.p, training: this.training });
  }
}

/**
 * {@link AlphaDropout} of whole channels. See {@link featureAlphaDropout}.
 *
 * x: [N, C, ...]. p: default 0.5.
 * @throws ValueError for p outside [0, 1].
 * @throws ShapeError from `forward`, for fewer than two dims.
 * @example
 * import { nn, ones } from 'lanegrad';
 * new nn.FeatureAlphaDropout(0).forward(ones([1, 2, 3])).sum().item(); // => 6
 */
export class FeatureAlphaDropout extends Dropping {
  constructor(p = 0.5) {
    super('FeatureAlphaDropout', p);
  }

  forward(x: Tensor): Tensor {
    return featureAlphaDropout(x, { p: this.p, training: this.training });
  }
}

/**
 * Stochastic depth: in training, zeroes whole samples with probability p and scales the others by 1 / (1 - p), so that a
 * residual branch is skipped for some samples (Huang et al., 2016). Not in PyTorch; `StochasticDepth` of torchvision,
 * `DropPath` of timm.
 *
 * x: [N, ...]. p: default 0.
 * @throws ValueError for p outside [0, 1].
 * @example
 * import { nn, ones } from 'lanegrad';
 * const rows = new nn.DropPath(0.5).forward(ones([8, 3]));
 * rows.eq(rows.narrow(1, 0, 1)).all().item(); // => true
 */
export class DropPath extends Dropping {
  constructor(p = 0) {
    super('DropPath', p);
  }

  forward(x: Tensor): Tensor {
    checkTensor('DropPath', 'x', x);
    if (!this.training || this.p === 0) return x;
    const shape = x.shape.map((size, i) => (i === 0 ? size : 1));
    return scoped(() => mul(x, dropout(ones(shape, { dtype: floatOf('DropPath', x) }), { p: this.p })));
  }
}

/**
 * In training, adds normal noise of mean 0 and the given standard deviation; in evaluation gives x itself. Not in PyTorch.
 *
 * x: any shape, floating. std: default 0.1.
 * @throws ValueError for a negative std.
 * @throws DTypeError from `forward`, in training, for x that is not floating.
 * @example
 * import { nn, ones } from 'lanegrad';
 * new nn.GaussianNoise(0).forward(ones([3])).tolist(); // => [1, 1, 1]
 */
export class GaussianNoise extends Module {
  constructor(readonly std = 0.1) {
    super();
    checkRange('GaussianNoise', 'std', std, 0, Infinity);
  }

  forward(x: Tensor): Tensor {
    checkTensor('GaussianNoise', 'x', x);
    if (!this.training || this.std === 0) return x;
    floatOf('GaussianNoise', x);
    return scoped(() => add(x, mul(randnLike(x), this.std)));
  }
}

function floatOf(op: string, x: Tensor) {
  const { dtype } = x;
  if (!isFloat(dtype)) throw new DTypeError(`[${op}] x is ${dtype}, wanted a float`);
  return dtype;
}
