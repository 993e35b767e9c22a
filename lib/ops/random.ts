import { backend } from '../backend/current.js';
import { checkInt, checkOptions, checkShape, product } from '../check.js';
import type { DType, FloatDType } from '../dtype.js';
import { ValueError } from '../errors.js';
import { nextCounter } from '../generator.js';
import type { Tensor } from '../tensor.js';
import { creationDType, finish } from './creation.js';
import type { CreationOptions, Shape } from './creation.js';

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
  options: CreationOptions<D> = noOptions,
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
  options: CreationOptions<D> = noOptions,
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
  options: CreationOptions<D> = noOptions,
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
