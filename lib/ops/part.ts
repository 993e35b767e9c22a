import { backend } from '../backend/current.js';
import { checkInt, checkOptions, checkTensor, noAttrs, shapeText } from '../check.js';
import { ShapeError } from '../errors.js';
import { scoped } from '../scope.js';
import type { Tensor } from '../tensor.js';
import { clone } from './convert.js';
import { select, slice } from './view.js';
import type { SliceRange } from './view.js';

// Copies of which a part is replaced: what writing into a view is, without changing anything in place.

/** Writes `source` into a view of `out`, which is new and nobody else's, and gives `out`. */
export function replacePart(
  op: string,
  out: Tensor,
  source: Tensor,
  partOf: (out: Tensor) => Tensor,
): Tensor {
  return scoped(() => {
    const part = partOf(out);
    const [got, wanted] = [shapeText(source.shape), shapeText(part.shape)];
    if (got !== wanted)
      throw new ShapeError(`[${op}] source: got shape ${got}, wanted that of what it replaces, ${wanted}`);
    backend.runInPlace('copy', [part, source], noAttrs);
    return out;
  });
}

/**
 * A copy of x with the part at one index of a dim replaced by `source`.
 *
 * source: the shape of `select(x, dim, index)`.
 * @throws ShapeError if source has another shape.
 * @throws IndexError for an index out of range.
 * @example
 * import { ones, selectScatter, zeros } from 'lanegrad';
 * selectScatter(zeros([2, 2]), ones([2]), 0, 1).tolist(); // => [[0, 0], [1, 1]]
 */
export function selectScatter(x: Tensor, source: Tensor, dim: number, index: number): Tensor {
  checkTensor('selectScatter', 'x', x);
  checkTensor('selectScatter', 'source', source);
  checkInt('selectScatter', 'dim', dim);
  checkInt('selectScatter', 'index', index);
  return replacePart('selectScatter', clone(x), source, (out) => select(out, dim, index));
}

export interface SliceScatterOptions extends SliceRange {
  /** Default 0. */
  dim?: number;
}

/**
 * A copy of x with a range of a dim replaced by `source`.
 *
 * source: the shape of `slice(x, dim, range)`.
 * @throws ShapeError if source has another shape.
 * @example
 * import { ones, sliceScatter, zeros } from 'lanegrad';
 * sliceScatter(zeros([4]), ones([2]), { start: 1, stop: 3 }).tolist(); // => [0, 1, 1, 0]
 */
export function sliceScatter(x: Tensor, source: Tensor, options: SliceScatterOptions = {}): Tensor {
  checkTensor('sliceScatter', 'x', x);
  checkTensor('sliceScatter', 'source', source);
  checkOptions('sliceScatter', options);
  const { dim = 0, ...range } = options;
  return replacePart('sliceScatter', clone(x), source, (out) => slice(out, dim, range));
}
