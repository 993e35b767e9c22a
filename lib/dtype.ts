/** Element types. Within the integers, and within the floats, a later one in this list is at least as wide. */
export const dtypes = [
  'bool',
  'uint8',
  'int8',
  'int16',
  'int32',
  'int64',
  'float16',
  'bfloat16',
  'float32',
  'float64',
] as const;

export type DType = (typeof dtypes)[number];

/**
 * The typed array that holds the elements of a dtype in JavaScript; bool is one byte an element, 0 or 1. JavaScript has no
 * array for the 16-bit floats in all the versions of Node that are served: their values, exact in float32, stand in one of
 * those.
 */
export interface TypedArrayOf {
  bool: Uint8Array;
  uint8: Uint8Array;
  int8: Int8Array;
  int16: Int16Array;
  int32: Int32Array;
  int64: BigInt64Array;
  float16: Float32Array;
  bfloat16: Float32Array;
  float32: Float32Array;
  float64: Float64Array;
}

export type TypedArray = TypedArrayOf[DType];

export type FloatDType = 'float16' | 'bfloat16' | 'float32' | 'float64';

const bytesPerElement: Readonly<Record<DType, number>> = {
  bool: 1,
  uint8: 1,
  int8: 1,
  int16: 2,
  int32: 4,
  int64: 8,
  float16: 2,
  bfloat16: 2,
  float32: 4,
  float64: 8,
};

/** Bytes of one element. */
export function itemSize(dtype: DType): number {
  return bytesPerElement[dtype];
}

export function isFloat(dtype: DType): dtype is FloatDType {
  return dtype === 'float32' || dtype === 'float64' || isHalf(dtype);
}

/** The distance from 1 to the next number of a floating dtype. */
export const machineEpsilon: Readonly<Record<FloatDType, number>> = {
  float16: 2 ** -10,
  bfloat16: 2 ** -7,
  float32: 2 ** -23,
  float64: 2 ** -52,
};

/** A 16-bit float: stored so, computed in float32. */
export function isHalf(dtype: DType): dtype is 'float16' | 'bfloat16' {
  return dtype === 'float16' || dtype === 'bfloat16';
}

/**
 * The dtype in which two dtypes meet: bool < integers < floats, and within a kind the wider. uint8 and int8 meet in
 * int16, float16 and bfloat16 in float32.
 *
 * @example
 * import { promoteTypes } from 'lanegrad';
 * promoteTypes('int64', 'float32'); // => 'float32'
 * promoteTypes('uint8', 'int8'); // => 'int16'
 */
export function promoteTypes(a: DType, b: DType): DType {
  if (a !== b) {
    if ((a === 'uint8' && b === 'int8') || (a === 'int8' && b === 'uint8')) return 'int16';
    if (isHalf(a) && isHalf(b)) return 'float32';
  }
  return dtypes.indexOf(a) > dtypes.indexOf(b) ? a : b;
}

/** A zeroed typed array of `length` elements. */
export function makeTypedArray<D extends DType>(dtype: D, length: number): TypedArrayOf[D];
export function makeTypedArray(dtype: DType, length: number): TypedArray {
  return new arrayTypes[dtype](length);
}

/** Bytes that an element takes in the array that JavaScript has for the dtype. */
export function heldBytes(dtype: DType): number {
  return arrayTypes[dtype].BYTES_PER_ELEMENT;
}

/** The elements that fill a buffer, as `read` gives them. */
export function viewBuffer(dtype: DType, buffer: ArrayBuffer): TypedArray {
  return new arrayTypes[dtype](buffer);
}

const arrayTypes = {
  bool: Uint8Array,
  uint8: Uint8Array,
  int8: Int8Array,
  int16: Int16Array,
  int32: Int32Array,
  int64: BigInt64Array,
  float16: Float32Array,
  bfloat16: Float32Array,
  float32: Float32Array,
  float64: Float64Array,
} as const;
