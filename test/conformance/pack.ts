// node --import tsx test/conformance/pack.ts FOLDER [KIND ...]: makes test/conformance/data/KIND.pack of a folder of
// reference cases, by default of every kind.
// The same folder gives the same bytes.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { brotliCompressSync, constants } from 'node:zlib';
import type { PackHeader } from './read/cases.js';
import type { ModulesIndex, OpsIndex } from './read/format.js';

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

/** The files that an index names, by kind. */
const filesOf: Readonly<Record<string, (index: unknown) => readonly string[]>> = {
  ops: (index) => (index as OpsIndex).ops.map(({ file }) => file),
  modules: (index) => (index as ModulesIndex).modules.map(({ file }) => file),
};

function pack(folder: string, kind: string): Buffer {
  const index: unknown = JSON.parse(readFileSync(path.join(folder, kind, 'index.json'), 'utf8'));
  const files: Record<string, [number, number]> = {};
  const parts: Buffer[] = [];
  let at = 0;
  for (const file of filesOf[kind]!(index)) {
    const manifest: unknown = JSON.parse(readFileSync(path.join(folder, kind, `${file}.json`), 'utf8'));
    const tensors = readFileSync(path.join(folder, kind, `${file}.safetensors`));
    const part = compress(Buffer.concat([withLength(Buffer.from(JSON.stringify(manifest))), tensors]));
    files[file] = [at, (at += part.length)];
    parts.push(part);
  }
  const header: PackHeader = { index, files };
  return Buffer.concat([withLength(compress(Buffer.from(JSON.stringify(header)))), ...parts]);
}

const [folder, ...kinds] = process.argv.slice(2);
if (folder === undefined || !kinds.every((kind) => kind in filesOf)) {
  console.error(
    `usage: node --import tsx test/conformance/pack.ts FOLDER [${Object.keys(filesOf).join('|')} ...]`,
  );
  process.exit(2);
}
mkdirSync(target, { recursive: true });
for (const kind of kinds.length > 0 ? kinds : Object.keys(filesOf)) {
  const packed = pack(folder, kind);
  writeFileSync(path.join(target, `${kind}.pack`), packed);
  console.log(`${kind}.pack: ${(packed.length / 1e6).toFixed(2)} MB`);
}
