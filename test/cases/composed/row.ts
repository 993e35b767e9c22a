import type * as library from '../../../lib/index.js';
import type { Tensor } from '../../../lib/index.js';
import type { Case, CaseInput, OpRow } from '../case.js';

// Rows of functions that are composed of ops: what the op table is for ops.

/** The public surface, of the copy under test: on the native backend or on the TypeScript one. */
export type Library = typeof library;

export type ComposedResult = Tensor | readonly Tensor[] | { readonly [field: string]: Tensor };

export interface ComposedCase<Attrs> extends Case<Attrs> {
  /** The first output, row-major, by the definition or from PyTorch: two backends may well agree on a wrong result. */
  readonly expected?: readonly number[];
}

/** A call that must fail. */
export interface Refusal<Attrs> {
  readonly name: string;
  readonly inputs: readonly CaseInput[];
  readonly attrs: Attrs;
  /** Name of the class of lib/errors.ts. */
  readonly error: string;
}

interface Parts<Attrs, Inputs extends readonly unknown[]> extends Omit<OpRow<Attrs>, 'cases' | 'special'> {
  /** Calls the function through `lg`, never through an import: the suites run it on both backends. */
  readonly call: (lg: Library, attrs: Attrs, ...inputs: Inputs) => ComposedResult;
  /** At least one has `expected`, and one no elements. */
  readonly cases: readonly ComposedCase<Attrs>[];
  /** Why no case is without elements. */
  readonly neverEmpty?: string;
  readonly refuses?: readonly Refusal<Attrs>[];
}

/** A row whose types of attributes and inputs were checked where it was written. */
export type ComposedRow = Parts<unknown, readonly unknown[]>;

export type ComposedRows = Readonly<Record<string, ComposedRow>>;

/** Checks that cases fit the call, then forgets the types. */
export function composed<Attrs, Inputs extends readonly unknown[]>(row: Parts<Attrs, Inputs>): ComposedRow {
  return row as unknown as ComposedRow;
}
