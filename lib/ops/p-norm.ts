import { checkChoice, checkFlag, checkNumber, checkOptions, checkTensor } from '../check.js';
import { isFloat, type DType } from '../dtype.js';
import { DTypeError, ValueError } from '../errors.js';
import { scoped } from '../scope.js';
import type { Tensor } from '../tensor.js';
import { eq, ne, pow, sub, where } from './binary.js';
import { to } from './convert.js';
import { amax, amin, sum, type ReduceOptions } from './reduction.js';
import { abs, sqrt, square } from './unary.js';

export interface NormOptions extends ReduceOptions {
  /** The order; Infinity and -Infinity are the extrema of |x|, 0 counts what is not 0. Default 'fro', which is 2. */
  p?: number | 'fro';
  /** Cast to this dtype first. */
  dtype?: DType;
}

/**
 * (Σ |x|^p)^(1/p) over dims: the p-norm of the elements as one vector. Floats only. Where it is 0 its gradient is 0.
 *
 * @throws DTypeError for integers and bool.
 * @throws IndexError for a dim out of range.
 * @example
 * import { norm, tensor } from 'lanegrad';
 * norm(tensor([1.5, 2])).item(); // => 2.5
 * norm(tensor([[3.5, -4], [1, 2]]), { p: 1, dim: 1 }).tolist(); // => [7.5, 3]
 */
export function norm(x: Tensor, options: NormOptions = {}): Tensor {
  checkTensor('norm', 'x', x);
  checkOptions('norm', options);
  const { p = 'fro', dtype, dim } = options;
  if (typeof p === 'string') checkChoice('norm', 'p', p, ['fro']);
  else checkNumber('norm', 'p', p);
  const keepdim = checkFlag('norm', 'keepdim', options.keepdim);
  if (!isFloat(dtype ?? x.dtype)) {
    throw new DTypeError(`[norm] x: got ${dtype ?? x.dtype}, wanted a floating dtype; cast it first`);
  }
  return scoped(() =>
    pNorm(dtype === undefined ? x : to(x, dtype), p === 'fro' ? 2 : p, {
      ...(dim !== undefined && { dim }),
      keepdim,
    }),
  );
}

function pNorm(x: Tensor, p: number, dims: ReduceOptions): Tensor {
  if (Number.isNaN(p)) throw new ValueError('[norm] p: got NaN, wanted a number');
  if (p === 0) return to(sum(ne(x, 0), dims), x.dtype);
  if (p === 1) return sum(abs(x), dims);
  if (p === 2) return root(sum(square(x), dims), sqrt);
  if (p === Infinity) return x.numel() === 0 ? sum(x, dims) : amax(abs(x), dims);
  if (p === -Infinity) return amin(abs(x), dims);
  const magnitude = abs(x);
  if (p < 0) return pow(sum(pow(magnitude, p), dims), 1 / p);
  // |x|^p has no slope at 0 when p < 1: what is 0 adds nothing and gets none.
  const powers = p < 1 ? root(magnitude, (a) => pow(a, p)) : pow(magnitude, p);
  return root(sum(powers, dims), (s) => pow(s, 1 / p));
}

/** fn(s), and 0 with gradient 0 where s is 0, since fn has no slope there. */
function root(s: Tensor, fn: (s: Tensor) => Tensor): Tensor {
  const zero = eq(s, 0);
  return where(zero, 0, fn(where(zero, 1, s)));
}

/**
 * The p-norm of a - b: see {@link norm}. Shapes broadcast.
 *
 * @throws ShapeError if the shapes do not broadcast.
 * @example
 * import { dist, tensor } from 'lanegrad';
 * dist(tensor([1.5, 2]), tensor([4.5, 6])).item(); // => 5
 */
export function dist(a: Tensor, b: Tensor, options: { p?: number } = {}): Tensor {
  checkTensor('dist', 'a', a);
  checkTensor('dist', 'b', b);
  checkOptions('dist', options);
  return scoped(() => norm(sub(a, b), { p: options.p ?? 2 }));
}
