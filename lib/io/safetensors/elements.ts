import type { DType, TypedArray, TypedArrayOf } from '../../dtype.js';

// Elements as a file has them, little-endian, and as `backend.create` and `backend.read` have them. They differ for the 16-bit
// floats only, which JavaScript holds as float32.

/** The elements of a tensor, on the bytes themselves where JavaScript has an array for them. `bytes` is aligned. */
export function elementsOf(dtype: DType, bytes: Uint8Array): TypedArray {
  const { buffer, byteOffset: at, byteLength: size } = bytes;
  switch (dtype) {
    case 'bool':
    case 'uint8':
      return bytes;
    case 'int8':
      return new Int8Array(buffer, at, size);
    case 'int16':
      return new Int16Array(buffer, at, size / 2);
    case 'int32':
      return new Int32Array(buffer, at, size / 4);
    case 'int64':
      return new BigInt64Array(buffer, at, size / 8);
    case 'float16':
      return fromFloat16(new Uint16Array(buffer, at, size / 2));
    case 'bfloat16':
      return fromBFloat16(new Uint16Array(buffer, at, size / 2));
    case 'float32':
      return new Float32Array(buffer, at, size / 4);
    case 'float64':
      return new Float64Array(buffer, at, size / 8);
  }
}

/** The bytes of a tensor's elements. */
export function bytesOf<D extends DType>(dtype: D, elements: TypedArrayOf[D]): Uint8Array;
export function bytesOf(dtype: DType, elements: TypedArray): Uint8Array {
  const stored =
    dtype === 'float16'
      ? toFloat16(elements as Float32Array)
      : dtype === 'bfloat16'
        ? toBFloat16(elements as Float32Array)
        : elements;
  return new Uint8Array(stored.buffer, stored.byteOffset, stored.byteLength);
}

let float16Values: Float32Array | undefined;

/** The value of every pattern of bits: 256 KB, and one load an element. */
function float16Table(): Float32Array {
  return Float32Array.from({ length: 65536 }, (_, bits) => {
    const sign = bits & 0x8000 ? -1 : 1;
    const exponent = (bits >> 10) & 31;
    const fraction = bits & 1023;
    if (exponent === 0) return sign * fraction * 2 ** -24;
    if (exponent === 31) return fraction === 0 ? sign * Infinity : NaN;
    return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
  });
}

function fromFloat16(stored: Uint16Array): Float32Array<ArrayBuffer> {
  const table = (float16Values ??= float16Table());
  const values = new Float32Array(stored.length);
  for (let i = 0; i < stored.length; ++i) values[i] = table[stored[i]!]!;
  return values;
}

function fromBFloat16(stored: Uint16Array): Float32Array<ArrayBuffer> {
  const bits = new Uint32Array(stored.length);
  for (let i = 0; i < stored.length; ++i) bits[i] = stored[i]! << 16;
  return new Float32Array(bits.buffer);
}

function bitsOf(values: Float32Array): Uint32Array {
  return new Uint32Array(values.buffer, values.byteOffset, values.length);
}

/** Of values that float16 holds exactly. */
function toFloat16(values: Float32Array): Uint16Array<ArrayBuffer> {
  const stored = new Uint16Array(values.length);
  const bits = bitsOf(values);
  for (let i = 0; i < stored.length; ++i) {
    const word = bits[i]!;
    const sign = (word >>> 16) & 0x8000;
    const exponent = ((word >>> 23) & 255) - 127;
    const fraction = (word & 0x7fffff) >>> 13;
    if (exponent === 128) stored[i] = sign | 0x7c00 | (values[i]! !== values[i]! ? fraction | 0x200 : 0);
    else if (exponent >= -14) stored[i] = sign | ((exponent + 15) << 10) | fraction;
    else stored[i] = sign | (Math.abs(values[i]!) * 2 ** 24);
  }
  return stored;
}

/** Of values that bfloat16 holds exactly. */
function toBFloat16(values: Float32Array): Uint16Array<ArrayBuffer> {
  const stored = new Uint16Array(values.length);
  const bits = bitsOf(values);
  for (let i = 0; i < stored.length; ++i) {
    // A NaN whose payload lies in the lower half must stay one.
    stored[i] = (bits[i]! >>> 16) | (values[i]! !== values[i]! ? 0x40 : 0);
  }
  return stored;
}
