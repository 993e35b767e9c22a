import { checkInts, checkTensor, checkTensors, shapeText } from '../check.js';
import { ShapeError, ValueError } from '../errors.js';
import type { Tensor } from '../tensor.js';
import { expand } from './view.js';

// Shapes that meet: sizes are aligned at the last dim, and a size of 1 is repeated.

/** The shape that shapes broadcast to; fails under the name of `op`. */
export function commonShape(op: string, shapes: readonly (readonly number[])[]): number[] {
  const rank = Math.max(0, ...shapes.map((shape) => shape.length));
  return Array.from({ length: rank }, (_, i) => {
    let size = 1;
    for (const shape of shapes) {
      const own = shape[i - rank + shape.length] ?? 1;
      if (own === 1) continue;
      if (size !== 1 && own !== size) {
        throw new ShapeError(`[${op}] shapes do not broadcast: ${shapes.map(shapeText).join(', ')}`);
      }
      size = own;
    }
    return size;
  });
}

/**
 * The shape that shapes broadcast to.
 *
 * @throws ShapeError if they do not.
 * @throws ValueError for a negative size.
 * @example
 * import { broadcastShapes } from 'lanegrad';
 * broadcastShapes([2, 1], [3]); // => [2, 3]
 */
export function broadcastShapes(...shapes: readonly (number | readonly number[])[]): number[] {
  const lists = shapes.map((shape) => (typeof shape === 'number' ? [shape] : shape));
  lists.forEach((list, i) => {
    checkInts('broadcastShapes', `shapes[${i}]`, list);
    if (list.some((size) => size < 0))
      throw new ValueError(
        `[broadcastShapes] shapes[${i}]: got ${shapeText(list)}, wanted sizes of at least 0`,
      );
  });
  return commonShape('broadcastShapes', lists);
}

/**
 * Repeats dims of size 1, and puts new ones in front, without copying. See {@link expand}; no size may be -1.
 *
 * @throws ShapeError if a size other than 1 would change.
 * @example
 * import { broadcastTo, tensor } from 'lanegrad';
 * broadcastTo(tensor([1, 2]), [2, 2]).tolist(); // => [[1, 2], [1, 2]]
 */
export function broadcastTo(x: Tensor, shape: readonly number[]): Tensor {
  return expand(x, shape);
}

/**
 * x in the shape of another tensor, without copying. See {@link expand}.
 *
 * @throws ShapeError if a size other than 1 would change.
 * @example
 * import { expandAs, tensor, zeros } from 'lanegrad';
 * expandAs(tensor([1, 2]), zeros([2, 2])).tolist(); // => [[1, 2], [1, 2]]
 */
export function expandAs(x: Tensor, other: Tensor): Tensor {
  checkTensor('expandAs', 'other', other);
  return expand(x, other.shape);
}

/**
 * The tensors in the shape that they broadcast to, without copying.
 *
 * @throws ShapeError if they do not.
 * @example
 * import { broadcastTensors, tensor } from 'lanegrad';
 * broadcastTensors([tensor([[1], [2]]), tensor([3, 4])]).map((x) => x.tolist()); // => [[[1, 1], [2, 2]], [[3, 4], [3, 4]]]
 */
export function broadcastTensors(tensors: readonly Tensor[]): Tensor[] {
  checkTensors('broadcastTensors', 'tensors', tensors);
  const shape = commonShape(
    'broadcastTensors',
    tensors.map((x) => x.shape),
  );
  return tensors.map((x) => expand(x, shape));
}
