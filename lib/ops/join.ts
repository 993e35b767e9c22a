import { backend } from '../backend/current.js';
import { checkInt, checkInts, checkListLength, checkTensor, checkTensors, wrapDim } from '../check.js';
import { ShapeError, ValueError } from '../errors.js';
import { scoped } from '../scope.js';
import type { Tensor } from '../tensor.js';
import { narrow, select, unsqueeze } from './view.js';

/**
 * Joins tensors along a dim that exists. Their other sizes agree; dtypes promote; 1-D tensors of size 0 are skipped.
 *
 * @throws ShapeError if other sizes differ.
 * @throws ValueError for no tensors.
 * @example
 * import { cat, tensor } from 'lanegrad';
 * cat([tensor([1, 2]), tensor([3])]).tolist(); // => [1, 2, 3]
 */
export function cat(tensors: readonly Tensor[], dim = 0): Tensor {
  checkTensors('cat', 'tensors', tensors);
  checkInt('cat', 'dim', dim);
  if (tensors.length === 0) throw new ValueError('[cat] got no tensors, wanted at least one');
  return backend.run1('cat', [tensors], { dim });
}

/**
 * Joins tensors of one shape along a new dim.
 *
 * @throws ShapeError if the shapes differ.
 * @throws ValueError for no tensors.
 * @example
 * import { stack, tensor } from 'lanegrad';
 * stack([tensor([1, 2]), tensor([3, 4])], 1).tolist(); // => [[1, 3], [2, 4]]
 */
export function stack(tensors: readonly Tensor[], dim = 0): Tensor {
  checkTensors('stack', 'tensors', tensors);
  const [first] = tensors;
  if (first === undefined) throw new ValueError('[stack] got no tensors, wanted at least one');
  const at = wrapDim('stack', dim, first.shape.length + 1);
  tensors.forEach((tensor, i) => {
    if (
      tensor.shape.length !== first.shape.length ||
      tensor.shape.some((size, d) => size !== first.shape[d])
    ) {
      throw new ShapeError(
        `[stack] shapes differ: tensors[0] is [${first.shape.join(', ')}], tensors[${i}] is [${tensor.shape.join(', ')}]`,
      );
    }
  });
  return scoped(() => {
    const rows = tensors.map((tensor) => unsqueeze(tensor, at));
    return backend.run1('cat', [rows], { dim: at });
  });
}

/**
 * Cuts a dim into parts: of one size (the last may be smaller), or of the sizes given. The parts are views.
 *
 * @throws ValueError for a size below 1, or sizes that do not add up to the dim.
 * @example
 * import { arange, split } from 'lanegrad';
 * split(arange(5), 2).map((part) => part.tolist()); // => [[0, 1], [2, 3], [4]]
 */
export function split(x: Tensor, size: number | readonly number[], dim = 0): Tensor[] {
  checkTensor('split', 'x', x);
  const at = wrapDim('split', dim, x.shape.length);
  const whole = x.shape[at];
  if (whole === undefined) throw new ShapeError('[split] got a 0-dim tensor, wanted at least one dim');
  let sizes: readonly number[];
  if (typeof size === 'number') {
    checkInt('split', 'size', size);
    if (size < 1) throw new ValueError(`[split] size: got ${size}, wanted at least 1`);
    const count = Math.max(1, Math.ceil(whole / size));
    checkListLength('split', count, 'tensors');
    sizes = Array.from({ length: count }, (_, i) => Math.min(size, whole - i * size));
  } else {
    checkInts('split', 'size', size);
    sizes = size;
    const total = sizes.reduce((a, b) => a + b, 0);
    if (total !== whole || sizes.some((entry) => entry < 0)) {
      throw new ValueError(`[split] size: got [${sizes.join(', ')}] for a dim of size ${whole}`);
    }
  }
  let start = 0;
  return sizes.map((length) => {
    const part = narrow(x, at, start, length);
    start += length;
    return part;
  });
}

/**
 * Cuts a dim into `chunks` parts of equal size, the last one smaller; into fewer where it is too short. Views.
 *
 * @throws ValueError if chunks is below 1.
 * @example
 * import { arange, chunk } from 'lanegrad';
 * chunk(arange(5), 2).map((part) => part.tolist()); // => [[0, 1, 2], [3, 4]]
 */
export function chunk(x: Tensor, chunks: number, dim = 0): Tensor[] {
  checkTensor('chunk', 'x', x);
  checkInt('chunk', 'chunks', chunks);
  if (chunks < 1) throw new ValueError(`[chunk] chunks: got ${chunks}, wanted at least 1`);
  const whole = x.shape[wrapDim('chunk', dim, x.shape.length)] ?? 0;
  if (whole === 0) checkListLength('chunk', chunks, 'tensors');
  if (whole === 0) return Array.from({ length: chunks }, () => narrow(x, dim, 0, 0));
  return split(x, Math.ceil(whole / chunks), dim);
}

/**
 * The parts of x at every index of a dim, as views without that dim.
 *
 * @example
 * import { tensor, unbind } from 'lanegrad';
 * unbind(tensor([[1, 2], [3, 4]])).map((row) => row.tolist()); // => [[1, 2], [3, 4]]
 */
export function unbind(x: Tensor, dim = 0): Tensor[] {
  checkTensor('unbind', 'x', x);
  const size = x.shape[wrapDim('unbind', dim, x.shape.length)];
  if (size === undefined) throw new ShapeError('[unbind] got a 0-dim tensor, wanted at least one dim');
  checkListLength('unbind', size, 'tensors');
  return Array.from({ length: size }, (_, i) => select(x, dim, i));
}
