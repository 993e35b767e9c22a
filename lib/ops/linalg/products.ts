import { autocasting, inScopeDType } from '../../autocast-policy.js';
import { checkInt, checkOptions, checkTensor, checkTensors, shapeText } from '../../check.js';
import { isFloat } from '../../dtype.js';
import { DTypeError, ShapeError, ValueError } from '../../errors.js';
import { scoped } from '../../scope.js';
import type { Tensor } from '../../tensor.js';
import { mul } from '../binary.js';
import { matmul } from '../matmul.js';
import { crossProduct } from '../products.js';
import { sum } from '../reduction.js';

export interface VectorDimOptions {
  /** The dim of the vectors. Default -1. */
  dim?: number;
}

/**
 * The inner products of vectors along a dim; the other dims broadcast.
 *
 * a, b: [..., K, ...], floats.
 * @throws ShapeError if the shapes do not broadcast.
 * @throws DTypeError for integers.
 * @example
 * import { linalg, tensor } from 'lanegrad';
 * linalg.vecdot(tensor([[1.5, 2], [3, 4]]), tensor([2, 1])).tolist(); // => [5, 10]
 */
export function vecdot(a: Tensor, b: Tensor, options: VectorDimOptions = {}): Tensor {
  if (autocasting()) return inScopeDType(vecdot, a, b, options);
  checkTensor('linalg.vecdot', 'a', a);
  checkTensor('linalg.vecdot', 'b', b);
  checkOptions('linalg.vecdot', options);
  const { dim = -1 } = options;
  checkInt('linalg.vecdot', 'dim', dim);
  if (!isFloat(a.dtype) && !isFloat(b.dtype)) {
    throw new DTypeError(`[linalg.vecdot] got ${a.dtype} and ${b.dtype}, wanted floating dtypes`);
  }
  return scoped(() => sum(mul(a, b), { dim }));
}

/**
 * The cross product of vectors of three elements along a dim; the other dims broadcast.
 *
 * a, b: [..., 3, ...].
 * @throws ShapeError if the dim has not size 3, or the ranks differ.
 * @example
 * import { linalg, tensor } from 'lanegrad';
 * linalg.cross(tensor([0, 1, 0]), tensor([0, 0, 1])).tolist(); // => [1, 0, 0]
 */
export function cross(a: Tensor, b: Tensor, options: VectorDimOptions = {}): Tensor {
  checkOptions('linalg.cross', options);
  return crossProduct('linalg.cross', a, b, { dim: options.dim ?? -1 });
}

/**
 * The product of several matrices, in the order that takes the fewest multiplications (dynamic programming over the
 * places of the outermost product). The first may be a vector, which counts as a row, the last a column.
 *
 * @throws ValueError for fewer than two tensors.
 * @throws ShapeError if the sizes do not fit.
 * @example
 * import { linalg, ones } from 'lanegrad';
 * linalg.multiDot([ones([10, 2]), ones([2, 30]), ones([30])]).shape; // => [10]
 */
export function multiDot(tensors: readonly Tensor[]): Tensor {
  const op = 'linalg.multiDot';
  checkTensors(op, 'tensors', tensors);
  if (tensors.length < 2) throw new ValueError(`[${op}] got ${tensors.length} tensors, wanted at least 2`);
  const last = tensors.length - 1;
  const sizes: number[] = [];
  tensors.forEach(({ shape, dtype }, i) => {
    const isVector = shape.length === 1 && (i === 0 || i === last);
    if (shape.length !== 2 && !isVector) {
      const wanted = i === 0 || i === last ? '1 or 2 dims' : '2 dims';
      throw new ShapeError(`[${op}] tensor ${i} is ${shapeText(shape)}, wanted ${wanted}`);
    }
    if (dtype !== tensors[0]!.dtype) {
      throw new DTypeError(`[${op}] got ${tensors[0]!.dtype} and ${dtype}, wanted one dtype`);
    }
    const [rows, columns] = !isVector ? shape : i === 0 ? [1, shape[0]] : [shape[0], 1];
    if (i > 0 && rows !== sizes[i]) {
      throw new ShapeError(
        `[${op}] sizes differ: tensor ${i - 1} is ${shapeText(tensors[i - 1]!.shape)}, tensor ${i} is ${shapeText(shape)}`,
      );
    }
    if (i === 0) sizes.push(rows!);
    sizes.push(columns!);
  });
  const cuts = bestCuts(sizes);
  const multiply = (from: number, to: number): Tensor => {
    if (from === to) return tensors[from]!;
    const cut = cuts[from]![to]!;
    return matmul(multiply(from, cut), multiply(cut + 1, to));
  };
  return scoped(() => multiply(0, last));
}

/** cuts[i][j]: after which matrix the chain i..j, of matrices [sizes[i], sizes[i + 1]], is best divided. */
function bestCuts(sizes: readonly number[]): number[][] {
  const count = sizes.length - 1;
  const cost = Array.from({ length: count }, () => new Array<number>(count).fill(0));
  const cuts = Array.from({ length: count }, () => new Array<number>(count).fill(0));
  for (let length = 1; length < count; ++length) {
    for (let i = 0; i + length < count; ++i) {
      const j = i + length;
      cost[i]![j] = Infinity;
      for (let k = i; k < j; ++k) {
        const total = cost[i]![k]! + cost[k + 1]![j]! + sizes[i]! * sizes[k + 1]! * sizes[j + 1]!;
        if (total < cost[i]![j]!) {
          cost[i]![j] = total;
          cuts[i]![j] = k;
        }
      }
    }
  }
  return cuts;
}
