import { checkTensor, shapeText } from '../../check.js';
import { isFloat } from '../../dtype.js';
import { DTypeError, ShapeError } from '../../errors.js';
import type { Tensor } from '../../tensor.js';
import { arange } from '../ranges.js';
import { eq, ge, le, where } from '../binary.js';
import { expand, permute, unsqueeze } from '../view.js';

// What the functions on batches of matrices share.

/** Throws unless x is a floating tensor of at least 2 dims. */
export function checkMatrix(op: string, name: string, x: Tensor): void {
  checkTensor(op, name, x);
  if (!isFloat(x.dtype)) {
    throw new DTypeError(`[${op}] ${name}: got ${x.dtype}, wanted float32 or float64: cast it first`);
  }
  if (x.shape.length < 2) {
    throw new ShapeError(`[${op}] ${name}: got ${shapeText(x.shape)}, wanted at least 2 dims`);
  }
}

/** Throws unless x holds square matrices. */
export function checkSquare(op: string, name: string, x: Tensor): void {
  checkMatrix(op, name, x);
  if (x.shape.at(-1) !== x.shape.at(-2)) {
    throw new ShapeError(`[${op}] ${name}: got ${shapeText(x.shape)}, wanted square matrices`);
  }
}

/** Throws unless the dtypes agree. */
export function checkSameDType(op: string, a: Tensor, b: Tensor): void {
  if (a.dtype !== b.dtype) {
    throw new DTypeError(`[${op}] got ${a.dtype} and ${b.dtype}, wanted one dtype: cast one of them first`);
  }
}

/** Both with the same leading dims, to which those of each are broadcast. */
export function broadcastBatch(op: string, a: Tensor, b: Tensor): [Tensor, Tensor] {
  const left = a.shape.slice(0, -2);
  const right = b.shape.slice(0, -2);
  const rank = Math.max(left.length, right.length);
  const batch = Array.from({ length: rank }, (_, i) => {
    const m = left[i - rank + left.length] ?? 1;
    const n = right[i - rank + right.length] ?? 1;
    if (m !== n && m !== 1 && n !== 1) {
      throw new ShapeError(
        `[${op}] leading dims do not broadcast: ${shapeText(a.shape)} with ${shapeText(b.shape)}`,
      );
    }
    return m === 1 ? n : m;
  });
  const stretched = (x: Tensor, own: readonly number[]) =>
    own.length === rank && own.every((size, i) => size === batch[i])
      ? x
      : expand(x, [...batch, ...x.shape.slice(-2)]);
  return [stretched(a, left), stretched(b, right)];
}

/** The matrices with rows and columns exchanged. */
export function transposed(x: Tensor): Tensor {
  const dims = x.shape.map((_, i) => i);
  const last = dims.length - 1;
  [dims[last], dims[last - 1]] = [last - 1, last];
  return permute(x, dims);
}

/** bool [m, n]: where column - row is at most (lower) or at least `offset`. */
function triangle(m: number, n: number, lower: boolean, offset: number): Tensor {
  const rows = unsqueeze(arange(offset, m + offset), 1);
  return lower ? le(arange(n), rows) : ge(arange(n), rows);
}

/** The elements on and below a diagonal, else 0. */
export function lowerPart(x: Tensor, offset = 0): Tensor {
  return where(triangle(x.shape.at(-2)!, x.shape.at(-1)!, true, offset), x, 0);
}

/** The elements on and above a diagonal, else 0. */
export function upperPart(x: Tensor, offset = 0): Tensor {
  return where(triangle(x.shape.at(-2)!, x.shape.at(-1)!, false, offset), x, 0);
}

/** bool [m, n]: the diagonal. */
export function diagonalMask(m: number, n = m): Tensor {
  return eq(unsqueeze(arange(m), 1), arange(n));
}
