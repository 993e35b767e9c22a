import { backend } from '../../backend/current.js';
import { checkInt, checkListLength, checkNumber } from '../../check.js';
import { isFloat, makeTypedArray } from '../../dtype.js';
import type { DType, FloatDType } from '../../dtype.js';
import { DTypeError, ValueError } from '../../errors.js';
import { scoped } from '../../scope.js';
import type { Tensor } from '../../tensor.js';
import { div } from '../binary.js';
import { to } from '../convert.js';
import { creationDType, finish, scalarTensor } from '../creation.js';
import type { CreationOptions } from '../creation.js';
import { i0 } from '../special.js';

// Windows of M points. Computed in float64, then rounded.

export interface WindowOptions<
  D extends FloatDType = FloatDType,
  Of extends FloatDType = D,
> extends CreationOptions<D, Of> {
  /** Symmetric, for filters; false: periodic, for spectra: a window of M + 1 points without its last. Default true. */
  sym?: boolean;
}

const noOptions = Object.freeze({});

const ownOptions: Readonly<Record<string, string>> = { hamming: 'alpha', gaussian: 'std', kaiser: 'beta' };

function floatingDType(op: string, options: CreationOptions): DType {
  const own = ownOptions[op];
  const dtype = creationDType(op, options, 'float32', own === undefined ? ['sym'] : ['sym', own]);
  if (!isFloat(dtype)) throw new DTypeError(`[${op}] dtype: got ${dtype}, wanted a floating one`);
  return dtype;
}

/** The window `value(x)`, where x runs from -1 to 1. */
function make<D extends FloatDType>(
  op: string,
  M: number,
  options: WindowOptions<D, FloatDType>,
  value: (x: number, steps: number) => number,
): Tensor<D> {
  checkInt(op, 'M', M);
  if (M < 0) throw new ValueError(`[${op}] M: got ${M}, wanted at least 0`);
  const dtype = floatingDType(op, options);
  const steps = options.sym === false ? M : M - 1;
  checkListLength(op, M);
  const data = makeTypedArray('float64', M);
  for (let n = 0; n < M; ++n) data[n] = M === 1 ? value(0, 0) : value((2 * n) / steps - 1, steps);
  const window = scoped(() => {
    const wide = backend.create('float64', [M], data);
    return dtype === 'float64' ? wide : backend.run1('to', [wide], { dtype });
  });
  return finish(window, options);
}

/** a[0] + a[1] cos(pi x) + a[2] cos(2 pi x) + ...: of all windows of this kind the middle is the sum of a. */
function cosines(a: readonly number[]): (x: number) => number {
  return (x) => a.reduce((sum, weight, i) => sum + weight * Math.cos(i * Math.PI * x), 0);
}

/**
 * The Hann window, 0.5 - 0.5 cos(2 pi n / (M - 1)).
 *
 * @throws ValueError if M is negative.
 * @throws DTypeError for a dtype that is not floating.
 * @example
 * import { signal } from 'lanegrad';
 * signal.windows.hann(5).tolist(); // => [0, 0.5, 1, 0.5, 0]
 */
export function hann<D extends FloatDType = 'float32'>(
  M: number,
  options: WindowOptions<D, FloatDType> = noOptions,
): Tensor<D> {
  return make('hann', M, options, cosines([0.5, 0.5]));
}

export interface HammingOptions<
  D extends FloatDType = FloatDType,
  Of extends FloatDType = D,
> extends WindowOptions<D, Of> {
  /** Default 0.54. */
  alpha?: number;
}

/**
 * The Hamming window, alpha - (1 - alpha) cos(2 pi n / (M - 1)).
 *
 * @throws ValueError if M is negative.
 * @throws DTypeError for a dtype that is not floating.
 * @example
 * import { signal } from 'lanegrad';
 * signal.windows.hamming(3, { dtype: 'float64' }).tolist(); // => [0.08, 1, 0.08]
 */
export function hamming<D extends FloatDType = 'float32'>(
  M: number,
  options: HammingOptions<D, FloatDType> = noOptions,
): Tensor<D> {
  const { alpha = 0.54 } = options;
  checkNumber('hamming', 'alpha', alpha);
  return make('hamming', M, options, cosines([alpha, 1 - alpha]));
}

/**
 * The Blackman window, 0.42 - 0.5 cos(2 pi n / (M - 1)) + 0.08 cos(4 pi n / (M - 1)).
 *
 * @throws ValueError if M is negative.
 * @throws DTypeError for a dtype that is not floating.
 * @example
 * import { signal } from 'lanegrad';
 * signal.windows.blackman(5).shape; // => [5]
 */
export function blackman<D extends FloatDType = 'float32'>(
  M: number,
  options: WindowOptions<D, FloatDType> = noOptions,
): Tensor<D> {
  return make('blackman', M, options, cosines([0.42, 0.5, 0.08]));
}

/**
 * The Bartlett window, a triangle from 0 to 1 to 0.
 *
 * @throws ValueError if M is negative.
 * @throws DTypeError for a dtype that is not floating.
 * @example
 * import { signal } from 'lanegrad';
 * signal.windows.bartlett(5).tolist(); // => [0, 0.5, 1, 0.5, 0]
 */
export function bartlett<D extends FloatDType = 'float32'>(
  M: number,
  options: WindowOptions<D, FloatDType> = noOptions,
): Tensor<D> {
  return make('bartlett', M, options, (x) => 1 - Math.abs(x));
}

export interface GaussianOptions<
  D extends FloatDType = FloatDType,
  Of extends FloatDType = D,
> extends WindowOptions<D, Of> {
  /** Standard deviation in points, above 0. Default 1. */
  std?: number;
}

/**
 * The Gaussian window, exp(-(n - middle)^2 / (2 std^2)).
 *
 * @throws ValueError if M is negative or std is not above 0.
 * @throws DTypeError for a dtype that is not floating.
 * @example
 * import { signal } from 'lanegrad';
 * signal.windows.gaussian(3).tolist()[1]; // => 1
 */
export function gaussian<D extends FloatDType = 'float32'>(
  M: number,
  options: GaussianOptions<D, FloatDType> = noOptions,
): Tensor<D> {
  const { std = 1 } = options;
  checkNumber('gaussian', 'std', std);
  if (!(std > 0)) throw new ValueError(`[gaussian] std: got ${std}, wanted a number above 0`);
  return make('gaussian', M, options, (x, steps) => Math.exp(-(((x * steps) / 2 / std) ** 2) / 2));
}

export interface KaiserOptions<
  D extends FloatDType = FloatDType,
  Of extends FloatDType = D,
> extends WindowOptions<D, Of> {
  /** The larger, the narrower; not negative. Default 12. */
  beta?: number;
}

/**
 * The Kaiser window, I0(beta sqrt(1 - x^2)) / I0(beta) for x from -1 to 1.
 *
 * @throws ValueError if M or beta is negative.
 * @throws DTypeError for a dtype that is not floating.
 * @example
 * import { signal } from 'lanegrad';
 * signal.windows.kaiser(3, { beta: 0 }).tolist(); // => [1, 1, 1]
 */
export function kaiser<D extends FloatDType = 'float32'>(
  M: number,
  options: KaiserOptions<D, FloatDType> = noOptions,
): Tensor<D> {
  const { beta = 12 } = options;
  checkNumber('kaiser', 'beta', beta);
  if (!(beta >= 0)) throw new ValueError(`[kaiser] beta: got ${beta}, wanted at least 0`);
  const dtype = floatingDType('kaiser', options);
  const window = scoped(() => {
    const along = make(
      'kaiser',
      M,
      { sym: options.sym !== false, dtype: 'float64' },
      (x) => beta * Math.sqrt(Math.max(0, 1 - x * x)),
    );
    return to(div(i0(along), i0(scalarTensor(beta, { dtype: 'float64' }))), dtype);
  });
  return finish(window, options);
}
