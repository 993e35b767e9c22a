import { isFloat, promoteTypes, type DType } from '../../dtype.js';
import type { OpPromotion } from '../op-record.js';
import type { RefTensor } from './array.js';

/**
 * The dtype in which operands meet. Tensors with dims decide; 0-dim tensors, and after them plain numbers, only count when
 * they are of a higher kind (bool < integer < float).
 */
export function resultType(tensors: readonly RefTensor[]): DType {
  let withDims: DType | undefined;
  let zeroDim: DType | undefined;
  let wrapped: DType | undefined;
  for (const t of tensors) {
    if (t.wrapped) wrapped = meet(wrapped, t.dtype);
    else if (t.rank === 0) zeroDim = meet(zeroDim, t.dtype);
    else withDims = meet(withDims, t.dtype);
  }
  return combine(withDims, combine(zeroDim, wrapped)) ?? 'float32';
}

/** `resultType`, and for the floating ops integers on to float32. */
export function promotedType(promotion: OpPromotion, tensors: readonly RefTensor[]): DType {
  const common = resultType(tensors);
  return promotion === 'commonFloating' && !isFloat(common) ? 'float32' : common;
}

/** bool 0, integers 1, floats 2. */
export function kindOf(dtype: DType): number {
  return dtype === 'bool' ? 0 : isFloat(dtype) ? 2 : 1;
}

function meet(a: DType | undefined, b: DType): DType {
  return a === undefined ? b : promoteTypes(a, b);
}

function combine(higher: DType | undefined, lower: DType | undefined): DType | undefined {
  if (higher === undefined) return lower;
  if (lower === undefined) return higher;
  return kindOf(lower) > kindOf(higher) ? promoteTypes(higher, lower) : higher;
}
