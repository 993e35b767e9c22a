import { backend } from '../backend/current.js';
import { checkPair, checkTensor, noAttrs } from '../check.js';
import type { Operand } from '../check.js';
import type { Tensor } from '../tensor.js';

// Special functions, named as torch.special names them. Those that stand elsewhere too are re-exported at the end.

/**
 * The normal distribution function, erfc(-x / sqrt 2) / 2. Integers and bool become float32.
 *
 * @example
 * import { special, tensor } from 'lanegrad';
 * special.ndtr(tensor([0])).tolist(); // => [0.5]
 */
export function ndtr(x: Tensor): Tensor {
  checkTensor('ndtr', 'x', x);
  return backend.run1('ndtr', [x], noAttrs);
}

/**
 * The inverse of the normal distribution function; NaN outside of [0, 1]. Integers and bool become float32.
 *
 * @example
 * import { special, tensor } from 'lanegrad';
 * special.ndtri(tensor([0.5])).tolist(); // => [0]
 */
export function ndtri(x: Tensor): Tensor {
  checkTensor('ndtri', 'x', x);
  return backend.run1('ndtri', [x], noAttrs);
}

/**
 * The logarithm of the normal distribution function, precise in both tails. Integers and bool become float32.
 *
 * @example
 * import { special, tensor } from 'lanegrad';
 * special.logNdtr(tensor([Infinity])).tolist(); // => [0]
 */
export function logNdtr(x: Tensor): Tensor {
  checkTensor('logNdtr', 'x', x);
  return backend.run1('logNdtr', [x], noAttrs);
}

/**
 * The entropy, -x log x; 0 at 0, -Infinity below. Integers and bool become float32.
 *
 * @example
 * import { special, tensor } from 'lanegrad';
 * special.entr(tensor([0, 1])).tolist(); // => [0, 0]
 */
export function entr(x: Tensor): Tensor {
  checkTensor('entr', 'x', x);
  return backend.run1('entr', [x], noAttrs);
}

/**
 * The scaled complementary error function, e^(x^2) erfc(x). Integers and bool become float32.
 *
 * @example
 * import { special, tensor } from 'lanegrad';
 * special.erfcx(tensor([0])).tolist(); // => [1]
 */
export function erfcx(x: Tensor): Tensor {
  checkTensor('erfcx', 'x', x);
  return backend.run1('erfcx', [x], noAttrs);
}

/**
 * The modified Bessel function of order 0, times e^-|x|. Integers and bool become float32.
 *
 * @example
 * import { special, tensor } from 'lanegrad';
 * special.i0e(tensor([0])).tolist(); // => [1]
 */
export function i0e(x: Tensor): Tensor {
  checkTensor('i0e', 'x', x);
  return backend.run1('i0e', [x], noAttrs);
}

/**
 * The modified Bessel function of the first kind, order 1. Integers and bool become float32.
 *
 * @example
 * import { special, tensor } from 'lanegrad';
 * special.i1(tensor([0])).tolist(); // => [0]
 */
export function i1(x: Tensor): Tensor {
  checkTensor('i1', 'x', x);
  return backend.run1('i1', [x], noAttrs);
}

/**
 * The modified Bessel function of order 1, times e^-|x|. Integers and bool become float32.
 *
 * @example
 * import { special, tensor } from 'lanegrad';
 * special.i1e(tensor([0])).tolist(); // => [0]
 */
export function i1e(x: Tensor): Tensor {
  checkTensor('i1e', 'x', x);
  return backend.run1('i1e', [x], noAttrs);
}

/**
 * The Bessel function of the first kind, order 0. Integers and bool become float32.
 *
 * @example
 * import { special, tensor } from 'lanegrad';
 * special.besselJ0(tensor([0])).tolist(); // => [1]
 */
export function besselJ0(x: Tensor): Tensor {
  checkTensor('besselJ0', 'x', x);
  return backend.run1('besselJ0', [x], noAttrs);
}

/**
 * The Bessel function of the first kind, order 1. Integers and bool become float32.
 *
 * @example
 * import { special, tensor } from 'lanegrad';
 * special.besselJ1(tensor([0])).tolist(); // => [0]
 */
export function besselJ1(x: Tensor): Tensor {
  checkTensor('besselJ1', 'x', x);
  return backend.run1('besselJ1', [x], noAttrs);
}

/**
 * Hurwitz' zeta function, the sum over k >= 0 of (q + k)^-s, for s > 1 and q of at least -1e5. No gradient for s.
 * Integers become float32; shapes broadcast.
 *
 * @throws ShapeError if the shapes do not broadcast.
 * @example
 * import { special, tensor } from 'lanegrad';
 * special.zeta(tensor([1]), tensor([2])).tolist(); // => [Infinity]
 */
export function zeta(s: Operand, q: Operand): Tensor {
  checkPair('zeta', s, q, ['s', 'q']);
  return backend.run1('zeta', [s, q], noAttrs);
}

/**
 * x log(1 + y), and 0 where x is 0 unless y is NaN. Integers become float32; shapes broadcast.
 *
 * @throws ShapeError if the shapes do not broadcast.
 * @example
 * import { special, tensor } from 'lanegrad';
 * special.xlog1py(tensor([0]), tensor([-1])).tolist(); // => [0]
 */
export function xlog1py(x: Operand, y: Operand): Tensor {
  checkPair('xlog1py', x, y, ['x', 'y']);
  return backend.run1('xlog1py', [x, y], noAttrs);
}

/**
 * The lower regularized incomplete gamma function P(a, x); torch.igamma too. NaN for negative operands. No gradient
 * for a. Floats only; shapes broadcast.
 *
 * @throws ShapeError if the shapes do not broadcast.
 * @example
 * import { float, special, tensor } from 'lanegrad';
 * special.gammainc(tensor([1.5]), float(0)).tolist(); // => [0]
 */
export function gammainc(a: Tensor, x: Tensor): Tensor {
  checkTensor('gammainc', 'a', a);
  checkTensor('gammainc', 'x', x);
  return backend.run1('igamma', [a, x], noAttrs);
}

/**
 * 1 - P(a, x), precise where P is near 1; torch.igammac too. NaN for negative operands. No gradient for a. Floats
 * only; shapes broadcast.
 *
 * @throws ShapeError if the shapes do not broadcast.
 * @example
 * import { float, special, tensor } from 'lanegrad';
 * special.gammaincc(tensor([1.5]), float(0)).tolist(); // => [1]
 */
export function gammaincc(a: Tensor, x: Tensor): Tensor {
  checkTensor('gammaincc', 'a', a);
  checkTensor('gammaincc', 'x', x);
  return backend.run1('igammac', [a, x], noAttrs);
}

export { xlogy } from './arithmetic.js';
export {
  digamma,
  digamma as psi,
  erfc,
  erfinv,
  exp2,
  expm1,
  i0,
  lgamma as gammaln,
  log1p,
  logit,
  mvlgamma as multigammaln,
  polygamma,
  sinc,
} from './math.js';
export { logSoftmax, softmax } from './reduction.js';
export { erf, round, sigmoid as expit } from './unary.js';
