// Safetensors files built by hand: 8 bytes of length, the header, the data.

export function withLength(length: bigint, ...rest: readonly Uint8Array[]): Uint8Array {
  const head = new Uint8Array(8);
  new DataView(head.buffer).setBigUint64(0, length, true);
  return new Uint8Array(Buffer.concat([head, ...rest]));
}

/** A file of this header, as text or as what JSON makes of it. */
export function fileOf(header: string | object, data: Uint8Array | number = 0): Uint8Array {
  const text = Buffer.from(typeof header === 'string' ? header : JSON.stringify(header));
  return withLength(BigInt(text.length), text, typeof data === 'number' ? new Uint8Array(data) : data);
}

/** An entry of float32. */
export function f32(shape: readonly number[], from: number, to: number): object {
  return { dtype: 'F32', shape, data_offsets: [from, to] };
}
