import { backend } from '../backend/current.js';
import { checkFlag, checkInt, checkOptions, checkTensor, noAttrs, product, shapeText } from '../check.js';
import { isFloat } from '../dtype.js';
import type { DType } from '../dtype.js';
import { DTypeError, ShapeError, ValueError } from '../errors.js';
import { nextCounter } from '../generator.js';
import { scoped } from '../scope.js';
import type { Tensor } from '../tensor.js';
import { to } from './convert.js';
import { creationDType, finish } from './creation.js';
import type { CreationOptions } from './creation.js';
import { blocksFor, rand } from './random.js';
import { argsort } from './sorting.js';

/**
 * A random permutation of 0 to n - 1: the order of n random numbers of 53 bits. Gives int64 unless told otherwise.
 *
 * @throws ValueError for a negative n.
 * @example
 * import { randperm } from 'lanegrad';
 * randperm(5).sum().item(); // => 10
 */
export function randperm<D extends DType = 'int64'>(
  n: number,
  options: CreationOptions<D, DType> = {},
): Tensor<D> {
  checkInt('randperm', 'n', n);
  if (n < 0) throw new ValueError(`[randperm] n: got ${n}, wanted at least 0`);
  const dtype = creationDType('randperm', options, 'int64');
  return finish(
    scoped(() => to(argsort(rand([n], { dtype: 'float64' })), dtype)),
    options,
  );
}

/**
 * Places drawn with the probabilities in each row of x, which need not sum to 1. x: [C] or [N, C], floating; gives int64
 * [numSamples] or [N, numSamples]; replacement: whether a place may be drawn again, default false.
 *
 * @throws ShapeError unless x has one dim or two.
 * @throws ValueError for a negative or infinite probability, or fewer above 0 than are to be drawn.
 * @example
 * import { multinomial, tensor } from 'lanegrad';
 * multinomial(tensor([0, 0.5, 0]), 3, { replacement: true }).tolist(); // => [1, 1, 1]
 */
export function multinomial(
  x: Tensor,
  numSamples: number,
  options: { readonly replacement?: boolean } = {},
): Tensor<'int64'> {
  const op = 'multinomial';
  checkTensor(op, 'x', x);
  checkInt(op, 'numSamples', numSamples);
  checkOptions(op, options);
  const replacement = checkFlag(op, 'replacement', options.replacement);
  if (!isFloat(x.dtype)) throw new DTypeError(`[${op}] x is ${x.dtype}, wanted a float`);
  if (x.ndim < 1 || x.ndim > 2)
    throw new ShapeError(`[${op}] x is ${shapeText(x.shape)}, wanted [C] or [N, C]`);
  const classes = x.shape.at(-1)!;
  const rows = x.ndim === 2 ? x.shape[0]! : 1;
  if (numSamples < 1 || (!replacement && numSamples > classes)) {
    throw new ValueError(`[${op}] numSamples: got ${numSamples}, wanted 1 to ${classes}, or replacement`);
  }
  // The op refuses what is too large for a tensor; what it consumes must be a number all the same.
  const blocks = Math.min(blocksFor(rows * numSamples, 'float64'), Number.MAX_SAFE_INTEGER);
  const counter = nextCounter(blocks);
  try {
    return backend.run1(op, [x, counter], { samples: numSamples, replacement }) as Tensor<'int64'>;
  } finally {
    backend.release(counter);
  }
}

/**
 * Counts of a Poisson distribution with the rates in x. x: any shape, floating, at least 0; gives its shape and dtype. No
 * gradient.
 *
 * @throws ValueError for a negative rate, or NaN.
 * @example
 * import { poisson, zeros } from 'lanegrad';
 * poisson(zeros([2])).tolist(); // => [0, 0]
 */
export function poisson(x: Tensor): Tensor {
  checkTensor('poisson', 'x', x);
  if (!isFloat(x.dtype)) throw new DTypeError(`[poisson] x is ${x.dtype}, wanted a float`);
  const counter = nextCounter(product(x.shape));
  try {
    return backend.run1('poisson', [x, counter], noAttrs);
  } finally {
    backend.release(counter);
  }
}
