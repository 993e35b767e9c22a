import type { Backend, Handle, OpInput } from '../../lib/backend/backend.js';
import { opRecords, type OpAttrs, type OpName } from '../../lib/backend/op-schema.gen.js';
import { isFloat, type DType } from '../../lib/dtype.js';
import { cotangentOf, dtypeOf, isMovable, valuesOf, product, toTyped } from '../cases/case.js';
import type { Case, CaseInput, Source, Tolerance } from '../cases/case.js';
import type { Seen } from './compare.js';
import { build, shownValues, type Layout } from './layout.js';

/** How one op is run: on a backend, or through a composite. */
export type Runner<T extends Handle> = (
  op: OpName,
  inputs: readonly OpInput<T>[],
  attrs: OpAttrs[OpName],
) => readonly T[];

export interface CaseOptions {
  readonly dtype: DType;
  readonly layout?: Layout;
  /** Values shown by this layout, held in a plain row-major tensor: what the layout is compared with. */
  readonly valuesOfLayout?: Layout;
}

export interface BuiltInputs<T extends Handle> {
  readonly inputs: OpInput<T>[];
  /** Tensors that gradients may flow to. */
  readonly movable: T[];
}

export function buildInputs<T extends Handle>(
  backend: Backend<T>,
  name: string,
  row: Case,
  options: CaseOptions,
): BuiltInputs<T> {
  const movable: T[] = [];
  const layout = options.layout ?? 'rowMajor';
  const make = (source: Source, place: string): T => {
    const dtype = dtypeOf(source, options.dtype);
    const values = valuesOf(source, options.dtype, `${name} ${row.name} ${place}`);
    const allowed = (one: Layout): Layout =>
      one === 'expanded' && source.kind === 'values' && source.fixed ? 'rowMajor' : one;
    const shown = shownValues(allowed(options.valuesOfLayout ?? layout), source.shape, values);
    const tensor = build(backend, dtype, source.shape, shown, allowed(layout));
    if (isMovable(source) && isFloat(dtype)) movable.push(tensor);
    return tensor;
  };
  const inputs = row.inputs.map((input: CaseInput, i): OpInput<T> => {
    if (input === null || typeof input !== 'object') return input;
    if ('kind' in input) return make(input, String(i));
    return input.map((source, j) => make(source, `${i}.${j}`));
  });
  return { inputs, movable };
}

export function see<T extends Handle>(backend: Backend<T>, tensor: T): Seen {
  const { dtype, shape } = backend.info(tensor);
  return { dtype, shape, data: backend.read(tensor) };
}

/** The outputs of a case. */
export function runCase<T extends Handle>(
  backend: Backend<T>,
  op: OpName,
  row: Case,
  options: CaseOptions,
  runner: Runner<T> = (name, inputs, attrs) => backend.run(name, inputs, attrs),
): Seen[] {
  backend.beginScope();
  try {
    const { inputs } = buildInputs(backend, op, row, options);
    return runner(op, inputs, row.attrs as OpAttrs[OpName]).map((output) => see(backend, output));
  } finally {
    backend.endScope([]);
  }
}

/** The gradients of a case for a fixed random cotangent; null where there is none. */
export function gradientsOfCase<T extends Handle>(
  backend: Backend<T>,
  op: OpName,
  row: Case,
  options: CaseOptions,
  runner: Runner<T> = (name, inputs, attrs) => backend.run(name, inputs, attrs),
): (Seen | null)[] {
  backend.beginScope();
  try {
    const { inputs, movable } = buildInputs(backend, op, row, options);
    // detach: a view of a leaf would do too, but is no leaf.
    for (const tensor of movable) backend.setRequiresGrad(tensor, true);
    const outputs = runner(op, inputs, row.attrs as OpAttrs[OpName]).filter(
      (output, i) => opRecords[op].outputs[i]?.differentiable !== false && backend.requiresGrad(output),
    );
    if (outputs.length === 0) return movable.map(() => null);
    const cotangents = outputs.map((output, i) => {
      const { dtype, shape } = backend.info(output);
      const values = cotangentOf(product(shape), `${op} ${row.name} cotangent ${i}`);
      return backend.create(dtype, shape, toTyped(dtype, values));
    });
    const grads = backend.grad(outputs, movable, cotangents, { retainGraph: false, createGraph: false });
    return grads.map((grad) => (grad === null ? null : see(backend, grad)));
  } finally {
    backend.endScope([]);
  }
}

/** Gradients chain several roundings: wider than the op's own tolerance. */
export const gradientTolerance: Tolerance = {
  relative: 5e-5,
  float64: 1e-10,
  why: 'gradients chain several ops, each with its own rounding',
};

/** Whether gradients of this case are to be looked at. */
export function isDifferentiable(row: Case): boolean {
  return row.inputs.some(isMovable);
}

/** Whether the js backend runs it itself. */
export function isPrimitive(op: OpName): boolean {
  return opRecords[op].flags.includes('primitive');
}
