// npm run conformance -- --cases DIR --kind ops --backend native|js --json FILE
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { openCases, type Cases } from './read/cases.js';
import { kinds } from './kinds/index.js';
import { knownAfter, readKnown, writeKnown } from './known.js';
import { makeReport, tallyOf, tallyText, unsupportedLines } from './report.js';
import { runUnits, type UnitResult } from './run.js';

const home = path.join(import.meta.dirname, 'data');
const kindNames = Object.keys(kinds).join('|');
const usage = `npm run conformance -- [--cases DIR] [--kind ${kindNames}] [--backend native|js] [--json FILE]
                       [--op NAME[,NAME...]] [--dtype DTYPE] [--verbose] [--list-unsupported] [--write-known]

DIR holds KIND/index.json and what it names; without it, the cases of this repository. LANEGRAD_ISA forces a CPU level.
--write-known writes what fails to the lists in known/ beside this file; it takes all cases of this repository.`;

function fail(message: string): never {
  console.error(`${message}\n\n${usage}`);
  process.exit(2);
}

function parse() {
  try {
    return parseArgs({
      options: {
        cases: { type: 'string', default: home },
        kind: { type: 'string', default: 'ops' },
        backend: { type: 'string', default: 'native' },
        json: { type: 'string' },
        op: { type: 'string' },
        dtype: { type: 'string' },
        verbose: { type: 'boolean', default: false },
        'list-unsupported': { type: 'boolean', default: false },
        'write-known': { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
      },
    }).values;
  } catch (error) {
    return fail((error as Error).message);
  }
}

function open(folder: string, kind: string): Cases {
  try {
    return openCases(folder, kind);
  } catch (error) {
    return fail(`no cases of kind ${kind} in ${folder}: ${(error as Error).message}`);
  }
}

const options = parse();
if (options.help) {
  console.log(usage);
  process.exit(0);
}
const kind = kinds[options.kind];
if (kind === undefined) fail(`no kind ${options.kind}, only ${kindNames}`);
if (!['native', 'js'].includes(options.backend)) fail(`no backend ${options.backend}`);
const folder = path.resolve(options.cases);
const known = kind.names(open(folder, options.kind));
const units = options.op === undefined ? known : options.op.split(',');
for (const name of units) if (!known.includes(name)) fail(`no op ${name} in ${folder}`);

if (options['write-known'] && (folder !== home || options.op !== undefined || options.dtype !== undefined))
  fail('--write-known takes all cases of this repository');

const results: UnitResult[] = [];
const task = { cases: folder, kind: options.kind, units, dtype: options.dtype };
await runUnits(task, options.backend, (result) => {
  results.push(result);
  if (result.outcomes.length === 0) return;
  console.log(`${result.name}: ${tallyText(tallyOf(result.outcomes))}`);
  if (!options.verbose) return;
  for (const { id, failures } of result.outcomes)
    for (const { what, detail } of failures) console.log(`  ${id}: ${what}: ${detail}`);
});
const report = makeReport(options.kind, options.backend, results);
if (options['list-unsupported']) for (const line of unsupportedLines(report)) console.log(line);
console.log(tallyText(report.totals));
if (options.json !== undefined) {
  mkdirSync(path.dirname(path.resolve(options.json)), { recursive: true });
  writeFileSync(options.json, `${JSON.stringify(report, undefined, 1)}\n`);
}
if (options['write-known']) {
  const all = results.flatMap((result) => result.outcomes);
  const { kind: of, backend } = options;
  writeKnown(of, backend, knownAfter(all, readKnown(of, backend)));
}
