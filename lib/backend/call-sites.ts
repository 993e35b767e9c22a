import path from 'node:path';
import { fileURLToPath } from 'node:url';

import { AnomalyError } from '../errors.js';
import { packageInfo } from '../package-info.js';

/** An anomaly as a backend found it. */
export interface FoundAnomaly {
  readonly op: string;
  readonly backward: boolean;
  readonly nan: boolean;
  /** Number of the tape node whose gradient it is. */
  readonly node: number;
}

/** Calls remembered at most: of many steps of a large model. */
const limit = 20_000;

/** Where ops were called from, while `detectAnomaly` runs: a gradient that goes wrong is traced back to its op's call. The oldest calls are forgotten. */
export class CallSites {
  // Nodes from starts[i] on, up to the next start, were made by the call with stacks[i].
  readonly #starts: number[] = [];
  readonly #stacks: Error[] = [];

  /** Before a call that may make tape nodes, the next of which gets the number `node`. */
  note(node: number): void {
    const last = this.#starts.length - 1;
    // The text of a stack is made when it is read, of most never.
    if (this.#starts[last] === node) this.#stacks[last] = stackHere();
    else {
      if (this.#starts.length === limit) this.#forget(limit / 2);
      this.#starts.push(node);
      this.#stacks.push(stackHere());
    }
  }

  /** The error to throw, with the place of the call. `message` is what the backend says. */
  error(message: string, found: FoundAnomaly): AnomalyError {
    const stack = found.backward ? this.#stackOf(found.node) : stackHere();
    const location = stack && callerIn(stack);
    return new AnomalyError(location ? `${message}; ${found.op} was called at ${location}` : message, {
      op: found.op,
      phase: found.backward ? 'backward' : 'forward',
      found: found.nan ? 'NaN' : 'Infinity',
      location,
    });
  }

  #forget(count: number): void {
    this.#starts.splice(0, count);
    this.#stacks.splice(0, count);
  }

  #stackOf(node: number): Error | undefined {
    let [low, high] = [0, this.#starts.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#starts[middle]! <= node) low = middle + 1;
      else high = middle;
    }
    return this.#stacks[low - 1];
  }
}

/** Frames between an op's backend and the code that called the library may be many: layers in layers. */
const depth = 100;

function stackHere(): Error {
  const former = Error.stackTraceLimit;
  Error.stackTraceLimit = depth;
  try {
    return new Error('call site');
  } finally {
    Error.stackTraceLimit = former;
  }
}

const { root } = packageInfo();
const ownFolders = [path.join(root, 'lib') + path.sep, path.join(root, 'dist') + path.sep];

/** The first place in a stack outside of the library and of the runtime, as file:line:column. */
function callerIn({ stack }: Error): string | undefined {
  for (const line of (stack ?? '').split('\n').slice(1)) {
    // V8: `at f (file:1:2)` or `at file:1:2`; JavaScriptCore: `f@file:1:2`.
    const match = /(?:\(|@|at (?:async )?)([^()@]+):(\d+):(\d+)\)?$/.exec(line.trim());
    if (!match) continue;
    const [, source = '', row, column] = match;
    const file = source.startsWith('file://') ? fileURLToPath(source) : source;
    if (file.startsWith('node:') || file === 'native' || ownFolders.some((own) => file.startsWith(own)))
      continue;
    return `${file}:${row}:${column}`;
  }
  return undefined;
}
