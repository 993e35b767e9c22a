import { checkTensor, checkTensors } from '../check.js';
import { ShapeError, ValueError } from '../errors.js';
import { scoped } from '../scope.js';
import type { Tensor } from '../tensor.js';
import { cat } from './join.js';
import { reshape } from './view.js';

// Dims put in where there are too few, and tensors joined after that.

/** Views of at least one dim. A view is given in any case. */
function raised(x: Tensor, rank: 1 | 2 | 3): Tensor {
  const { shape } = x;
  if (shape.length >= rank) return reshape(x, shape);
  if (rank === 1) return reshape(x, [1]);
  const row = [1, shape[0] ?? 1];
  if (rank === 2) return reshape(x, row);
  return reshape(x, shape.length === 2 ? [...shape, 1] : [...row, 1]);
}

/**
 * x with at least one dim: a number becomes [1]. A view.
 *
 * @example
 * import { atleast1d, tensor } from 'lanegrad';
 * atleast1d(tensor(5)).shape; // => [1]
 */
export function atleast1d(x: Tensor): Tensor {
  checkTensor('atleast1d', 'x', x);
  return raised(x, 1);
}

/**
 * x with at least two dims: [N] becomes [1, N]. A view.
 *
 * @example
 * import { atleast2d, tensor } from 'lanegrad';
 * atleast2d(tensor([1, 2])).shape; // => [1, 2]
 */
export function atleast2d(x: Tensor): Tensor {
  checkTensor('atleast2d', 'x', x);
  return raised(x, 2);
}

/**
 * x with at least three dims: [N] becomes [1, N, 1], [M, N] becomes [M, N, 1]. A view.
 *
 * @example
 * import { atleast3d, tensor } from 'lanegrad';
 * atleast3d(tensor([1, 2])).shape; // => [1, 2, 1]
 */
export function atleast3d(x: Tensor): Tensor {
  checkTensor('atleast3d', 'x', x);
  return raised(x, 3);
}

function joined(
  op: string,
  tensors: readonly Tensor[],
  raise: (x: Tensor) => Tensor,
  dimOf: (first: Tensor) => number,
): Tensor {
  checkTensors(op, 'tensors', tensors);
  if (tensors.length === 0) throw new ValueError(`[${op}] got no tensors, wanted at least one`);
  return scoped(() => {
    const parts = tensors.map(raise);
    const other = parts.find((part) => part.ndim !== parts[0]!.ndim);
    if (other !== undefined)
      throw new ShapeError(`[${op}] got tensors of ${parts[0]!.ndim} and of ${other.ndim} dims`);
    return cat(parts, dimOf(parts[0]!));
  });
}

/**
 * Joins tensors side by side: along dim 1, vectors along their only one.
 *
 * @throws ShapeError if other sizes differ.
 * @throws ValueError for no tensors.
 * @example
 * import { hstack, tensor } from 'lanegrad';
 * hstack([tensor([[1], [2]]), tensor([[3], [4]])]).tolist(); // => [[1, 3], [2, 4]]
 */
export function hstack(tensors: readonly Tensor[]): Tensor {
  return joined(
    'hstack',
    tensors,
    (x) => raised(x, 1),
    (first) => (first.ndim === 1 ? 0 : 1),
  );
}

/**
 * Joins tensors one below the other: along dim 0, vectors as rows.
 *
 * @throws ShapeError if other sizes differ.
 * @throws ValueError for no tensors.
 * @example
 * import { tensor, vstack } from 'lanegrad';
 * vstack([tensor([1, 2]), tensor([3, 4])]).tolist(); // => [[1, 2], [3, 4]]
 */
export function vstack(tensors: readonly Tensor[]): Tensor {
  return joined(
    'vstack',
    tensors,
    (x) => raised(x, 2),
    () => 0,
  );
}

/**
 * Joins tensors one behind the other: along dim 2, vectors as [1, N, 1], matrices as [M, N, 1].
 *
 * @throws ShapeError if other sizes differ.
 * @throws ValueError for no tensors.
 * @example
 * import { dstack, tensor } from 'lanegrad';
 * dstack([tensor([1, 2]), tensor([3, 4])]).tolist(); // => [[[1, 3], [2, 4]]]
 */
export function dstack(tensors: readonly Tensor[]): Tensor {
  return joined(
    'dstack',
    tensors,
    (x) => raised(x, 3),
    () => 2,
  );
}

/**
 * Joins tensors side by side, vectors and numbers as columns.
 *
 * @throws ShapeError if other sizes differ.
 * @throws ValueError for no tensors.
 * @example
 * import { columnStack, tensor } from 'lanegrad';
 * columnStack([tensor([1, 2]), tensor([3, 4])]).tolist(); // => [[1, 3], [2, 4]]
 */
export function columnStack(tensors: readonly Tensor[]): Tensor {
  const column = (x: Tensor) => (x.ndim < 2 ? reshape(x, [x.numel(), 1]) : x);
  return joined('columnStack', tensors, column, () => 1);
}
