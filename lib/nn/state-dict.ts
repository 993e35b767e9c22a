import { Handle } from '../backend/backend.js';
import { checkFlag, checkOptions, checkTensor, describe, shapeText } from '../check.js';
import { ShapeError, ValueError } from '../errors.js';
import type { Tensor } from '../tensor.js';
import type { Slot } from './tree.js';

/** Tensors by name, as `stateDict` gives them. */
export type StateDict = Record<string, Tensor>;

export interface LoadOptions {
  /** Whether the names must be exactly the module's. Default true. */
  strict?: boolean;
}

/** What a load with `strict: false` passed over. */
export interface LoadReport {
  /** Names of the module that the dict has not; they keep their values. */
  readonly missing: string[];
  /** Names of the dict that the module has not. */
  readonly unexpected: string[];
}

/** What to copy where; all complaints at once. */
export function planLoad(
  state: ReadonlyMap<string, Slot<Tensor>>,
  dict: StateDict,
  options: LoadOptions,
): { copies: [target: Tensor, source: Tensor][]; report: LoadReport } {
  if (typeof dict !== 'object' || dict === null || Array.isArray(dict)) {
    throw new ValueError(`[loadStateDict] dict: got ${describe(dict)}, wanted an object of tensors by name`);
  }
  checkOptions('loadStateDict', options);
  const { strict = true } = options;
  checkFlag('loadStateDict', 'strict', strict);
  const copies: [Tensor, Tensor][] = [];
  const missing: string[] = [];
  const absent: string[] = [];
  const misfits: string[] = [];
  for (const [name, { value: target }] of state) {
    const source = Object.hasOwn(dict, name) ? dict[name] : undefined;
    if (source === undefined) {
      missing.push(name);
      absent.push(`${name} ${shapeText(target.shape)}`);
      continue;
    }
    checkTensor('loadStateDict', name, source);
    const fits = source.ndim === target.ndim && source.shape.every((size, i) => size === target.shape[i]);
    if (fits) copies.push([target, source]);
    else misfits.push(`${name} is ${shapeText(target.shape)}, the dict has ${shapeText(source.shape)}`);
  }
  const unexpected = Object.keys(dict).filter((name) => !state.has(name));

  const complaints: string[] = [];
  if (strict && missing.length > 0) complaints.push(`missing: ${absent.join(', ')}`);
  if (strict && unexpected.length > 0) {
    const found = unexpected.map((name) =>
      Handle.is(dict[name]) ? `${name} ${shapeText(dict[name].shape)}` : name,
    );
    complaints.push(`unexpected: ${found.join(', ')}`);
  }
  const wrongNames = complaints.length > 0;
  if (misfits.length > 0) complaints.push(`shapes differ: ${misfits.join(', ')}`);
  if (complaints.length > 0) {
    throw new (wrongNames ? ValueError : ShapeError)(`[loadStateDict] ${complaints.join('; ')}`);
  }
  return { copies, report: { missing, unexpected } };
}
