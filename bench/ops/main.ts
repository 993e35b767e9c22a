// npm run bench:ops -- --case NAME|all --isa LEVEL --threads N --json FILE --torch PYTHON
// Every elementwise op, reduction and index op on 16M elements: time, GB/s (inputs read and outputs written once) and the
// share of a triad over as many bytes from the same pool, measured before and after in the same process. With a Python that
// has torch its time stands beside, the two measured in turn. --case takes names and groups, with commas; --part 2/5 every fifth
// of them from the second on. Times are the least of all calls; the file has the medians too.
import { mkdirSync, writeFileSync } from 'node:fs';
import { availableParallelism, cpus } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { digits, textTable } from '../table.js';
import type { OpCase } from './case.js';
import { cases } from './cases/index.js';
import type { Answer, Times } from './measure.js';
import { Peer } from './peer.js';
import type { OpsReport, OpsRow } from './report.js';

const usage = `npm run bench:ops -- [--case NAME|GROUP|all] [--isa LEVEL] [--threads N] [--json FILE] [--torch PYTHON]
                     [--rounds N] [--seconds S] [--part I/N] [--list]`;

function fail(message: string): never {
  console.error(`${message}\n\n${usage}`);
  process.exit(2);
}

function parse() {
  try {
    return parseArgs({
      options: {
        case: { type: 'string', default: 'all' },
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
const part = /^([1-9]\d*)\/([1-9]\d*)$/.exec(options.part);
if (!part) fail('--part takes which of how many: 2/5');
const chosen = choose(options.case).filter((_, i) => i % Number(part[2]) === Number(part[1]) - 1);
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
  return { inputs, torch: entry.torch, seconds };
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
    bytes: ours[0]!.bytes,
    ms: best(ours.map(({ ms }) => ms)),
    triadMs: best(ours.map(({ triadMs }) => triadMs)),
    ...(theirs.length > 0 ? { torchMs: best(theirs.map(({ ms }) => ms)) } : {}),
  };
}

const rows: OpsRow[] = [];
const gbs = (row: OpsRow, { least }: Times): string => digits(row.bytes / least / 1e6);
const share = (row: OpsRow): number => row.triadMs.least / row.ms.least;
const against = (row: OpsRow): number => (row.torchMs?.least ?? NaN) / row.ms.least;
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
  process.stderr.write(
    `${row.name.padEnd(34)} ${digits(row.ms.least)} ms  ${gbs(row, row.ms)} GB/s  ${(100 * share(row)).toFixed(0)} %` +
      (row.torchMs === undefined ? '\n' : `  x ${digits(against(row))}\n`),
  );
}
library.end();
torch?.end();

const report = reportOf();
console.log(`${report.machine}, ${report.isa}, ${report.threads} threads, Node ${report.node}`);
console.log(
  textTable(
    ['case', 'ms', 'GB/s', 'triad GB/s', 'share of triad', 'PyTorch ms', 'speed against PyTorch'],
    rows.map((row) => [
      row.name,
      digits(row.ms.least),
      gbs(row, row.ms),
      gbs(row, row.triadMs),
      digits(share(row)),
      digits(row.torchMs?.least ?? NaN),
      digits(against(row)),
    ]),
  ),
);
