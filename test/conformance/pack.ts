// node --import tsx test/conformance/pack.ts FOLDER: makes test/conformance/data/KIND.pack of a folder of reference cases.
// The same folder gives the same bytes.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { brotliCompressSync, constants } from 'node:zlib';
import type { PackHeader } from './read/cases.js';
import type { OpsIndex } from './read/format.js';

const target = path.join(import.meta.dirname, 'data');

function compress(bytes: Buffer): Buffer {
  return brotliCompressSync(bytes, {
    params: {
      [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY,
      [constants.BROTLI_PARAM_LGWIN]: constants.BROTLI_MAX_WINDOW_BITS,
      [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length,
    },
  });
}

function withLength(bytes: Buffer): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32LE(bytes.length);
  return Buffer.concat([length, bytes]);
}

function packOps(folder: string): Buffer {
  const index = JSON.parse(readFileSync(path.join(folder, 'ops/index.json'), 'utf8')) as OpsIndex;
  const files: Record<string, [number, number]> = {};
  const parts: Buffer[] = [];
  let at = 0;
  for (const { file } of index.ops) {
    const manifest: unknown = JSON.parse(readFileSync(path.join(folder, 'ops', `${file}.json`), 'utf8'));
    const tensors = readFileSync(path.join(folder, 'ops', `${file}.safetensors`));
    const part = compress(Buffer.concat([withLength(Buffer.from(JSON.stringify(manifest))), tensors]));
    files[file] = [at, (at += part.length)];
    parts.push(part);
  }
  const header: PackHeader = { index, files };
  return Buffer.concat([withLength(compress(Buffer.from(JSON.stringify(header)))), ...parts]);
}

const folder = process.argv[2];
if (folder === undefined) {
  console.error('usage: node --import tsx test/conformance/pack.ts FOLDER');
  process.exit(2);
}
mkdirSync(target, { recursive: true });
const packed = packOps(folder);
writeFileSync(path.join(target, 'ops.pack'), packed);
console.log(`ops.pack: ${(packed.length / 1e6).toFixed(2)} MB`);
