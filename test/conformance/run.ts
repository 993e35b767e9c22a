import { spawn } from 'node:child_process';
import path from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import type { Outcome } from './outcome.js';
import type { Message, Task } from './worker.js';

export interface UnitResult {
  readonly name: string;
  readonly tier: number | null;
  readonly lacks: readonly string[];
  readonly outcomes: readonly Outcome[];
}

/** A sample that takes longer than this hangs. */
const secondsPerSample = 60;

/**
 * Runs units in a process of their own. A sample that kills it, or never ends, has failed, and the process starts again
 * behind it.
 */
export async function runUnits(
  task: Omit<Task, 'skip'>,
  backend: string,
  onUnit: (result: UnitResult) => void,
  worker = path.join(import.meta.dirname, 'worker.ts'),
): Promise<void> {
  let units = task.units;
  let skip = 0;
  let earlier: Outcome[] = [];
  while (units.length > 0) {
    const end = await runProcess(worker, { ...task, units, skip }, backend, earlier, onUnit);
    if (end === undefined) return;
    if (end.unit === undefined) throw new Error(`the worker did not start: ${end.cause}`);
    units = units.slice(units.indexOf(end.unit));
    earlier = end.outcomes;
    skip = earlier.length;
  }
}

interface Crash {
  /** The unit that ran, with what is known of it; the sample that ran is counted as failed. */
  readonly unit: string | undefined;
  readonly outcomes: Outcome[];
  readonly cause: string;
}

async function runProcess(
  worker: string,
  task: Task,
  backend: string,
  earlier: readonly Outcome[],
  onUnit: (result: UnitResult) => void,
): Promise<Crash | undefined> {
  const child = spawn(process.execPath, ['--import', 'tsx', worker, JSON.stringify(task)], {
    env: { ...process.env, LANEGRAD_BACKEND: backend },
    stdio: ['ignore', 'inherit', 'pipe', 'pipe'],
  });
  let unit: (UnitResult & { jobs: number; outcomes: Outcome[] }) | undefined;
  let running: { id: string; dtype: string } | undefined;
  let first = true;
  let hung = false;
  let errors = '';
  child.stderr!.setEncoding('utf8').on('data', (text: string) => (errors = (errors + text).slice(-2000)));
  const watch = () =>
    setTimeout(() => {
      hung = true;
      child.kill('SIGKILL');
    }, secondsPerSample * 1000);
  let timer = watch();
  const finish = (): void => {
    if (unit !== undefined && unit.outcomes.length === unit.jobs) {
      onUnit(unit);
      unit = undefined;
    }
  };
  const ended = new Promise<number | NodeJS.Signals>((resolve) => {
    child.on('close', (code, signal) => resolve(signal ?? code ?? 0));
  });
  for await (const line of createInterface({ input: child.stdio[3] as Readable })) {
    clearTimeout(timer);
    timer = watch();
    const message = JSON.parse(line) as Message;
    if ('unit' in message) {
      const { unit: name, ...rest } = message;
      unit = { name, ...rest, outcomes: first ? [...earlier] : [] };
      first = false;
      finish();
    } else if ('start' in message) {
      running = { id: message.start, dtype: message.dtype };
    } else {
      running = undefined;
      unit!.outcomes.push(message.done);
      finish();
    }
  }
  const code = await ended;
  clearTimeout(timer);
  if (code === 0) return undefined;
  const cause = hung
    ? `did not end within ${secondsPerSample} s`
    : `the process died (${code})${errors === '' ? '' : `: ${errors.trim()}`}`;
  if (unit === undefined || running === undefined) return { unit: undefined, outcomes: [], cause };
  unit.outcomes.push({
    op: unit.name,
    ...running,
    status: 'failed',
    parts: running.dtype === 'error' ? { errors: false } : { values: false },
    failures: [{ what: 'crash', detail: cause }],
  });
  return { unit: unit.name, outcomes: unit.outcomes, cause };
}
