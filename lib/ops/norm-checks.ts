import { checkInts, checkTensor, shapeText } from '../check.js';
import { isFloat, isHalf } from '../dtype.js';
import { DTypeError, ShapeError } from '../errors.js';
import type { Tensor } from '../tensor.js';

// What the normalisations ask of their operands, in the words of all of them.

export function checkFloat(op: string, x: Tensor): void {
  if (!isFloat(x.dtype)) throw new DTypeError(`[${op}] x is ${x.dtype}, wanted a float`);
}

function isSame(shape: readonly number[], wanted: readonly number[]): boolean {
  return shape.length === wanted.length && shape.every((size, i) => size === wanted[i]);
}

/** The last dims of x are those to be normalised, one at least. */
export function checkNormalized(op: string, x: Tensor, normalizedShape: readonly number[]): void {
  checkInts(op, 'normalizedShape', normalizedShape);
  const count = normalizedShape.length;
  if (count === 0 || count > x.ndim || !isSame(x.shape.slice(x.ndim - count), normalizedShape)) {
    throw new ShapeError(
      `[${op}] x is ${shapeText(x.shape)}, wanted its last dims to be ${shapeText(normalizedShape)}`,
    );
  }
}

/** Tensors of a shape; null where there is none. */
export function checkShapes(
  op: string,
  tensors: Readonly<Record<string, Tensor | null>>,
  shape: readonly number[],
): void {
  for (const [name, values] of Object.entries(tensors)) {
    if (values === null) continue;
    checkTensor(op, name, values);
    if (isSame(values.shape, shape)) continue;
    throw new ShapeError(`[${op}] ${name} is ${shapeText(values.shape)}, wanted ${shapeText(shape)}`);
  }
}

/** The dtype of x, or float32 beside 16 bits. */
export function checkDTypes(op: string, tensors: Readonly<Record<string, Tensor | null>>, x: Tensor): void {
  for (const [name, values] of Object.entries(tensors)) {
    if (values === null || values.dtype === x.dtype) continue;
    if (values.dtype === 'float32' && isHalf(x.dtype)) continue;
    throw new DTypeError(`[${op}] ${name} is ${values.dtype}, wanted the dtype of x, ${x.dtype}`);
  }
}
