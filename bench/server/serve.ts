import { execFile } from 'node:child_process';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { monitorEventLoopDelay, performance } from 'node:perf_hooks';
import { promisify } from 'node:util';
import type { Tensor } from '../../lib/index.js';
import { mainThreadTime } from './thread-time.js';

const run = promisify(execFile);

export interface Load {
  /** Requests a second, whether they are answered or not. */
  readonly rate: number;
  readonly seconds: number;
}

export interface Served {
  readonly requests: number;
  /** Milliseconds from when a request was due to the end of its answer. */
  readonly latency: Quantiles;
  /** Milliseconds between two turns of a timer of one millisecond, in the process that trains. */
  readonly loopDelay: Quantiles;
  /** Milliseconds of each step meanwhile. */
  readonly steps: readonly number[];
  /** Milliseconds of processor time a request: of the client, and of the event loop of this process. */
  readonly cost: { readonly client: number; readonly server: number };
}

export interface Quantiles {
  readonly p50: number;
  readonly p99: number;
  readonly most: number;
}

/** Calls `step` again and again until `ended` says so; gives the milliseconds of each. */
export async function trainUntil(
  step: () => Promise<Tensor>,
  ended: () => boolean,
  note: (loss: Tensor) => void = () => undefined,
): Promise<number[]> {
  const times: number[] = [];
  while (!ended()) {
    const before = performance.now();
    note(await step());
    times.push(performance.now() - before);
  }
  return times;
}

/** What is done in this process until a server in it has answered all; gives the milliseconds of each step. */
export type Meanwhile = (ended: () => boolean, note: (loss: Tensor) => void) => Promise<readonly number[]>;

/** Training in steps. */
export const training =
  (step: () => Promise<Tensor>): Meanwhile =>
  (ended, note) =>
    trainUntil(step, ended, note);

/** Nothing: what the machine and Node do to a server by themselves. */
export const nothing: Meanwhile = async (ended) => {
  while (!ended()) await new Promise((resolve) => setTimeout(resolve, 20));
  return [];
};

/** A server in this process answers a client in another with the last loss, while something else is done. */
export async function serveWhile(meanwhile: Meanwhile, load: Load): Promise<Served> {
  let [loss, count] = [NaN, 0];
  const server = http.createServer((_, response) => {
    response.setHeader('content-type', 'application/json');
    const body = JSON.stringify({ steps: count, loss });
    response.setHeader('content-length', body.length);
    response.end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  const delays = monitorEventLoopDelay({ resolution: 1 });
  let done = false;
  delays.enable();
  const used = mainThreadTime();
  const answered = askFrom(url, load).finally(() => (done = true));
  const steps = await meanwhile(
    () => done,
    (value) => {
      loss = Number(value.item());
      count += 1;
    },
  );
  const { latencies, busy } = await answered;
  const serving = mainThreadTime() - used;
  delays.disable();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  const milliseconds = (nanoseconds: number): number => nanoseconds / 1e6;
  return {
    requests: latencies.length,
    latency: quantiles(latencies),
    loopDelay: {
      p50: milliseconds(delays.percentile(50)),
      p99: milliseconds(delays.percentile(99)),
      most: milliseconds(delays.max),
    },
    steps,
    cost: { client: busy / latencies.length, server: serving / latencies.length },
  };
}

/** What a client in another process tells. */
interface Answers {
  readonly latencies: number[];
  /** Milliseconds of processor time. */
  readonly busy: number;
}

async function askFrom(url: string, { rate, seconds }: Load): Promise<Answers> {
  const client = path.join(import.meta.dirname, 'client.ts');
  const args = ['--import', 'tsx', client, url, String(rate), String(seconds)];
  const { stdout } = await run(process.execPath, args, { maxBuffer: 1 << 26 });
  return JSON.parse(stdout) as Answers;
}

export function quantiles(values: readonly number[]): Quantiles {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (share: number): number => sorted[Math.ceil(share * sorted.length) - 1] ?? NaN;
  return { p50: at(0.5), p99: at(0.99), most: at(1) };
}
