import { parseArgs } from 'node:util';

import { packageInfo } from '../package-info.js';
import { buildAddon } from './build.js';

const usage = `lanegrad ${packageInfo().version}

  lanegrad info [--json]                   version, backend and why, CPU level, threads, memory
  lanegrad build [--output FILE] [-j N]    build the native addon from the packaged sources; needs g++ or clang
`;

async function info(args: string[]): Promise<void> {
  const { values } = parseArgs({ args, options: { json: { type: 'boolean', default: false } } });
  // Loads the library, and so the backend, only here: `build` must work where there is none.
  const { infoReport, infoText } = await import('./info.js');
  console.log(values.json ? JSON.stringify(infoReport(), null, 2) : infoText());
}

async function build(args: string[]): Promise<void> {
  const { values } = parseArgs({
    args,
    options: { output: { type: 'string' }, jobs: { type: 'string', short: 'j' } },
  });
  const jobs = values.jobs === undefined ? undefined : Number(values.jobs);
  if (jobs !== undefined && !(Number.isInteger(jobs) && jobs > 0))
    throw new Error('-j takes a number from 1');
  const start = Date.now();
  const file = await buildAddon({
    output: values.output,
    jobs,
    onStart: (what) => {
      console.log(`${what}; a few minutes`);
    },
  });
  console.log(`${file} built in ${((Date.now() - start) / 1000).toFixed(0)} s`);
  if (values.output !== undefined) console.log(`Set LANEGRAD_ADDON=${file} to use it.`);
}

async function main(): Promise<void> {
  const [command, ...args] = process.argv.slice(2);
  if (command === 'info') return info(args);
  if (command === 'build') return build(args);
  if (command === undefined || command === 'help' || command === '--help') console.log(usage);
  else if (command === '--version') console.log(packageInfo().version);
  else throw new Error(`no command ${command}\n\n${usage}`);
}

main().catch((error: unknown) => {
  console.error(`lanegrad: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
});
