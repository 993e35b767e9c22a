import { asGiven, autocasting } from '../autocast-policy.js';
import { backend } from '../backend/current.js';
import { checkTensor, noAttrs, product, shapeText } from '../check.js';
import { isFloat } from '../dtype.js';
import { DTypeError, ShapeError } from '../errors.js';
import { scoped } from '../scope.js';
import type { Tensor } from '../tensor.js';
import { runComposite1, withComposites } from './composite.js';
import { permute, reshape, squeeze, unsqueeze } from './view.js';

/**
 * The matrix product. 2-D: [M, K] by [K, N] gives [M, N]. More dims: products of the last two, the others broadcast. A 1-D
 * operand counts as a row on the left and a column on the right, and that dim is dropped again. dtypes promote; not bool.
 *
 * @throws ShapeError if the inner sizes differ, or the batch dims do not broadcast.
 * @example
 * import { matmul, tensor } from 'lanegrad';
 * matmul(tensor([[1, 2], [3, 4]]), tensor([[1], [10]])).tolist(); // => [[21], [43]]
 * matmul(tensor([1, 2]), tensor([3, 4])).item(); // => 11
 */
export function matmul(a: Tensor, b: Tensor): Tensor {
  checkTensor('matmul', 'a', a);
  checkTensor('matmul', 'b', b);
  const left = a.shape.length;
  const right = b.shape.length;
  if (left >= 2 && right >= 2) return backend.run1('matmul', [a, b], noAttrs);
  if (left === 0 || right === 0) {
    throw new ShapeError(
      `[matmul] got a 0-dim tensor: a is ${shapeText(a.shape)}, b is ${shapeText(b.shape)}`,
    );
  }
  const leftInner = a.shape[left - 1]!;
  const rightInner = b.shape[Math.max(right - 2, 0)]!;
  if (leftInner !== rightInner) {
    throw new ShapeError(
      `[matmul] inner dimensions differ: a is ${shapeText(a.shape)}, b is ${shapeText(b.shape)} (${leftInner} against ${rightInner})`,
    );
  }
  return scoped(() => {
    const row = left === 1 ? unsqueeze(a, 0) : a;
    const column = right === 1 ? unsqueeze(b, 1) : b;
    let result = backend.run1('matmul', [row, column], noAttrs);
    if (right === 1) result = squeeze(result, -1);
    if (left === 1) result = squeeze(result, right === 1 ? -1 : -2);
    return result;
  });
}

/**
 * The product of two matrices of one dtype, [M, K] by [K, N]. See {@link matmul}.
 *
 * @throws ShapeError unless both have two dims and the inner sizes agree.
 * @throws DTypeError if the dtypes differ.
 * @example
 * import { eye, mm, tensor } from 'lanegrad';
 * mm(tensor([[1.5, 2]]), eye(2)).tolist(); // => [[1.5, 2]]
 */
export function mm(a: Tensor, b: Tensor): Tensor {
  return ranked('mm', a, 2, b, 2);
}

/**
 * The products of two batches of matrices of one dtype, [B, M, K] by [B, K, N]. See {@link matmul}.
 *
 * @throws ShapeError unless both have three dims and the sizes agree.
 * @throws DTypeError if the dtypes differ.
 * @example
 * import { bmm, ones } from 'lanegrad';
 * bmm(ones([2, 3, 4]), ones([2, 4, 5])).shape; // => [2, 3, 5]
 */
export function bmm(a: Tensor, b: Tensor): Tensor {
  checkTensor('bmm', 'a', a);
  checkTensor('bmm', 'b', b);
  if (a.shape[0] !== b.shape[0] && a.shape.length === 3 && b.shape.length === 3) {
    throw new ShapeError(`[bmm] batch sizes differ: a is ${shapeText(a.shape)}, b is ${shapeText(b.shape)}`);
  }
  return ranked('bmm', a, 3, b, 3);
}

/**
 * The product of a matrix and a vector of one dtype, [M, K] by [K]; gives [M]. See {@link matmul}.
 *
 * @throws ShapeError unless a has two dims, v has one, and the inner sizes agree.
 * @throws DTypeError if the dtypes differ.
 * @example
 * import { mv, tensor } from 'lanegrad';
 * mv(tensor([[1, 2], [3, 4]]), tensor([1, 10])).tolist(); // => [21, 43]
 */
export function mv(a: Tensor, v: Tensor): Tensor {
  if (autocasting()) return asGiven(mv, a, v);
  return ranked('mv', a, 2, v, 1);
}

/**
 * The inner product of two vectors of one length and dtype. See {@link matmul}.
 *
 * @throws ShapeError unless both have one dim and equal sizes.
 * @throws DTypeError if the dtypes differ.
 * @example
 * import { dot, tensor } from 'lanegrad';
 * dot(tensor([1, 2]), tensor([3, 4])).item(); // => 11
 */
export function dot(a: Tensor, b: Tensor): Tensor {
  if (autocasting()) return asGiven(dot, a, b);
  return ranked('dot', a, 1, b, 1);
}

/**
 * As {@link dot}, which it equals for real numbers.
 *
 * @example
 * import { tensor, vdot } from 'lanegrad';
 * vdot(tensor([1, 2]), tensor([3, 4])).item(); // => 11
 */
export function vdot(a: Tensor, b: Tensor): Tensor {
  if (autocasting()) return asGiven(vdot, a, b);
  return ranked('vdot', a, 1, b, 1);
}

function ranked(op: string, a: Tensor, aRank: number, b: Tensor, bRank: number): Tensor {
  checkTensor(op, 'a', a);
  checkTensor(op, 'b', b);
  if (a.shape.length !== aRank || b.shape.length !== bRank) {
    const dims = (rank: number): string => `${rank} dim${rank === 1 ? '' : 's'}`;
    throw new ShapeError(
      `[${op}] got ${shapeText(a.shape)} and ${shapeText(b.shape)}, wanted tensors of ${dims(aRank)}` +
        (aRank === bRank ? '' : ` and ${dims(bRank)}`),
    );
  }
  // mm and bmm are cast by the op; the others run as they are given, and autocast is off here.
  if (a.dtype !== b.dtype && !autocasting()) {
    throw new DTypeError(`[${op}] got ${a.dtype} and ${b.dtype}, wanted one dtype: cast one of them first`);
  }
  return matmul(a, b);
}

/**
 * x weight^T + bias, the affine map of a Linear layer.
 *
 * x: [..., in], weight: [out, in], bias: [out] or none; gives [..., out].
 * @throws ShapeError if the sizes do not fit.
 * @example
 * import { linear, tensor } from 'lanegrad';
 * linear(tensor([[1.5, 2]]), tensor([[2, 0], [0, 4]]), tensor([1, 1])).tolist(); // => [[4, 9]]
 */
export function linear(x: Tensor, weight: Tensor, bias?: Tensor | null): Tensor {
  checkTensor('linear', 'x', x);
  checkTensor('linear', 'weight', weight);
  if (bias != null) checkTensor('linear', 'bias', bias);
  const inputs = [x, weight, bias ?? null];
  // No kernel has integers in one piece.
  if (!isFloat(x.dtype) && !isFloat(weight.dtype))
    return withComposites(() => runComposite1('linear', inputs, noAttrs));
  return runComposite1('linear', inputs, noAttrs);
}

/**
 * out[..., o] = Σ over i and j of x1[..., i] weight[o, i, j] x2[..., j] + bias[o].
 *
 * x1: [..., I], x2: [..., J], weight: [O, I, J], bias: [O] or none; gives [..., O].
 * @throws ShapeError if the sizes do not fit.
 * @example
 * import { F, tensor } from 'lanegrad';
 * F.bilinear(tensor([[1.5, 2]]), tensor([[2]]), tensor([[[1], [1]]])).tolist(); // => [[7]]
 */
export function bilinear(x1: Tensor, x2: Tensor, weight: Tensor, bias?: Tensor | null): Tensor {
  if (autocasting()) return asGiven(bilinear, x1, x2, weight, bias);
  checkTensor('bilinear', 'x1', x1);
  checkTensor('bilinear', 'x2', x2);
  checkTensor('bilinear', 'weight', weight);
  if (bias != null) checkTensor('bilinear', 'bias', bias);
  const [outputs, left, right] = weight.shape;
  const rows = x1.shape.slice(0, -1);
  const fits =
    weight.ndim === 3 &&
    x1.ndim > 0 &&
    x1.ndim === x2.ndim &&
    x1.shape.at(-1) === left &&
    x2.shape.at(-1) === right;
  if (!fits || x2.shape.slice(0, -1).some((size, i) => size !== rows[i])) {
    throw new ShapeError(
      `[bilinear] got x1 ${shapeText(x1.shape)}, x2 ${shapeText(x2.shape)} and weight ${shapeText(weight.shape)}, ` +
        'wanted [..., I], [..., J] and [O, I, J]',
    );
  }
  if (bias != null && (bias.ndim !== 1 || bias.shape[0] !== outputs)) {
    throw new ShapeError(`[bilinear] bias is ${shapeText(bias.shape)}, wanted [${outputs}]`);
  }
  return scoped(() => {
    const count = product(rows);
    const byInput = reshape(permute(weight, [1, 0, 2]), [left!, outputs! * right!]);
    const maps = reshape(matmul(reshape(x1, [count, left!]), byInput), [count, outputs!, right!]);
    const out = reshape(matmul(maps, reshape(x2, [count, right!, 1])), [...rows, outputs!]);
    return bias ? backend.run1('add', [out, bias], noAttrs) : out;
  });
}
