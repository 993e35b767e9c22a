import { backend } from '../backend/current.js';
import {
  checkChoice,
  checkFlag,
  checkInt,
  checkListLength,
  checkOptions,
  checkShape,
  checkTensor,
  checkTensors,
  shapeText,
} from '../check.js';
import { DTypeError, ShapeError, ValueError } from '../errors.js';
import { scoped } from '../scope.js';
import { fromNumbers } from '../tensor.js';
import type { Tensor } from '../tensor.js';
import { to } from './convert.js';
import { nonzero } from './counting.js';
import { creationDType } from './creation.js';
import { cumprod } from './cumulative.js';
import { cat, stack } from './join.js';
import { flip } from './rearrange.js';
import { tril, triu } from './triangle.js';
import { expand, narrow, reshape, transpose, unsqueeze } from './view.js';

// Tensors that list combinations: grids, pairs, places in a triangle, powers.

const noOptions = Object.freeze({});

export interface MeshgridOptions {
  /** `ij`: dim i of the results belongs to tensors[i]. `xy`: the first two are swapped. Default `ij`. */
  indexing?: 'ij' | 'xy';
}

/**
 * One tensor for each given one, all of the shape of the grid that they span: tensor i repeats along all dims but dim i.
 * Views.
 *
 * tensors: [N0], [N1], ... of one dtype (0-dim ones count as [1]); gives as many of shape [N0, N1, ...].
 * @throws ShapeError for tensors of more than one dim.
 * @throws DTypeError if the dtypes differ.
 * @example
 * import { meshgrid, tensor } from 'lanegrad';
 * const [rows, columns] = meshgrid([tensor([1, 2]), tensor([3, 4])]);
 * rows?.tolist(); // => [[1, 1], [2, 2]]
 * columns?.tolist(); // => [[3, 4], [3, 4]]
 */
export function meshgrid(tensors: readonly Tensor[], options: MeshgridOptions = noOptions): Tensor[] {
  checkTensors('meshgrid', 'tensors', tensors);
  checkOptions('meshgrid', options);
  const { indexing = 'ij' } = options;
  checkChoice('meshgrid', 'indexing', indexing, ['ij', 'xy']);
  if (tensors.length === 0) throw new ValueError('[meshgrid] got no tensors, wanted at least one');
  tensors.forEach((x, i) => {
    if (x.ndim > 1)
      throw new ShapeError(
        `[meshgrid] tensors[${i}]: got shape ${shapeText(x.shape)}, wanted at most one dim`,
      );
    if (x.dtype !== tensors[0]!.dtype)
      throw new DTypeError(
        `[meshgrid] tensors[${i}]: got ${x.dtype}, wanted that of tensors[0], ${tensors[0]!.dtype}`,
      );
  });
  const swaps = indexing === 'xy' && tensors.length > 1;
  const dims = tensors.map((_, i) => (swaps && i < 2 ? 1 - i : i));
  const shape = dims.map((i) => tensors[i]!.numel());
  return scoped(() =>
    tensors.map((x, i) => {
      const own = shape.map((size, d) => (dims[d] === i ? size : 1));
      return expand(reshape(x, own), shape);
    }),
  );
}

/**
 * All ways to take one element of each tensor, the last one running fastest; a single tensor gives itself.
 *
 * tensors: [N0], [N1], ...; gives [N0 N1 ..., number of tensors].
 * @throws ShapeError for tensors that are not of one dim.
 * @example
 * import { cartesianProd, tensor } from 'lanegrad';
 * cartesianProd([tensor([1, 2]), tensor([3, 4])]).tolist(); // => [[1, 3], [1, 4], [2, 3], [2, 4]]
 */
export function cartesianProd(tensors: readonly Tensor[]): Tensor {
  checkTensors('cartesianProd', 'tensors', tensors);
  tensors.forEach((x, i) => {
    if (x.ndim !== 1)
      throw new ShapeError(`[cartesianProd] tensors[${i}]: got shape ${shapeText(x.shape)}, wanted one dim`);
  });
  if (tensors.length === 0) throw new ValueError('[cartesianProd] got no tensors, wanted at least one');
  if (tensors.length === 1) return reshape(tensors[0]!, [-1]);
  return scoped(() =>
    stack(
      meshgrid(tensors).map((x) => reshape(x, [-1])),
      1,
    ),
  );
}

export interface CombinationsOptions {
  /** Elements of each combination. Default 2. */
  r?: number;
  /** Whether an element may be taken more than once. Default false. */
  withReplacement?: boolean;
}

/**
 * All combinations of r elements, in the order in which they stand.
 *
 * x: [N]; gives [C, r].
 * @throws ShapeError if x is not of one dim.
 * @throws ValueError if r is negative.
 * @example
 * import { combinations, tensor } from 'lanegrad';
 * combinations(tensor([1, 2, 3])).tolist(); // => [[1, 2], [1, 3], [2, 3]]
 */
export function combinations(x: Tensor, options: CombinationsOptions = noOptions): Tensor {
  checkTensor('combinations', 'x', x);
  checkOptions('combinations', options);
  const { r = 2 } = options;
  checkInt('combinations', 'r', r);
  const repeats = checkFlag('combinations', 'withReplacement', options.withReplacement);
  if (r < 0) throw new ValueError(`[combinations] r: got ${r}, wanted at least 0`);
  if (x.ndim !== 1) throw new ShapeError(`[combinations] x: got shape ${shapeText(x.shape)}, wanted one dim`);
  if (r === 0) return narrow(x, 0, 0, 0);
  const places = placesOf(x.shape[0]!, r, repeats);
  return scoped(() => {
    const index = fromNumbers('int64', [places.length], places);
    return reshape(backend.run1('indexSelect', [x, index], { dim: 0 }), [places.length / r, r]);
  });
}

/** How many ways there are to choose r of n; a number beyond any list stands for all larger ones. */
function waysOf(n: number, r: number): number {
  if (r > n) return 0;
  let ways = 1;
  // At least doubles with every turn.
  for (let i = 1; i <= Math.min(r, n - r) && ways < 2 ** 53; ++i) ways *= (n - Math.min(r, n - r) + i) / i;
  return ways;
}

function placesOf(count: number, r: number, repeats: boolean): number[] {
  const ways = count === 0 ? 0 : waysOf(repeats ? count + r - 1 : count, r);
  if (ways === 0) return [];
  checkListLength('combinations', ways * r);
  const places: number[] = [];
  const chosen = Array.from({ length: r }, (_, i) => (repeats ? 0 : i));
  for (;;) {
    for (const place of chosen) places.push(place);
    // The last that can go on does, and those after it start anew.
    let i = r - 1;
    while (i >= 0 && chosen[i] === (repeats ? count - 1 : count - r + i)) --i;
    if (i < 0) return places;
    const next = chosen[i]! + 1;
    for (let j = i; j < r; ++j) chosen[j] = repeats ? next : next + j - i;
  }
}

export interface TriangleIndicesOptions {
  /** Which diagonal ends the triangle: 0 the main one, above it positive. Default 0. */
  offset?: number;
  /** int64 or int32. Default int64. */
  dtype?: 'int64' | 'int32';
}

function triangleIndices(
  op: string,
  part: typeof tril,
  rows: number,
  columns: number,
  options: TriangleIndicesOptions,
): Tensor {
  checkInt(op, 'rows', rows);
  checkInt(op, 'columns', columns);
  checkShape(op, [rows, columns]);
  const dtype = creationDType(op, options, 'int64', ['offset']);
  const { offset = 0 } = options;
  checkInt(op, 'offset', offset);
  return scoped(() => {
    const all = backend.run1('full', [], { shape: [rows, columns], value: 1, dtype: 'bool' });
    return to(transpose(nonzero(part(all, { diagonal: offset })), 0, 1).contiguous(), dtype);
  });
}

/**
 * Rows and columns of the places on and below a diagonal of a matrix, row by row: [2, count].
 *
 * @throws ValueError for sizes that are negative or no integers.
 * @example
 * import { trilIndices } from 'lanegrad';
 * trilIndices(2, 2).tolist(); // => [[0, 1, 1], [0, 0, 1]]
 */
export function trilIndices(
  rows: number,
  columns: number,
  options: TriangleIndicesOptions = noOptions,
): Tensor {
  return triangleIndices('trilIndices', tril, rows, columns, options);
}

/**
 * Rows and columns of the places on and above a diagonal of a matrix, row by row: [2, count].
 *
 * @throws ValueError for sizes that are negative or no integers.
 * @example
 * import { triuIndices } from 'lanegrad';
 * triuIndices(2, 2).tolist(); // => [[0, 0, 1], [0, 1, 1]]
 */
export function triuIndices(
  rows: number,
  columns: number,
  options: TriangleIndicesOptions = noOptions,
): Tensor {
  return triangleIndices('triuIndices', triu, rows, columns, options);
}

export interface VanderOptions {
  /** Number of columns. Default: as many as x has elements. */
  N?: number;
  /** Whether powers rise from left to right. Default false; always so in PyTorch's `linalg.vander`. */
  increasing?: boolean;
}

/**
 * The Vandermonde matrix: powers of each element, x^(N-1) first, or x^0 with `increasing`.
 *
 * x: [..., M]; gives [..., M, N].
 * @throws ShapeError for a 0-dim tensor.
 * @throws ValueError if N is negative.
 * @example
 * import { tensor, vander } from 'lanegrad';
 * vander(tensor([2, 3]), { N: 3 }).tolist(); // => [[4, 2, 1], [9, 3, 1]]
 */
export function vander(x: Tensor, options: VanderOptions = noOptions): Tensor {
  checkTensor('vander', 'x', x);
  checkOptions('vander', options);
  const count = x.shape.at(-1);
  if (count === undefined) throw new ShapeError('[vander] got a 0-dim tensor, wanted at least one dim');
  const { N = count } = options;
  checkInt('vander', 'N', N);
  if (N < 0) throw new ValueError(`[vander] N: got ${N}, wanted at least 0`);
  const increasing = checkFlag('vander', 'increasing', options.increasing);
  return scoped(() => {
    const column = unsqueeze(x, -1);
    const powers = cumprod(expand(column, [...x.shape, Math.max(N - 1, 0)]), -1);
    const { dtype } = powers;
    const ones = backend.run1('full', [], { shape: [...x.shape, Math.min(N, 1)], value: 1, dtype });
    const rising = cat([ones, powers], -1);
    return increasing ? rising : flip(rising, [-1]);
  });
}
