import { Handle } from '../backend/backend.js';
import { backend } from '../backend/current.js';
import { checkFlag, checkOptions, checkTensor, describe, noAttrs, product, shapeText } from '../check.js';
import { DTypeError, IndexError, ShapeError, ValueError } from '../errors.js';
import { scoped } from '../scope.js';
import type { Tensor } from '../tensor.js';
import { commonShape } from './broadcast.js';
import { clone } from './convert.js';
import { nonzero } from './counting.js';
import { expand, permute, reshape, resolveRange, select, unsqueeze } from './view.js';
import type { SliceRange } from './view.js';

// What x[...] is in Python, to read and to write.

/**
 * One entry of an index: a number picks one place and drops the dim; a range cuts; null inserts a dim of size 1; '...'
 * stands for all dims not named; an integer tensor picks places; a bool tensor picks where it is true; a boolean inserts a
 * dim of size 1 or 0.
 */
export type IndexEntry = number | boolean | SliceRange | null | '...' | Tensor;

/**
 * What `x[...]` is in Python. Numbers, ranges and null give views. Integer tensors broadcast with each other and put
 * their shape where they stand (in front, if something stands between them); they may be negative.
 *
 * @throws IndexError for too many entries or an index out of range.
 * @throws DTypeError for a tensor that is neither int64, int32 nor bool.
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
    const { view, tensors } = applyBasic('index', x, entries);
    if (tensors.size > 0) return pick(view, tensors);
    // x itself, where nothing was asked for.
    return view === x ? reshape(x, x.shape) : view;
  });
}

interface Indexed {
  readonly view: Tensor;
  /** Integer tensors, by the dim of the view that they index. */
  readonly tensors: ReadonlyMap<number, Tensor>;
}

/** Numbers, ranges, null and '...' are applied; the tensors are left. */
function applyBasic(op: string, x: Tensor, entries: readonly IndexEntry[]): Indexed {
  const taken = entries.reduce<number>((sum, entry, i) => sum + dimsTaken(op, entry, i), 0);
  const rank = x.shape.length;
  if (taken > rank) throw new IndexError(`[${op}] got entries for ${taken} dims, the tensor has ${rank}`);
  if (entries.filter((entry) => entry === '...').length > 1)
    throw new IndexError(`[${op}] got '...' more than once`);
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
    } else if (typeof entry === 'boolean') {
      view = unsqueeze(view, dim);
      tensors.set(dim++, backend.run1('full', [], { shape: [Number(entry)], value: 0, dtype: 'int64' }));
    } else if (!isTensor(entry)) {
      view = backend.run1('slice', [view], { dim, ...resolveRange(op, entry, view.shape[dim]!) });
      ++dim;
    } else if (entry.dtype !== 'bool') {
      tensors.set(dim++, entry);
    } else if (entry.ndim === 0) {
      view = unsqueeze(view, dim);
      tensors.set(dim++, truePlaces(op, entry, [])[0]!);
    } else {
      const sizes = view.shape.slice(dim, dim + entry.ndim);
      for (const places of truePlaces(op, entry, sizes)) tensors.set(dim++, places);
    }
  }
  return { view, tensors };
}

function dimsTaken(op: string, entry: IndexEntry, i: number): number {
  if (entry === null || entry === '...' || typeof entry === 'boolean') return 0;
  if (typeof entry === 'number') return 1;
  if (typeof entry !== 'object' || Array.isArray(entry)) {
    throw new DTypeError(
      `[${op}] entry ${i}: got ${describe(entry)}, wanted a number, boolean, range, null, '...' or tensor`,
    );
  }
  if (!isTensor(entry)) return 1;
  if (entry.dtype === 'bool') return entry.ndim;
  if (entry.dtype === 'int64' || entry.dtype === 'int32') return 1;
  throw new DTypeError(`[${op}] entry ${i}: got a tensor of ${entry.dtype}, wanted int64, int32 or bool`);
}

function isTensor(entry: SliceRange | Tensor): entry is Tensor {
  return Handle.is(entry);
}

/** The coordinates of the true elements, one int64 tensor per dim. */
function truePlaces(op: string, mask: Tensor, sizes: readonly number[]): Tensor[] {
  const { shape } = mask;
  if (shape.length !== sizes.length || shape.some((size, i) => size !== sizes[i])) {
    throw new IndexError(`[${op}] the mask is ${shapeText(shape)}, what it masks is ${shapeText(sizes)}`);
  }
  return nonzero(mask, { asTuple: true });
}

/** The dims that integer tensors index, brought together and joined into one, and the places in it. */
interface Rows {
  /** The view with the indexed dims side by side. */
  readonly moved: Tensor;
  /** Sizes with the indexed dims as one. */
  readonly joined: readonly number[];
  /** Which of them it is. */
  readonly at: number;
  readonly places: Tensor;
  /** Of what is picked. */
  readonly shape: readonly number[];
}

function rowsOf(op: string, x: Tensor, tensors: ReadonlyMap<number, Tensor>): Rows {
  const dims = [...tensors.keys()].sort((a, b) => a - b);
  const { shape } = x;
  const others = shape.map((_, i) => i).filter((i) => !tensors.has(i));
  const adjacent = dims.every((dim, i) => i === 0 || dim === dims[i - 1]! + 1);
  const at = adjacent ? dims[0]! : 0;
  const picked = broadcastIndices(
    op,
    dims.map((dim) => tensors.get(dim)!.shape),
  );
  let flat: Tensor | undefined;
  for (const dim of dims) {
    const size = shape[dim]!;
    const wrapped = backend.run1('wrapIndex', [tensors.get(dim)!], { size });
    flat =
      flat === undefined
        ? wrapped
        : backend.run1('add', [backend.run1('mul', [flat, size], noAttrs), wrapped], noAttrs);
  }
  const order = [...others.slice(0, at), ...dims, ...others.slice(at)];
  const sizesOf = (list: readonly number[]) => list.map((dim) => shape[dim]!);
  const [before, after] = [sizesOf(others.slice(0, at)), sizesOf(others.slice(at))];
  return {
    moved: order.every((dim, i) => dim === i) ? x : permute(x, order),
    joined: [...before, product(sizesOf(dims)), ...after],
    at,
    places: reshape(expand(flat!, picked), [product(picked)]),
    shape: [...before, ...picked, ...after],
  };
}

function broadcastIndices(op: string, shapes: readonly (readonly number[])[]): number[] {
  try {
    return commonShape(op, shapes);
  } catch (error) {
    if (!(error instanceof ShapeError)) throw error;
    throw new IndexError(`[${op}] index tensors do not broadcast: ${shapes.map(shapeText).join(', ')}`);
  }
}

function pick(x: Tensor, tensors: ReadonlyMap<number, Tensor>): Tensor {
  const { moved, joined, at, places, shape } = rowsOf('index', x, tensors);
  const rows = backend.run1('indexSelect', [reshape(moved, joined), places], { dim: at });
  return reshape(rows, shape);
}

export interface IndexPutOptions {
  /** Add to what is there; repeated places add up. Default false: the last one stays. */
  accumulate?: boolean;
}

/**
 * A copy of x with `values` in the places that the entries name: what `x[...] = values` is in Python. The entries are those
 * of {@link index}.
 *
 * values: broadcast to the shape of `index(x, ...entries)`, of the dtype of x.
 * @throws IndexError for too many entries or an index out of range.
 * @throws ShapeError if values do not broadcast.
 * @throws DTypeError if values have another dtype.
 * @example
 * import { indexPut, tensor, zeros } from 'lanegrad';
 * indexPut(zeros([3]), [tensor([0, 2])], tensor([1.5, 2.5])).tolist(); // => [1.5, 0, 2.5]
 */
export function indexPut(
  x: Tensor,
  entries: readonly IndexEntry[],
  values: Tensor,
  options: IndexPutOptions = {},
): Tensor {
  checkTensor('indexPut', 'x', x);
  const out = clone(x);
  putInto('indexPut', out, entries, values, options);
  return out;
}

/** {@link indexPut} in place. */
export function putInto(
  op: string,
  x: Tensor,
  entries: readonly IndexEntry[],
  values: Tensor,
  options: IndexPutOptions = {},
): void {
  checkTensor(op, 'values', values);
  checkOptions(op, options);
  const accumulate = checkFlag(op, 'accumulate', options.accumulate);
  if (!Array.isArray(entries))
    throw new ValueError(`[${op}] entries: got ${describe(entries)}, wanted an array`);
  if (values.dtype !== x.dtype)
    throw new DTypeError(`[${op}] values: got ${values.dtype}, wanted the dtype of x, ${x.dtype}`);
  scoped(() => {
    const { view, tensors } = applyBasic(op, x, entries);
    if (tensors.size === 0) {
      backend.runInPlace(accumulate ? 'add' : 'copy', [view, values], noAttrs);
      return;
    }
    const { moved, joined, at, places, shape } = rowsOf(op, view, tensors);
    const wanted = joined.slice();
    wanted[at] = places.numel();
    const rows = reshape(expand(values, shape), wanted);
    const write = accumulate ? 'indexAdd' : 'indexCopy';
    if (moved.isContiguous() || moved.ndim === joined.length) {
      // A view, so that only the named places are touched.
      backend.runInPlace(write, [reshape(moved, joined), places, rows], { dim: at });
    } else {
      const written = backend.run1(write, [reshape(moved, joined), places, rows], { dim: at });
      backend.runInPlace('copy', [moved, reshape(written, moved.shape)], noAttrs);
    }
  });
}
