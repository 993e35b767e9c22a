/**
 * The matrix product in plain TypeScript. Both operands are packed into panels of four rows (columns) as doubles, so that the
 * inner loop reads two short contiguous runs and keeps sixteen sums in registers; each result is rounded once, when stored.
 */

/** A matrix in an array: element (i, j) at offset + i * rowStride + j * columnStride. */
export interface Matrix {
  readonly data: Float64Array;
  readonly offset: number;
  readonly rowStride: number;
  readonly columnStride: number;
}

const tile = 4;

// Scratch memory for packing, kept from call to call; it grows to the largest product seen, up to a bound.
const keepAtMost = 1 << 22;
const scratch: Float64Array[] = [];

/** A scratch array of at least `length` doubles with undefined content; `slot` tells apart those in use at once. */
export function scratchArray(slot: number, length: number): Float64Array {
  const have = scratch[slot];
  if (have && have.length >= length) return have;
  const made = new Float64Array(length);
  if (length <= keepAtMost) scratch[slot] = made;
  return made;
}

/** Doubles that a packed operand of `lanes` rows (of A) or columns (of B) takes. */
export function packedLength(lanes: number, depth: number): number {
  return Math.ceil(lanes / tile) * tile * depth;
}

/**
 * Packs `lanes` x `depth` elements into panels: panel p holds lanes 4p..4p+3, interleaved along the depth, missing ones
 * as zeros.
 */
export function pack(
  to: Float64Array,
  from: Float64Array,
  offset: number,
  lanes: number,
  laneStride: number,
  depth: number,
  depthStride: number,
): void {
  let at = 0;
  for (let lane = 0; lane < lanes; lane += tile) {
    const base = offset + lane * laneStride;
    if (lane + tile <= lanes) packFour(to, at, from, base, laneStride, depth, depthStride);
    else {
      const have = lanes - lane;
      for (let k = 0; k < depth; k++) {
        for (let j = 0; j < tile; j++) {
          to[at + k * tile + j] = j < have ? from[base + j * laneStride + k * depthStride]! : 0;
        }
      }
    }
    at += tile * depth;
  }
}

function packFour(
  to: Float64Array,
  at: number,
  from: Float64Array,
  base: number,
  laneStride: number,
  depth: number,
  depthStride: number,
): void {
  let p0 = base;
  let p1 = base + laneStride;
  let p2 = base + 2 * laneStride;
  let p3 = base + 3 * laneStride;
  for (let k = 0; k < depth; k++) {
    to[at] = from[p0]!;
    to[at + 1] = from[p1]!;
    to[at + 2] = from[p2]!;
    to[at + 3] = from[p3]!;
    at += tile;
    p0 += depthStride;
    p1 += depthStride;
    p2 += depthStride;
    p3 += depthStride;
  }
}

/** C (m x n) = A B from packed panels of depth k; `add` adds to what is in C. */
export function multiplyPacked(
  m: number,
  n: number,
  k: number,
  a: Float64Array,
  b: Float64Array,
  c: Matrix,
  add: boolean,
): void {
  // One panel of B stays in the first cache while all of A passes by.
  for (let j = 0; j < n; j += tile) {
    const columns = Math.min(tile, n - j);
    for (let i = 0; i < m; i += tile) {
      const rows = Math.min(tile, m - i);
      const at = c.offset + i * c.rowStride + j * c.columnStride;
      multiplyTile(k, a, i * k, b, j * k);
      storeTile(c.data, at, c.rowStride, c.columnStride, rows, columns, add);
    }
  }
}

// What multiplyTile leaves behind: 16 sums, row by row.
const sums = new Float64Array(tile * tile);

function multiplyTile(k: number, a: Float64Array, ao: number, b: Float64Array, bo: number): void {
  let s00 = 0;
  let s01 = 0;
  let s02 = 0;
  let s03 = 0;
  let s10 = 0;
  let s11 = 0;
  let s12 = 0;
  let s13 = 0;
  let s20 = 0;
  let s21 = 0;
  let s22 = 0;
  let s23 = 0;
  let s30 = 0;
  let s31 = 0;
  let s32 = 0;
  let s33 = 0;
  for (let p = 0; p < k; p++) {
    const b0 = b[bo]!;
    const b1 = b[bo + 1]!;
    const b2 = b[bo + 2]!;
    const b3 = b[bo + 3]!;
    const a0 = a[ao]!;
    s00 += a0 * b0;
    s01 += a0 * b1;
    s02 += a0 * b2;
    s03 += a0 * b3;
    const a1 = a[ao + 1]!;
    s10 += a1 * b0;
    s11 += a1 * b1;
    s12 += a1 * b2;
    s13 += a1 * b3;
    const a2 = a[ao + 2]!;
    s20 += a2 * b0;
    s21 += a2 * b1;
    s22 += a2 * b2;
    s23 += a2 * b3;
    const a3 = a[ao + 3]!;
    s30 += a3 * b0;
    s31 += a3 * b1;
    s32 += a3 * b2;
    s33 += a3 * b3;
    ao += 4;
    bo += 4;
  }
  sums[0] = s00;
  sums[1] = s01;
  sums[2] = s02;
  sums[3] = s03;
  sums[4] = s10;
  sums[5] = s11;
  sums[6] = s12;
  sums[7] = s13;
  sums[8] = s20;
  sums[9] = s21;
  sums[10] = s22;
  sums[11] = s23;
  sums[12] = s30;
  sums[13] = s31;
  sums[14] = s32;
  sums[15] = s33;
}

function storeTile(
  c: Float64Array,
  at: number,
  rowStride: number,
  columnStride: number,
  rows: number,
  columns: number,
  add: boolean,
): void {
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < columns; j++) {
      const to = at + i * rowStride + j * columnStride;
      c[to] = add ? c[to]! + sums[i * tile + j]! : sums[i * tile + j]!;
    }
  }
}
