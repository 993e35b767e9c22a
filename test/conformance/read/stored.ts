// Tensors of a safetensors file: 8 bytes of length, a JSON header, the data.

export interface StoredTensor {
  readonly dtype: string;
  readonly shape: readonly number[];
  /** Row-major. Half types are widened to float32, the small integers to int32. */
  readonly data: Uint8Array | Int32Array | BigInt64Array | Float32Array | Float64Array;
}

export type StoredTensors = ReadonlyMap<string, StoredTensor>;

const names: Readonly<Record<string, string>> = {
  F64: 'float64',
  F32: 'float32',
  F16: 'float16',
  BF16: 'bfloat16',
  I64: 'int64',
  I32: 'int32',
  I16: 'int16',
  I8: 'int8',
  U8: 'uint8',
  BOOL: 'bool',
  C64: 'complex64',
};

interface Header {
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly data_offsets: readonly [number, number];
}

export function readSafetensors(bytes: Uint8Array): StoredTensors {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const length = Number(view.getBigUint64(0, true));
  const text = Buffer.from(bytes.buffer, bytes.byteOffset + 8, length).toString('utf8');
  const tensors = new Map<string, StoredTensor>();
  for (const [key, header] of Object.entries(JSON.parse(text) as Record<string, Header>)) {
    if (key === '__metadata__') continue;
    const dtype = names[header.dtype];
    if (dtype === undefined) throw new Error(`safetensors: dtype ${header.dtype} of tensor ${key}`);
    const [from, to] = header.data_offsets;
    // A copy: typed arrays want aligned bytes.
    const data = new Uint8Array(bytes.subarray(8 + length + from, 8 + length + to));
    tensors.set(key, { dtype, shape: header.shape, data: decode(dtype, data) });
  }
  return tensors;
}

function decode(dtype: string, bytes: Uint8Array<ArrayBuffer>): StoredTensor['data'] {
  switch (dtype) {
    case 'float64':
      return new Float64Array(bytes.buffer);
    case 'float32':
    case 'complex64':
      return new Float32Array(bytes.buffer);
    case 'int64':
      return new BigInt64Array(bytes.buffer);
    case 'int32':
      return new Int32Array(bytes.buffer);
    case 'int16':
      return Int32Array.from(new Int16Array(bytes.buffer));
    case 'int8':
      return Int32Array.from(new Int8Array(bytes.buffer));
    case 'bfloat16':
      return new Float32Array(Uint32Array.from(new Uint16Array(bytes.buffer), (bits) => bits << 16).buffer);
    case 'float16':
      return Float32Array.from(new Uint16Array(bytes.buffer), halfToNumber);
    default:
      return bytes;
  }
}

function halfToNumber(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction === 0 ? sign * Infinity : NaN;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}
