import { setImmediate } from 'node:timers';

// Promises that are settled one after the other without the event loop in between keep timers and requests waiting: those
// that no thread settles, and those that a thread settles so fast that the runtime takes one after the other.

/** Milliseconds for which that may last. */
const longest = 1;

let last = performance.now();
let next: Promise<void> | undefined;

/** When the event loop has not had a turn of late, a promise of one, which all who ask meanwhile share. */
export function macrotask(): Promise<void> | undefined {
  if (next !== undefined || performance.now() - last < longest) return next;
  next = new Promise((resolve) => {
    setImmediate(() => {
      next = undefined;
      last = performance.now();
      resolve();
    });
  });
  return next;
}
