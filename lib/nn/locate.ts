import { currentRecording } from '../backend/recording.js';
import { LanegradError, ValueError } from '../errors.js';
import type { AnyModule } from './module.js';
import { checkParameters } from './parameter-fields.js';

// Errors say in which module of a tree they arose: `[linear] encoder.layers.0.linear1: x is ...`. Nothing is tracked on the way
// down. What is thrown passes the `forward` of each module on its way up, and each puts its child's name in front.

interface Place {
  /** The outermost module so far, and the path from it to the one that threw. */
  module: AnyModule;
  path: string;
  /** The message as thrown: `[op] `, and the rest. */
  readonly op: string;
  readonly text: string;
}

const places = new WeakMap<LanegradError, Place>();
const placeless = new WeakSet<LanegradError>();
const wrapped = new WeakSet<object>();

/**
 * Makes `forward` of a class, and of those that it extends up to `end`, note where an error arose, and tell a recording that
 * the module was reached. Done once a class. A call costs one more function call, which the compiler of JavaScript sees through.
 */
export function locateErrors(prototype: object, end: object): void {
  for (let level = prototype; level !== end && !wrapped.has(level);) {
    wrapped.add(level);
    const forward = Object.getOwnPropertyDescriptor(level, 'forward');
    if (typeof forward?.value === 'function' && forward.configurable === true) {
      Object.defineProperty(level, 'forward', {
        ...forward,
        value: noting(forward.value as Forward, level.constructor.name),
      });
    }
    const next: unknown = Object.getPrototypeOf(level);
    if (typeof next !== 'object' || next === null) return;
    level = next;
  }
}

type Forward = (this: AnyModule, ...inputs: unknown[]) => unknown;

function noting(inner: Forward, name: string): Forward {
  return function forward(this: AnyModule, ...inputs: unknown[]): unknown {
    // Whoever passes `model.forward` to compile or map passes the function alone.
    if ((this as AnyModule | undefined)?.[checkParameters] === undefined) {
      throw new ValueError(
        `[${name}] forward was taken from its module, which it needs: write (x) => model.forward(x) in place of model.forward`,
      );
    }
    currentRecording()?.reached(this);
    try {
      this[checkParameters]();
      return inner.apply(this, inputs);
    } catch (error) {
      if (error instanceof LanegradError) note(error, this);
      else if (error instanceof RangeError && isFarFromEnd(error)) throw tooDeep(name, error);
      throw error;
    }
  };
}

/** How many modules an overflow of the stack passes before anything is done about it: at its end the engine may abort. */
const margin = 200;
let overflow: RangeError | undefined;
let passed = 0;

/** Whether an error is an overflow of the stack, and has left enough of it behind. */
function isFarFromEnd(error: RangeError): boolean {
  if (error !== overflow) {
    overflow = error;
    passed = 0;
  }
  passed += 1;
  if (passed < margin || !error.message.includes('call stack')) return false;
  overflow = undefined;
  return true;
}

/** Of no place: the path to where the stack ended says nothing, and is thousands of names long. */
function tooDeep(name: string, cause: unknown): ValueError {
  const error = new ValueError(
    `[${name}] forward goes deeper than the stack of JavaScript: modules are nested too deep, or one calls itself`,
    { cause },
  );
  placeless.add(error);
  return error;
}

function note(error: LanegradError, module: AnyModule): void {
  if (placeless.has(error)) return;
  const place = places.get(error);
  if (place === undefined) {
    const [op = ''] = /^\[[^\]]*\] /.exec(error.message) ?? [];
    places.set(error, { module, path: '', op, text: error.message.slice(op.length) });
    return;
  }
  // A `forward` that calls the one it overrides.
  if (place.module === module) return;
  const [name] = module.namedModules().find(([, each]) => each === place.module) ?? [];
  // One that is no part of this module is called by its class.
  const step = name ?? place.module.constructor.name;
  place.path = [step, place.path].filter((part) => part !== '').join('.');
  place.module = module;
  const former = error.message;
  error.message = `${place.op}${place.path}: ${place.text}`;
  // The stack holds the message as it was when the error was made.
  error.stack = error.stack?.replace(former, () => error.message);
}
