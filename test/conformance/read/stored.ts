import { elementsOf } from '../../../lib/io/safetensors/elements.js';
import { storedNames } from '../../../lib/io/safetensors/layout.js';
import { withSource } from '../../../lib/io/safetensors/source.js';
import type { DType } from '../../../lib/dtype.js';

// Tensors of a safetensors file as plain arrays: what the cases are compared with exists before any backend.

export interface StoredTensor {
  readonly dtype: string;
  readonly shape: readonly number[];
  /** Row-major. Half types are widened to float32, the small integers to int32. */
  readonly data: Uint8Array | Int32Array | BigInt64Array | Float32Array | Float64Array;
}

export type StoredTensors = ReadonlyMap<string, StoredTensor>;

const dtypeOf = new Map(Object.entries(storedNames).map(([dtype, stored]) => [stored, dtype as DType]));

export function readSafetensors(bytes: Uint8Array): StoredTensors {
  return withSource('conformance', bytes, (file) => {
    const tensors = new Map<string, StoredTensor>();
    for (const entry of file.layout.entries) {
      // A copy, as the file's bytes may go.
      const own = new Uint8Array(file.bytesOf(entry));
      const { name, stored, shape } = entry;
      tensors.set(name, { ...decode(stored, own), shape });
    }
    return tensors;
  });
}

function decode(stored: string, bytes: Uint8Array): Pick<StoredTensor, 'dtype' | 'data'> {
  if (stored === 'C64') return { dtype: 'complex64', data: elementsOf('float32', bytes) as Float32Array };
  const dtype = dtypeOf.get(stored);
  if (dtype === undefined) throw new Error(`safetensors: dtype ${stored}`);
  const data = elementsOf(dtype, bytes);
  return {
    dtype,
    data: data instanceof Int8Array || data instanceof Int16Array ? Int32Array.from(data) : data,
  };
}
