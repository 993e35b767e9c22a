import { backend } from '../backend/current.js';
import { checkInt, checkTensor, describe, noAttrs, product, shapeText } from '../check.js';
import { isFloat } from '../dtype.js';
import { DTypeError, IndexError, ShapeError } from '../errors.js';
import { scoped } from '../scope.js';
import { fromNumbers } from '../tensor.js';
import type { Tensor } from '../tensor.js';
import { expand, permute, reshape, resolveRange, select, unsqueeze } from './view.js';
import type { SliceRange } from './view.js';

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
  return backend.run1('gather', [x, index], { dim });
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
  return backend.run1('scatterAdd', [x, index, source], { dim });
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

/**
 * A copy of x with the slices of source added at the given places of a dim.
 *
 * x: [..., N, ...], index: [K], source: [..., K, ...].
 * @throws IndexError for an index out of range.
 * @example
 * import { indexAdd, tensor, zeros } from 'lanegrad';
 * indexAdd(zeros([3]), 0, tensor([1, 1]), tensor([2.5, 3])).tolist(); // => [0, 5.5, 0]
 */
export function indexAdd(x: Tensor, dim: number, index: Tensor, source: Tensor): Tensor {
  checkTensor('indexAdd', 'x', x);
  checkInt('indexAdd', 'dim', dim);
  checkTensor('indexAdd', 'index', index);
  checkTensor('indexAdd', 'source', source);
  return backend.run1('indexAdd', [x, index, source], { dim });
}

/**
 * One entry of an index: a number picks one place and drops the dim; a range cuts; null inserts a dim of size 1; '...'
 * stands for all dims not named; an integer tensor picks places; a bool tensor picks where it is true.
 */
export type IndexEntry = number | SliceRange | null | '...' | Tensor;

/**
 * What `x[...]` is in Python. Numbers, ranges and null give views. Integer tensors broadcast with each other and put
 * their shape where they stand (in front, if something stands between them); they may be negative.
 *
 * @throws IndexError for too many entries or an index out of range.
 * @example
 * import { index, tensor } from 'lanegrad';
 * const x = tensor([[1, 2, 3], [4, 5, 6]]);
 * index(x, 1).tolist(); // => [4, 5, 6]
 * index(x, {}, { start: 1 }).tolist(); // => [[2, 3], [5, 6]]
 * index(x, tensor([0, 1]), tensor([2, 0])).tolist(); // => [3, 4]
 * index(x, x.gt(4)).tolist(); // => [5, 6]
 */
export function index(x: Tensor, ...entries: readonly IndexEntry[]): Tensor {
  checkTensor('index', 'x', x);
  return scoped(() => {
    const { view, tensors } = applyBasic(x, entries);
    if (tensors.size > 0) return pick(view, tensors);
    // x itself, where nothing was asked for.
    return view === x ? reshape(x, x.shape) : view;
  });
}

/** Numbers, ranges, null and '...' are applied; the tensors are left, by the dim that they index. */
function applyBasic(
  x: Tensor,
  entries: readonly IndexEntry[],
): { view: Tensor; tensors: Map<number, Tensor> } {
  const taken = entries.reduce<number>((sum, entry, i) => sum + dimsTaken(entry, i), 0);
  const rank = x.shape.length;
  if (taken > rank) throw new IndexError(`[index] got entries for ${taken} dims, the tensor has ${rank}`);
  if (entries.filter((entry) => entry === '...').length > 1)
    throw new IndexError("[index] got '...' more than once");
  const tensors = new Map<number, Tensor>();
  let view = x;
  let dim = 0;
  for (const entry of entries) {
    if (entry === '...') {
      dim += rank - taken;
    } else if (entry === null) {
      view = unsqueeze(view, dim++);
    } else if (typeof entry === 'number') {
      view = select(view, dim, entry);
    } else if (!isTensor(entry)) {
      view = backend.run1('slice', [view], { dim, ...resolveRange('index', entry, view.shape[dim]!) });
      ++dim;
    } else if (entry.dtype === 'bool') {
      const sizes = view.shape.slice(dim, dim + entry.shape.length);
      for (const places of truePlaces(entry, sizes)) tensors.set(dim++, places);
    } else {
      tensors.set(dim++, entry);
    }
  }
  return { view, tensors };
}

function dimsTaken(entry: IndexEntry, i: number): number {
  if (entry === null || entry === '...') return 0;
  if (typeof entry === 'number') return 1;
  if (typeof entry !== 'object' || Array.isArray(entry)) {
    throw new DTypeError(
      `[index] entry ${i}: got ${describe(entry)}, wanted a number, range, null, '...' or tensor`,
    );
  }
  if (!isTensor(entry)) return 1;
  if (entry.dtype === 'bool') {
    if (entry.shape.length === 0)
      throw new ShapeError(`[index] entry ${i}: got a 0-dim bool, wanted at least one dim`);
    return entry.shape.length;
  }
  if (!isFloat(entry.dtype)) return 1;
  throw new DTypeError(`[index] entry ${i}: got a tensor of ${entry.dtype}, wanted integers or bool`);
}

function isTensor(entry: SliceRange | Tensor): entry is Tensor {
  return 'dtype' in entry;
}

/** The coordinates of the true elements, one int64 tensor per dim. */
function truePlaces(mask: Tensor, sizes: readonly number[]): Tensor[] {
  const { shape } = mask;
  if (shape.length !== sizes.length || shape.some((size, i) => size !== sizes[i])) {
    throw new IndexError(`[index] the mask is ${shapeText(shape)}, what it masks is ${shapeText(sizes)}`);
  }
  const places: number[][] = shape.map(() => []);
  mask.data.forEach((value: number | bigint, flat: number) => {
    if (!value) return;
    let rest = flat;
    for (let d = shape.length - 1; d >= 0; --d) {
      places[d]!.push(rest % shape[d]!);
      rest = Math.floor(rest / shape[d]!);
    }
  });
  return places.map((list) => fromNumbers('int64', [list.length], list));
}

/** Integer tensors, by dim: their dims become one, and one flat index picks from it. */
function pick(x: Tensor, tensors: ReadonlyMap<number, Tensor>): Tensor {
  const dims = [...tensors.keys()].sort((a, b) => a - b);
  const { shape } = x;
  const others = shape.map((_, i) => i).filter((i) => !tensors.has(i));
  const adjacent = dims.every((dim, i) => i === 0 || dim === dims[i - 1]! + 1);
  const at = adjacent ? dims[0]! : 0;
  const picked = broadcastShape(dims.map((dim) => tensors.get(dim)!.shape));

  let flat: Tensor | undefined;
  for (const dim of dims) {
    const size = shape[dim]!;
    const wrapped = backend.run1('wrapIndex', [tensors.get(dim)!], { size });
    flat =
      flat === undefined
        ? wrapped
        : backend.run1('add', [backend.run1('mul', [flat, size], noAttrs), wrapped], noAttrs);
  }
  const places = reshape(expand(flat!, picked), [product(picked)]);

  const before = others.slice(0, at);
  const after = others.slice(at);
  const order = [...before, ...dims, ...after];
  const moved = order.every((dim, i) => dim === i) ? x : permute(x, order);
  const sizesOf = (list: readonly number[]) => list.map((dim) => shape[dim]!);
  const joined =
    dims.length === 1
      ? moved
      : reshape(moved, [...sizesOf(before), product(sizesOf(dims)), ...sizesOf(after)]);
  const rows = backend.run1('indexSelect', [joined, places], { dim: at });
  return reshape(rows, [...sizesOf(before), ...picked, ...sizesOf(after)]);
}

/** The shape that shapes broadcast to. */
function broadcastShape(shapes: readonly (readonly number[])[]): number[] {
  const rank = Math.max(...shapes.map((shape) => shape.length));
  return Array.from({ length: rank }, (_, i) => {
    let size = 1;
    for (const shape of shapes) {
      const own = shape[i - rank + shape.length] ?? 1;
      if (own === 1) continue;
      if (size !== 1 && own !== size) {
        throw new IndexError(`[index] index tensors do not broadcast: ${shapes.map(shapeText).join(', ')}`);
      }
      size = own;
    }
    return size;
  });
}
