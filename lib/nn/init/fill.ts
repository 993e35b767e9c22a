import { backend } from '../../backend/current.js';
import { checkNumber, checkOptions, checkRange, checkTensor, noAttrs } from '../../check.js';
import { isFloat } from '../../dtype.js';
import { DTypeError, ValueError } from '../../errors.js';
import { noGrad } from '../../grad-mode.js';
import { add, mul, sub } from '../../ops/binary.js';
import { clamp } from '../../ops/clamp.js';
import { full } from '../../ops/creation.js';
import { erfinv } from '../../ops/math.js';
import { rand, randLike, randnLike } from '../../ops/random.js';
import { erf } from '../../ops/unary.js';
import { scoped } from '../../scope.js';
import type { Tensor } from '../../tensor.js';

const float64 = { dtype: 'float64' } as const;

// Functions that overwrite a tensor with initial values, and return it. They are not recorded, so that parameters may be
// given; what is random repeats after manualSeed.

export function checkFloating(op: string, tensor: unknown): asserts tensor is Tensor {
  checkTensor(op, 'tensor', tensor);
  if (!isFloat(tensor.dtype)) {
    throw new DTypeError(`[${op}] tensor: got ${tensor.dtype}, wanted a floating dtype`);
  }
}

/** tensor = draw() * scale + shift */
export function overwrite<T extends Tensor>(
  tensor: T,
  draw: (tensor: Tensor) => Tensor,
  scale: number,
  shift: number,
): T {
  noGrad(() =>
    scoped(() => {
      const values = draw(tensor);
      backend.runInPlace('mul', [values, scale], noAttrs);
      if (shift !== 0) backend.runInPlace('add', [values, shift], noAttrs);
      backend.runInPlace('copy', [tensor, values], noAttrs);
    }),
  );
  return tensor;
}

/** Writes what `make` gives over the tensor, without recording. */
export function write<T extends Tensor>(tensor: T, make: () => Tensor): T {
  noGrad(() => scoped(() => backend.runInPlace('copy', [tensor, make()], noAttrs)));
  return tensor;
}

export interface UniformOptions {
  /** Default 0. */
  low?: number;
  /** Default 1. */
  high?: number;
}

/**
 * Uniform values in [low, high). Floats only.
 *
 * @throws ValueError if high is below low.
 * @example
 * import { nn, zeros } from 'lanegrad';
 * const x = nn.init.uniform_(zeros([100]), { low: -1, high: 1 });
 * x.abs().amax().item() <= 1; // => true
 */
export function uniform_<T extends Tensor>(tensor: T, options: UniformOptions = {}): T {
  checkFloating('uniform_', tensor);
  checkOptions('uniform_', options);
  const { low = 0, high = 1 } = options;
  checkNumber('uniform_', 'low', low);
  checkNumber('uniform_', 'high', high);
  if (!(high >= low)) throw new ValueError(`[uniform_] high: got ${high}, wanted at least low, ${low}`);
  return overwrite(tensor, randLike, high - low, low);
}

export interface NormalOptions {
  /** Default 0. */
  mean?: number;
  /** Standard deviation. Default 1. */
  std?: number;
}

/**
 * Normal values. Floats only.
 *
 * @throws ValueError if std is negative.
 * @example
 * import { nn, zeros } from 'lanegrad';
 * const x = nn.init.normal_(zeros([10000]), { mean: 3, std: 0.5 });
 * Math.abs(x.mean().item() - 3) < 0.1; // => true
 */
export function normal_<T extends Tensor>(tensor: T, options: NormalOptions = {}): T {
  checkFloating('normal_', tensor);
  checkOptions('normal_', options);
  const { mean = 0, std = 1 } = options;
  checkNumber('normal_', 'mean', mean);
  checkRange('normal_', 'std', std, 0, Infinity);
  return overwrite(tensor, randnLike, std, mean);
}

export interface TruncNormalOptions extends NormalOptions {
  /** The least value. Default -2. */
  a?: number;
  /** The greatest value. Default 2. */
  b?: number;
}

/**
 * Normal values in [a, b]: as if those outside were drawn again. Floats only.
 *
 * @throws ValueError if std is negative or a above b.
 * @example
 * import { nn, zeros } from 'lanegrad';
 * const x = nn.init.truncNormal_(zeros([1000]), { std: 0.02, a: -0.04, b: 0.04 });
 * x.abs().amax().item() <= 0.04; // => true
 */
export function truncNormal_<T extends Tensor>(tensor: T, options: TruncNormalOptions = {}): T {
  const op = 'truncNormal_';
  checkFloating(op, tensor);
  checkOptions(op, options, ['mean', 'std', 'a', 'b']);
  const { mean = 0, std = 1, a = -2, b = 2 } = options;
  checkNumber(op, 'mean', mean);
  checkRange(op, 'std', std, 0, Infinity);
  checkNumber(op, 'b', b);
  checkRange(op, 'a', a, -Infinity, b);
  return write(tensor, () => {
    if (std === 0) return full(tensor.shape, mean, { dtype: 'float64' });
    // The quantile function of the normal distribution, of uniform numbers between its values at a and b.
    const [low, high] = [a, b].map((bound) => erf(full([], (bound - mean) / (std * Math.SQRT2), float64)));
    const uniform = rand(tensor.shape, float64);
    const within = add(mul(uniform, sub(high!, low!)), low!);
    return clamp(add(mul(erfinv(within), std * Math.SQRT2), mean), { min: a, max: b });
  });
}

/**
 * One value everywhere. Any dtype.
 *
 * @example
 * import { nn, zeros } from 'lanegrad';
 * nn.init.constant_(zeros([2]), 0.5).tolist(); // => [0.5, 0.5]
 */
export function constant_<T extends Tensor>(tensor: T, value: number): T {
  checkTensor('constant_', 'tensor', tensor);
  checkNumber('constant_', 'value', value);
  noGrad(() => backend.runInPlace('copy', [tensor, value], noAttrs));
  return tensor;
}

/**
 * Zeros. See {@link constant_}.
 *
 * @example
 * import { nn, ones } from 'lanegrad';
 * nn.init.zeros_(ones([2])).tolist(); // => [0, 0]
 */
export function zeros_<T extends Tensor>(tensor: T): T {
  return constant_(tensor, 0);
}

/**
 * Ones. See {@link constant_}.
 *
 * @example
 * import { nn, zeros } from 'lanegrad';
 * nn.init.ones_(zeros([2])).tolist(); // => [1, 1]
 */
export function ones_<T extends Tensor>(tensor: T): T {
  return constant_(tensor, 1);
}
