import { tidy } from '../../lib/index.js';

export interface Times {
  /** Of the calls of a round. On a machine that others use, the least says what the machine can do. */
  readonly least: number;
  readonly median: number;
}

/** Milliseconds of a call, results given back to the pool each time. */
export function time(call: () => unknown, seconds: number): Times {
  const times: number[] = [];
  const start = performance.now();
  for (;;) {
    const before = performance.now();
    tidy(() => {
      call();
    });
    const after = performance.now();
    times.push(after - before);
    const passed = (after - start) / 1000;
    if (passed > seconds && (times.length >= 3 || passed > 8 * seconds)) break;
  }
  times.sort((a, b) => a - b);
  return { least: times[0] ?? NaN, median: times[times.length >> 1] ?? NaN };
}

export const lesser = (a: Times, b: Times): Times => (a.least < b.least ? a : b);
