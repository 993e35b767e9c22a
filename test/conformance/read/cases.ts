import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { brotliDecompressSync } from 'node:zlib';
import { readSafetensors, type StoredTensor, type StoredTensors } from './stored.js';

// A folder of reference cases: KIND/index.json, KIND/NAME.json and KIND/NAME.safetensors, or all of a kind in KIND.pack,
// which pack.ts makes.

export interface CaseFile {
  readonly manifest: unknown;
  readonly tensors: StoredTensors;
}

export interface Cases {
  readonly index: unknown;
  read(name: string): CaseFile;
}

/** Of a pack: after the length and the text of this, the files, each compressed by itself. */
export interface PackHeader {
  readonly index: unknown;
  readonly files: Readonly<Record<string, readonly [from: number, to: number]>>;
}

export function openCases(folder: string, kind: string): Cases {
  const pack = path.join(folder, `${kind}.pack`);
  if (existsSync(pack)) return openPack(readFileSync(pack));
  const text = (name: string): unknown =>
    JSON.parse(readFileSync(path.join(folder, kind, `${name}.json`), 'utf8'));
  return {
    index: text('index'),
    read: (name) => {
      const file = path.join(folder, kind, `${name}.safetensors`);
      // Schedules come without tensors.
      const tensors = existsSync(file)
        ? readSafetensors(readFileSync(file))
        : new Map<string, StoredTensor>();
      return { manifest: text(name), tensors };
    },
  };
}

function openPack(bytes: Buffer): Cases {
  const length = bytes.readUInt32LE(0);
  const start = 4 + length;
  const header = JSON.parse(brotliDecompressSync(bytes.subarray(4, start)).toString('utf8')) as PackHeader;
  return {
    index: header.index,
    read: (name) => {
      const place = header.files[name];
      if (place === undefined) throw new Error(`no cases of ${name}`);
      const file = brotliDecompressSync(bytes.subarray(start + place[0], start + place[1]));
      const size = file.readUInt32LE(0);
      return {
        manifest: JSON.parse(file.toString('utf8', 4, 4 + size)),
        tensors:
          size + 4 < file.length ? readSafetensors(file.subarray(4 + size)) : new Map<string, StoredTensor>(),
      };
    },
  };
}
