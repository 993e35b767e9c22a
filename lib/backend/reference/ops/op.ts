import type { DType } from '../../../dtype.js';
import { isFloat } from '../../../dtype.js';
import { DTypeError } from '../../../errors.js';
import type { OpAttrs, PrimitiveName } from '../../op-schema.gen.js';
import { fail, type RefTensor, type Spec } from '../array.js';

/** A gradient for each input; undefined where there is none. */
export type Gradients = readonly (RefTensor | undefined)[];

/** The implementation of one primitive. */
export type ReferenceOp<P extends PrimitiveName> = OpImplementation<OpAttrs[P]>;

/** All that the backend knows of an op. Inputs are flat; a trailing optional one that is absent is left out. */
export interface OpImplementation<Attrs> {
  /** The outputs, or an error. Dtypes of the differentiable inputs were promoted before. */
  infer(inputs: readonly RefTensor[], attrs: Attrs): readonly Spec[];
  /** Writes the outputs, which may have any strides, and for elementwise ops may be input 0. Not called for views. */
  forward?(inputs: readonly RefTensor[], outputs: readonly RefTensor[], attrs: Attrs): void;
  /** The inputs and outputs that `vjp` reads. */
  readonly saves?: { readonly inputs?: readonly number[]; readonly outputs?: readonly number[] };
  /**
   * Gradients of the inputs from that of output 0 (zeros where only others have one), written as ops so that they can be
   * differentiated.
   */
  vjp?(c: VjpContext, grad: RefTensor, attrs: Attrs): Gradients;
}

/** What a gradient is written with. */
export interface VjpContext {
  /** First output of an op, recorded like any other call when the gradients are to be differentiated. */
  run<P extends PrimitiveName>(op: P, inputs: readonly (RefTensor | number)[], attrs: OpAttrs[P]): RefTensor;
  /** As `run`, all outputs. */
  runAll<P extends PrimitiveName>(
    op: P,
    inputs: readonly (RefTensor | number)[],
    attrs: OpAttrs[P],
  ): readonly RefTensor[];
  /** The gradient of an output; undefined if nothing depends on it. */
  grad(output: number): RefTensor | undefined;
  /** Whether the gradient of this input is wanted. */
  needs(input: number): boolean;
  readonly inputCount: number;
  /** A saved input or output. */
  input(index: number): RefTensor;
  output(index: number): RefTensor;
  /** Of any input. */
  shape(index: number): readonly number[];
  dtype(index: number): DType;
  /** The gradient of writing `source` into the place of `view` (one step) of a zero tensor of `shape`. */
  embed(shape: readonly number[], step: { op: PrimitiveName; attrs: unknown }, source: RefTensor): RefTensor;
}

export const noAttrs: Readonly<Record<string, never>> = Object.freeze({});

// Names for the calls that gradients are made of.
export const add = (c: VjpContext, a: RefTensor, b: RefTensor | number): RefTensor =>
  c.run('add', [a, b], noAttrs);
export const sub = (c: VjpContext, a: RefTensor | number, b: RefTensor | number): RefTensor =>
  c.run('sub', [a, b], noAttrs);
export const mul = (c: VjpContext, a: RefTensor, b: RefTensor | number): RefTensor =>
  c.run('mul', [a, b], noAttrs);
export const div = (c: VjpContext, a: RefTensor, b: RefTensor | number): RefTensor =>
  c.run('div', [a, b], noAttrs);
export const neg = (c: VjpContext, x: RefTensor): RefTensor => c.run('neg', [x], noAttrs);
export const where = (
  c: VjpContext,
  condition: RefTensor,
  a: RefTensor | number,
  b: RefTensor | number,
): RefTensor => c.run('where', [condition, a, b], noAttrs);
export const sumDims = (c: VjpContext, x: RefTensor, dims: readonly number[], keepdim: boolean): RefTensor =>
  dims.length === 0 ? x : c.run('sum', [x], { dims, keepdim });
export const reshape = (c: VjpContext, x: RefTensor, shape: readonly number[]): RefTensor =>
  c.run('reshape', [x], { shape, strict: false });
export const expand = (c: VjpContext, x: RefTensor, shape: readonly number[]): RefTensor =>
  c.run('expand', [x], { shape });
export const full = (c: VjpContext, shape: readonly number[], value: number, dtype: DType): RefTensor =>
  c.run('full', [], { shape, value, dtype });

/** The gradient of broadcasting: `grad` summed down to `shape`. */
export function sumTo(c: VjpContext, grad: RefTensor, shape: readonly number[]): RefTensor {
  const lead = grad.rank - shape.length;
  const dims: number[] = [];
  for (let i = 0; i < grad.rank; i++) {
    if (i < lead || (shape[i - lead] === 1 && grad.shape[i] !== 1)) dims.push(i);
  }
  const out = sumDims(c, grad, dims, true);
  return lead > 0 ? reshape(c, out, shape) : out;
}

/** Throws unless the dtype is a floating one. */
export function wantFloat(op: string, x: RefTensor, name = 'x'): void {
  if (!isFloat(x.dtype)) {
    fail(DTypeError, op, `input ${name} wants a floating dtype, got ${x.dtype}: cast it first`);
  }
}

/** Throws unless the dtype is int64 or int32. */
export function wantIndex(op: string, x: RefTensor, name = 'index'): void {
  if (x.dtype !== 'int64' && x.dtype !== 'int32') {
    fail(DTypeError, op, `input ${name} wants int64 or int32, got ${x.dtype}`);
  }
}
