import { backend } from '../backend/current.js';
import { checkInt, checkOptions, checkTensor, checkTensors, shapeText, wrapDim } from '../check.js';
import { ShapeError, ValueError } from '../errors.js';
import { promoteTypes } from '../dtype.js';
import { scoped } from '../scope.js';
import type { Tensor } from '../tensor.js';
import { clone } from './convert.js';
import { cat } from './join.js';
import { replacePart } from './part.js';
import { reshape } from './view.js';

// Diagonals: as views, of matrices and of blocks.

export interface DiagonalOptions {
  /** Which diagonal: 0 the main one, above it positive. Default 0. */
  offset?: number;
  /** The dim of rows. Default 0. */
  dim1?: number;
  /** The dim of columns. Default 1. */
  dim2?: number;
}

const noOptions = Object.freeze({});

function diagonalAttrs(
  op: string,
  options: DiagonalOptions,
  row: number,
  column: number,
): Required<DiagonalOptions> {
  checkOptions(op, options);
  const { offset = 0, dim1 = row, dim2 = column } = options;
  checkInt(op, 'offset', offset);
  checkInt(op, 'dim1', dim1);
  checkInt(op, 'dim2', dim2);
  return { offset, dim1, dim2 };
}

/**
 * A diagonal of two dims, which become one, the last. A view.
 *
 * x: [..., rows, columns]; gives [..., length of the diagonal].
 * @throws ShapeError for fewer than two dims.
 * @throws ValueError if both dims are the same.
 * @example
 * import { diagonal, tensor } from 'lanegrad';
 * diagonal(tensor([[1, 2], [3, 4]])).tolist(); // => [1, 4]
 * diagonal(tensor([[1, 2], [3, 4]]), { offset: 1 }).tolist(); // => [2]
 */
export function diagonal(x: Tensor, options: DiagonalOptions = noOptions): Tensor {
  checkTensor('diagonal', 'x', x);
  return backend.run1('diagonal', [x], diagonalAttrs('diagonal', options, 0, 1));
}

/**
 * Matrices of zeros with the last dim of x on a diagonal: the counterpart of {@link diagonal}, whose dims here default to
 * the last two of the result.
 *
 * x: [..., N]; gives [..., N + |offset|, N + |offset|].
 * @throws IndexError for a dim out of range.
 * @throws ValueError if both dims are the same.
 * @example
 * import { diagEmbed, tensor } from 'lanegrad';
 * diagEmbed(tensor([1, 2])).tolist(); // => [[1, 0], [0, 2]]
 */
export function diagEmbed(x: Tensor, options: DiagonalOptions = noOptions): Tensor {
  checkTensor('diagEmbed', 'x', x);
  const attrs = diagonalAttrs('diagEmbed', options, -2, -1);
  const { shape, ndim, dtype } = x;
  const length = shape.at(-1);
  if (length === undefined) throw new ShapeError('[diagEmbed] got a 0-dim tensor, wanted at least one dim');
  const row = wrapDim('diagEmbed', attrs.dim1, ndim + 1);
  const column = wrapDim('diagEmbed', attrs.dim2, ndim + 1);
  if (row === column) throw new ValueError(`[diagEmbed] dim1 and dim2 are the same dim, ${row}`);
  const size = length + Math.abs(attrs.offset);
  const wide = shape.slice(0, -1);
  for (const dim of [Math.min(row, column), Math.max(row, column)]) wide.splice(dim, 0, size);
  const zeros = backend.run1('full', [], { shape: wide, value: 0, dtype });
  return replacePart('diagEmbed', zeros, x, (out) => backend.run1('diagonal', [out], attrs));
}

export interface DiagOptions {
  /** Which diagonal: 0 the main one, above it positive. Default 0. */
  diagonal?: number;
}

/**
 * Of a vector the matrix with it on a diagonal; of a matrix the diagonal, as a copy.
 *
 * @throws ShapeError for other than one or two dims.
 * @example
 * import { diag, tensor } from 'lanegrad';
 * diag(tensor([1, 2])).tolist(); // => [[1, 0], [0, 2]]
 * diag(tensor([[1, 2], [3, 4]])).tolist(); // => [1, 4]
 */
export function diag(x: Tensor, options: DiagOptions = noOptions): Tensor {
  checkTensor('diag', 'x', x);
  checkOptions('diag', options);
  const { diagonal: offset = 0 } = options;
  checkInt('diag', 'diagonal', offset);
  if (x.ndim === 1) return diagEmbed(x, { offset });
  if (x.ndim !== 2) throw new ShapeError(`[diag] got shape ${shapeText(x.shape)}, wanted one or two dims`);
  return scoped(() => clone(diagonal(x, { offset })));
}

/**
 * The matrix with all elements of x, row by row, on a diagonal.
 *
 * @throws ValueError if the offset is no integer.
 * @example
 * import { diagflat, tensor } from 'lanegrad';
 * diagflat(tensor([[1, 2]])).tolist(); // => [[1, 0], [0, 2]]
 */
export function diagflat(x: Tensor, options: { offset?: number } = noOptions): Tensor {
  checkTensor('diagflat', 'x', x);
  checkOptions('diagflat', options);
  const { offset = 0 } = options;
  checkInt('diagflat', 'offset', offset);
  return scoped(() => diagEmbed(reshape(x, [-1]), { offset }));
}

/**
 * A copy of x with a diagonal replaced by `source`.
 *
 * source: the shape of `diagonal(x, options)`.
 * @throws ShapeError if source has another shape.
 * @example
 * import { diagonalScatter, ones, zeros } from 'lanegrad';
 * diagonalScatter(zeros([2, 2]), ones([2])).tolist(); // => [[1, 0], [0, 1]]
 */
export function diagonalScatter(x: Tensor, source: Tensor, options: DiagonalOptions = noOptions): Tensor {
  checkTensor('diagonalScatter', 'x', x);
  checkTensor('diagonalScatter', 'source', source);
  const attrs = diagonalAttrs('diagonalScatter', options, 0, 1);
  return replacePart('diagonalScatter', clone(x), source, (out) => backend.run1('diagonal', [out], attrs));
}

/**
 * The matrix with the given ones as blocks on its diagonal, zeros elsewhere. A vector counts as one row, a number as a
 * matrix of one; dtypes promote.
 *
 * @throws ShapeError for more than two dims.
 * @throws ValueError for no tensors.
 * @example
 * import { blockDiag, tensor } from 'lanegrad';
 * blockDiag([tensor([[1, 2]]), tensor([3])]).tolist(); // => [[1, 2, 0], [0, 0, 3]]
 */
export function blockDiag(tensors: readonly Tensor[]): Tensor {
  checkTensors('blockDiag', 'tensors', tensors);
  const [first] = tensors;
  if (first === undefined) throw new ValueError('[blockDiag] got no tensors, wanted at least one');
  tensors.forEach((x, i) => {
    if (x.ndim > 2)
      throw new ShapeError(
        `[blockDiag] tensors[${i}]: got shape ${shapeText(x.shape)}, wanted at most two dims`,
      );
  });
  const dtype = tensors.map((x) => x.dtype).reduce(promoteTypes);
  return scoped(() => {
    const blocks = tensors.map((x) => (x.ndim === 2 ? x : reshape(x, [1, -1])));
    const width = blocks.reduce((sum, block) => sum + block.shape[1]!, 0);
    let before = 0;
    const rows = blocks.map((block) => {
      const [height, own] = block.shape as [number, number];
      const zeros = (columns: number) =>
        backend.run1('full', [], { shape: [height, columns], value: 0, dtype });
      const row = cat([zeros(before), block, zeros(width - before - own)], 1);
      before += own;
      return row;
    });
    return cat(rows, 0);
  });
}
