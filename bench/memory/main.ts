// npm run bench:memory -- [--workload NAME,...|training|inference|all] [--mode compiled|...] [--threads N] [--steps N]
//                         [--peer 'COMMAND'] [--json FILE]
// The most resident memory of each workload less what is resident after the imports, in a process of its own that runs the built
// package without a loader. `--peer` names a program to be held against: called with `--workload NAME`, its last line is JSON
// with `import_rss_mb` and `peak_rss_mb`.
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import * as esbuild from 'esbuild';
import { workloads } from '../models/index.js';
import { textTable } from '../table.js';

interface Memory {
  readonly import_rss_mb: number;
  readonly peak_rss_mb: number;
}

const { values: options } = parseArgs({
  options: {
    workload: { type: 'string', default: 'training' },
    mode: { type: 'string', default: 'compiled' },
    threads: { type: 'string' },
    steps: { type: 'string', default: '20' },
    peer: { type: 'string' },
    json: { type: 'string' },
  },
});

const kindOf = (workload: { kind?: string }): string => workload.kind ?? 'training';
const chosen = workloads.filter(
  (workload) =>
    options.workload === 'all' ||
    kindOf(workload) === options.workload ||
    options.workload.split(',').includes(workload.name),
);
if (chosen.length === 0) throw new Error(`no workload ${options.workload}`);

const root = path.join(import.meta.dirname, '..', '..');
const library = path.join(root, 'dist', 'index.js');
const program = path.join(root, 'build', 'bench', 'measure.mjs');

/** The measuring program beside the package as its users have it: a loader of TypeScript would leave memory to be used again. */
await esbuild.build({
  entryPoints: [path.join(root, 'bench', 'measure.ts')],
  outfile: program,
  bundle: true,
  platform: 'node',
  format: 'esm',
  logLevel: 'warning',
  plugins: [
    {
      name: 'the-built-package',
      setup(build): void {
        build.onResolve({ filter: /\/lib\/index\.js$/ }, () => ({ path: library, external: true }));
      },
    },
  ],
});

function lastLine(output: string): Memory {
  return JSON.parse(output.trim().split('\n').at(-1) ?? '') as Memory;
}

function ours(workload: string): Memory {
  const times = ['--min-steps', options.steps, '--min-seconds', '0', '--max-seconds', '600'];
  const args = [program, '--workload', workload, '--mode', options.mode, ...times];
  const env: NodeJS.ProcessEnv = { ...process.env };
  if (options.threads !== undefined) env.LANEGRAD_NUM_THREADS = options.threads;
  return lastLine(execFileSync(process.execPath, args, { env, encoding: 'utf8' }));
}

function theirs(workload: string): Memory | null {
  if (options.peer === undefined) return null;
  const [command = '', ...args] = options.peer.split(' ');
  return lastLine(execFileSync(command, [...args, '--workload', workload], { encoding: 'utf8' }));
}

const difference = (memory: Memory): number => memory.peak_rss_mb - memory.import_rss_mb;

const rows: { workload: string; lanegrad: Memory; peer: Memory | null }[] = [];
for (const { name } of chosen) {
  process.stderr.write(`${name} ...\n`);
  rows.push({ workload: name, lanegrad: ours(name), peer: theirs(name) });
}

const whole = (memory: Memory | null): string[] =>
  memory === null
    ? ['-', '-', '-']
    : [memory.import_rss_mb, memory.peak_rss_mb, difference(memory)].map((megabytes) => megabytes.toFixed(0));
console.log(
  textTable(
    ['workload, MB', 'imported', 'peak', 'difference', 'peer imported', 'peak', 'difference', 'share'],
    rows.map(({ workload, lanegrad, peer }) => [
      workload,
      ...whole(lanegrad),
      ...whole(peer),
      peer === null ? '-' : `${((100 * difference(lanegrad)) / difference(peer)).toFixed(0)} %`,
    ]),
  ),
);
if (options.json !== undefined) writeFileSync(options.json, `${JSON.stringify(rows, null, 2)}\n`);
