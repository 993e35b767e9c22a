import { nameErrors } from '../error-names.js';
import { callIn, publicCallIn } from './call-sites.js';

// Errors are named for the function that was called: what is composed of others fails in one of them, and `[mm] got [4, 5]` says
// nothing to who called `addmm`.

const names = new Set<string>();

/** They run a function of the caller's, or one of the library, and compute nothing. */
const around = [
  'autocast',
  'backward',
  'checkpoint',
  'compile',
  'detectAnomaly',
  'enableGrad',
  'grad',
  'inferenceMode',
  'keep',
  'noGrad',
  'profile',
  'tidy',
  'withComposites',
  'withSeed',
];

/**
 * Functions and classes of the library, by the names under which they are exported, and in-place methods, which are enumerable
 * no more than others: those have the names of functions.
 */
export function nameCalls(...holders: readonly object[]): void {
  for (const holder of holders) {
    for (const name of Object.keys(holder)) names.add(name);
    for (const name of Object.getOwnPropertyNames(holder)) if (name.endsWith('_')) names.add(name);
  }
  for (const name of around) names.delete(name);
}

/** What stands in brackets where an error is none of a function. */
const hidden = new Set(['info', 'run', 'tensor', 'read', 'data', 'nextCounter', 'copy', 'wrapIndex']);

/** Those of looking at a tensor, which every property of it does. */
const looks = new Set(['info', 'read']);

nameErrors((message) => {
  const match = /^\[([^\]]+)\] /.exec(message);
  if (match === null) return message;
  const inner = match[1]!;
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 60;
  const call = new Error('call');
  // A property or method that is no op has the name that it was called by.
  const outer = publicCallIn(call, names) ?? (looks.has(inner) ? callIn(call).name : undefined);
  Error.stackTraceLimit = stackTraceLimit;
  // `linalg.norm` and `SGD.loadStateDict` are what was called.
  if (outer === undefined || outer === inner || inner.includes('.')) return message;
  const text = message.slice(match[0].length);
  // `add_` is the op `add`.
  const isSame = outer === `${inner}_` || hidden.has(inner);
  return isSame ? `[${outer}] ${text}` : `[${outer}] ${inner}: ${text}`;
});
