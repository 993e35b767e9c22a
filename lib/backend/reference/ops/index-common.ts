import { DTypeError, IndexError } from '../../../errors.js';
import { fail, RefTensor } from '../array.js';
import { rowMajorOffsets } from '../walk.js';

/** The indices as numbers in row-major order, checked against the size of the dim that they index. */
export function readIndex(op: string, index: RefTensor, dim: number, size: number): Int32Array {
  const offsets = rowMajorOffsets(index.shape, index.strides, index.offset);
  const data = index.data;
  for (let i = 0; i < offsets.length; i++) {
    const value = Number(data[offsets[i]!]!);
    if (value < 0 || value >= size) {
      fail(IndexError, op, `index ${value} is out of range for dim ${dim} with size ${size}`);
    }
    offsets[i] = value;
  }
  return offsets;
}

/** A 0-dim tensor seen as one of shape [1]. */
export function atLeast1d(t: RefTensor): RefTensor {
  return t.rank > 0 ? t : new RefTensor(t.dtype, [1], [1], t.offset, t.storage);
}

export function wantSameDtype(op: string, x: RefTensor, source: RefTensor): void {
  if (x.dtype !== source.dtype) {
    fail(DTypeError, op, `source wants the dtype of x, ${x.dtype}, got ${source.dtype}`);
  }
}
