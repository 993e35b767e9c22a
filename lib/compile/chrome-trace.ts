import type { ProgramDescription, ProgramOperand } from '../backend/programs.js';

const shown = (operand: ProgramOperand | null): string =>
  operand === null ? 'none' : `${operand.dtype}[${operand.shape.join(', ')}]`;

/**
 * The nodes of programs in the JSON of Chrome's trace viewer, each program in a row of its own: one after the other, each as
 * long as it took on average; as long as another where nothing was measured.
 */
export function chromeNodes(programs: readonly ProgramDescription[]): string {
  return JSON.stringify({
    displayTimeUnit: 'ms',
    traceEvents: programs.flatMap((program, i) => {
      const thread = { pid: 1, tid: i + 1 };
      let start = 0;
      const nodes = program.nodes.map(({ op, inputs, outputs, microseconds }) => {
        const duration = microseconds === undefined ? 1 : microseconds / Math.max(program.calls, 1);
        const args = { inputs: inputs.map(shown), outputs: outputs.map(shown) };
        const event = { name: op, cat: 'node', ph: 'X', ts: start, dur: duration, ...thread, args };
        start += duration;
        return event;
      });
      const name = `${program.name} ${i + 1}`;
      return [{ name: 'thread_name', ph: 'M', ts: 0, ...thread, args: { name } }, ...nodes];
    }),
  });
}
