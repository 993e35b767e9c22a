// npm run bench:peers -- --python /path/to/python [--threads 2] [--rounds 3] [--json FILE]
// PyTorch and lanegrad in turn, case by case and round by round, so that what else the machine does falls on both.
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { digits, textTable } from '../table.js';

interface Row {
  readonly median_ms?: number;
  readonly median_ns?: number;
  readonly [key: string]: unknown;
}

const { values: options } = parseArgs({
  options: {
    python: { type: 'string' },
    threads: { type: 'string', default: String(availableParallelism()) },
    rounds: { type: 'string', default: '3' },
    json: { type: 'string' },
  },
});
if (options.python === undefined) {
  console.error(
    'npm run bench:peers -- --python /path/to/a/python/with/torch [--threads N] [--rounds N] [--json FILE]',
  );
  process.exit(2);
}
const python = options.python;

function run(command: string, args: string[]): Row {
  const env = { ...process.env, LANEGRAD_NUM_THREADS: options.threads };
  const output = execFileSync(command, args, { env, encoding: 'utf8' });
  return JSON.parse(output.trim().split('\n').at(-1) ?? '') as Row;
}

const here = import.meta.dirname;
const torch = (name: string): Row =>
  run(python, [path.join(here, 'torch_cases.py'), '--case', name, '--threads', options.threads]);
const lanegrad = (name: string): Row =>
  name === 'overhead'
    ? run(process.execPath, ['--import', 'tsx', path.join(here, '..', 'overhead.ts')])
    : run(process.execPath, ['--import', 'tsx', path.join(here, '..', 'measure.ts'), '--workload', name]);

const value = (row: Row): number => row.median_ms ?? row.median_ns ?? NaN;
const median = (rows: readonly Row[]): number =>
  rows.map(value).sort((a, b) => a - b)[rows.length >> 1] ?? NaN;

const all: { case: string; torch: Row[]; lanegrad: Row[] }[] = [];
for (const name of ['overhead', 'mlp_tiny', 'mlp_mnist', 'lenet_mnist']) {
  const entry = { case: name, torch: [] as Row[], lanegrad: [] as Row[] };
  for (let round = 0; round < Number(options.rounds); round++) {
    process.stderr.write(`${name}, round ${round + 1} ...\n`);
    entry.torch.push(torch(name));
    entry.lanegrad.push(lanegrad(name));
  }
  all.push(entry);
}

console.log(
  textTable(
    ['case', 'PyTorch', 'lanegrad', 'speed against PyTorch'],
    all.map((entry) => {
      const unit = entry.case === 'overhead' ? 'ns' : 'ms';
      const [theirs, ours] = [median(entry.torch), median(entry.lanegrad)];
      return [entry.case, `${digits(theirs)} ${unit}`, `${digits(ours)} ${unit}`, digits(theirs / ours)];
    }),
  ),
);
if (options.json !== undefined) writeFileSync(options.json, `${JSON.stringify(all, null, 2)}\n`);
