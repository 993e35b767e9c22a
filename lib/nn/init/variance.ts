import { checkChoice, checkNumber, checkOptions, checkRange, product, shapeText } from '../../check.js';
import { ShapeError } from '../../errors.js';
import { randLike, randnLike } from '../../ops/random.js';
import type { Tensor } from '../../tensor.js';
import { checkFloating, overwrite } from './fill.js';

// Random values whose spread follows from the shape, so that the variance stays from layer to layer.

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

/**
 * Uniform in [-b, b) with b = sqrt(3 / fanIn) (LeCun et al., 1998). Not in PyTorch.
 *
 * tensor: [out, in, ...kernel]; fanIn = in * kernel elements.
 * @throws ShapeError for fewer than two dims.
 * @example
 * import { nn, zeros } from 'lanegrad';
 * nn.init.lecunUniform_(zeros([64, 3])).abs().amax().item() <= 1; // => true
 */
export function lecunUniform_<T extends Tensor>(tensor: T): T {
  const bound = Math.sqrt(3) * kaimingStd('lecunUniform_', tensor, { nonlinearity: 'linear' });
  return overwrite(tensor, randLike, 2 * bound, -bound);
}

/**
 * Normal with mean 0 and standard deviation 1 / sqrt(fanIn) (LeCun et al., 1998): what {@link SELU} wants. Not in PyTorch.
 *
 * tensor: [out, in, ...kernel]; fanIn = in * kernel elements.
 * @throws ShapeError for fewer than two dims.
 * @example
 * import { nn, zeros } from 'lanegrad';
 * nn.init.lecunNormal_(zeros([100, 100])).std().item().toFixed(1); // => '0.1'
 */
export function lecunNormal_<T extends Tensor>(tensor: T): T {
  const std = kaimingStd('lecunNormal_', tensor, { nonlinearity: 'linear' });
  return overwrite(tensor, randnLike, std, 0);
}
