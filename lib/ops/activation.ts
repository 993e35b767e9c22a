import { autocasting, inScopeDType } from '../autocast-policy.js';
import { backend } from '../backend/current.js';
import {
  checkFlag,
  checkInt,
  checkNumber,
  checkRange,
  checkTensor,
  noAttrs,
  product,
  checkOptions,
} from '../check.js';
import { isFloat } from '../dtype.js';
import { DTypeError, ShapeError, ValueError } from '../errors.js';
import { noGrad } from '../grad-mode.js';
import { scoped } from '../scope.js';
import type { Tensor } from '../tensor.js';
import { add, div, mul, sub } from './binary.js';
import { runComposite1 } from './composite.js';
import { detach } from './convert.js';
import { onesLike, zerosLike } from './creation.js';
import { scatterAdd } from './indexing.js';
import { randLike } from './random.js';
import { argmax, softmax } from './reduction.js';
import type { SoftmaxOptions } from './reduction.js';
import { log, neg, sigmoid } from './unary.js';
import { narrow, reshape } from './view.js';

// Activations. A derivative at a corner is what PyTorch takes it for.

/**
 * min(max(x, 0), 6); its derivative is 0 at both corners. Any dtype but bool.
 *
 * @throws DTypeError for bool.
 * @example
 * import { F, tensor } from 'lanegrad';
 * F.relu6(tensor([-1.5, 2, 7])).tolist(); // => [0, 2, 6]
 */
export function relu6(x: Tensor): Tensor {
  checkTensor('relu6', 'x', x);
  return runComposite1('hardtanh', [x], { min: 0, max: 6 });
}

export interface LeakyReluOptions {
  /** Slope for negative x. Default 0.01. */
  negativeSlope?: number;
}

/**
 * x where it is positive, negativeSlope x elsewhere. Floats only.
 *
 * @throws DTypeError for integers and bool.
 * @example
 * import { F, tensor } from 'lanegrad';
 * F.leakyRelu(tensor([2, -4.5]), { negativeSlope: 0.5 }).tolist(); // => [2, -2.25]
 */
export function leakyRelu(x: Tensor, options: LeakyReluOptions = {}): Tensor {
  checkTensor('leakyRelu', 'x', x);
  checkOptions('leakyRelu', options);
  const { negativeSlope = 0.01 } = options;
  checkNumber('leakyRelu', 'negativeSlope', negativeSlope);
  return runComposite1('leakyRelu', [x], { negativeSlope });
}

/**
 * x where it is positive, weight x elsewhere (He et al. 2015). x: [N, C, ...], weight: one element, or [C]; of one
 * floating dtype.
 *
 * @throws DTypeError for integers and bool, and if the dtypes differ.
 * @throws ShapeError if the weight is neither one element nor as many as channels.
 * @example
 * import { F, tensor } from 'lanegrad';
 * F.prelu(tensor([2, -4.5]), tensor([0.5])).tolist(); // => [2, -2.25]
 */
export function prelu(x: Tensor, weight: Tensor): Tensor {
  if (autocasting()) return inScopeDType(prelu, x, weight);
  checkTensor('prelu', 'x', x);
  checkTensor('prelu', 'weight', weight);
  const count = product(weight.shape);
  const channels = x.shape.length > 1 ? x.shape[1]! : 1;
  if (weight.shape.length > 1 || (count !== 1 && count !== channels)) {
    const shape = weight.shape.join(', ');
    throw new ShapeError(
      `[prelu] weight: got [${shape}] for ${channels} channels, wanted [1] or [${channels}]`,
    );
  }
  if (count === 1 && weight.shape.length === 0) return runComposite1('prelu', [x, weight], noAttrs);
  const wide = count === 1 ? [] : [channels, ...x.shape.slice(2).map(() => 1)];
  return scoped(() => runComposite1('prelu', [x, reshape(weight, wide)], noAttrs));
}

export interface RreluOptions {
  /** Lower bound of the slope. Default 1/8. */
  lower?: number;
  /** Upper bound of the slope. Default 1/3. */
  upper?: number;
  /** Draw a slope for each element; else their mean is taken. Default false. */
  training?: boolean;
}

/**
 * leakyRelu with a random slope for each element in training, with the mean of the bounds otherwise (Xu et al. 2015).
 * Floats only.
 *
 * @throws DTypeError for integers and bool.
 * @throws ValueError if lower is above upper.
 * @example
 * import { F, tensor } from 'lanegrad';
 * F.rrelu(tensor([2, -4.5]), { lower: 0.25, upper: 0.75 }).tolist(); // => [2, -2.25]
 */
export function rrelu(x: Tensor, options: RreluOptions = {}): Tensor {
  checkTensor('rrelu', 'x', x);
  checkOptions('rrelu', options);
  const { lower = 1 / 8, upper = 1 / 3 } = options;
  checkRange('rrelu', 'upper', upper, -Infinity, Infinity);
  checkRange('rrelu', 'lower', lower, -Infinity, upper);
  if (!checkFlag('rrelu', 'training', options.training)) {
    return runComposite1('leakyRelu', [x], { negativeSlope: (lower + upper) / 2 });
  }
  wantFloat('rrelu', x);
  return scoped(() => runComposite1('prelu', [x, add(mul(randLike(x), upper - lower), lower)], noAttrs));
}

function wantFloat(op: string, x: Tensor): void {
  if (!isFloat(x.dtype)) throw new DTypeError(`[${op}] ${x.dtype} is not supported, wanted a floating dtype`);
}

export interface EluOptions {
  /** Minus the value for x to -Infinity. Default 1. */
  alpha?: number;
}

/**
 * x where it is positive, alpha (e^x - 1) elsewhere (Clevert et al. 2015). Floats only.
 *
 * @throws DTypeError for integers and bool.
 * @example
 * import { F, tensor } from 'lanegrad';
 * F.elu(tensor([2.5, -Infinity])).tolist(); // => [2.5, -1]
 */
export function elu(x: Tensor, options: EluOptions = {}): Tensor {
  checkTensor('elu', 'x', x);
  checkOptions('elu', options);
  const { alpha = 1 } = options;
  checkNumber('elu', 'alpha', alpha);
  return runComposite1('elu', [x], { alpha, inputScale: 1 });
}

/**
 * x where it is positive, alpha (e^(x / alpha) - 1) elsewhere: smooth at 0 for any alpha (Barron 2017). Floats only.
 *
 * @throws DTypeError for integers and bool.
 * @throws ValueError if alpha is 0.
 * @example
 * import { F, tensor } from 'lanegrad';
 * F.celu(tensor([2.5, -Infinity])).tolist(); // => [2.5, -1]
 */
export function celu(x: Tensor, options: EluOptions = {}): Tensor {
  checkTensor('celu', 'x', x);
  checkOptions('celu', options);
  const { alpha = 1 } = options;
  checkNumber('celu', 'alpha', alpha);
  if (alpha === 0) throw new ValueError('[celu] alpha: got 0, wanted a number other than 0');
  return runComposite1('elu', [x], { alpha, inputScale: 1 / alpha });
}

/**
 * 1.0507 elu(x) with alpha 1.6733: keeps mean 0 and variance 1 (Klambauer et al. 2017). Floats only.
 *
 * @throws DTypeError for integers and bool.
 * @example
 * import { F, tensor } from 'lanegrad';
 * F.selu(tensor([0, -0.5])).tolist(); // => [0, -0.691758]
 */
export function selu(x: Tensor): Tensor {
  checkTensor('selu', 'x', x);
  return runComposite1('selu', [x], noAttrs);
}

/**
 * x tanh(log(1 + e^x)) (Misra 2019). Floats only.
 *
 * @throws DTypeError for integers and bool.
 * @example
 * import { F, tensor } from 'lanegrad';
 * F.mish(tensor([0, 0.5])).tolist(); // => [0, 0.37524521350860596]
 */
export function mish(x: Tensor): Tensor {
  checkTensor('mish', 'x', x);
  return runComposite1('mish', [x], noAttrs);
}

/**
 * x min(max(x + 3, 0), 6) / 6 (Howard et al. 2019). Floats only.
 *
 * @throws DTypeError for integers and bool.
 * @example
 * import { F, tensor } from 'lanegrad';
 * F.hardswish(tensor([-3.5, 0, 4])).tolist(); // => [-0, 0, 4]
 */
export function hardswish(x: Tensor): Tensor {
  checkTensor('hardswish', 'x', x);
  return runComposite1('hardswish', [x], noAttrs);
}

/**
 * min(max(x + 3, 0), 6) / 6. Floats only.
 *
 * @throws DTypeError for integers and bool.
 * @example
 * import { F, tensor } from 'lanegrad';
 * F.hardsigmoid(tensor([-3.5, 0, 4])).tolist(); // => [0, 0.5, 1]
 */
export function hardsigmoid(x: Tensor): Tensor {
  checkTensor('hardsigmoid', 'x', x);
  return runComposite1('hardsigmoid', [x], noAttrs);
}

export interface HardtanhOptions {
  /** Lower bound. Default -1. */
  minVal?: number;
  /** Upper bound. Default 1. */
  maxVal?: number;
}

/**
 * x between minVal and maxVal, else the bound; its derivative is 0 at both. Any dtype but bool.
 *
 * @throws DTypeError for bool.
 * @throws ValueError if minVal is above maxVal.
 * @example
 * import { F, tensor } from 'lanegrad';
 * F.hardtanh(tensor([-2, 0.5, 3])).tolist(); // => [-1, 0.5, 1]
 */
export function hardtanh(x: Tensor, options: HardtanhOptions = {}): Tensor {
  checkTensor('hardtanh', 'x', x);
  checkOptions('hardtanh', options);
  const { minVal = -1, maxVal = 1 } = options;
  checkRange('hardtanh', 'maxVal', maxVal, -Infinity, Infinity);
  checkRange('hardtanh', 'minVal', minVal, -Infinity, maxVal);
  return runComposite1('hardtanh', [x], { min: minVal, max: maxVal });
}

export interface ShrinkOptions {
  /** Half the width of what becomes 0. Default 0.5. */
  lambd?: number;
}

/**
 * 0 where |x| <= lambd, else x. Floats only.
 *
 * @throws DTypeError for integers and bool.
 * @example
 * import { F, tensor } from 'lanegrad';
 * F.hardshrink(tensor([-2, 0.25, 3])).tolist(); // => [-2, 0, 3]
 */
export function hardshrink(x: Tensor, options: ShrinkOptions = {}): Tensor {
  checkTensor('hardshrink', 'x', x);
  checkOptions('hardshrink', options);
  const { lambd = 0.5 } = options;
  checkNumber('hardshrink', 'lambd', lambd);
  return runComposite1('hardshrink', [x], { lambd });
}

/**
 * x moved towards 0 by lambd; 0 where |x| <= lambd. Floats only.
 *
 * @throws DTypeError for integers and bool.
 * @throws ValueError for a negative lambd.
 * @example
 * import { F, tensor } from 'lanegrad';
 * F.softshrink(tensor([-2, 0.25, 3])).tolist(); // => [-1.5, 0, 2.5]
 */
export function softshrink(x: Tensor, options: ShrinkOptions = {}): Tensor {
  checkTensor('softshrink', 'x', x);
  checkOptions('softshrink', options);
  const { lambd = 0.5 } = options;
  checkRange('softshrink', 'lambd', lambd, 0, Infinity);
  return runComposite1('softshrink', [x], { lambd });
}

/**
 * x - tanh(x). Integers and bool become float32.
 *
 * @example
 * import { F, tensor } from 'lanegrad';
 * F.tanhshrink(tensor([0])).tolist(); // => [0]
 */
export function tanhshrink(x: Tensor): Tensor {
  checkTensor('tanhshrink', 'x', x);
  return runComposite1('tanhshrink', [x], noAttrs);
}

/**
 * x / (1 + |x|). Integers and bool become float32.
 *
 * @example
 * import { F, tensor } from 'lanegrad';
 * F.softsign(tensor([1, -3])).tolist(); // => [0.5, -0.75]
 */
export function softsign(x: Tensor): Tensor {
  checkTensor('softsign', 'x', x);
  return runComposite1('softsign', [x], noAttrs);
}

export interface SoftplusOptions {
  /** Sharpness of the bend. Default 1. */
  beta?: number;
  /** Where beta x is above this, the result is x itself. Default 20. */
  threshold?: number;
}

/**
 * log(1 + e^(beta x)) / beta: a smooth relu. Floats only.
 *
 * @throws DTypeError for integers and bool.
 * @example
 * import { F, tensor } from 'lanegrad';
 * F.softplus(tensor([0.5, 30])).tolist(); // => [0.9740769863128662, 30]
 */
export function softplus(x: Tensor, options: SoftplusOptions = {}): Tensor {
  checkTensor('softplus', 'x', x);
  checkOptions('softplus', options);
  const { beta = 1, threshold = 20 } = options;
  checkNumber('softplus', 'beta', beta);
  checkNumber('softplus', 'threshold', threshold);
  return runComposite1('softplus', [x], { beta, threshold });
}

/**
 * log(sigmoid(x)) = -log(1 + e^-x), without underflow. Floats only.
 *
 * @throws DTypeError for integers and bool.
 * @example
 * import { F, tensor } from 'lanegrad';
 * F.logsigmoid(tensor([-100.5])).tolist(); // => [-100.5]
 */
export function logsigmoid(x: Tensor): Tensor {
  checkTensor('logsigmoid', 'x', x);
  return runComposite1('logsigmoid', [x], noAttrs);
}

/**
 * x where it is above the threshold, else the value. Any dtype but bool; with integers both are truncated.
 *
 * @throws DTypeError for bool.
 * @throws ValueError if threshold or value is not a number.
 * @example
 * import { F, tensor } from 'lanegrad';
 * F.threshold(tensor([1, 2, 3]), 1, 20).tolist(); // => [20, 2, 3]
 */
export function threshold(x: Tensor, threshold: number, value: number): Tensor {
  checkTensor('threshold', 'x', x);
  checkNumber('threshold', 'threshold', threshold);
  checkNumber('threshold', 'value', value);
  return runComposite1('threshold', [x], { threshold, value });
}

export interface GluOptions {
  /** The dim that is halved. Default -1. */
  dim?: number;
}

/**
 * a sigmoid(b), where a and b are the halves of x along a dim (Dauphin et al. 2017). x: [..., 2 D, ...], result: [..., D, ...].
 *
 * @throws ShapeError if the size of the dim is odd.
 * @throws IndexError for a dim out of range.
 * @example
 * import { F, tensor } from 'lanegrad';
 * F.glu(tensor([3, 5, 0, 0])).tolist(); // => [1.5, 2.5]
 */
export function glu(x: Tensor, options: GluOptions = {}): Tensor {
  checkTensor('glu', 'x', x);
  checkOptions('glu', options);
  const { dim = -1 } = options;
  checkInt('glu', 'dim', dim);
  const size = x.shape.at(dim) ?? 0;
  if (x.shape.length === 0 || size % 2 !== 0) {
    throw new ShapeError(`[glu] got size ${size} of dim ${dim}, wanted an even one`);
  }
  const half = size / 2;
  return scoped(() => mul(narrow(x, dim, 0, half), sigmoid(narrow(x, dim, half, half))));
}

/**
 * softmax(-x) along a dim: the smallest element gets the largest share.
 *
 * @throws IndexError for a dim out of range.
 * @example
 * import { F, tensor } from 'lanegrad';
 * F.softmin(tensor([1.5, 1.5]), 0).tolist(); // => [0.5, 0.5]
 */
export function softmin(x: Tensor, dim: number, options?: SoftmaxOptions): Tensor {
  checkTensor('softmin', 'x', x);
  if (options !== undefined) checkOptions('softmin', options);
  return scoped(() => softmax(neg(x), dim, options));
}

export interface GumbelSoftmaxOptions {
  /** Temperature: towards 0 the samples become one-hot. Default 1. */
  tau?: number;
  /** One-hot samples, with the gradient of the soft ones. Default false. */
  hard?: boolean;
  /** The dim of the categories. Default -1. */
  dim?: number;
}

/**
 * Samples of a relaxed categorical distribution, softmax((logits + g) / tau), g from the Gumbel distribution (Jang et al.
 * 2016). Floats only.
 *
 * @throws DTypeError for integers and bool.
 * @throws ValueError for a tau that is not positive.
 * @example
 * import { F, tensor } from 'lanegrad';
 * F.gumbelSoftmax(tensor([0.5, 1.5]), { hard: true }).sum().item(); // => 1
 */
export function gumbelSoftmax(logits: Tensor, options: GumbelSoftmaxOptions = {}): Tensor {
  checkTensor('gumbelSoftmax', 'logits', logits);
  checkOptions('gumbelSoftmax', options);
  const { tau = 1, dim = -1 } = options;
  checkRange('gumbelSoftmax', 'tau', tau, Number.MIN_VALUE, Infinity);
  const hard = checkFlag('gumbelSoftmax', 'hard', options.hard);
  wantFloat('gumbelSoftmax', logits);
  return scoped(() => {
    const noise = noGrad(() => {
      // -log of an exponential number; the clamp keeps that from 0.
      const exponential = neg(backend.run1('log1p', [neg(randLike(logits))], noAttrs));
      return neg(log(backend.run1('clamp', [exponential], { min: 1e-30, max: Infinity })));
    });
    const soft = softmax(div(add(logits, noise), tau), dim);
    if (!hard) return soft;
    const index = argmax(soft, { dim, keepdim: true });
    const one = scatterAdd(zerosLike(soft), dim, index, onesLike(index, { dtype: soft.dtype }));
    return add(sub(one, detach(soft)), soft);
  });
}
