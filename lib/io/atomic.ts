import { closeSync, fsyncSync, openSync, renameSync, rmSync, writeSync } from 'node:fs';
import path from 'node:path';

// Node takes lengths of less than 2^31 bytes in one call.
const mostAtOnce = 1 << 30;

/**
 * Writes a file so that whoever looks, and whatever is killed when, finds the old contents or the new ones and never a part:
 * under a temporary name beside it, synced, then renamed.
 */
export function writeAtomically(target: string, chunks: Iterable<Uint8Array>): void {
  const file = path.resolve(target);
  const folder = path.dirname(file);
  const mark = crypto.getRandomValues(new Uint32Array(1))[0]!.toString(36);
  const temporary = path.join(folder, `.${path.basename(file)}.${process.pid}-${mark}.tmp`);
  const descriptor = openSync(temporary, 'wx');
  try {
    try {
      for (const chunk of chunks) writeAll(descriptor, chunk);
      fsyncSync(descriptor);
    } finally {
      closeSync(descriptor);
    }
    renameSync(temporary, file);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
  syncFolder(folder);
}

function writeAll(descriptor: number, bytes: Uint8Array): void {
  let at = 0;
  while (at < bytes.length) {
    at += writeSync(descriptor, bytes, at, Math.min(bytes.length - at, mostAtOnce));
  }
}

/** Makes the rename last. Not every system lets a folder be opened; the file itself is safe by then. */
function syncFolder(folder: string): void {
  let descriptor: number | undefined;
  try {
    descriptor = openSync(folder, 'r');
    fsyncSync(descriptor);
  } catch {
    // Windows, and some network file systems.
  } finally {
    if (descriptor !== undefined) closeSync(descriptor);
  }
}
