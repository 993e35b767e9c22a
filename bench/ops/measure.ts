// The library's side of bench/ops, in a process of its own, so that LANEGRAD_ISA and LANEGRAD_NUM_THREADS hold for it alone:
// one line of JSON in, one out.
import { createInterface } from 'node:readline';
import { itemSize } from '../../lib/dtype.js';
import { backend } from '../../lib/backend/current.js';
import { info, noGrad, ones, tidy } from '../../lib/index.js';
import { Tensor } from '../../lib/index.js';
import { makeInput } from './case.js';
import type { OpCase, Result } from './case.js';
import { cases } from './cases/index.js';

export interface Request {
  readonly case: string;
  readonly seconds: number;
}

export interface Times {
  /** Of the calls of a round. On a machine that others use, the least says what the machine can do. */
  readonly least: number;
  readonly median: number;
}

export interface Answer {
  readonly ms: Times;
  /** Inputs read once and outputs written once. */
  readonly bytes: number;
  /** The triad over as many bytes, just before and after. */
  readonly triadMs: Times;
  readonly isa: string;
  readonly threads: number;
  readonly error?: string;
}

/** The time of a call, results given back to the pool each time. */
function time(call: () => unknown, seconds: number): Times {
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

const lesser = (a: Times, b: Times): Times => (a.least < b.least ? a : b);

/** x + 1.5 y over `bytes` in all: the fastest way through two inputs and an output that there is. */
class Triad {
  private readonly x: Tensor;
  private readonly y: Tensor;

  constructor(bytes: number) {
    const count = Math.max(1, Math.round(bytes / 12));
    this.x = ones([count]);
    this.y = ones([count]);
  }

  time(seconds: number): Times {
    return time(() => backend.run1('addScaled', [this.x, this.y], { alpha: 1.5 }), seconds);
  }

  dispose(): void {
    this.x.dispose();
    this.y.dispose();
  }
}

const bytesOf = (x: Tensor): number => x.numel() * itemSize(x.dtype);

function resultBytes(result: Result): number {
  if (typeof result !== 'object') return 0;
  if (result instanceof Tensor) return bytesOf(result);
  const parts: readonly Tensor[] = Object.values(result);
  return parts.reduce((sum, part) => sum + bytesOf(part), 0);
}

/** A case with its inputs made, kept while the next request is for the same. */
class Prepared {
  readonly bytes: number;
  private readonly inputs: Tensor[];
  private readonly triad: Triad;

  constructor(readonly entry: OpCase) {
    this.inputs = entry.inputs.map((made) => tidy(() => makeInput(made)));
    const read = this.inputs.reduce((sum, x) => sum + bytesOf(x), 0);
    let written = 0;
    tidy(() => {
      written = resultBytes(entry.call(...this.inputs));
    });
    this.bytes = read + written;
    this.triad = new Triad(this.bytes);
    this.triad.time(0);
  }

  measure(seconds: number): Answer {
    const before = this.triad.time(seconds / 2);
    const ms = time(() => this.entry.call(...this.inputs), seconds);
    const triadMs = lesser(before, this.triad.time(seconds / 2));
    const { isa, threads } = info();
    return { ms, bytes: this.bytes, triadMs, isa, threads };
  }

  dispose(): void {
    this.triad.dispose();
    for (const x of this.inputs) x.dispose();
  }
}

let prepared: Prepared | undefined;

function answer(request: Request): Answer | { error: string } {
  try {
    if (prepared?.entry.name !== request.case) {
      prepared?.dispose();
      prepared = undefined;
      const entry = cases.find(({ name }) => name === request.case);
      if (!entry) throw new Error(`no case ${request.case}`);
      prepared = new Prepared(entry);
    }
    return prepared.measure(request.seconds);
  } catch (error) {
    return { error: (error as Error).message };
  }
}

for await (const line of createInterface({ input: process.stdin })) {
  const reply = noGrad(() => answer(JSON.parse(line) as Request));
  process.stdout.write(`${JSON.stringify(reply)}\n`);
}
