import { backend } from '../backend/current.js';
import { decodeEvents, type OpEvent } from '../backend/observer.js';
import { checkChoice, checkInt, checkOptions, describe } from '../check.js';
import { ValueError } from '../errors.js';
import { checkFunction, synchronous } from '../scope.js';
import type { Synchronous } from '../scope.js';
import { chromeTrace } from './chrome-trace.js';
import { flopsOf } from './flops.js';
import { profileTable } from './table.js';

/** What all calls of one op in one phase took. */
export interface OpProfile {
  readonly name: string;
  /** `backward` for what a backward pass ran. */
  readonly phase: 'forward' | 'backward';
  readonly calls: number;
  readonly totalMs: number;
  readonly meanUs: number;
  /** Of the wall time of the profile, from 0 to 1. */
  readonly share: number;
  /** Bytes written; views write none. */
  readonly bytes: number;
  /** Of products and convolutions; 0 for the others. */
  readonly gflops: number;
}

export interface ProfileOptions {
  /** Most ops that are noted, some hundred bytes each. Default 200,000. */
  maxEvents?: number;
}

const orders = ['totalMs', 'meanUs', 'calls', 'bytes', 'name'] as const;

export interface ProfileTableOptions {
  /** By what the rows are sorted, the largest first. Default `totalMs`. */
  sortBy?: (typeof orders)[number];
  /** Most rows. Default 30. */
  limit?: number;
}

/** What {@link profile} gives. */
export class Profile<T = unknown> {
  /** What the function returned. */
  readonly value: T;
  /** Time from the start of the function to its end. */
  readonly wallMs: number;
  /** The ops in the order in which they ended. */
  readonly events: readonly OpEvent[];
  /** Ops that ran when there was no room for more events. */
  readonly dropped: number;
  /** One entry for each op and phase, the one that took longest first. */
  readonly ops: readonly OpProfile[];

  /** @internal */
  constructor(value: T, wallMs: number, events: readonly OpEvent[], dropped: number) {
    this.value = value;
    this.wallMs = wallMs;
    this.events = events;
    this.dropped = dropped;
    this.ops = summed(events, wallMs);
  }

  /**
   * A text table: op, phase, calls, total and mean time, share of the wall time, bytes written, GFLOP/s of products.
   *
   * @throws ValueError for an unknown order or a limit below 0.
   */
  table(options: ProfileTableOptions = {}): string {
    checkOptions('table', options, ['sortBy', 'limit']);
    const { sortBy = 'totalMs', limit = 30 } = options;
    checkChoice('table', 'sortBy', sortBy, orders);
    checkInt('table', 'limit', limit);
    if (limit < 0) throw new ValueError(`[table] limit: got ${limit}, wanted at least 0`);
    const sorted = this.ops.toSorted((a, b) =>
      sortBy === 'name' ? a.name.localeCompare(b.name) : b[sortBy] - a[sortBy],
    );
    return profileTable(sorted, limit, this.wallMs, this.dropped);
  }

  /** The table in its default order. */
  toString(): string {
    return this.table();
  }

  /**
   * The events as JSON in the trace event format, for a file that chrome://tracing or https://ui.perfetto.dev opens: each op
   * with its time, shapes and dtypes.
   */
  toChromeTrace(): string {
    return chromeTrace(this.events, this.wallMs);
  }
}

function summed(events: readonly OpEvent[], wallMs: number): OpProfile[] {
  const sums = new Map<string, { first: OpEvent; calls: number; us: number; bytes: number; flops: number }>();
  for (const event of events) {
    const key = `${event.name} ${event.phase}`;
    let sum = sums.get(key);
    if (!sum) sums.set(key, (sum = { first: event, calls: 0, us: 0, bytes: 0, flops: 0 }));
    sum.calls += 1;
    sum.us += event.duration;
    sum.bytes += event.bytes;
    sum.flops += flopsOf(event);
  }
  return [...sums.values()]
    .map(({ first: { name, phase }, calls, us, bytes, flops }) => ({
      name,
      phase,
      calls,
      totalMs: us / 1000,
      meanUs: us / calls,
      share: wallMs > 0 ? us / 1000 / wallMs : 0,
      bytes,
      gflops: us > 0 ? flops / us / 1000 : 0,
    }))
    .sort((a, b) => b.totalMs - a.totalMs);
}

let running = false;

/**
 * Runs `fn` and notes every op that it runs, in forward and in backward passes: how often, how long, what it wrote. The
 * result prints as a table and writes a trace for Chrome's viewer; `value` is what `fn` returned.
 *
 * Times are those of the calling thread, from the shape rule of an op to its entry on the tape. What a compiled function replays
 * counts as time between ops: `compile(fn, { profile: true })` and `explain()` tell of it. `fn` is synchronous; a promise is an
 * error. PyTorch's is `torch.profiler.profile`.
 *
 * @throws ValueError if `fn` returns a promise, in a profile that is running, and for a `maxEvents` below 0.
 * @example
 * import { profile, randn } from 'lanegrad';
 * const w = randn([64, 64], { requiresGrad: true });
 * const run = profile(() => randn([8, 64]).matmul(w).relu().sum().backward());
 * run.ops.find((op) => op.name === 'matmul' && op.phase === 'forward')?.calls; // => 1
 * run.toString().includes('matmul'); // => true
 * JSON.parse(run.toChromeTrace()).traceEvents.length > 4; // => true
 */
export function profile<T>(fn: () => Synchronous<T>, options: ProfileOptions = {}): Profile<T> {
  checkFunction('profile', fn);
  checkOptions('profile', options);
  const { maxEvents = 200_000 } = options;
  checkInt('profile', 'maxEvents', maxEvents);
  if (maxEvents < 0 || maxEvents > 1e9) {
    throw new ValueError(`[profile] maxEvents: got ${describe(maxEvents)}, wanted a number from 0 to 1e9`);
  }
  if (running) throw new ValueError('[profile] got a profile within a profile, wanted one at a time');
  running = true;
  backend.observer.startProfile(maxEvents);
  const start = performance.now();
  let wallMs = 0;
  let value: T;
  let raw;
  try {
    value = synchronous<T>('profile', fn());
    wallMs = performance.now() - start;
  } finally {
    raw = backend.observer.stopProfile();
    running = false;
  }
  return new Profile(value, wallMs, decodeEvents(raw), raw.dropped);
}
