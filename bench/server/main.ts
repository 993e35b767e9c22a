// npm run bench:server -- [--workload resnet18_cifar] [--rate 200] [--seconds 10] [--rounds 3] [--threads N] [--json FILE]
// A workload trains through `step.async` while a server in the same process answers a client in another one: how long the
// answers take, how late the event loop is, and what the training loses; in turn with training alone, and with serving alone,
// which says what the machine and Node do to a server by themselves. What training loses stands beside what it has to lose: the
// processor time of client and event loop, as a share of the cores that it runs on.
import { writeFileSync } from 'node:fs';
import { availableParallelism, cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { compile, info, manualSeed, setNumThreads } from '../../lib/index.js';
import { workloads } from '../models/index.js';
import { digits, textTable } from '../table.js';
import { nothing, quantiles, serveWhile, training, trainUntil } from './serve.js';
import type { Served } from './serve.js';

const { values: options } = parseArgs({
  options: {
    workload: { type: 'string', default: 'resnet18_cifar' },
    rate: { type: 'string', default: '200' },
    seconds: { type: 'string', default: '10' },
    rounds: { type: 'string', default: '3' },
    threads: { type: 'string' },
    json: { type: 'string' },
  },
});
const workload = workloads.find(({ name, kind }) => name === options.workload && kind !== 'inference');
if (workload === undefined) throw new Error(`no training workload ${options.workload}`);
if (options.threads !== undefined) setNumThreads(Number(options.threads));
const [rate, seconds] = [Number(options.rate), Number(options.seconds)];

interface Round {
  readonly training: readonly number[];
  readonly serving: Served;
  readonly both: Served;
}

manualSeed(1234);
const step = compile(workload.build().step).async;
for (let i = 0; i < 3; i++) await step();

const rounds: Round[] = [];
for (let round = 0; round < Number(options.rounds); round++) {
  process.stderr.write(`round ${round + 1} ...\n`);
  const end = performance.now() + 1000 * seconds;
  const alone = await trainUntil(step, () => performance.now() >= end);
  const serving = await serveWhile(nothing, { rate, seconds });
  rounds.push({ training: alone, serving, both: await serveWhile(training(step), { rate, seconds }) });
}

const percent = (share: number): string => (Number.isNaN(share) ? '-' : `${(100 * share).toFixed(1)} %`);

const rows = rounds.flatMap(({ training: alone, serving, both }, i) => {
  const [quiet, busy] = [quantiles(alone).p50, quantiles(both.steps).p50];
  const { client, server } = both.cost;
  const taken = ((client + server) * rate) / 1000 / info().threads;
  const served = ({ latency, loopDelay }: Served): string[] =>
    [latency.p50, latency.p99, latency.most, loopDelay.p99].map(digits);
  return [
    [`${i + 1}: training`, '-', '-', '-', '-', digits(quiet), '-', '-', '-', '-'],
    [
      `${i + 1}: serving`,
      ...served(serving),
      '-',
      digits(serving.cost.client),
      digits(serving.cost.server),
      '-',
      '-',
    ],
    [
      `${i + 1}: both`,
      ...served(both),
      digits(busy),
      digits(client),
      digits(server),
      percent(taken),
      percent(1 - quiet / busy),
    ],
  ];
});
console.log(
  `${workload.name}, ${rate} requests a second, ${info().threads} threads, ${info().isa}; ` +
    `${cpus()[0]?.model ?? 'processor unknown'}, ${availableParallelism()} cores, Node ${process.version}; milliseconds`,
);
const head = [
  'round',
  'answer p50',
  'p99',
  'most',
  'loop delay p99',
  'step p50',
  'client a request',
  'server a request',
  'both take',
  'training loses',
];
console.log(textTable(head, rows));
if (options.json !== undefined) writeFileSync(options.json, `${JSON.stringify(rounds, null, 2)}\n`);
