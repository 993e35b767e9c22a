import { readFileSync } from 'node:fs';

/** Milliseconds of processor time that the main thread of this process has used; NaN where the system does not say. */
export function mainThreadTime(): number {
  try {
    const [nanoseconds] = readFileSync(`/proc/self/task/${process.pid}/schedstat`, 'utf8').split(' ');
    return Number(nanoseconds) / 1e6;
  } catch {
    return NaN;
  }
}
