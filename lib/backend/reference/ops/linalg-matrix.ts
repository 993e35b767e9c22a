import { DTypeError, ShapeError } from '../../../errors.js';
import { fail, show, type RefTensor } from '../array.js';
import { numelOf, sameShape } from '../shape.js';
import { noAttrs, reshape, where, type VjpContext } from './op.js';

// Batches of matrices in plain row-major arrays of doubles, and the pieces that gradients are written in.

export const rowsOf = (x: RefTensor): number => x.shape[x.rank - 2]!;
export const columnsOf = (x: RefTensor): number => x.shape[x.rank - 1]!;
export const batchOf = (x: RefTensor): readonly number[] => x.shape.slice(0, -2);

export function checkMatrix(op: string, name: string, x: RefTensor): void {
  if (!x.isFloat) fail(DTypeError, op, `wants ${name} of float32 or float64, got ${x.dtype}`);
  if (x.rank < 2) fail(ShapeError, op, `wants ${name} of at least 2 dims, got ${show(x.shape)}`);
}

export function checkSquare(op: string, name: string, x: RefTensor): void {
  checkMatrix(op, name, x);
  if (rowsOf(x) !== columnsOf(x))
    fail(ShapeError, op, `wants ${name} of square matrices, got ${show(x.shape)}`);
}

export function checkSameBatch(op: string, a: RefTensor, b: RefTensor): void {
  if (a.dtype !== b.dtype) fail(DTypeError, op, `a is ${a.dtype}, b is ${b.dtype}: wants one dtype`);
  if (!sameShape(batchOf(a), batchOf(b))) {
    fail(ShapeError, op, `leading dims differ: a is ${show(a.shape)}, b is ${show(b.shape)}`);
  }
}

/** Where part `index` of a batch begins; the last `own` dims are the part's. */
function offsetOf(x: RefTensor, index: number, own: number): number {
  let offset = x.offset;
  for (let d = x.rank - own - 1; d >= 0; d--) {
    offset += (index % x.shape[d]!) * x.strides[d]!;
    index = Math.floor(index / x.shape[d]!);
  }
  return offset;
}

/** Matrix `index`, row-major. */
export function readMatrix(x: RefTensor, index: number): Float64Array {
  const [m, n] = [rowsOf(x), columnsOf(x)];
  const [row, column] = x.strides.slice(-2) as [number, number];
  const from = offsetOf(x, index, 2);
  const data = x.numbers;
  const out = new Float64Array(m * n);
  for (let i = 0; i < m; i++) for (let j = 0; j < n; j++) out[i * n + j] = data[from + i * row + j * column]!;
  return out;
}

export function writeMatrix(x: RefTensor, index: number, values: ArrayLike<number>): void {
  const [m, n] = [rowsOf(x), columnsOf(x)];
  const [row, column] = x.strides.slice(-2) as [number, number];
  const at = offsetOf(x, index, 2);
  for (let i = 0; i < m; i++)
    for (let j = 0; j < n; j++) x.numbers[at + i * row + j * column] = values[i * n + j]!;
}

/** A row-major output of vectors, or of single values. */
export function writeVector(x: RefTensor, index: number, values: readonly number[] | Float64Array): void {
  for (let i = 0; i < values.length; i++) {
    if (x.dtype === 'int64') (x.data as BigInt64Array)[index * values.length + i] = BigInt(values[i]!);
    else x.numbers[index * values.length + i] = values[i]!;
  }
}

export function forEachMatrix(x: RefTensor, body: (index: number) => void): void {
  const count = numelOf(batchOf(x));
  for (let i = 0; i < count; i++) body(i);
}

export function transposeOf(values: Float64Array, m: number, n: number): Float64Array {
  const out = new Float64Array(m * n);
  for (let i = 0; i < m; i++) for (let j = 0; j < n; j++) out[j * m + i] = values[i * n + j]!;
  return out;
}

// For gradients.

export const multiply = (c: VjpContext, a: RefTensor, b: RefTensor): RefTensor =>
  c.run('matmul', [a, b], noAttrs);

export function transpose(c: VjpContext, x: RefTensor): RefTensor {
  const dims = x.shape.map((_, i) => i);
  const last = dims.length - 1;
  dims[last] = last - 1;
  dims[last - 1] = last;
  return c.run('permute', [x], { dims });
}

const count = (c: VjpContext, length: number): RefTensor =>
  c.run('arange', [], { start: 0, step: 1, length, dtype: 'int64' });

export function diagonalMask(c: VjpContext, n: number): RefTensor {
  return c.run('eq', [reshape(c, count(c, n), [n, 1]), count(c, n)], noAttrs);
}

/** The elements where column - row is at most `offset`, else 0. */
export function lower(c: VjpContext, x: RefTensor, offset = 0): RefTensor {
  const rows = c.run('add', [reshape(c, count(c, rowsOf(x)), [rowsOf(x), 1]), offset], noAttrs);
  return where(c, c.run('le', [count(c, columnsOf(x)), rows], noAttrs), x, 0);
}

/** The elements where column - row is at least `offset`, else 0. */
export function upper(c: VjpContext, x: RefTensor, offset = 0): RefTensor {
  const rows = c.run('add', [reshape(c, count(c, rowsOf(x)), [rowsOf(x), 1]), offset], noAttrs);
  return where(c, c.run('ge', [count(c, columnsOf(x)), rows], noAttrs), x, 0);
}

export const asRow = (c: VjpContext, x: RefTensor): RefTensor =>
  reshape(c, x, [...x.shape.slice(0, -1), 1, x.shape.at(-1)!]);
export const asColumn = (c: VjpContext, x: RefTensor): RefTensor => reshape(c, x, [...x.shape, 1]);

export function narrow(c: VjpContext, x: RefTensor, dim: number, start: number, length: number): RefTensor {
  if (start === 0 && length === x.shape.at(dim)) return x;
  return c.run('slice', [x], { dim: dim + x.rank, start, length, step: 1 });
}

export function solveTriangular(
  c: VjpContext,
  t: RefTensor,
  b: RefTensor,
  attrs: { upper: boolean; left?: boolean; unit?: boolean },
): RefTensor {
  return c.run('solveTriangular', [t, b], { left: true, unit: false, ...attrs });
}
