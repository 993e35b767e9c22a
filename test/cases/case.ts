import { isFloat, makeTypedArray, type DType, type TypedArray } from '../../lib/dtype.js';
import type { OpAttrs, OpName } from '../../lib/backend/op-schema.gen.js';
import { remembered } from './remembered.js';

// One table of op cases: what is tested of an op is said once, in its row, and every suite under test/ops reads it.

/** How an input is made. Values depend on the case's name and the input's place alone. */
export type Source =
  /** Random in [low, high], rounded for integers; for gradients at least 0.05 from each kink. */
  | {
      readonly kind: 'real';
      readonly shape: readonly number[];
      readonly low: number;
      readonly high: number;
      readonly kinks: readonly number[];
    }
  /** All different, at least 0.25 apart, in random order: for extrema, which have no gradient at ties. */
  | { readonly kind: 'distinct'; readonly shape: readonly number[] }
  /** int64 in [low, high). */
  | {
      readonly kind: 'index';
      readonly shape: readonly number[];
      readonly low: number;
      readonly high: number;
      readonly dtype: 'int64' | 'int32';
    }
  | { readonly kind: 'bool'; readonly shape: readonly number[] }
  /** Given, of a given dtype, or of the tested one. */
  | {
      readonly kind: 'values';
      readonly shape: readonly number[];
      readonly values: readonly number[];
      readonly dtype: DType | undefined;
      /** They belong together: a layout that shows other values is not for them. */
      readonly fixed?: boolean;
    };

/** An operand: made, a plain number, absent, or a list. */
export type CaseInput = Source | number | boolean | null | readonly Source[];

export interface Case<Attrs = unknown> {
  /** What is particular about it. */
  readonly name: string;
  readonly inputs: readonly CaseInput[];
  readonly attrs: Attrs;
  /** Values and dtypes only, no gradients: nothing to differentiate, or a point where there is no derivative. */
  readonly noGradient?: string;
}

export type CaseOf<Name extends OpName> = Case<OpAttrs[Name]>;

/** How far results of two implementations may differ: in units in the last place, or relative to the largest value. */
export type Tolerance =
  | { readonly exact: true }
  | { readonly ulp: number; readonly float64Ulp: number; readonly absolute?: number; readonly why: string }
  | { readonly relative: number; readonly float64: number; readonly why: string };

export interface OpRow<Attrs = unknown> {
  readonly cases: readonly Case<Attrs>[];
  /** dtypes that sources of the tested dtype may have. */
  readonly dtypes: readonly DType[];
  /** dtypes that must give a DTypeError. */
  readonly rejects?: readonly DType[];
  readonly tolerance: Tolerance;
  /** Derivatives that finite differences must confirm. */
  readonly gradient: 'none' | 'first' | 'second';
  /** Operands that take every pair of NaN, infinities, zeros and denormals; 0: none. */
  readonly special: 0 | 1 | 2;
}

export type RowOf<Name extends OpName> = OpRow<OpAttrs[Name]>;

export type Rows = { readonly [Name in OpName]?: RowOf<Name> };

export const floats: readonly DType[] = ['float32', 'float64'];
export const numbers: readonly DType[] = ['uint8', 'int32', 'int64', 'float32', 'float64'];
export const signed: readonly DType[] = ['int32', 'int64', 'float32', 'float64'];
export const everyDType: readonly DType[] = ['bool', 'uint8', 'int32', 'int64', 'float32', 'float64'];

export const exact: Tolerance = { exact: true };

/** A source of random numbers in [low, high]. */
export function real(shape: readonly number[], low = -2, high = 2, kinks: readonly number[] = []): Source {
  return { kind: 'real', shape, low, high, kinks };
}

export function distinct(shape: readonly number[]): Source {
  return { kind: 'distinct', shape };
}

export function index(
  shape: readonly number[],
  high: number,
  low = 0,
  dtype: 'int64' | 'int32' = 'int64',
): Source {
  return { kind: 'index', shape, low, high, dtype };
}

export function mask(shape: readonly number[]): Source {
  return { kind: 'bool', shape };
}

export function given(shape: readonly number[], values: readonly number[], dtype?: DType): Source {
  return { kind: 'values', shape, values, dtype };
}

/** As `given`, where a layout that shows other values (one row again and again) would make no sense. */
export function fixed(shape: readonly number[], values: readonly number[], dtype?: DType): Source {
  return { kind: 'values', shape, values, dtype, fixed: true };
}

/** A source's dtype when the tested one is `tested`. */
export function dtypeOf(source: Source, tested: DType): DType {
  switch (source.kind) {
    case 'index':
      return source.dtype;
    case 'bool':
      return 'bool';
    case 'values':
      return source.dtype ?? tested;
    default:
      return tested;
  }
}

/** Cases of many elements run at fewer dtypes and layouts: they are there for the paths that only length takes. */
export function isLarge(entry: Case): boolean {
  const elements = entry.inputs.flat().map((input) => {
    return typeof input === 'object' && input !== null && 'kind' in input ? product(input.shape) : 0;
  });
  const made = (entry.attrs ?? {}) as { shape?: readonly number[]; length?: number };
  return Math.max(0, ...elements, product(made.shape ?? [0]), made.length ?? 0) > 2000;
}

/** Whether finite differences may move it. */
export function isMovable(source: CaseInput): boolean {
  if (typeof source !== 'object' || source === null) return false;
  if ('kind' in source) return source.kind === 'real' || source.kind === 'distinct';
  return source.some(isMovable);
}

export function product(sizes: readonly number[]): number {
  return sizes.reduce((count, size) => count * size, 1);
}

/** Numbers in [0, 1) from a seed that is a text: the generator of Bob Jenkins' small family, 32 bits of state. */
export function randomFrom(text: string): () => number {
  let state = 0x9e3779b9;
  for (const letter of text) state = Math.imul(state ^ letter.codePointAt(0)!, 0x01000193) >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let z = Math.imul(state ^ (state >>> 15), state | 1);
    z ^= z + Math.imul(z ^ (z >>> 7), z | 61);
    return ((z ^ (z >>> 14)) >>> 0) / 4294967296;
  };
}

/** The values of a source as numbers, ready for its dtype. */
export function valuesOf(source: Source, tested: DType, seed: string): readonly number[] {
  if (source.kind === 'values') return source.values;
  return remembered(`${seed} ${tested} ${JSON.stringify(source)}`, () => makeValues(source, tested, seed));
}

/** Numbers for a gradient to come in with, `count` of them. */
export function cotangentOf(count: number, seed: string): readonly number[] {
  return remembered(`${seed} ${count}`, () => {
    const random = randomFrom(seed);
    return Array.from({ length: count }, () => 2 * random() - 0.7);
  });
}

function makeValues(source: Exclude<Source, { kind: 'values' }>, tested: DType, seed: string): number[] {
  const random = randomFrom(seed);
  const count = product(source.shape);
  const dtype = dtypeOf(source, tested);
  const whole = !isFloat(dtype);
  switch (source.kind) {
    case 'real': {
      const low = dtype === 'uint8' ? Math.max(source.low, 0) : source.low;
      const high = Math.max(source.high, low);
      return Array.from({ length: count }, () => {
        if (dtype === 'bool') return random() < 0.5 ? 0 : 1;
        let value = low + (high - low) * random();
        if (whole) return Math.round(value);
        for (const kink of source.kinks) {
          if (Math.abs(value - kink) < 0.05) value = kink + (value < kink ? -0.05 : 0.05) * (1 + random());
        }
        return value;
      });
    }
    case 'distinct': {
      const order = Array.from({ length: count }, (_, i) => i);
      for (let i = count - 1; i > 0; --i) {
        const j = Math.floor(random() * (i + 1));
        [order[i], order[j]] = [order[j]!, order[i]!];
      }
      if (dtype === 'bool') return order.map((i) => i % 2);
      if (dtype === 'uint8') return order.map((i) => i % 256);
      if (whole) return order.map((i) => i - Math.floor(count / 2));
      return order.map((i) => (i - count / 2) * 0.5 + 0.2 * random());
    }
    case 'index':
      return Array.from(
        { length: count },
        () => source.low + Math.floor(random() * (source.high - source.low)),
      );
    case 'bool':
      return Array.from({ length: count }, () => (random() < 0.5 ? 0 : 1));
  }
}

export function toTyped(dtype: DType, values: readonly number[]): TypedArray {
  const data = makeTypedArray(dtype, values.length);
  if (data instanceof BigInt64Array) values.forEach((value, i) => (data[i] = BigInt(Math.trunc(value))));
  else if (dtype === 'bool') values.forEach((value, i) => (data[i] = value === 0 ? 0 : 1));
  else data.set(values);
  return data;
}
