import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { describe } from '../../check.js';
import { ValueError } from '../../errors.js';
import { checkFile } from '../file.js';
import { complainer, headerLength, lengthBytes, parseHeader } from './layout.js';
import type { Complain, Entry, Layout } from './layout.js';

/** A path or file URL, or the bytes of a file. */
export type SafetensorsSource = string | URL | Uint8Array;

/** A file whose header was read and found right. */
export interface OpenFile {
  readonly layout: Layout;
  /** As errors call it. */
  readonly name: string;
  readonly complain: Complain;
  /** The bytes of one tensor at an address that suits every dtype. They are good until the next call. */
  bytesOf(entry: Entry): Uint8Array;
}

/** Opens a source, and closes it when `fn` returns. */
export function withSource<T>(op: string, source: SafetensorsSource, fn: (file: OpenFile) => T): T {
  if (source instanceof Uint8Array) return fn(openBytes(op, source));
  if (typeof source !== 'string' && !((source as unknown) instanceof URL)) {
    throw new ValueError(
      `[${op}] source: got ${describe(source)}, wanted a path, a file URL or a Uint8Array`,
    );
  }
  const path = checkFile(op, 'source', source);
  const descriptor = openSync(path, 'r');
  try {
    return fn(openDescriptor(op, path, descriptor));
  } finally {
    closeSync(descriptor);
  }
}

const widest = 8;

function openBytes(op: string, bytes: Uint8Array): OpenFile {
  const name = `${bytes.length} bytes`;
  const complain = complainer(op, name);
  const end = lengthBytes + headerLength(bytes, bytes.length, complain);
  // A copy of the header, since what decodes text takes no shared memory.
  const layout = parseHeader(new Uint8Array(bytes.subarray(lengthBytes, end)), bytes.length, complain);
  const bytesOf = ({ from, to }: Entry): Uint8Array => {
    const part = bytes.subarray(from, to);
    return part.byteOffset % widest === 0 ? part : new Uint8Array(part);
  };
  return { layout, name, complain, bytesOf };
}

function openDescriptor(op: string, path: string, descriptor: number): OpenFile {
  const complain = complainer(op, path);
  const { size } = fstatSync(descriptor);
  const readAt = (target: Uint8Array, from: number): Uint8Array => {
    let at = 0;
    while (at < target.length) {
      // Node takes lengths of less than 2^31 bytes in one call.
      const count = readSync(descriptor, target, at, Math.min(target.length - at, 1 << 30), from + at);
      if (count === 0) complain(`it became shorter while it was read`);
      at += count;
    }
    return target;
  };
  const start = readAt(new Uint8Array(Math.min(size, lengthBytes)), 0);
  const header = readAt(new Uint8Array(headerLength(start, size, complain)), lengthBytes);
  const layout = parseHeader(header, size, complain);
  let room = new Uint8Array(0);
  const bytesOf = ({ from, to }: Entry): Uint8Array => {
    // One buffer for all tensors: the largest is all that a load needs besides the tensors themselves.
    if (room.length < to - from) room = new Uint8Array(to - from);
    return readAt(room.subarray(0, to - from), from);
  };
  return { layout, name: path, complain, bytesOf };
}
