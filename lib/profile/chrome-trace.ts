import type { EventTensor, OpEvent } from '../backend/observer.js';

const shown = (tensor: EventTensor | null): string =>
  tensor === null ? 'none' : `${tensor.dtype}[${tensor.shape.join(', ')}]`;

/** The events in the JSON of Chrome's trace viewer: complete events (`ph: 'X'`), times in microseconds. */
export function chromeTrace(events: readonly OpEvent[], wallMs: number): string {
  const thread = { pid: 1, tid: 1 };
  const named = (name: string, value: string): object => ({
    name,
    ph: 'M',
    ts: 0,
    ...thread,
    args: { name: value },
  });
  return JSON.stringify({
    displayTimeUnit: 'ms',
    traceEvents: [
      named('process_name', 'lanegrad'),
      named('thread_name', 'ops'),
      { name: 'profile', cat: 'profile', ph: 'X', ts: 0, dur: wallMs * 1000, ...thread, args: {} },
      ...events.map(({ name, phase, start, duration, bytes, inputs, outputs }) => ({
        name,
        cat: phase,
        ph: 'X',
        ts: start,
        dur: duration,
        ...thread,
        args: { phase, bytes, inputs: inputs.map(shown), outputs: outputs.map(shown) },
      })),
    ],
  });
}
