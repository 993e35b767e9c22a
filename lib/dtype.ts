/** Element types. In promotion a later one in this list wins over an earlier one. */
export const dtypes = ['bool', 'uint8', 'int32', 'int64', 'float32', 'float64'] as const;

export type DType = (typeof dtypes)[number];

/** The typed array that holds the elements of a dtype in JavaScript; bool is one byte an element, 0 or 1. */
export interface TypedArrayOf {
  bool: Uint8Array;
  uint8: Uint8Array;
  int32: Int32Array;
  int64: BigInt64Array;
  float32: Float32Array;
  float64: Float64Array;
}

export type TypedArray = TypedArrayOf[DType];

export type FloatDType = 'float32' | 'float64';

const bytesPerElement: Readonly<Record<DType, number>> = {
  bool: 1,
  uint8: 1,
  int32: 4,
  int64: 8,
  float32: 4,
  float64: 8,
};

/** Bytes of one element. */
export function itemSize(dtype: DType): number {
  return bytesPerElement[dtype];
}

export function isFloat(dtype: DType): dtype is FloatDType {
  return dtype === 'float32' || dtype === 'float64';
}

/** The dtype in which two dtypes meet: bool < integers < floats, and within a kind the wider. */
export function promoteTypes(a: DType, b: DType): DType {
  return dtypes.indexOf(a) > dtypes.indexOf(b) ? a : b;
}

/** A zeroed typed array of `length` elements. */
export function makeTypedArray<D extends DType>(dtype: D, length: number): TypedArrayOf[D];
export function makeTypedArray(dtype: DType, length: number): TypedArray {
  switch (dtype) {
    case 'bool':
    case 'uint8':
      return new Uint8Array(length);
    case 'int32':
      return new Int32Array(length);
    case 'int64':
      return new BigInt64Array(length);
    case 'float32':
      return new Float32Array(length);
    case 'float64':
      return new Float64Array(length);
  }
}
