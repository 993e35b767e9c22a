import { backend } from '../backend/current.js';
import { Handle } from '../backend/backend.js';
import { isRecording, refuseRecorded } from '../backend/recording.js';
import {
  checkInt,
  checkInts,
  checkListLength,
  checkOptions,
  checkTensor,
  product,
  shapeText,
  wrapDim,
} from '../check.js';
import { DTypeError, ShapeError, ValueError } from '../errors.js';
import { scoped } from '../scope.js';
import { fromNumbers } from '../tensor.js';
import type { Tensor } from '../tensor.js';
import { lt, ne, where } from './binary.js';
import { to } from './convert.js';
import { cumsum } from './cumulative.js';
import { indexSelect } from './indexing.js';
import { logicalOr } from './logic.js';
import { arange } from './ranges.js';
import { sum } from './reduction.js';
import { searchsorted } from './sorting.js';
import { any } from './truth.js';
import { expand, reshape } from './view.js';

// Copies of the elements, one after the other.

/**
 * x repeated along each dim, the last count belonging to the last dim; more counts than dims put new dims in front. What
 * `tile` is in NumPy.
 *
 * @throws ValueError for a negative count, or fewer counts than dims.
 * @example
 * import { repeat, tensor } from 'lanegrad';
 * repeat(tensor([1, 2]), [2, 2]).tolist(); // => [[1, 2, 1, 2], [1, 2, 1, 2]]
 */
export function repeat(x: Tensor, repeats: number | readonly number[]): Tensor {
  checkTensor('repeat', 'x', x);
  const counts = typeof repeats === 'number' ? [repeats] : repeats;
  checkInts('repeat', 'repeats', counts);
  if (counts.length < x.ndim) {
    throw new ValueError(`[repeat] repeats: got ${counts.length} for a tensor of ${x.ndim} dims`);
  }
  return repeated('repeat', x, counts);
}

/**
 * x repeated along each dim, the last count belonging to the last dim; dims without a count are not repeated.
 *
 * @throws ValueError for a negative count.
 * @example
 * import { tensor, tile } from 'lanegrad';
 * tile(tensor([[1, 2], [3, 4]]), [2]).tolist(); // => [[1, 2, 1, 2], [3, 4, 3, 4]]
 */
export function tile(x: Tensor, dims: number | readonly number[]): Tensor {
  checkTensor('tile', 'x', x);
  const counts = typeof dims === 'number' ? [dims] : dims;
  checkInts('tile', 'dims', counts);
  const missing = Math.max(0, x.ndim - counts.length);
  return repeated('tile', x, [...Array.from({ length: missing }, () => 1), ...counts]);
}

/** One count for each dim, and for new ones in front. One copy. */
function repeated(op: string, x: Tensor, counts: readonly number[]): Tensor {
  if (counts.some((count) => count < 0)) {
    throw new ValueError(`[${op}] got the counts ${shapeText(counts)}, wanted none below 0`);
  }
  const lead = counts.length - x.ndim;
  const sizes = counts.map((_, i) => (i < lead ? 1 : x.shape[i - lead]!));
  // A dim of its own for each count but 1, in front of the dim that it repeats.
  const open = counts.flatMap((count, i) => (count === 1 ? [sizes[i]!] : [1, sizes[i]!]));
  const wide = counts.flatMap((count, i) => (count === 1 ? [sizes[i]!] : [count, sizes[i]!]));
  return scoped(() => {
    const view = expand(reshape(x, open), wide);
    const shape = sizes.map((size, i) => size * counts[i]!);
    const whole = backend.run1('reshape', [backend.run1('clone', [view], {})], { shape, strict: false });
    return whole;
  });
}

export interface RepeatInterleaveOptions {
  /** Default: the elements in row-major order, as one row. */
  dim?: number;
  /** The size that the dim will have; it is checked. */
  outputSize?: number;
}

/**
 * Each element of a dim repeated in its place: a number of times, or each as often as a tensor says (whose values are
 * read). `repeatInterleave(counts)` alone gives each index as often as its count says.
 *
 * x: [..., N, ...], repeats: a number, [N] or one element; gives [..., sum of repeats, ...].
 * In a compiled function counts in a tensor need `outputSize`.
 * @throws ValueError for a negative count, or if outputSize is another; IndexError for these in a compiled function.
 * @throws ShapeError unless there is one count for each element.
 * @throws DTypeError if repeats is a tensor of neither int64 nor int32.
 * @example
 * import { repeatInterleave, tensor } from 'lanegrad';
 * repeatInterleave(tensor([1, 2]), 2).tolist(); // => [1, 1, 2, 2]
 * repeatInterleave(tensor([1, 2]), tensor([1, 3])).tolist(); // => [1, 2, 2, 2]
 * repeatInterleave(tensor([1, 0, 2])).tolist(); // => [0, 2, 2]
 */
export function repeatInterleave(
  x: Tensor,
  repeats?: number | Tensor,
  options: RepeatInterleaveOptions = {},
): Tensor {
  checkTensor('repeatInterleave', 'x', x);
  checkOptions('repeatInterleave', options);
  const { dim, outputSize } = options;
  if (outputSize !== undefined) checkInt('repeatInterleave', 'outputSize', outputSize);
  if (repeats === undefined) return placesOf(x, x.numel(), outputSize);
  return scoped(() => {
    const rows = dim === undefined ? reshape(x, [-1]) : x;
    const at = wrapDim('repeatInterleave', dim ?? 0, rows.ndim);
    const size = rows.shape[at] ?? 1;
    if (Handle.is(repeats)) {
      const places = placesOf(repeats, size, outputSize);
      return backend.run1('indexSelect', [rows.ndim === 0 ? reshape(rows, [1]) : rows, places], { dim: at });
    }
    checkInt('repeatInterleave', 'repeats', repeats);
    if (repeats < 0) throw new ValueError(`[repeatInterleave] repeats: got ${repeats}, wanted at least 0`);
    checkOutputSize(size * repeats, outputSize);
    const [before, after] = [rows.shape.slice(0, at), rows.shape.slice(at + 1)];
    const open = reshape(rows, [...before, size, 1, ...after]);
    const wide = backend.run1('clone', [expand(open, [...before, size, repeats, ...after])], {});
    return reshape(wide, [...before, size * repeats, ...after]);
  });
}

function checkOutputSize(size: number, wanted: number | undefined): void {
  if (wanted !== undefined && wanted !== size)
    throw new ValueError(`[repeatInterleave] outputSize: got ${wanted}, but there are ${size}`);
}

/**
 * The same where no value may be read: what stands at each place is how many counts have been used up before it. Where the sum
 * of the counts is not the size, the places are none of those that there are, and the op that takes them throws.
 */
function recordedPlaces(counts: Tensor, size: number, outputSize: number | undefined): Tensor {
  // Nothing is taken at no places, and nothing would complain.
  if (outputSize === undefined || outputSize < 1) {
    refuseRecorded(
      'the size of the result is read from repeats while a compiled function is recorded; a replay would not read it again',
      'give outputSize, of at least 1',
      'repeatInterleave',
    );
  }
  return scoped(() => {
    const each = expand(reshape(to(counts, 'int64'), [-1]), [size]);
    const places = searchsorted(cumsum(each, 0), arange(outputSize!, { dtype: 'int64' }), { right: true });
    const wrong = logicalOr(any(lt(each, 0)), ne(sum(each), outputSize!));
    return indexSelect(arange(size, { dtype: 'int64' }), 0, where(wrong, size, places));
  });
}

/** Each index as often as its count says. */
function placesOf(counts: Tensor, size: number, outputSize: number | undefined): Tensor {
  checkTensor('repeatInterleave', 'repeats', counts);
  if (counts.dtype !== 'int64' && counts.dtype !== 'int32')
    throw new DTypeError(`[repeatInterleave] repeats: got ${counts.dtype}, wanted int64 or int32`);
  const { shape } = counts;
  if (shape.length > 1 || (counts.numel() !== 1 && product(shape) !== size)) {
    throw new ShapeError(`[repeatInterleave] repeats: got shape ${shapeText(shape)} for ${size} elements`);
  }
  if (isRecording()) return recordedPlaces(counts, size, outputSize);
  checkListLength('repeatInterleave', size);
  const values = Array.from(counts.data, Number);
  const single = values.length === 1;
  checkListLength(
    'repeatInterleave',
    single ? size * values[0]! : values.reduce((a, b) => a + Math.max(b, 0), 0),
  );
  const places: number[] = [];
  for (let i = 0; i < size; ++i) {
    const count = single ? values[0]! : values[i]!;
    if (count < 0) throw new ValueError(`[repeatInterleave] repeats: got ${count}, wanted none below 0`);
    for (let k = 0; k < count; ++k) places.push(i);
  }
  checkOutputSize(places.length, outputSize);
  return fromNumbers('int64', [places.length], places);
}
