// Runs jobs and writes what came out, a line of JSON each, to file descriptor 3: blocking, so that nothing is lost when the
// process dies. Started by run.ts, which starts it again behind a sample that killed it.
import { writeSync } from 'node:fs';
import { collect, info } from '../../lib/index.js';
import { openCases } from './read/cases.js';
import { kinds } from './kinds/index.js';
import type { Outcome } from './outcome.js';

export interface Task {
  readonly cases: string;
  readonly kind: string;
  /** Names of units, in order. */
  readonly units: readonly string[];
  readonly dtype?: string;
  /** How many jobs of the first unit to leave out. */
  readonly skip: number;
}

export type Message =
  | {
      readonly unit: string;
      readonly tier: number | null;
      readonly lacks: readonly string[];
      readonly jobs: number;
    }
  | { readonly start: string; readonly dtype: string }
  | { readonly done: Outcome };

const task = JSON.parse(process.argv[2]!) as Task;
const { name: backend, reason } = info();
if (backend !== process.env.LANEGRAD_BACKEND) throw new Error(`runs on ${backend}: ${reason}`);
const send = (message: Message): void => void writeSync(3, `${JSON.stringify(message)}\n`);
const cases = openCases(task.cases, task.kind);

task.units.forEach((name, i) => {
  const unit = kinds[task.kind]!.unit(cases, name);
  const jobs = unit.jobs.filter((job) => task.dtype === undefined || job.dtype === task.dtype);
  send({ unit: name, tier: unit.tier, lacks: unit.lacks, jobs: jobs.length });
  for (const job of jobs.slice(i === 0 ? task.skip : 0)) {
    send({ start: job.id, dtype: job.dtype });
    send({ done: job.run() });
  }
  collect();
});
