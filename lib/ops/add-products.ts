import { asGiven, autocasting, inScopeDType } from '../autocast-policy.js';
import { checkOptions, checkTensor, describe, shapeText } from '../check.js';
import { isFloat, promoteTypes } from '../dtype.js';
import type { DType } from '../dtype.js';
import { ShapeError, ValueError } from '../errors.js';
import { scoped } from '../scope.js';
import type { Tensor } from '../tensor.js';
import { add, mul, where } from './binary.js';
import { to } from './convert.js';
import { zeros } from './creation.js';
import { bmm, mm, mv } from './matmul.js';
import { outer } from './products.js';
import { sum } from './reduction.js';

// beta * input + alpha * (a product), with input broadcast to the shape of the product. The factors are numbers of the
// result's dtype: of integers they lose a fraction.

export interface AddProductOptions {
  /** The factor of `input`; with 0, NaN and infinities in it do not come through. Default 1. */
  beta?: number | boolean;
  /** The factor of the product. Default 1. */
  alpha?: number | boolean;
}

/**
 * beta input + alpha (a b).
 *
 * input: broadcasts to [M, N], a: [M, K], b: [K, N]; gives [M, N].
 * @throws ShapeError if the sizes do not fit.
 * @example
 * import { addmm, tensor } from 'lanegrad';
 * addmm(tensor([1, 2]), tensor([[1, 2]]), tensor([[1, 0], [0, 1]]), { alpha: 10 }).tolist(); // => [[11, 22]]
 */
export function addmm(input: Tensor, a: Tensor, b: Tensor, options: AddProductOptions = {}): Tensor {
  if (autocasting()) return inScopeDType(addmm, input, a, b, options);
  return combined('addmm', input, options, () => mm(a, b));
}

/**
 * beta input + alpha (a v).
 *
 * input: broadcasts to [M], a: [M, K], v: [K]; gives [M].
 * @throws ShapeError if the sizes do not fit.
 * @example
 * import { addmv, tensor } from 'lanegrad';
 * addmv(tensor([1, 2]), tensor([[1, 2], [3, 4]]), tensor([1, 1])).tolist(); // => [4, 9]
 */
export function addmv(input: Tensor, a: Tensor, v: Tensor, options: AddProductOptions = {}): Tensor {
  if (autocasting()) return asGiven(addmv, input, a, v, options);
  return combined('addmv', input, options, () => mv(a, v));
}

/**
 * beta input + alpha (the sum over a batch of its products).
 *
 * input: broadcasts to [M, N], a: [B, M, K], b: [B, K, N]; gives [M, N].
 * @throws ShapeError if the sizes do not fit.
 * @example
 * import { addbmm, ones, zeros } from 'lanegrad';
 * addbmm(zeros([1, 1]), ones([3, 1, 2]), ones([3, 2, 1])).tolist(); // => [[6]]
 */
export function addbmm(input: Tensor, a: Tensor, b: Tensor, options: AddProductOptions = {}): Tensor {
  if (autocasting()) return inScopeDType(addbmm, input, a, b, options);
  return combined('addbmm', input, options, () => {
    const products = bmm(a, b);
    return to(sum(products, { dim: 0 }), products.dtype);
  });
}

/**
 * beta input + alpha (the products of a batch).
 *
 * input: broadcasts to [B, M, N], a: [B, M, K], b: [B, K, N]; gives [B, M, N].
 * @throws ShapeError if the sizes do not fit.
 * @example
 * import { baddbmm, ones } from 'lanegrad';
 * baddbmm(ones([1]), ones([2, 1, 3]), ones([2, 3, 1]), { beta: 2 }).tolist(); // => [[[5]], [[5]]]
 */
export function baddbmm(input: Tensor, a: Tensor, b: Tensor, options: AddProductOptions = {}): Tensor {
  if (autocasting()) return inScopeDType(baddbmm, input, a, b, options);
  return combined('baddbmm', input, options, () => bmm(a, b));
}

/**
 * beta input + alpha (the outer product of two vectors). Of bools: or and and.
 *
 * input: broadcasts to [M, N], a: [M], b: [N]; gives [M, N].
 * @throws ShapeError if the sizes do not fit.
 * @example
 * import { addr, tensor, zeros } from 'lanegrad';
 * addr(zeros([2, 2]), tensor([1.5, 2]), tensor([1, 10])).tolist(); // => [[1.5, 15], [2, 20]]
 */
export function addr(input: Tensor, a: Tensor, b: Tensor, options: AddProductOptions = {}): Tensor {
  return combined('addr', input, options, () => outer(a, b));
}

function combined(op: string, input: Tensor, options: AddProductOptions, multiply: () => Tensor): Tensor {
  checkTensor(op, 'input', input);
  checkOptions(op, options);
  const { beta = 1, alpha = 1 } = options;
  return scoped(() => {
    const product = multiply();
    checkExpands(op, input.shape, product.shape);
    const dtype = promoteTypes(input.dtype, product.dtype);
    const inputFactor = factor(op, 'beta', beta, dtype);
    const productFactor = factor(op, 'alpha', alpha, dtype);
    const scaled = Number(productFactor) === 1 ? product : mul(product, productFactor);
    // With factor 0, NaN must not come through, which a product with 0 would let.
    if (Number(inputFactor) === 0)
      return add(where(zeros([], { dtype: 'bool' }), input, dtype === 'bool' ? false : 0), scaled);
    return add(Number(inputFactor) === 1 ? input : mul(input, inputFactor), scaled);
  });
}

/** The factor in the dtype of the result: integers drop a fraction. */
function factor(op: string, name: string, value: unknown, dtype: DType): number | boolean {
  if (typeof value !== 'number' && typeof value !== 'boolean') {
    throw new ValueError(`[${op}] ${name}: got ${describe(value)}, wanted a number`);
  }
  if (dtype === 'bool') return Boolean(value);
  return isFloat(dtype) ? Number(value) : Math.trunc(Number(value));
}

function checkExpands(op: string, from: readonly number[], to: readonly number[]): void {
  const lead = to.length - from.length;
  if (lead >= 0 && from.every((size, i) => size === 1 || size === to[lead + i])) return;
  throw new ShapeError(
    `[${op}] input is ${shapeText(from)}, which does not broadcast to the product, ${shapeText(to)}`,
  );
}
