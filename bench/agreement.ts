// npm run bench:agreement -- [--workload NAME,NAME] [--steps N]: trains each workload as it stands, compiled with the exact
// passes, and compiled with all of them, from one seed, and compares losses and states. Exact passes must not change a bit.
import { parseArgs } from 'node:util';
import { compile, manualSeed } from '../lib/index.js';
import type { CompileOptions } from '../lib/index.js';
import { trainingWorkloads } from './models/index.js';
import type { Workload } from './step.js';
import { digits, textTable } from './table.js';

interface Training {
  readonly losses: readonly number[];
  readonly state: ReadonlyMap<string, Uint8Array>;
}

/** Trains a workload from a seed: as it stands, or compiled with these options. */
function train(workload: Workload, steps: number, options?: CompileOptions): Training {
  manualSeed(20_26);
  const { step, model } = workload.build();
  const compiled = options && compile(step, options);
  const run = compiled ?? step;
  const losses = Array.from({ length: steps }, () => Number(run().item()));
  compiled?.dispose();
  const bytes = Object.entries(model.stateDict()).map(([name, { data }]): [string, Uint8Array] => [
    name,
    new Uint8Array(data.buffer, data.byteOffset, data.byteLength),
  ]);
  return { losses, state: new Map(bytes) };
}

export interface Agreement {
  readonly losses: readonly number[];
  /** Steps whose loss has other bits with the exact passes, and entries of the state that do. */
  readonly otherLosses: number;
  readonly otherState: readonly string[];
  /** The largest relative difference of a loss with all passes. */
  readonly worst: number;
}

export function agreement(workload: Workload, steps: number): Agreement {
  const plain = train(workload, steps);
  const exact = train(workload, steps, { passes: 'exact' });
  const all = train(workload, steps, {});
  const other = (name: string): boolean =>
    Buffer.compare(plain.state.get(name)!, exact.state.get(name) ?? new Uint8Array()) !== 0;
  return {
    losses: plain.losses,
    otherLosses: plain.losses.filter((loss, i) => !Object.is(loss, exact.losses[i])).length,
    otherState: [...plain.state.keys()].filter(other),
    worst: Math.max(...plain.losses.map((loss, i) => Math.abs(all.losses[i]! - loss) / Math.abs(loss))),
  };
}

if (process.argv[1] === import.meta.filename) {
  const { values } = parseArgs({
    options: { workload: { type: 'string', default: 'all' }, steps: { type: 'string', default: '50' } },
  });
  const chosen = trainingWorkloads.filter(
    ({ name }) => values.workload === 'all' || values.workload.split(',').includes(name),
  );
  const rows = chosen.map((workload) => {
    process.stderr.write(`${workload.name} ...\n`);
    const { losses, otherLosses, otherState, worst } = agreement(workload, Number(values.steps));
    if (otherLosses || otherState.length) process.exitCode = 1;
    return [
      workload.name,
      digits(losses[0]!),
      digits(losses.at(-1)!),
      String(otherLosses),
      String(otherState.length),
      worst.toExponential(1),
    ];
  });
  const columns = ['workload', 'first loss', 'last loss', 'other losses', 'other states', 'all passes'];
  console.log(textTable(columns, rows));
}
