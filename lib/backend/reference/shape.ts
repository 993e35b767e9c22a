import { IndexError, OutOfMemoryError, ShapeError, ValueError } from '../../errors.js';

/** More dims than this are refused, as on the native side. */
export const maxRank = 12;

/** Product of the sizes; 1 for a 0-dim shape. */
export function numelOf(shape: readonly number[]): number {
  let n = 1;
  for (let i = 0; i < shape.length; i++) n *= shape[i]!;
  return n;
}

/** Row-major strides; a dim of size 0 counts as 1. */
export function contiguousStrides(shape: readonly number[]): number[] {
  const strides = new Array<number>(shape.length);
  let step = 1;
  for (let i = shape.length - 1; i >= 0; i--) {
    strides[i] = step;
    if (shape[i]! > 1) step *= shape[i]!;
  }
  return strides;
}

export function isContiguous(shape: readonly number[], strides: readonly number[]): boolean {
  let step = 1;
  for (let i = shape.length - 1; i >= 0; i--) {
    const size = shape[i]!;
    if (size === 0) return true;
    if (size === 1) continue;
    if (strides[i] !== step) return false;
    step *= size;
  }
  return true;
}

/** The dims from the widest stride to the narrowest; ties keep their order. */
function dimsByStride(strides: readonly number[]): number[] {
  return strides.map((_, i) => i).sort((a, b) => strides[b]! - strides[a]! || a - b);
}

/** Whether every element has its own place and none is skipped, in any dim order. */
export function isDense(shape: readonly number[], strides: readonly number[]): boolean {
  if (isContiguous(shape, strides)) return true;
  let step = 1;
  const order = dimsByStride(strides);
  for (let i = order.length - 1; i >= 0; i--) {
    const d = order[i]!;
    if (shape[d] === 1) continue;
    if (strides[d] !== step) return false;
    step *= shape[d]!;
  }
  return true;
}

/** Whether elements may share a place: dims that interleave without meeting count as well. */
export function mayOverlap(shape: readonly number[], strides: readonly number[]): boolean {
  if (isContiguous(shape, strides) || numelOf(shape) === 0) return false;
  let reach = 0;
  for (const d of dimsByStride(strides).reverse()) {
    if (shape[d] === 1) continue;
    if (strides[d]! <= reach) return true;
    reach += (shape[d]! - 1) * strides[d]!;
  }
  return false;
}

/** How far behind the first element the last one lies; 0 for an empty tensor. */
export function reachOf(shape: readonly number[], strides: readonly number[]): number {
  if (numelOf(shape) === 0) return 0;
  return shape.reduce((reach, size, i) => reach + (size - 1) * strides[i]!, 0);
}

/** Strides of a dense tensor of `shape` in the dim order of `strides`; row-major where that leaves it open. */
export function denseStridesLike(shape: readonly number[], strides: readonly number[]): number[] {
  if (isContiguous(shape, strides)) return contiguousStrides(shape);
  for (let i = 0; i < shape.length; i++) {
    if (strides[i] === 0 && shape[i]! > 1) return contiguousStrides(shape);
  }
  // Dims of size 1 say nothing about the order: they go last, so that the others keep theirs.
  const order = dimsByStride(strides.map((s, i) => (shape[i] === 1 ? 0 : s)));
  const result = new Array<number>(shape.length).fill(1);
  let step = 1;
  for (let i = order.length - 1; i >= 0; i--) {
    const d = order[i]!;
    result[d] = step;
    if (shape[d]! > 1) step *= shape[d]!;
  }
  return result;
}

/** The first dim along which all elements lie in one place, as after expand; -1 when there is none. */
export function expandedDim(shape: readonly number[], strides: readonly number[]): number {
  return shape.findIndex((size, i) => size > 1 && strides[i] === 0);
}

export function sameShape(a: readonly number[], b: readonly number[]): boolean {
  if (a === b) return true;
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

/** The shape that both broadcast to. */
export function broadcastShapes(op: string, a: readonly number[], b: readonly number[]): readonly number[] {
  if (sameShape(a, b)) return a;
  const rank = Math.max(a.length, b.length);
  const out = new Array<number>(rank);
  for (let i = 0; i < rank; i++) {
    const m = i < rank - a.length ? 1 : a[i - rank + a.length]!;
    const n = i < rank - b.length ? 1 : b[i - rank + b.length]!;
    if (m !== n && m !== 1 && n !== 1) {
      throw new ShapeError(
        `[${op}] shapes do not broadcast: [${a.join(', ')}] with [${b.join(', ')}] (${m} against ${n} in dim ${i})`,
      );
    }
    out[i] = m === 1 ? n : m;
  }
  return out;
}

/** Strides with which a tensor of `shape` reads as the wider `wide`: 0 along stretched dims. */
export function broadcastStrides(
  shape: readonly number[],
  strides: readonly number[],
  wide: readonly number[],
): readonly number[] {
  if (sameShape(shape, wide)) return strides;
  const lead = wide.length - shape.length;
  return wide.map((size, i) => (i < lead || (shape[i - lead] === 1 && size !== 1) ? 0 : strides[i - lead]!));
}

/** Wraps a negative dim and checks it against the rank; a 0-dim tensor takes -1 and 0. */
export function normalizeDim(op: string, dim: number, rank: number): number {
  const limit = Math.max(rank, 1);
  if (dim < -limit || dim >= limit) {
    throw new IndexError(
      `[${op}] dim ${dim} is out of range for a tensor of rank ${rank}, wanted ${-limit} to ${limit - 1}`,
    );
  }
  return dim < 0 ? dim + limit : dim;
}

/** The dims of a reduction, sorted; none given means all. */
export function normalizeDims(op: string, dims: readonly number[], rank: number): number[] {
  if (dims.length === 0) return Array.from({ length: rank }, (_, i) => i);
  const result: number[] = [];
  for (const dim of dims) {
    const d = normalizeDim(op, dim, rank);
    if (result.includes(d)) throw new ValueError(`[${op}] dim ${d} is given twice in [${dims.join(', ')}]`);
    result.push(d);
  }
  return result.sort((a, b) => a - b).filter((d) => d < rank);
}

/** Checks sizes given by a caller: no negative one, and not more elements than can be counted. */
export function checkSizes(op: string, shape: readonly number[]): void {
  if (shape.length > maxRank) {
    throw new ShapeError(`[${op}] a tensor has at most ${maxRank} dims, got ${shape.length}`);
  }
  for (const size of shape) {
    if (size < 0) throw new ShapeError(`[${op}] sizes must not be negative, got [${shape.join(', ')}]`);
  }
  // A size of 0 counts as 1 here, as in the addon.
  if (numelOf(shape.map((size) => size || 1)) > 2 ** 45) {
    throw new OutOfMemoryError(`[${op}] a tensor of shape [${shape.join(', ')}] has more than 2^45 elements`);
  }
}
