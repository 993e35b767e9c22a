// npm run bench:ops -- --case NAME|all --group GROUP|bandwidth|kernels --isa LEVEL --threads N --json FILE --torch PYTHON
// The time of each case, its GFLOP/s or GB/s, and the share of what this machine does at best: the rate of multiply-adds in
// registers, or a triad over as many bytes from the same pool, measured before and after in the same process. The groups of
// "bandwidth" have every elementwise op, reduction and index op on 16M elements; those of "kernels" products, convolutions,
// attention, norms, ... in the shapes of networks, forward and backward. With a Python that has torch its time stands beside,
// the two measured in turn, of its layouts or variants the best. --case and --group take names with commas; --part 2/5 every
// fifth case from the second on. Times are the least of all calls; the file has the medians too.
import { mkdirSync, writeFileSync } from 'node:fs';
import { availableParallelism, cpus } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { digits, textTable } from '../table.js';
import { bandwidthGroups, kernelGroups } from './case.js';
import type { OpCase, TorchProgram } from './case.js';
import { cases } from './cases/index.js';
import type { Answer } from './measure.js';
import { Peer } from './peer.js';
import { limitOf, rateOf, ratioOf, shareOf } from './report.js';
import type { OpsReport, OpsRow } from './report.js';
import type { Times } from './time.js';

const usage = `npm run bench:ops -- [--case NAME|all] [--group GROUP|bandwidth|kernels] [--isa LEVEL] [--threads N]
                     [--json FILE] [--torch PYTHON] [--rounds N] [--seconds S] [--part I/N] [--list]`;

function fail(message: string): never {
  console.error(`${message}\n\n${usage}`);
  process.exit(2);
}

function parse() {
  try {
    return parseArgs({
      options: {
        case: { type: 'string', default: 'all' },
        group: { type: 'string' },
        isa: { type: 'string' },
        threads: { type: 'string', default: String(availableParallelism()) },
        json: { type: 'string' },
        torch: { type: 'string' },
        rounds: { type: 'string', default: '2' },
        seconds: { type: 'string', default: '0.1' },
        part: { type: 'string', default: '1/1' },
        list: { type: 'boolean', default: false },
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
if (!/^[1-9]\d*$/.test(options.threads)) fail('--threads takes a number from 1');

function choose(text: string): readonly OpCase[] {
  if (text === 'all') return cases;
  // A name may hold a comma: "sum, last dim" is taken before "sum" and "last dim".
  const whole = cases.filter(({ name }) => name === text);
  if (whole.length > 0) return whole;
  return text.split(',').flatMap((wanted) => {
    const found = cases.filter(({ name, group }) => {
      return group === wanted || name === wanted || name.startsWith(`${wanted}, `);
    });
    return found.length > 0 ? found : fail(`no case ${wanted}; --list names them`);
  });
}

const groupSets: Readonly<Record<string, readonly string[]>> = {
  bandwidth: bandwidthGroups,
  kernels: kernelGroups,
};
function inGroups(text: string | undefined): (entry: OpCase) => boolean {
  if (text === undefined) return () => true;
  const wanted = new Set(text.split(',').flatMap((name) => groupSets[name] ?? [name]));
  const known: readonly string[] = [...bandwidthGroups, ...kernelGroups];
  const unknown = [...wanted].find((name) => !known.includes(name));
  if (unknown !== undefined)
    fail(`no group ${unknown}, wanted one of ${known.join(', ')}, bandwidth, kernels`);
  return ({ group }) => wanted.has(group);
}

const part = /^([1-9]\d*)\/([1-9]\d*)$/.exec(options.part);
if (!part) fail('--part takes which of how many: 2/5');
const chosen = choose(options.case)
  .filter(inGroups(options.group))
  .filter((_, i) => i % Number(part[2]) === Number(part[1]) - 1);
if (options.list) {
  console.log(chosen.map(({ name, group }) => `${group.padEnd(12)}${name}`).join('\n'));
  process.exit(0);
}

const env: NodeJS.ProcessEnv = { ...process.env, LANEGRAD_NUM_THREADS: options.threads };
if (options.isa !== undefined) env.LANEGRAD_ISA = options.isa;
const here = import.meta.dirname;
const library = new Peer(process.execPath, ['--import', 'tsx', path.join(here, 'measure.ts')], env);
const torch =
  options.torch === undefined
    ? undefined
    : new Peer(options.torch, [path.join(here, '../peers/torch_ops.py'), '--threads', options.threads], env);

interface TorchAnswer {
  readonly ms: Times;
  readonly version: string;
  readonly error?: string;
}

const seconds = Number(options.seconds);
let isa = '';
let torchVersion: string | undefined;

function torchRequest(entry: OpCase, again: boolean): object {
  if (again) return { again, seconds };
  const inputs = entry.inputs.map((made) => ({ ...made, view: made.view?.torch }));
  const { torch } = entry;
  const program: TorchProgram | undefined = typeof torch === 'string' ? { calls: [torch] } : torch;
  return { inputs, ...program, seconds };
}

/** The round with the least time, so that a neighbour's work falls out. */
const best = (rounds: readonly Times[]): Times => rounds.toSorted((a, b) => a.least - b.least)[0]!;

/** One case, the library and PyTorch in turn. */
async function measure(entry: OpCase): Promise<OpsRow | undefined> {
  const ours: Answer[] = [];
  const theirs: TorchAnswer[] = [];
  for (let round = 0; round < Number(options.rounds); round++) {
    const answer = await library.ask<Answer>({ case: entry.name, seconds });
    if (answer.error !== undefined) {
      console.error(`${entry.name}: ${answer.error}`);
      return undefined;
    }
    ours.push(answer);
    if (torch === undefined || entry.torch === undefined) continue;
    const reply = await torch.ask<TorchAnswer>(torchRequest(entry, round > 0));
    if (reply.error !== undefined) {
      console.error(`${entry.name}, PyTorch: ${reply.error}`);
      break;
    }
    theirs.push(reply);
  }
  isa = ours[0]!.isa;
  torchVersion ??= theirs[0]?.version;
  return {
    name: entry.name,
    group: entry.group,
    // The last one knows the best moment of all rounds.
    ...ours.at(-1)!.work,
    ms: best(ours.map(({ ms }) => ms)),
    ...(theirs.length > 0 ? { torchMs: perOp(best(theirs.map(({ ms }) => ms)), entry) } : {}),
  };
}

function perOp({ least, median }: Times, { loop = 1 }: OpCase): Times {
  return { least: least / loop, median: median / loop };
}

const rows: OpsRow[] = [];
const rateText = (row: OpsRow): string => {
  const { value, unit } = rateOf(row, row.ms);
  return `${digits(value)} ${unit}`;
};
const reportOf = (): OpsReport => ({
  machine: cpus()[0]?.model ?? 'processor unknown',
  cores: availableParallelism(),
  node: process.version,
  date: new Date().toISOString().slice(0, 10),
  isa,
  threads: Number(options.threads),
  ...(torchVersion === undefined ? {} : { torch: torchVersion }),
  rows,
});

// After every case, so that a run that is ended early keeps what it has.
function save(): void {
  if (options.json === undefined) return;
  mkdirSync(path.dirname(path.resolve(options.json)), { recursive: true });
  writeFileSync(options.json, `${JSON.stringify(reportOf(), null, 2)}\n`);
}

for (const entry of chosen) {
  const row = await measure(entry);
  if (row === undefined) continue;
  rows.push(row);
  save();
  const percent = Number.isNaN(shareOf(row)) ? '' : `  ${(100 * shareOf(row)).toFixed(0)} %`;
  const compared = row.torchMs === undefined ? '' : `  x ${digits(ratioOf(row))}`;
  process.stderr.write(
    `${row.name.padEnd(42)} ${digits(row.ms.least)} ms  ${rateText(row)}${percent}${compared}\n`,
  );
}
library.end();
torch?.end();

const report = reportOf();
console.log(`${report.machine}, ${report.isa}, ${report.threads} threads, Node ${report.node}`);
console.log(
  textTable(
    ['case', 'ms', 'rate', 'limit', 'share of limit', 'PyTorch ms', 'speed against PyTorch'],
    rows.map((row) => [
      row.name,
      digits(row.ms.least),
      rateText(row),
      digits(limitOf(row)),
      digits(shareOf(row)),
      digits(row.torchMs?.least ?? NaN),
      digits(ratioOf(row)),
    ]),
  ),
);
const ratios = rows.map(ratioOf).filter((ratio) => !Number.isNaN(ratio));
if (ratios.length > 1) {
  const mean = Math.exp(ratios.reduce((sum, ratio) => sum + Math.log(ratio), 0) / ratios.length);
  console.log(`speed against PyTorch, geometric mean of ${ratios.length} cases: ${digits(mean)}`);
}
