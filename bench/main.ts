// npm run bench -- --workload NAME|all --backend native|js --mode eager|bf16|compiled|compiled-bf16 --threads N --json FILE
// Without --backend both are measured. Each measurement runs in a process of its own.
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { availableParallelism, cpus } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import type { Measurement } from './measure.js';
import { workloads } from './models/index.js';
import { modes } from './step.js';
import { digits, textTable } from './table.js';

const workloadNames = workloads.map((workload) => workload.name);
const backends = ['native', 'js'];

const usage = `npm run bench -- [--workload ${workloadNames.join('|')}|all] [--backend native|js|both] [--mode eager|bf16|compiled|compiled-bf16]
                 [--threads N] [--min-steps N] [--min-seconds S] [--max-seconds S] [--json FILE]`;

function fail(message: string): never {
  console.error(`${message}\n\n${usage}`);
  process.exit(2);
}

function parse() {
  try {
    return parseArgs({
      options: {
        workload: { type: 'string', default: 'all' },
        backend: { type: 'string', default: 'both' },
        mode: { type: 'string', default: 'eager' },
        threads: { type: 'string' },
        json: { type: 'string' },
        'min-steps': { type: 'string', default: '20' },
        'min-seconds': { type: 'string', default: '3' },
        'max-seconds': { type: 'string', default: '60' },
        help: { type: 'boolean', default: false },
      },
    }).values;
  } catch (error) {
    return fail((error as Error).message);
  }
}

const options = parse();
if (options.help) {
  console.log(usage);
  process.exit(0);
}
const chosenWorkloads = options.workload === 'all' ? workloadNames : options.workload.split(',');
const chosenBackends = options.backend === 'both' ? backends : [options.backend];
for (const name of chosenWorkloads) if (!workloadNames.includes(name)) fail(`no workload ${name}`);
for (const name of chosenBackends) if (!backends.includes(name)) fail(`no backend ${name}`);
if (!modes.some((mode) => mode === options.mode)) fail(`no mode ${options.mode}`);
if (options.threads !== undefined && !/^[1-9]\d*$/.test(options.threads))
  fail('--threads takes a number from 1');

function measure(workload: string, backend: string): Measurement {
  const args = ['--import', 'tsx', path.join(import.meta.dirname, 'measure.ts')];
  args.push('--workload', workload, '--mode', options.mode);
  for (const name of ['min-steps', 'min-seconds', 'max-seconds'] as const)
    args.push(`--${name}`, options[name]);
  const env: NodeJS.ProcessEnv = { ...process.env, LANEGRAD_BACKEND: backend };
  if (options.threads !== undefined) env.LANEGRAD_NUM_THREADS = options.threads;
  const output = execFileSync(process.execPath, args, { env, encoding: 'utf8', maxBuffer: 1 << 24 });
  return JSON.parse(output.trim().split('\n').at(-1) ?? '') as Measurement;
}

const results: Measurement[] = [];
for (const workload of chosenWorkloads) {
  for (const backend of chosenBackends) {
    process.stderr.write(`${workload} on ${backend} ...\n`);
    results.push(measure(workload, backend));
  }
}

console.log(
  `${cpus()[0]?.model ?? 'processor unknown'}, ${availableParallelism()} cores, Node ${process.version}`,
);
console.log(
  textTable(
    [
      'workload',
      'backend',
      'mode',
      'cpu level',
      'threads',
      'ms per step',
      'steps',
      'first loss',
      'last loss',
      'peak MB',
      'times js',
    ],
    results.map((row) => {
      const js = results.find((other) => other.workload === row.workload && other.backend === 'js');
      const times = js ? js.median_ms / row.median_ms : NaN;
      return [
        row.workload,
        row.backend,
        row.mode,
        row.isa,
        String(row.threads),
        digits(row.median_ms),
        String(row.steps),
        row.loss_first?.toFixed(4) ?? '-',
        row.loss_last?.toFixed(4) ?? '-',
        row.peak_rss_mb.toFixed(0),
        digits(times),
      ];
    }),
  ),
);

if (options.json !== undefined) {
  mkdirSync(path.dirname(path.resolve(options.json)), { recursive: true });
  writeFileSync(options.json, `${JSON.stringify(results, null, 2)}\n`);
}
