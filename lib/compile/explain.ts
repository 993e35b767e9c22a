import type { ProgramDescription } from '../backend/programs.js';
import { bytesText, layOut } from '../profile/table.js';
import { chromeNodes } from './chrome-trace.js';

/** What the programs of a compiled function are, as they were when it was asked. */
export class Explanation {
  readonly #listings: readonly string[];

  /** @internal */
  constructor(
    /** What the function is called. */
    readonly name: string,
    /** One for each kind of call, the one used last first. None on the TypeScript backend. */
    readonly programs: readonly ProgramDescription[],
    listings: readonly string[],
  ) {
    this.#listings = listings;
  }

  /** Each program, one line a node. */
  listing(): string {
    return this.#listings.join('\n');
  }

  /**
   * JSON for chrome://tracing and Perfetto: the nodes of each program one after the other, as long as they took on average, if
   * the function was compiled with `profile`.
   */
  chromeTrace(): string {
    return chromeNodes(this.programs);
  }

  /** For each program: nodes before and after, memory, what the passes did, and what its nodes are. */
  toString(): string {
    if (this.programs.length === 0) return `${this.name}: no programs`;
    return this.programs
      .map((program, i) => [`${this.name}, program ${i + 1}`, ...report(program)].join('\n'))
      .join('\n\n');
  }

  /** @internal What console.log shows. */
  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return this.toString();
  }
}

function report(program: ProgramDescription): string[] {
  const { nodesBefore, nodesAfter, inPlace, arenaBytes, eagerPeakBytes, keptBytes, stateBytes } = program;
  const { nodesHoisted, hoistedBytes } = program;
  return [
    `nodes: ${nodesBefore} recorded, ${nodesAfter} left, ${inPlace} in place`,
    ...(nodesHoisted > 0
      ? [`when state was written: ${nodesHoisted} nodes, which keep ${bytesText(hoistedBytes)}`]
      : []),
    `temporaries: ${bytesText(arenaBytes)} in the arena, ${bytesText(eagerPeakBytes)} at the peak without it`,
    `kept: ${bytesText(keptBytes)}; state: ${bytesText(stateBytes)}; replays: ${program.calls}`,
    ...program.passes.map(
      ({ name, changes, nodesAfter: left }) => `pass ${name}: ${changes} changes, ${left} nodes left`,
    ),
    ...opTable(program),
  ];
}

/** One line for each kind of node, those that take longest or are most first. */
function opTable({ nodes, calls }: ProgramDescription): string[] {
  const byOp = new Map<string, { count: number; microseconds: number }>();
  for (const { op, microseconds = 0 } of nodes) {
    const row = byOp.get(op) ?? { count: 0, microseconds: 0 };
    byOp.set(op, { count: row.count + 1, microseconds: row.microseconds + microseconds });
  }
  const measured = nodes.some((node) => node.microseconds !== undefined);
  const rows = [...byOp].sort(([, a], [, b]) => b.microseconds - a.microseconds || b.count - a.count);
  const total = rows.reduce((sum, [, row]) => sum + row.microseconds, 0);
  return layOut([
    ['node', '', 'count', ...(measured ? ['us per call', 'share'] : [])],
    ...rows.map(([op, { count, microseconds }]) => [
      op,
      '',
      String(count),
      ...(measured
        ? [
            (microseconds / Math.max(calls, 1)).toFixed(1),
            `${((100 * microseconds) / Math.max(total, 1e-9)).toFixed(1)} %`,
          ]
        : []),
    ]),
  ]);
}
