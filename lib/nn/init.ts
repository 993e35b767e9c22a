import { backend } from '../backend/current.js';
import {
  checkChoice,
  checkNumber,
  checkOptions,
  checkRange,
  checkTensor,
  noAttrs,
  product,
  shapeText,
} from '../check.js';
import { isFloat } from '../dtype.js';
import { DTypeError, ShapeError, ValueError } from '../errors.js';
import { noGrad } from '../grad-mode.js';
import { randLike, randnLike } from '../ops/random.js';
import { scoped } from '../scope.js';
import type { Tensor } from '../tensor.js';

// Functions that overwrite a tensor with initial values, and return it. They are not recorded, so that parameters may be
// given; what is random repeats after manualSeed.

function checkFloating(op: string, tensor: unknown): asserts tensor is Tensor {
  checkTensor(op, 'tensor', tensor);
  if (!isFloat(tensor.dtype)) {
    throw new DTypeError(`[${op}] tensor: got ${tensor.dtype}, wanted a floating dtype`);
  }
}

/** tensor = draw() * scale + shift */
function overwrite<T extends Tensor>(
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

const nonlinearities = ['linear', 'conv2d', 'sigmoid', 'tanh', 'relu', 'leakyRelu', 'selu'] as const;

/** What follows the layer that is initialised. */
export type Nonlinearity = (typeof nonlinearities)[number];

/**
 * The factor that keeps the variance through a nonlinearity: 1 for linear, conv2d and sigmoid; tanh 5/3; relu sqrt(2);
 * leakyRelu sqrt(2 / (1 + slope^2)) with `slope` 0.01 unless given; selu 3/4.
 *
 * @throws ValueError for an unknown nonlinearity.
 * @example
 * import { nn } from 'lanegrad';
 * nn.init.calculateGain('relu'); // => Math.SQRT2
 */
export function calculateGain(nonlinearity: Nonlinearity, slope = 0.01): number {
  checkChoice('calculateGain', 'nonlinearity', nonlinearity, nonlinearities);
  checkNumber('calculateGain', 'slope', slope);
  switch (nonlinearity) {
    case 'linear':
    case 'conv2d':
    case 'sigmoid':
      return 1;
    case 'tanh':
      return 5 / 3;
    case 'relu':
      return Math.SQRT2;
    case 'leakyRelu':
      return Math.sqrt(2 / (1 + slope * slope));
    case 'selu':
      return 3 / 4;
  }
}

/** How many inputs an output element sees, and how many outputs an input element reaches. weight: [out, in, ...kernel]. */
function fans(op: string, tensor: Tensor): { fanIn: number; fanOut: number } {
  const { shape } = tensor;
  if (shape.length < 2)
    throw new ShapeError(`[${op}] tensor is ${shapeText(shape)}, wanted at least two dims [out, in, ...]`);
  const field = product(shape.slice(2));
  return { fanIn: shape[1]! * field, fanOut: shape[0]! * field };
}

export interface KaimingOptions {
  /** The slope of leakyRelu below 0. Default 0. */
  a?: number;
  /** `fanIn` keeps the variance of the forward pass, `fanOut` of the backward pass. Default fanIn. */
  mode?: 'fanIn' | 'fanOut';
  /** Default leakyRelu, which with a = 0 is relu. */
  nonlinearity?: Nonlinearity;
}

/** gain / sqrt(fan) */
function kaimingStd(op: string, tensor: Tensor, options: KaimingOptions): number {
  checkFloating(op, tensor);
  checkOptions(op, options);
  const { a = 0, mode = 'fanIn', nonlinearity = 'leakyRelu' } = options;
  checkChoice(op, 'mode', mode, ['fanIn', 'fanOut']);
  const fan = fans(op, tensor)[mode];
  const gain = calculateGain(nonlinearity, a);
  // Without elements there is nothing to scale.
  return fan === 0 ? 0 : gain / Math.sqrt(fan);
}

/**
 * Uniform in [-b, b) with b = gain sqrt(3 / fan), gain by {@link calculateGain} (He et al., 2015).
 *
 * tensor: [out, in, ...kernel]; fanIn = in * kernel elements, fanOut = out * kernel elements.
 * @throws ShapeError for fewer than two dims.
 * @example
 * import { nn, zeros } from 'lanegrad';
 * const weight = nn.init.kaimingUniform_(zeros([64, 6]), { nonlinearity: 'relu' });
 * weight.abs().amax().item() <= 1; // => true
 */
export function kaimingUniform_<T extends Tensor>(tensor: T, options: KaimingOptions = {}): T {
  const bound = Math.sqrt(3) * kaimingStd('kaimingUniform_', tensor, options);
  return overwrite(tensor, randLike, 2 * bound, -bound);
}

/**
 * Normal with mean 0 and standard deviation gain / sqrt(fan) (He et al., 2015). See {@link kaimingUniform_}.
 *
 * @throws ShapeError for fewer than two dims.
 * @example
 * import { nn, zeros } from 'lanegrad';
 * const weight = nn.init.kaimingNormal_(zeros([200, 200]), { nonlinearity: 'relu' });
 * weight.std().item().toFixed(1); // => '0.1'
 */
export function kaimingNormal_<T extends Tensor>(tensor: T, options: KaimingOptions = {}): T {
  return overwrite(tensor, randnLike, kaimingStd('kaimingNormal_', tensor, options), 0);
}

export interface XavierOptions {
  /** A factor for what follows. Default 1. */
  gain?: number;
}

/** gain sqrt(2 / (fanIn + fanOut)) */
function xavierStd(op: string, tensor: Tensor, options: XavierOptions): number {
  checkFloating(op, tensor);
  checkOptions(op, options);
  const { gain = 1 } = options;
  checkRange(op, 'gain', gain, 0, Infinity);
  const { fanIn, fanOut } = fans(op, tensor);
  return fanIn + fanOut === 0 ? 0 : gain * Math.sqrt(2 / (fanIn + fanOut));
}

/**
 * Uniform in [-b, b) with b = gain sqrt(6 / (fanIn + fanOut)) (Glorot and Bengio, 2010).
 *
 * tensor: [out, in, ...kernel].
 * @throws ShapeError for fewer than two dims.
 * @example
 * import { nn, zeros } from 'lanegrad';
 * const weight = nn.init.xavierUniform_(zeros([4, 2]));
 * weight.abs().amax().item() <= 1; // => true
 */
export function xavierUniform_<T extends Tensor>(tensor: T, options: XavierOptions = {}): T {
  const bound = Math.sqrt(3) * xavierStd('xavierUniform_', tensor, options);
  return overwrite(tensor, randLike, 2 * bound, -bound);
}

/**
 * Normal with mean 0 and standard deviation gain sqrt(2 / (fanIn + fanOut)) (Glorot and Bengio, 2010).
 *
 * @throws ShapeError for fewer than two dims.
 * @example
 * import { nn, zeros } from 'lanegrad';
 * const weight = nn.init.xavierNormal_(zeros([100, 100]));
 * weight.std().item().toFixed(1); // => '0.1'
 */
export function xavierNormal_<T extends Tensor>(tensor: T, options: XavierOptions = {}): T {
  return overwrite(tensor, randnLike, xavierStd('xavierNormal_', tensor, options), 0);
}
