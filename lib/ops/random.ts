import { backend } from '../backend/current.js';
import {
  checkInt,
  checkOperand,
  checkOptions,
  checkRange,
  checkShape,
  checkTensor,
  product,
} from '../check.js';
import { isFloat } from '../dtype.js';
import type { DType, FloatDType } from '../dtype.js';
import { DTypeError, ShapeError, ValueError } from '../errors.js';
import { nextCounter } from '../generator.js';
import { noGrad } from '../grad-mode.js';
import { scoped } from '../scope.js';
import type { Tensor } from '../tensor.js';
import { add, lt, mul } from './binary.js';
import { to } from './convert.js';
import { creationDType, finish } from './creation.js';
import type { CreationOptions, Shape } from './creation.js';
import { within } from './within.js';

const noOptions = Object.freeze({});

/**
 * Uniform random numbers in [0, 1). Repeatable after {@link manualSeed}.
 *
 * @throws DTypeError for a dtype that is not a float.
 * @example
 * import { rand } from 'lanegrad';
 * rand([2, 3]).shape; // => [2, 3]
 */
export function rand<D extends FloatDType = 'float32'>(
  shape: Shape,
  options: CreationOptions<D, FloatDType> = noOptions,
): Tensor<D> {
  return finish(draw('uniform', 'rand', shape, creationDType('rand', options, 'float32')), options);
}

/**
 * Normal random numbers of mean 0 and variance 1. Repeatable after {@link manualSeed}.
 *
 * @throws DTypeError for a dtype that is not a float.
 * @example
 * import { manualSeed, randn } from 'lanegrad';
 * manualSeed(1);
 * randn([4]).shape; // => [4]
 */
export function randn<D extends FloatDType = 'float32'>(
  shape: Shape,
  options: CreationOptions<D, FloatDType> = noOptions,
): Tensor<D> {
  return finish(draw('normal', 'randn', shape, creationDType('randn', options, 'float32')), options);
}

/**
 * Uniform random numbers in [0, 1) of the shape and dtype of `x`. See {@link rand}.
 *
 * @example
 * import { randLike, zeros } from 'lanegrad';
 * randLike(zeros([2, 3])).lt(1).all().item(); // => true
 */
export function randLike(x: Tensor, options: CreationOptions = noOptions): Tensor {
  checkTensor('randLike', 'x', x);
  return finish(draw('uniform', 'randLike', x.shape, creationDType('randLike', options, x.dtype)), options);
}

/**
 * Normal random numbers of the shape and dtype of `x`. See {@link randn}.
 *
 * @example
 * import { randnLike, zeros } from 'lanegrad';
 * randnLike(zeros([2, 3], { dtype: 'float64' })).dtype; // => 'float64'
 */
export function randnLike(x: Tensor, options: CreationOptions = noOptions): Tensor {
  checkTensor('randnLike', 'x', x);
  return finish(draw('normal', 'randnLike', x.shape, creationDType('randnLike', options, x.dtype)), options);
}

function draw(op: 'uniform' | 'normal', name: string, shape: Shape, dtype: DType): Tensor {
  const sizes = checkShape(name, shape);
  const counter = nextCounter(blocksFor(product(sizes), dtype));
  const result = backend.run1(op, [counter], { shape: sizes, dtype });
  backend.release(counter);
  return result;
}

/** Blocks of four 32-bit words that so many elements take: one word each, two for float64. */
export function blocksFor(count: number, dtype: DType): number {
  return Math.ceil(count / (dtype === 'float64' ? 2 : 4));
}

/**
 * Uniform random integers in [low, high).
 *
 * @throws ValueError if high is not above low.
 * @example
 * import { randint } from 'lanegrad';
 * const rolls = randint(1, 7, [10]);
 * rolls.dtype; // => 'int64'
 */
export function randint<D extends DType = 'int64'>(
  low: number,
  high: number,
  shape: Shape,
  options: CreationOptions<D, DType> = noOptions,
): Tensor<D> {
  checkInt('randint', 'low', low);
  checkInt('randint', 'high', high);
  if (high <= low) throw new ValueError(`[randint] high: got ${high}, wanted more than low, ${low}`);
  checkOptions('randint', options);
  const dtype = creationDType('randint', options, 'int64');
  const sizes = checkShape('randint', shape);
  const counter = nextCounter(Math.ceil(product(sizes) / 4));
  const result = backend.run1('randint', [counter], { shape: sizes, low, high, dtype });
  backend.release(counter);
  return finish(result, options);
}

/**
 * Uniform random integers in [low, high), of the shape and dtype of `x`. See {@link randint}.
 *
 * @throws ValueError if high is not above low.
 * @example
 * import { randintLike, zeros } from 'lanegrad';
 * randintLike(zeros([2, 3]), 0, 10).shape; // => [2, 3]
 */
export function randintLike(
  x: Tensor,
  low: number,
  high: number,
  options: CreationOptions = noOptions,
): Tensor {
  checkTensor('randintLike', 'x', x);
  return randint(low, high, x.shape, { dtype: x.dtype, ...options });
}

/**
 * Normal random numbers of the given means and standard deviations, which broadcast; two numbers need a size.
 *
 * @throws ValueError for a negative standard deviation, or two numbers without a size.
 * @throws ShapeError if the shapes do not broadcast, or a tensor comes with a size.
 * @example
 * import { normal, tensor } from 'lanegrad';
 * normal(tensor([1.0, 100.0]), 0).tolist(); // => [1, 100]
 * normal(0, 1, [2, 3]).shape; // => [2, 3]
 */
export function normal(
  mean: Tensor | number,
  std: Tensor | number,
  size?: Shape,
  options: CreationOptions<FloatDType> = noOptions,
): Tensor {
  checkOperand('normal', 'mean', mean);
  checkOperand('normal', 'std', std);
  const tensors = [mean, std].filter((value) => typeof value !== 'number');
  if (tensors.length === 0) {
    if (size === undefined) throw new ValueError('[normal] got two numbers and no size, wanted one');
    checkDeviation('normal', std as number);
    return finish(
      scoped(() => add(mul(randn(size, { ...options, requiresGrad: false }), std), mean)),
      options,
    );
  }
  if (size !== undefined) throw new ShapeError('[normal] got a tensor and a size, wanted one of them');
  return scoped(() =>
    noGrad(() => {
      if (typeof std === 'number') checkDeviation('normal', std);
      const deviation = typeof std === 'number' ? std : within('normal', std, 0, Infinity, true);
      const dtype = tensors[0]!.dtype;
      const shape = tensors.length === 2 ? add(mean, std).shape : tensors[0]!.shape;
      return add(mul(randn(shape, { dtype: isFloat(dtype) ? dtype : 'float32' }), deviation), mean);
    }),
  );
}

function checkDeviation(op: string, std: number): void {
  if (!(std >= 0)) throw new ValueError(`[${op}] std: got ${std}, wanted at least 0`);
}

/**
 * 1 with the probability that x has at that place, else 0; with `p` the same probability everywhere. x: floating, in
 * [0, 1]; gives its shape and dtype. No gradient.
 *
 * @throws ValueError for a probability outside [0, 1].
 * @example
 * import { bernoulli, zeros } from 'lanegrad';
 * bernoulli(zeros([2])).tolist(); // => [0, 0]
 */
export function bernoulli(x: Tensor, options: { readonly p?: number } = {}): Tensor {
  checkTensor('bernoulli', 'x', x);
  checkOptions('bernoulli', options);
  const { p } = options;
  if (p !== undefined) checkRange('bernoulli', 'p', p, 0, 1);
  else if (!isFloat(x.dtype)) throw new DTypeError(`[bernoulli] x is ${x.dtype}, wanted a float`);
  return scoped(() => noGrad(() => to(trials('bernoulli', x.shape, p ?? x), x.dtype)));
}

/** True with probability p at each place. */
export function trials(op: 'bernoulli' | 'bernoulli_', shape: readonly number[], p: Tensor | number): Tensor {
  const dtype = typeof p !== 'number' && p.dtype === 'float64' ? 'float64' : 'float32';
  return lt(rand(shape, { dtype }), typeof p === 'number' ? p : within(op, p, 0, 1, false));
}
