import { checkDType, checkOptions, checkTensor, describe, product, shapeText, wrapDim } from '../../check.js';
import { isFloat, promoteTypes } from '../../dtype.js';
import type { DType } from '../../dtype.js';
import { DTypeError, ShapeError, ValueError } from '../../errors.js';
import { scoped } from '../../scope.js';
import type { Tensor } from '../../tensor.js';
import { eq, mul, ne, pow, where } from '../binary.js';
import { to } from '../convert.js';
import { runComposite1 } from '../composite.js';
import { amax, amin, reduceAttrs, sum } from '../reduction.js';
import type { ReduceOptions } from '../reduction.js';
import { abs, sqrt } from '../unary.js';

export interface VectorNormOptions extends ReduceOptions {
  /** Which norm. Default 2. */
  ord?: number;
  /** Cast to this floating dtype first; it may not be narrower. */
  dtype?: DType;
}

/**
 * The norm of the elements over dims, as of one vector: (sum of |x|^ord)^(1/ord); Infinity and -Infinity give the largest
 * and smallest |x|, 0 the number of elements that are not zero. The gradient is 0 where the norm is.
 *
 * @throws DTypeError for integers and bool, or a narrower dtype.
 * @throws ShapeError for ord Infinity or a negative one of no elements.
 * @example
 * import { linalg, tensor } from 'lanegrad';
 * const x = tensor([[3, 4], [0, 0]], { dtype: 'float32' });
 * linalg.vectorNorm(x).item(); // => 5
 * linalg.vectorNorm(x, { ord: Infinity, dim: 1 }).tolist(); // => [4, 0]
 */
export function vectorNorm(x: Tensor, options: VectorNormOptions = {}): Tensor {
  checkTensor('linalg.vectorNorm', 'x', x);
  checkOptions('linalg.vectorNorm', options);
  const { ord = 2, dim, keepdim = false, dtype } = options;
  return vectorNormOf('linalg.vectorNorm', x, ord, dim === undefined ? { keepdim } : { dim, keepdim }, dtype);
}

/** Behind `linalg.vectorNorm`, `linalg.norm` and `norm`. */
export function vectorNormOf(
  op: string,
  x: Tensor,
  ord: unknown,
  where: ReduceOptions,
  dtype: DType | undefined,
): Tensor {
  if (typeof ord !== 'number' || Number.isNaN(ord)) {
    throw new ValueError(`[${op}] ord: got ${describe(ord)}, wanted a number for the norm of vectors`);
  }
  const cast = castForNorm(op, x, dtype);
  const { shape } = x;
  const { dim } = where;
  const list = dim === undefined ? [] : typeof dim === 'number' ? [dim] : dim;
  const reduced =
    list.length === 0 ? shape : list.map((entry) => shape[wrapDim(op, entry, shape.length)] ?? 1);
  if ((ord < 0 || ord === Infinity) && product(reduced) === 0 && product(shape) === 0) {
    throw new ShapeError(`[${op}] ord ${ord} of no elements, which has no value: x is ${shapeText(shape)}`);
  }
  return scoped(() => normOver(cast(), ord, where));
}

/** The cast that a norm's dtype option asks for, after the checks. */
export function castForNorm(op: string, x: Tensor, dtype: DType | undefined): () => Tensor {
  if (!isFloat(x.dtype)) {
    throw new DTypeError(`[${op}] got ${x.dtype}, wanted a floating dtype: cast it first`);
  }
  if (dtype === undefined) return () => x;
  checkDType(op, dtype);
  if (!isFloat(dtype) || promoteTypes(x.dtype, dtype) !== dtype) {
    throw new DTypeError(
      `[${op}] dtype: got ${dtype} for a tensor of ${x.dtype}, wanted one as wide at least`,
    );
  }
  return () => to(x, dtype);
}

/**
 * The norm itself. Powers are taken of 1 instead of the elements and sums that make a gradient infinite or 0 / 0: these
 * have gradient 0 then.
 */
export function normOver(x: Tensor, ord: number, over: ReduceOptions): Tensor {
  const attrs = reduceAttrs('norm', over);
  if (ord === 2) return nonzero(runComposite1('squareSum', [x], attrs), 0, sqrt);
  if (ord === 1) return runComposite1('absSum', [x], attrs);
  const size = abs(x);
  if (ord === Infinity) return amax(size, over);
  if (ord === -Infinity) return amin(size, over);
  // The product keeps the result on the tape, with gradient 0.
  if (ord === 0) return sum(where(ne(x, 0), 1, mul(x, 0)), over);
  if (ord >= 2) return nonzero(sum(pow(size, ord), over), 0, (total) => pow(total, 1 / ord));
  const isZero = eq(x, 0);
  const powers = where(isZero, ord > 0 ? 0 : Infinity, pow(where(isZero, 1, size), ord));
  return nonzero(sum(powers, over), ord > 0 ? 0 : Infinity, (total) => pow(total, 1 / ord));
}

/** f(total), and 0 without a gradient where total is `end`. */
function nonzero(total: Tensor, end: number, f: (total: Tensor) => Tensor): Tensor {
  const ended = eq(total, end);
  return where(ended, 0, f(where(ended, 1, total)));
}
