import { Handle } from './backend/backend.js';
import { describe } from './backend/describe.js';
import { dtypes } from './dtype.js';
import type { DType } from './dtype.js';
import { DTypeError, IndexError, OutOfMemoryError, ShapeError, ValueError } from './errors.js';
import { optionNames } from './option-names.gen.js';
import type { Tensor } from './tensor.js';

// Checks of what plain JavaScript may pass. TypeScript users never see them fail.

/** A tensor, or a number or boolean that stands for a 0-dim one and promotes by kind only. */
export type Operand = Tensor | number | boolean;

/** An attribute list of ops without attributes, made once. */
export const noAttrs: Readonly<Record<string, never>> = Object.freeze({});

export { describe };

export function checkTensor(op: string, name: string, value: unknown): asserts value is Tensor {
  if (!Handle.is(value)) throw new DTypeError(`[${op}] ${name}: got ${describe(value)}, wanted a tensor`);
}

export function checkOperand(op: string, name: string, value: unknown): asserts value is Operand {
  if (!Handle.is(value) && typeof value !== 'number' && typeof value !== 'boolean') {
    throw new DTypeError(`[${op}] ${name}: got ${describe(value)}, wanted a tensor, number or boolean`);
  }
}

const pairNames = ['a', 'b'] as const;

/** Two operands, at least one of them a tensor. */
export function checkPair(
  op: string,
  a: unknown,
  b: unknown,
  names: readonly [string, string] = pairNames,
): void {
  // The usual call, in two looks.
  if (Handle.is(a) && Handle.is(b)) return;
  checkOperand(op, names[0], a);
  checkOperand(op, names[1], b);
  if (!Handle.is(a) && !Handle.is(b)) {
    throw new DTypeError(
      `[${op}] got the numbers ${describe(a)} and ${describe(b)}, wanted at least one tensor`,
    );
  }
}

export function checkTensors(op: string, name: string, values: unknown): asserts values is readonly Tensor[] {
  if (!Array.isArray(values)) {
    throw new DTypeError(`[${op}] ${name}: got ${describe(values)}, wanted an array of tensors`);
  }
  // By index: forEach passes over holes, four thousand million of them if need be.
  const { length } = values;
  for (let i = 0; i < length; ++i) checkTensor(op, `${name}[${i}]`, values[i]);
}

export function checkInt(op: string, name: string, value: unknown): asserts value is number {
  if (!Number.isSafeInteger(value))
    throw new ValueError(`[${op}] ${name}: got ${describe(value)}, wanted an integer`);
}

export function checkNumber(op: string, name: string, value: unknown): asserts value is number {
  if (typeof value !== 'number')
    throw new ValueError(`[${op}] ${name}: got ${describe(value)}, wanted a number`);
}

/** A number that is neither NaN nor infinite. */
export function checkFinite(op: string, name: string, value: unknown): asserts value is number {
  if (!Number.isFinite(value))
    throw new ValueError(`[${op}] ${name}: got ${describe(value)}, wanted a finite number`);
}

/** A number that is not NaN and lies in [low, high]. */
export function checkRange(op: string, name: string, value: unknown, low: number, high: number): void {
  if (typeof value !== 'number' || !(value >= low && value <= high)) {
    const range = high === Infinity ? `of at least ${low}` : `in [${low}, ${high}]`;
    throw new ValueError(`[${op}] ${name}: got ${describe(value)}, wanted a number ${range}`);
  }
}

export function checkInts(op: string, name: string, values: unknown): asserts values is readonly number[] {
  if (!Array.isArray(values)) {
    throw new ValueError(`[${op}] ${name}: got ${describe(values)}, wanted an array of integers`);
  }
  for (const value of values) checkInt(op, name, value);
}

export function checkDType(op: string, value: unknown): asserts value is DType {
  if (!(dtypes as readonly unknown[]).includes(value)) {
    throw new DTypeError(`[${op}] dtype: got ${describe(value)}, wanted one of ${dtypes.join(', ')}`);
  }
}

export function checkChoice<T extends string>(
  op: string,
  name: string,
  value: unknown,
  choices: readonly T[],
): void {
  if (!(choices as readonly unknown[]).includes(value)) {
    throw new ValueError(`[${op}] ${name}: got ${describe(value)}, wanted one of ${choices.join(', ')}`);
  }
}

/** A boolean option; undefined means false. */
export function checkFlag(op: string, name: string, value: unknown): boolean {
  if (value === undefined) return false;
  if (typeof value !== 'boolean')
    throw new ValueError(`[${op}] ${name}: got ${describe(value)}, wanted a boolean`);
  return value;
}

/**
 * An options object: catches `sum(x, 1)` and the like from plain JavaScript, and a name that there is not (`axis` for `dim`),
 * which would pass for a result. The names are those of the types of the exported function `op`; a class gives its own.
 */
export function checkOptions(
  op: string,
  value: unknown,
  known: readonly string[] | undefined = optionNames.get(op),
): void {
  if (typeof value !== 'object' || value === null || Array.isArray(value) || Handle.is(value)) {
    throw new ValueError(
      `[${op}] options: got ${describe(value)}, wanted an object of named options${hintFor(op, value, known)}`,
    );
  }
  if (known === undefined) return;
  for (const name of Object.keys(value)) {
    if (known.includes(name)) continue;
    throw new ValueError(`[${op}] options: got ${describe(name)}, wanted only ${known.join(', ')}`);
  }
}

/** Functions that make tensors of sizes. */
const takesSizes = new Set(['empty', 'full', 'ones', 'rand', 'randint', 'randn', 'zeros']);

/** Options of functions that make tensors, where PyTorch takes a number. */
const numberOptions = ['step', 'columns', 'base', 'offset'];

/** For what stands where PyTorch has a positional argument. */
function hintFor(op: string, value: unknown, known: readonly string[] | undefined): string {
  if (known === undefined || known.length === 0) return '';
  if (Handle.is(value) && known.includes('gradient')) return ', as { gradient: a tensor }';
  const isDim = typeof value === 'number' || Array.isArray(value);
  if (isDim && known.includes('dim')) return `, as { dim: ${describe(value)} }`;
  if (typeof value === 'number' && takesSizes.has(op)) return '; sizes go in one array, as [2, 3]';
  const named = typeof value === 'number' && numberOptions.find((name) => known.includes(name));
  if (typeof named === 'string') return `, as { ${named}: ${describe(value)} }`;
  return ` (${known.join(', ')})`;
}

/**
 * Before a JavaScript array of `count` entries is made (numbers, or with `tensors` the parts of a tensor): the engine does not
 * throw when one outgrows its heap but ends the process.
 */
export function checkListLength(op: string, count: number, what: 'numbers' | 'tensors' = 'numbers'): void {
  const most = what === 'numbers' ? 2 ** 26 : 2 ** 22;
  if (!(count <= most)) {
    throw new OutOfMemoryError(
      `[${op}] a JavaScript list of ${count} ${what} is beyond the ${most} that there may be`,
    );
  }
}

export function checkIterable(op: string, name: string, value: unknown): asserts value is Iterable<unknown> {
  if (typeof value !== 'object' || value === null || !(Symbol.iterator in value)) {
    throw new ValueError(`[${op}] ${name}: got ${describe(value)}, wanted an array or another iterable`);
  }
}

/** Sizes of a new tensor: a number or an array of them, none negative. */
export function checkShape(op: string, shape: unknown): readonly number[] {
  const sizes: unknown = typeof shape === 'number' ? [shape] : shape;
  if (!Array.isArray(sizes))
    throw new ValueError(`[${op}] shape: got ${describe(shape)}, wanted an array of sizes`);
  let count = 1;
  for (const size of sizes as unknown[]) {
    if (!Number.isSafeInteger(size) || (size as number) < 0) {
      throw new ValueError(
        `[${op}] shape: got ${describe(shape)}, wanted sizes that are integers of at least 0`,
      );
    }
    count *= size as number;
  }
  if (!Number.isSafeInteger(count)) {
    throw new ValueError(`[${op}] shape: got ${describe(shape)}, which is more than 2^53 elements`);
  }
  return sizes as number[];
}

/** A dim of a tensor of this rank, from 0; negative ones count from the end. A 0-dim tensor has the dims 0 and -1. */
export function wrapDim(op: string, dim: unknown, rank: number): number {
  checkInt(op, 'dim', dim);
  const range = Math.max(rank, 1);
  if (dim < -range || dim >= range) {
    throw new IndexError(
      `[${op}] dim: got ${dim} for a tensor of ${rank} dims, wanted one in [${-range}, ${range - 1}]`,
    );
  }
  return dim < 0 ? dim + range : dim;
}

/** One dim or several, wrapped as by `wrapDim`; none twice. */
export function wrapDims(op: string, dim: number | readonly number[], rank: number): number[] {
  const dims = typeof dim === 'number' ? [dim] : dim;
  checkInts(op, 'dim', dims);
  const wrapped = dims.map((entry) => wrapDim(op, entry, rank));
  if (new Set(wrapped).size !== wrapped.length) {
    throw new ValueError(`[${op}] dim: got [${dims.join(', ')}], which names a dim twice`);
  }
  return wrapped;
}

/** A number or a pair of numbers, as the two sizes of an image op. */
export function pairOf(op: string, name: string, value: unknown, least: number): readonly [number, number] {
  const pair: unknown = typeof value === 'number' ? [value, value] : value;
  if (!Array.isArray(pair) || pair.length !== 2) {
    throw new ValueError(`[${op}] ${name}: got ${describe(value)}, wanted a number or two`);
  }
  for (const entry of pair as unknown[]) {
    if (!Number.isSafeInteger(entry) || (entry as number) < least) {
      throw new ValueError(`[${op}] ${name}: got ${describe(value)}, wanted integers of at least ${least}`);
    }
  }
  return pair as unknown as readonly [number, number];
}

export function checkSameShape(op: string, a: Tensor, aName: string, b: Tensor, bName: string): void {
  const left = a.shape;
  const right = b.shape;
  if (left.length !== right.length || left.some((size, i) => size !== right[i])) {
    throw new ShapeError(
      `[${op}] shapes differ: ${aName} is ${shapeText(left)}, ${bName} is ${shapeText(right)}`,
    );
  }
}

export function shapeText(shape: readonly number[]): string {
  return `[${shape.join(', ')}]`;
}

export function product(sizes: readonly number[]): number {
  let count = 1;
  for (const size of sizes) count *= size;
  return count;
}
