import type { Counters, MemoryInfo } from './backend/backend.js';
import { backend } from './backend/current.js';
import { checkInt, checkRange, describe } from './check.js';
import { ValueError } from './errors.js';

// What the process spends: memory, threads, and counts of what was done.

/**
 * Live tensors and bytes. On the native backend exact, but for tensors that JavaScript dropped and that were not swept
 * yet: call {@link collect} first. On the TypeScript backend memory belongs to JavaScript: bytes are those of all array
 * buffers of the process, and handles count until they are disposed.
 *
 * @example
 * import { memory, zeros } from 'lanegrad';
 * const before = memory().handles;
 * const x = zeros([1000]);
 * memory().handles - before; // => 1
 * x.dispose();
 * memory().handles - before; // => 0
 */
export function memory(): MemoryInfo {
  return backend.memory();
}

/**
 * Frees what JavaScript no longer reaches and gives cached memory back to the system. Never needed: both happen by
 * themselves. For measurements, and before a long pause.
 *
 * @example
 * import { collect, memory } from 'lanegrad';
 * collect();
 * memory().pooledBytes; // => 0
 */
export function collect(): void {
  backend.collect();
}

/**
 * Lets tensors take at most so many bytes; an allocation beyond throws OutOfMemoryError and leaves everything as it was.
 * 0 lifts the limit.
 *
 * @throws ValueError for a number below 0 or NaN.
 * @example
 * import { setMemoryLimit } from 'lanegrad';
 * setMemoryLimit(2 * 1024 ** 3);
 * setMemoryLimit(0);
 */
export function setMemoryLimit(bytes: number): void {
  checkRange('setMemoryLimit', 'bytes', bytes, 0, Infinity);
  // No limit is what Infinity means, too.
  backend.setMemoryLimit(Number.isFinite(bytes) ? Math.ceil(bytes) : 0);
}

/**
 * Sets how many threads the kernels use, the calling one included. By default as many as this process may really run on.
 * No result depends on it. The TypeScript backend has one.
 *
 * @throws ValueError for anything but an integer of at least 1.
 * @example
 * import { getNumThreads, setNumThreads } from 'lanegrad';
 * setNumThreads(1);
 * getNumThreads(); // => 1
 */
export function setNumThreads(threads: number): void {
  checkInt('setNumThreads', 'threads', threads);
  if (threads < 1)
    throw new ValueError(`[setNumThreads] threads: got ${describe(threads)}, wanted at least 1`);
  backend.setNumThreads(threads);
}

/**
 * How many threads the kernels use. See {@link setNumThreads}.
 *
 * @example
 * import { getNumThreads } from 'lanegrad';
 * getNumThreads() >= 1; // => true
 */
export function getNumThreads(): number {
  return backend.backendInfo().threads;
}

/**
 * The recorder that only counts: ops, calls from JavaScript into the backend, allocations, tensor objects, tape nodes and
 * bytes that these saved, and parallel regions, since the start. Always on; the difference of two readings says what a piece
 * of code cost.
 *
 * @example
 * import { counters, ones } from 'lanegrad';
 * const x = ones([4]);
 * const before = counters();
 * x.add(x).mul(x);
 * counters().ops - before.ops; // => 2
 */
export function counters(): Counters {
  return backend.counters();
}
