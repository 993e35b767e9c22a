import { Handle } from '../backend/backend.js';
import { checkInt, checkInts, checkTensor, describe, shapeText, wrapDim } from '../check.js';
import { DTypeError, ShapeError, ValueError } from '../errors.js';
import type { Tensor } from '../tensor.js';
import { split } from './join.js';
import { slice } from './view.js';

// Cuts of a dim, as views.

/**
 * Cuts a dim into parts of the given sizes: {@link split} with a list.
 *
 * @throws ValueError for sizes that do not add up to the dim.
 * @example
 * import { arange, splitWithSizes } from 'lanegrad';
 * splitWithSizes(arange(5), [1, 4]).map((part) => part.tolist()); // => [[0], [1, 2, 3, 4]]
 */
export function splitWithSizes(x: Tensor, sizes: readonly number[], dim = 0): Tensor[] {
  checkInts('splitWithSizes', 'sizes', sizes);
  return split(x, sizes, dim);
}

/** A number of parts, or the places to cut at: numbers, or a tensor of one dim, whose values are read. */
export type Cuts = number | readonly number[] | Tensor;

function cutsOf(op: string, cuts: Cuts): number | readonly number[] {
  if (Handle.is(cuts)) {
    checkTensor(op, 'cuts', cuts);
    if (cuts.dtype !== 'int64') throw new DTypeError(`[${op}] cuts: got ${cuts.dtype}, wanted int64`);
    if (cuts.ndim > 1)
      throw new ShapeError(`[${op}] cuts: got shape ${shapeText(cuts.shape)}, wanted at most one dim`);
    const values = Array.from(cuts.data, Number);
    return cuts.ndim === 0 ? values[0]! : values;
  }
  if (typeof cuts === 'number') checkInt(op, 'cuts', cuts);
  else if (Array.isArray(cuts)) checkInts(op, 'cuts', cuts);
  else throw new ValueError(`[${op}] cuts: got ${describe(cuts)}, wanted a number or an array of them`);
  return cuts;
}

/**
 * Cuts a dim into a number of parts, the first ones larger by one where it does not come out even, or at the given places.
 * Places beyond the dim give empty parts.
 *
 * @throws ValueError for a number of parts below 1.
 * @throws ShapeError for a 0-dim tensor.
 * @example
 * import { arange, tensorSplit } from 'lanegrad';
 * tensorSplit(arange(5), 2).map((part) => part.tolist()); // => [[0, 1, 2], [3, 4]]
 * tensorSplit(arange(5), [1, 3]).map((part) => part.tolist()); // => [[0], [1, 2], [3, 4]]
 */
export function tensorSplit(x: Tensor, cuts: Cuts, dim = 0): Tensor[] {
  return splitAt('tensorSplit', x, cuts, dim);
}

function splitAt(op: string, x: Tensor, cuts: Cuts, dim: number): Tensor[] {
  checkTensor(op, 'x', x);
  if (x.ndim === 0) throw new ShapeError(`[${op}] got a 0-dim tensor, wanted at least one dim`);
  const at = wrapDim(op, dim, x.ndim);
  const size = x.shape[at]!;
  const given = cutsOf(op, cuts);
  if (typeof given !== 'number') {
    const edges = [0, ...given, size];
    return edges.slice(1).map((stop, i) => slice(x, at, { start: edges[i]!, stop }));
  }
  if (given < 1) throw new ValueError(`[${op}] cuts: got ${given} parts, wanted at least 1`);
  const [least, more] = [Math.floor(size / given), size % given];
  let start = 0;
  return Array.from({ length: given }, (_, i) => {
    const stop = start + least + (i < more ? 1 : 0);
    const part = slice(x, at, { start, stop });
    start = stop;
    return part;
  });
}

/** A number of parts must come out even here. */
function splitEven(op: string, x: Tensor, cuts: Cuts, dim: number, least: number): Tensor[] {
  checkTensor(op, 'x', x);
  if (x.ndim < least)
    throw new ShapeError(`[${op}] got shape ${shapeText(x.shape)}, wanted at least ${least} dims`);
  const given = cutsOf(op, cuts);
  const size = x.shape[dim]!;
  if (typeof given === 'number' && given > 0 && size % given !== 0)
    throw new ValueError(`[${op}] cuts: got ${given} parts, which do not divide the size ${size}`);
  return splitAt(op, x, given, dim);
}

/**
 * Cuts dim 1, of a vector its only one, into equal parts or at places. See {@link tensorSplit}.
 *
 * @throws ValueError if the number of parts does not divide the size.
 * @throws ShapeError for a 0-dim tensor.
 * @example
 * import { hsplit, tensor } from 'lanegrad';
 * hsplit(tensor([[1, 2], [3, 4]]), 2).map((part) => part.tolist()); // => [[[1], [3]], [[2], [4]]]
 */
export function hsplit(x: Tensor, cuts: Cuts): Tensor[] {
  checkTensor('hsplit', 'x', x);
  return splitEven('hsplit', x, cuts, x.ndim === 1 ? 0 : 1, 1);
}

/**
 * Cuts dim 0 into equal parts or at places. See {@link tensorSplit}.
 *
 * @throws ValueError if the number of parts does not divide the size.
 * @throws ShapeError for fewer than two dims.
 * @example
 * import { tensor, vsplit } from 'lanegrad';
 * vsplit(tensor([[1, 2], [3, 4]]), 2).map((part) => part.tolist()); // => [[[1, 2]], [[3, 4]]]
 */
export function vsplit(x: Tensor, cuts: Cuts): Tensor[] {
  return splitEven('vsplit', x, cuts, 0, 2);
}

/**
 * Cuts dim 2 into equal parts or at places. See {@link tensorSplit}.
 *
 * @throws ValueError if the number of parts does not divide the size.
 * @throws ShapeError for fewer than three dims.
 * @example
 * import { dsplit, tensor } from 'lanegrad';
 * dsplit(tensor([[[1, 2], [3, 4]]]), 2).map((part) => part.tolist()); // => [[[[1], [3]]], [[[2], [4]]]]
 */
export function dsplit(x: Tensor, cuts: Cuts): Tensor[] {
  return splitEven('dsplit', x, cuts, 2, 3);
}
