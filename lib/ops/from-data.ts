import { Handle } from '../backend/backend.js';
import { backend } from '../backend/current.js';
import { checkShape, describe, product, shapeText } from '../check.js';
import { makeTypedArray, promoteTypes } from '../dtype.js';
import type { DType, TypedArray } from '../dtype.js';
import { DTypeError, ShapeError } from '../errors.js';
import type { Tensor } from '../tensor.js';
import { to } from './convert.js';
import { creationDType, finish } from './creation.js';
import type { CreationOptions, Shape } from './creation.js';

/** A number, boolean or bigint; arrays of them, nested; typed arrays, alone or as rows. */
export type TensorData =
  | number
  | boolean
  | bigint
  | Int8Array
  | Uint8Array
  | Uint8ClampedArray
  | Int16Array
  | Uint16Array
  | Int32Array
  | Uint32Array
  | BigInt64Array
  | Float32Array
  | Float64Array
  | readonly TensorData[];

export interface TensorOptions<D extends DType = DType> extends CreationOptions<D> {
  /** For flat data: the shape it has. */
  shape?: Shape;
}

/**
 * A tensor with a copy of the data. Typed arrays keep their dtype (Uint16Array becomes int32, Uint32Array int64); arrays of booleans give bool, of bigints or of
 * integers below 2^53 int64, of other numbers float32. Views over a SharedArrayBuffer are copied like any other.
 *
 * @throws ShapeError if rows differ in length, or the data does not fill `shape`.
 * @throws DTypeError for values that are not numbers, booleans or bigints.
 * @example
 * import { tensor } from 'lanegrad';
 * tensor([[1, 2.5], [3, 4]]).dtype; // => 'float32'
 * tensor([1, 2, 3]).dtype; // => 'int64'
 * tensor(new Float64Array(6), { shape: [2, 3] }).shape; // => [2, 3]
 */
export function tensor(data: Float32Array, options?: TensorOptions<'float32'>): Tensor<'float32'>;
export function tensor(data: Float64Array, options?: TensorOptions<'float64'>): Tensor<'float64'>;
export function tensor(data: BigInt64Array, options?: TensorOptions<'int64'>): Tensor<'int64'>;
export function tensor<D extends DType = DType>(data: TensorData, options?: TensorOptions<D>): Tensor<D>;
export function tensor(data: TensorData, options: TensorOptions = {}): Tensor {
  const found = { shape: shapeOf(data), dtype: undefined as DType | undefined };
  const dtype = creationDType('tensor', options, 'float32', ['shape']);
  const flat: TypedArray | (number | bigint)[] = flatten(data, found);
  const target = options.dtype === undefined ? (found.dtype ?? 'float32') : dtype;
  let shape: readonly number[] = found.shape;
  if (options.shape !== undefined) {
    shape = checkShape('tensor', options.shape);
    if (product(shape) !== flat.length) {
      throw new ShapeError(`[tensor] shape: got ${shapeText(shape)} for ${flat.length} elements`);
    }
  }
  return finish(backend.create(target, shape, convert(flat, target)), options);
}

function shapeOf(data: unknown): number[] {
  const shape: number[] = [];
  let level = data;
  while (Array.isArray(level)) {
    // Deeper than any tensor; an array that holds itself has no end.
    if (shape.length > 64)
      throw new ShapeError('[tensor] got arrays nested more than 64 deep, or one that holds itself');
    shape.push(level.length);
    level = level[0];
  }
  if (ArrayBuffer.isView(level)) shape.push((level as Uint8Array).length);
  return shape;
}

/** The elements in row-major order; sets found.dtype and checks that the rows have equal lengths. */
function flatten(
  data: TensorData,
  found: { shape: number[]; dtype: DType | undefined },
): TypedArray | (number | bigint)[] {
  if (ArrayBuffer.isView(data)) {
    found.dtype = dtypeOfArray(data);
    return data as TypedArray;
  }
  const shape = found.shape;
  const values: (number | bigint)[] = [];
  const see = (dtype: DType) => {
    if (found.dtype !== dtype)
      found.dtype = found.dtype === undefined ? dtype : promoteTypes(found.dtype, dtype);
  };
  const expect = (length: number, dim: number) => {
    if (dim >= shape.length || length !== shape[dim]) {
      throw new ShapeError(
        `[tensor] got rows of unequal lengths: ${length} at depth ${dim}, where ${dim < shape.length ? shape[dim]! : 'a value'} came first`,
      );
    }
  };
  const visit = (value: TensorData, dim: number): void => {
    if (typeof value === 'number') {
      see(Number.isSafeInteger(value) && !Object.is(value, -0) ? 'int64' : 'float32');
      values.push(value);
    } else if (typeof value === 'boolean') {
      see('bool');
      values.push(value ? 1 : 0);
    } else if (typeof value === 'bigint') {
      see('int64');
      values.push(value);
    } else if (Array.isArray(value)) {
      const entries: readonly TensorData[] = value;
      const { length } = entries;
      expect(length, dim);
      for (let i = 0; i < length; ++i) visit(entries[i]!, dim + 1);
      return;
    } else if (ArrayBuffer.isView(value)) {
      see(dtypeOfArray(value));
      const row = value as Float32Array;
      expect(row.length, dim);
      for (let i = 0; i < row.length; ++i) values.push(row[i]!);
      return;
    } else {
      const hint = (value as unknown) instanceof Handle ? '; use clone, stack or cat for tensors' : '';
      throw new DTypeError(
        `[tensor] got ${describe(value)}, wanted numbers, booleans, bigints or typed arrays${hint}`,
      );
    }
    if (dim !== shape.length)
      throw new ShapeError(`[tensor] got a value at depth ${dim}, where an array came first`);
  };
  visit(data, 0);
  return values;
}

function dtypeOfArray(data: ArrayBufferView): DType {
  if (data instanceof Float32Array) return 'float32';
  if (data instanceof Float64Array) return 'float64';
  if (data instanceof BigInt64Array || data instanceof Uint32Array) return 'int64';
  if (data instanceof Uint8Array || data instanceof Uint8ClampedArray) return 'uint8';
  if (data instanceof Int32Array || data instanceof Uint16Array) return 'int32';
  if (data instanceof Int8Array) return 'int8';
  if (data instanceof Int16Array) return 'int16';
  throw new DTypeError(`[tensor] got ${describe(data)}, wanted a typed array of integers or floats`);
}

function convert(values: TypedArray | (number | bigint)[], dtype: DType): TypedArray {
  const wanted = makeTypedArray(dtype, 0).constructor;
  if (!Array.isArray(values) && values.constructor === wanted && dtype !== 'bool') return values;
  const out = makeTypedArray(dtype, values.length);
  const count = values.length;
  if (out instanceof BigInt64Array) {
    for (let i = 0; i < count; ++i) out[i] = toBigInt(values[i]!);
  } else if (dtype === 'bool') {
    for (let i = 0; i < count; ++i) out[i] = Number(values[i]!) === 0 ? 0 : 1;
  } else {
    for (let i = 0; i < count; ++i) out[i] = Number(values[i]!);
  }
  return out;
}

function inInt64(value: bigint, given: number | bigint): bigint {
  if (BigInt.asIntN(64, value) === value) return value;
  throw new DTypeError(`[tensor] got ${describe(given)}, which int64 cannot hold`);
}

function toBigInt(value: number | bigint): bigint {
  if (typeof value === 'bigint') return inInt64(value, value);
  if (!Number.isFinite(value)) throw new DTypeError(`[tensor] got ${value}, which int64 cannot hold`);
  return inInt64(BigInt(Math.trunc(value)), value);
}

/**
 * The tensor itself, in another dtype if one is given; of other data a tensor, as `tensor` makes it.
 *
 * @throws DTypeError for values that are not numbers, booleans or bigints.
 * @example
 * import { asTensor, ones } from 'lanegrad';
 * const x = ones([2]);
 * asTensor(x) === x; // => true
 * asTensor([1, 2]).dtype; // => 'int64'
 */
export function asTensor(data: TensorData | Tensor, options: TensorOptions = {}): Tensor {
  if (!Handle.is(data)) return tensor(data, options);
  const dtype = creationDType('asTensor', options, data.dtype, ['shape']);
  return to(data, dtype);
}
