import { backend } from '../backend/current.js';
import { checkInt, checkNumber, checkOptions, checkTensor, noAttrs, wrapDim } from '../check.js';
import { scoped } from '../scope.js';
import type { Tensor } from '../tensor.js';
import { to } from './convert.js';

// Reading and adding at places that integer tensors name.

/** The index; one without elements may be of any dtype, as in PyTorch: it comes from lists that happen to be empty. */
export function placesOf(index: Tensor): Tensor {
  return index.dtype !== 'int64' && index.numel() === 0 ? to(index, 'int64') : index;
}

/**
 * out[i][j] = x[index[i][j]][j] along dim 0, and so on: picks one element per entry of `index`, which has the rank of x.
 *
 * x: [..., N, ...], index (int64 or int32): sizes at most those of x but for `dim`; gives the shape of index.
 * @throws IndexError for an index out of range; negative ones are.
 * @example
 * import { gather, tensor } from 'lanegrad';
 * gather(tensor([[1, 2], [3, 4]]), 1, tensor([[1], [0]])).tolist(); // => [[2], [3]]
 */
export function gather(x: Tensor, dim: number, index: Tensor): Tensor {
  checkTensor('gather', 'x', x);
  checkInt('gather', 'dim', dim);
  checkTensor('gather', 'index', index);
  if (index.numel() > 0) return backend.run1('gather', [x, index], { dim });
  // Nothing is read: as in PyTorch its dtype and sizes need not fit.
  const along = wrapDim('gather', dim, x.ndim);
  const fits = x.ndim === index.ndim && index.shape.every((size, i) => i === along || size <= x.shape[i]!);
  if (fits) return scoped(() => backend.run1('gather', [x, placesOf(index)], { dim }));
  return backend.run1('full', [], { shape: index.shape, value: 0, dtype: x.dtype });
}

/**
 * A copy of x with source added at the places of `index`: out[index[i][j]][j] += source[i][j] along dim 0. Repeated places
 * add up, in the order of index.
 *
 * @throws IndexError for an index out of range.
 * @example
 * import { scatterAdd, tensor, zeros } from 'lanegrad';
 * scatterAdd(zeros([3]), 0, tensor([0, 2, 0]), tensor([1.5, 2, 3])).tolist(); // => [4.5, 0, 2]
 */
export function scatterAdd(x: Tensor, dim: number, index: Tensor, source: Tensor): Tensor {
  checkTensor('scatterAdd', 'x', x);
  checkInt('scatterAdd', 'dim', dim);
  checkTensor('scatterAdd', 'index', index);
  checkTensor('scatterAdd', 'source', source);
  return backend.run1('scatterAdd', [x, placesOf(index), source], { dim });
}

/**
 * The slices of x at the given places of a dim.
 *
 * x: [..., N, ...], index (int64 or int32): [K]; gives [..., K, ...].
 * @throws IndexError for an index out of range; negative ones are.
 * @example
 * import { indexSelect, tensor } from 'lanegrad';
 * indexSelect(tensor([[1, 2], [3, 4]]), 0, tensor([1, 1])).tolist(); // => [[3, 4], [3, 4]]
 */
export function indexSelect(x: Tensor, dim: number, index: Tensor): Tensor {
  checkTensor('indexSelect', 'x', x);
  checkInt('indexSelect', 'dim', dim);
  checkTensor('indexSelect', 'index', index);
  return backend.run1('indexSelect', [x, index], { dim });
}

export interface IndexAddOptions {
  /** What the source is multiplied by. Default 1. */
  alpha?: number | boolean;
}

/**
 * A copy of x with the slices of source, times alpha, added at the given places of a dim. Repeated places add up, in the
 * order of index.
 *
 * x: [..., N, ...], index: [K], source: [..., K, ...].
 * @throws IndexError for an index out of range.
 * @example
 * import { indexAdd, tensor, zeros } from 'lanegrad';
 * indexAdd(zeros([3]), 0, tensor([1, 1]), tensor([2.5, 3])).tolist(); // => [0, 5.5, 0]
 */
export function indexAdd(
  x: Tensor,
  dim: number,
  index: Tensor,
  source: Tensor,
  options: IndexAddOptions = {},
): Tensor {
  checkTensor('indexAdd', 'x', x);
  return scoped(() =>
    backend.run1('indexAdd', [x, ...addends('indexAdd', dim, index, source, options)], { dim }),
  );
}

/** The checked operands of indexAdd besides x. */
export function addends(
  op: string,
  dim: number,
  index: Tensor,
  source: Tensor,
  options: IndexAddOptions,
): [Tensor, Tensor] {
  checkInt(op, 'dim', dim);
  checkTensor(op, 'index', index);
  checkTensor(op, 'source', source);
  checkOptions(op, options);
  const { alpha = 1 } = options;
  if (typeof alpha !== 'boolean') checkNumber(op, 'alpha', alpha);
  return [index, Number(alpha) === 1 ? source : backend.run1('mul', [source, alpha], noAttrs)];
}
