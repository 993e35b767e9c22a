// npm run docs:bandwidth -- FILE... [--note TEXT]: writes docs/bandwidth.md from what `npm run bench:ops -- --json` wrote; where several
// files hold a case, its fastest moment counts.
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { reasonFor } from './reasons.js';
import { bandwidthGroups } from './case.js';
import { isBandwidth } from './report.js';
import type { BandwidthRow, OpsReport } from './report.js';

const { values: options, positionals: files } = parseArgs({
  options: { note: { type: 'string' } },
  allowPositionals: true,
});
if (files.length === 0) {
  console.error('npm run docs:bandwidth -- FILE... [--note TEXT]');
  process.exit(2);
}
const reports = files.map((file) => JSON.parse(readFileSync(file, 'utf8')) as OpsReport);

// A row is taken whole, so that case, triad and PyTorch are of one moment: the one at which the case was fastest.
const merged = new Map<string, BandwidthRow>();
const groupsHere: readonly string[] = bandwidthGroups;
for (const row of reports.flatMap((report) => report.rows)) {
  if (!groupsHere.includes(row.group) || !isBandwidth(row)) continue;
  const key = `${row.group}/${row.name}`;
  const before = merged.get(key);
  if (before === undefined || row.ms.least < before.ms.least) merged.set(key, row);
}
const rows = [...merged.values()];
const last = reports.at(-1)!;

const enough = 0.7;
const share = (row: BandwidthRow): number => row.triadMs.least / row.ms.least;
const against = (row: BandwidthRow): number | undefined => row.torchMs && row.torchMs.least / row.ms.least;
const gbs = (row: BandwidthRow, ms: number): string => {
  const value = row.bytes / ms / 1e6;
  return value < 10 ? value.toFixed(1) : value.toFixed(0);
};
const percent = (value: number): string => `${Math.round(100 * value)} %`;
const times = (value: number | undefined): string =>
  value === undefined ? '' : value >= 10 ? value.toFixed(0) : value.toPrecision(2);
const milliseconds = (value: number): string => (value >= 100 ? value.toFixed(0) : value.toPrecision(3));

const groups = [
  ['elementwise', 'Elementwise ops'],
  ['reduction', 'Reductions'],
  ['index', 'Index ops, sorts, searches, running folds'],
  ['layout', 'Layouts: broadcast, strided, copies'],
  ['dtypes', 'Other dtypes'],
] as const;
const ofGroup = (group: string): BandwidthRow[] => rows.filter((row) => row.group === group);

function table(head: readonly string[], body: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map((_, i) => (i === 0 ? '---' : '---:'))), ...body.map(line)].join('\n');
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? NaN;
}

function summary(): string {
  return table(
    [
      '',
      'cases',
      `at ${percent(enough)} of the triad`,
      'median share',
      'median speed against PyTorch',
      'slower than PyTorch',
    ],
    groups.map(([group, title]) => {
      const here = ofGroup(group);
      const ratios = here.flatMap((row) => against(row) ?? []);
      return [
        title,
        String(here.length),
        String(here.filter((row) => share(row) >= enough).length),
        percent(median(here.map(share))),
        times(median(ratios)),
        `${ratios.filter((ratio) => ratio < 1).length} of ${ratios.length}`,
      ];
    }),
  );
}

function slowest(group: string): string {
  const slow = ofGroup(group)
    .filter((row) => share(row) < enough)
    .sort((a, b) => share(a) - share(b));
  if (slow.length === 0) return 'None.';
  return table(
    ['case', 'share of the triad', 'speed against PyTorch', 'why'],
    slow.map((row) => [row.name, percent(share(row)), times(against(row)), reasonFor(row)]),
  );
}

function all(group: string): string {
  return table(
    ['case', 'ms', 'GB/s', 'triad GB/s', 'share', 'PyTorch GB/s', 'speed against PyTorch'],
    ofGroup(group).map((row) => [
      row.name,
      milliseconds(row.ms.least),
      gbs(row, row.ms.least),
      gbs(row, row.triadMs.least),
      percent(share(row)),
      row.torchMs === undefined ? '' : gbs(row, row.torchMs.least),
      times(against(row)),
    ]),
  );
}

const text = `# Bandwidth

Every elementwise op, reduction and index op on 16M elements (float32 unless said otherwise), next to a triad and to
PyTorch. Written by \`npm run docs:bandwidth\` from what \`npm run bench:ops -- --json\` measured; to repeat it:

\`\`\`sh
npm run bench:ops -- --group bandwidth --json ops.json --torch /path/to/a/python/with/torch
npm run docs:bandwidth -- ops.json
\`\`\`

${last.machine}, ${last.cores} cores, level ${last.isa}, ${last.threads} threads, Node ${last.node}${
  last.torch === undefined ? '' : `, PyTorch ${last.torch}`
}, ${last.date}.${options.note === undefined ? '' : `\n\n${options.note}`}

- GB/s counts inputs read once and outputs written once, whatever the op does inside. A view counts its elements: one that
  takes every second element touches twice the memory that is counted.
- The triad is \`x + 1.5 y\` over as many bytes, its output from the same pool, measured before and after each case in the same
  process. A reduction writes next to nothing and so may exceed it: reading is cheaper than writing.
- The machine is shared: each time is the least of all calls of all rounds, the library and PyTorch in turn, at the quietest of
  some moments. 16M float32
  are 64 MB, which the last cache of this machine may hold in part; read shares and ratios, not GB/s.
- Results come from the pool. PyTorch's come from malloc, which takes fresh pages for each: that is most of the ratio where
  both are bound by memory.

${summary()}

## Below ${percent(enough)} of the triad

${groups.map(([group, title]) => `### ${title}\n\n${slowest(group)}`).join('\n\n')}

## All

${groups.map(([group, title]) => `### ${title}\n\n${all(group)}`).join('\n\n')}
`;
writeFileSync(path.join(import.meta.dirname, '../../docs/bandwidth.md'), text);
