// One workload, measured in this process. Started by main.ts as a child, so that every workload has a clean peak of memory
// and nothing compiled or cached by the one before.
import { parseArgs } from 'node:util';
import { info, manualSeed } from '../lib/index.js';
import type { Tensor } from '../lib/index.js';
import { workloads } from './models/index.js';
import { modes, setMode, stepOf } from './step.js';

export interface Measurement {
  readonly workload: string;
  readonly backend: string;
  readonly mode: string;
  readonly isa: string;
  readonly threads: number;
  readonly median_ms: number;
  readonly min_ms: number;
  readonly p25_ms: number;
  readonly p75_ms: number;
  readonly steps: number;
  /** Null for inference. */
  readonly loss_first: number | null;
  readonly loss_last: number | null;
  /** Resident memory after the imports, and the most there was. */
  readonly import_rss_mb: number;
  readonly peak_rss_mb: number;
}

const warmUpSteps = 3;

/** Steps until there are `minSteps` and `minSeconds` have passed; `maxSeconds` ends it once there are 5. */
function timeSteps(step: () => unknown, minSteps: number, minSeconds: number, maxSeconds: number): number[] {
  const times: number[] = [];
  const start = performance.now();
  for (;;) {
    const before = performance.now();
    step();
    const after = performance.now();
    times.push(after - before);
    const seconds = (after - start) / 1000;
    if (times.length >= minSteps && seconds >= minSeconds) return times;
    if (times.length >= 5 && seconds >= maxSeconds) return times;
  }
}

function median(sorted: readonly number[]): number {
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? NaN;
  return sorted.length % 2 ? upper : ((sorted[middle - 1] ?? NaN) + upper) / 2;
}

const importedBytes = process.memoryUsage.rss();

const { values } = parseArgs({
  options: {
    workload: { type: 'string' },
    mode: { type: 'string', default: 'eager' },
    'min-steps': { type: 'string', default: '20' },
    'min-seconds': { type: 'string', default: '3' },
    'max-seconds': { type: 'string', default: '60' },
  },
});
const workload = workloads.find((entry) => entry.name === values.workload);
if (!workload) throw new Error(`no workload ${values.workload}`);

const mode = modes.find((entry) => entry === values.mode);
if (!mode) throw new Error(`no mode ${values.mode}`);
setMode(mode);

manualSeed(1234);
const { step, model } = stepOf(workload);
const parameters = model.parameters().reduce((sum, parameter) => sum + parameter.numel(), 0);
if (parameters !== workload.parameters) {
  throw new Error(`${workload.name} has ${parameters} parameters, should have ${workload.parameters}`);
}

/** The loss of a step; an inference has none. */
const lossOf = (result: Tensor): number | null =>
  workload.kind === 'inference' ? null : Number(result.item());

const first = lossOf(step());
for (let i = 1; i < warmUpSteps; i++) step();
const times = timeSteps(
  step,
  Number(values['min-steps']),
  Number(values['min-seconds']),
  Number(values['max-seconds']),
);
const last = lossOf(step());

const sorted = times.toSorted((a, b) => a - b);
const at = (share: number): number => sorted[Math.floor(share * (sorted.length - 1))] ?? NaN;
const { name, isa, threads } = info();
const measurement: Measurement = {
  workload: workload.name,
  backend: name,
  mode,
  isa,
  threads,
  median_ms: median(sorted),
  min_ms: at(0),
  p25_ms: at(0.25),
  p75_ms: at(0.75),
  steps: times.length,
  loss_first: first,
  loss_last: last,
  import_rss_mb: importedBytes / 2 ** 20,
  peak_rss_mb: process.resourceUsage().maxRSS / 1024,
};
console.log(JSON.stringify(measurement));
