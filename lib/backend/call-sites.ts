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
function callerIn(stack: Error): string | undefined {
  return callIn(stack).location;
}

/** A call of the library: the function that was called, and the place outside of library and runtime, as file:line:column. */
export interface Call {
  readonly name: string | undefined;
  readonly location: string | undefined;
}

/** One frame of a stack: what is called there, as the engine says it, and where outside of the library it is. */
interface Frame {
  readonly line: string;
  readonly location: string | undefined;
}

/** The frames of a stack, innermost first, without those of the runtime. */
function* framesOf(stack: string): Generator<Frame> {
  for (const line of stack.split('\n')) {
    // V8: `at f (file:1:2)` or `at file:1:2`; JavaScriptCore: `f@file:1:2`.
    const match = /(?:\(|@|at (?:async )?)([^()@]+):(\d+):(\d+)\)?$/.exec(line.trim());
    if (!match) continue;
    const [, source = '', row, column] = match;
    const file = source.startsWith('file://') ? fileURLToPath(source) : source;
    if (file.startsWith('node:') || file === 'native') continue;
    const isOwn = ownFolders.some((own) => file.startsWith(own));
    yield { line, location: isOwn ? undefined : `${file}:${row}:${column}` };
  }
}

/** The innermost call of the library in a stack. */
export function callIn({ stack }: Error): Call {
  let name: string | undefined;
  for (const { line, location } of framesOf((stack ?? '').slice((stack ?? '').indexOf('\n') + 1))) {
    if (location !== undefined) return { name, location };
    name = functionIn(line) ?? name;
  }
  return { name, location: undefined };
}

/**
 * What the innermost call of the library is called by who called it: the outermost of its frames, up to the `forward` of a
 * module, whose function is among `names`. undefined where none is.
 */
export function publicCallIn({ stack }: Error, names: ReadonlySet<string>): string | undefined {
  let found: string | undefined;
  for (const { line, location } of framesOf((stack ?? '').slice((stack ?? '').indexOf('\n') + 1))) {
    if (location !== undefined) return found;
    const name = functionIn(line);
    if (name === undefined) continue;
    if (name === 'forward' && !isReference(line)) return found;
    if (names.has(name) && isPublic(line, name)) found = name;
  }
  return found;
}

/** Whether a `forward` is that of an op of the TypeScript backend, a plain object, and not of a module. */
function isReference(line: string): boolean {
  return /^\s*at Object\.forward /.test(line);
}

/** Whether a frame is that of a function, a constructor or a method of a tensor: other methods are called as ops are, too. */
function isPublic(line: string, name: string): boolean {
  const [, called = name] = /^\s*at (?:async )?([^(]+) \(/.exec(line) ?? [];
  return called === name || called === `new ${name}` || /^_?(?:Tensor|Object|Module)\./.test(called);
}

/** What is called by no name of its own: what printing and text of a value call. */
const unnamedCalls: readonly (readonly [part: string, name: string])[] = [
  ['[nodejs.util.inspect.custom]', 'console.log'],
  ['[Symbol.toPrimitive]', 'toString'],
];

/** `item` of `at Tensor.item (`, `data` of `at get data [as data]` or `at Tensor.get data`, `lr` of `at Group.set [as lr]`. */
function functionIn(line: string): string | undefined {
  const [, called = ''] = /^\s*at (?:async |new )?([^(]+) \(/.exec(line) ?? /^([^@]+)@/.exec(line) ?? [];
  const known = unnamedCalls.find(([part]) => called.includes(part));
  if (known !== undefined) return known[1];
  const name = /\[as (\w+)\]$/.exec(called)?.[1] ?? called.split(/[. [\]]/).findLast((part) => part !== '');
  return name === undefined || /^<|^$/.test(name) ? undefined : name;
}
