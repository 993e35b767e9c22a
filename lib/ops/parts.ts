import { backend } from '../backend/current.js';
import { checkNumber, checkTensor, noAttrs, checkOptions } from '../check.js';
import { isFloat } from '../dtype.js';
import { DTypeError } from '../errors.js';
import { scoped } from '../scope.js';
import type { Tensor } from '../tensor.js';
import { runComposite1 } from './composite.js';
import { sign } from './unary.js';

// Parts of numbers, and what stands for those that are none.

/**
 * x itself.
 *
 * @throws DTypeError for bool.
 * @example
 * import { positive, tensor } from 'lanegrad';
 * positive(tensor([1, -2])).tolist(); // => [1, -2]
 */
export function positive(x: Tensor): Tensor {
  checkTensor('positive', 'x', x);
  if (x.dtype === 'bool') throw new DTypeError('[positive] bool is not supported: cast it first');
  return x;
}

/**
 * -1, 0 or 1: {@link sign}, from which it differs for complex numbers only. Any dtype.
 *
 * @example
 * import { sgn, tensor } from 'lanegrad';
 * sgn(tensor([-3, 0, 5])).tolist(); // => [-1, 0, 1]
 */
export function sgn(x: Tensor): Tensor {
  return sign(x);
}

/**
 * x - trunc(x): the part after the point, with the sign of x. Floats only.
 *
 * @throws DTypeError for integers and bool.
 * @example
 * import { frac, tensor } from 'lanegrad';
 * frac(tensor([1.5, -2.25])).tolist(); // => [0.5, -0.25]
 */
export function frac(x: Tensor): Tensor {
  checkTensor('frac', 'x', x);
  return runComposite1('frac', [x], noAttrs);
}

/** x = mantissa 2^exponent. */
export interface MantissaAndExponent {
  /** In the dtype of x. */
  readonly mantissa: Tensor;
  /** int32. */
  readonly exponent: Tensor<'int32'>;
}

/**
 * x as mantissa 2^exponent with 1/2 <= |mantissa| < 1; 0, infinities and NaN have the exponent 0. float32 and float64.
 *
 * @throws DTypeError for other dtypes.
 * @example
 * import { frexp, tensor } from 'lanegrad';
 * frexp(tensor([6.5])).mantissa.tolist(); // => [0.8125]
 * frexp(tensor([6.5])).exponent.tolist(); // => [3]
 */
export function frexp(x: Tensor): MantissaAndExponent {
  checkTensor('frexp', 'x', x);
  return scoped(() => {
    const mantissa = backend.run1('frexpMantissa', [x], noAttrs);
    const power = backend.run1('frexpExponent', [backend.run1('detach', [x], noAttrs)], noAttrs);
    return { mantissa, exponent: backend.run1('to', [power], { dtype: 'int32' }) as Tensor<'int32'> };
  });
}

export interface NanToNumOptions {
  /** In place of NaN. Default 0. */
  nan?: number;
  /** In place of Infinity. Default: the largest number of the dtype. */
  posinf?: number;
  /** In place of -Infinity. Default: the least number of the dtype. */
  neginf?: number;
}

const largest: Readonly<Record<string, number>> = {
  float16: 65504,
  bfloat16: 3.3895313892515355e38,
  float32: 3.4028234663852886e38,
  float64: Number.MAX_VALUE,
};

/**
 * x with NaN and infinities replaced by numbers; integers and bool as they are. The gradient there is 0.
 *
 * @throws ValueError if an option is not a number.
 * @example
 * import { nanToNum, tensor } from 'lanegrad';
 * nanToNum(tensor([NaN, Infinity, 1.5]), { posinf: 9 }).tolist(); // => [0, 9, 1.5]
 */
export function nanToNum(x: Tensor, options: NanToNumOptions = {}): Tensor {
  checkTensor('nanToNum', 'x', x);
  if (!isFloat(x.dtype)) return backend.run1('clone', [x], noAttrs);
  const { nan, attrs } = replacements('nanToNum', x, options);
  return runComposite1('nanToNum', [x, nan], attrs);
}

export function replacements(
  op: string,
  x: Tensor,
  options: NanToNumOptions,
): { nan: number; attrs: { posinf: number; neginf: number } } {
  checkOptions(op, options);
  const bound = largest[x.dtype] ?? 0;
  const { nan = 0, posinf = bound, neginf = -bound } = options;
  checkNumber(op, 'nan', nan);
  checkNumber(op, 'posinf', posinf);
  checkNumber(op, 'neginf', neginf);
  return { nan, attrs: { posinf, neginf } };
}
