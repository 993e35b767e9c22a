// The library's side of bench/ops, in a process of its own, so that LANEGRAD_ISA and LANEGRAD_NUM_THREADS hold for it alone:
// one line of JSON in, one out.
import { createInterface } from 'node:readline';
import { itemSize } from '../../lib/dtype.js';
import { backend } from '../../lib/backend/current.js';
import { add, info, noGrad, ones, tidy } from '../../lib/index.js';
import { Tensor } from '../../lib/index.js';
import { makeInput } from './case.js';
import type { OpCase, Result } from './case.js';
import { cases } from './cases/index.js';
import { lesser, time } from './time.js';
import type { Times } from './time.js';

export interface Request {
  readonly case: string;
  readonly seconds: number;
}

/** What a call does, and the best that the machine does just before and after: one of both, or neither for loops of tiny ops. */
export interface Work {
  /** Inputs read once and outputs written once. */
  readonly bytes?: number;
  /** The triad over as many bytes. */
  readonly triadMs?: Times;
  readonly flops?: number;
  /** Floating operations a second of multiply-adds in registers: float32, or bfloat16 on tiles where inputs are of that. */
  readonly peak?: number;
}

export interface Answer {
  readonly ms: Times;
  readonly work: Work;
  readonly isa: string;
  readonly threads: number;
  readonly error?: string;
}

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
    return time(() => add(this.x, this.y, { alpha: 1.5 }), seconds);
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

/** What the machine does at best beside a case. */
interface Limit {
  /** The best of all moments so far. */
  measure(seconds: number): void;
  readonly work: Work;
  dispose(): void;
}

class TriadLimit implements Limit {
  private readonly triad: Triad;
  private best: Times = { least: Infinity, median: Infinity };

  constructor(private readonly bytes: number) {
    this.triad = new Triad(bytes);
    this.triad.time(0);
  }

  get work(): Work {
    return { bytes: this.bytes, triadMs: this.best };
  }

  measure(seconds: number): void {
    this.best = lesser(this.best, this.triad.time(seconds));
  }

  dispose(): void {
    this.triad.dispose();
  }
}

class PeakLimit implements Limit {
  private peak = 0;

  constructor(
    private readonly flops: number,
    private readonly isBfloat16: boolean,
  ) {}

  get work(): Work {
    return { flops: this.flops, peak: this.peak };
  }

  measure(seconds: number): void {
    const { float32, tiles } = backend.peak(seconds);
    this.peak = Math.max(this.peak, this.isBfloat16 ? tiles : 0, float32);
  }

  dispose(): void {
    this.peak = 0;
  }
}

const noLimit: Limit = { work: {}, measure: () => undefined, dispose: () => undefined };

/** A case with its inputs made, kept while the next request is for the same. */
class Prepared {
  private readonly inputs: Tensor[];
  private readonly call: () => Result;
  private readonly limit: Limit;

  constructor(readonly entry: OpCase) {
    const { inputs, call, prepare, loop, flops, bytes } = entry;
    this.inputs = inputs.map((made) => tidy(() => makeInput(made)));
    this.call = prepare === undefined ? () => call(...this.inputs) : prepare(...this.inputs);
    if (loop !== undefined) this.limit = noLimit;
    else if (flops !== undefined) this.limit = new PeakLimit(flops, inputs[0]?.dtype === 'bfloat16');
    else this.limit = new TriadLimit(bytes ?? this.traffic());
  }

  private traffic(): number {
    const read = this.inputs.reduce((sum, x) => sum + bytesOf(x), 0);
    let written = 0;
    tidy(() => {
      written = resultBytes(this.call());
    });
    return read + written;
  }

  measure(seconds: number): Answer {
    const { limit, entry } = this;
    limit.measure(seconds / 2);
    const { least, median } = time(this.call, seconds);
    limit.measure(seconds / 2);
    const loop = entry.loop ?? 1;
    const { isa, threads } = info();
    return { ms: { least: least / loop, median: median / loop }, work: limit.work, isa, threads };
  }

  dispose(): void {
    this.limit.dispose();
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
