import type { Handle, OpInput } from '../../lib/backend/backend.js';
import type { Tensor } from '../../lib/index.js';
import { product, cotangentOf, toTyped, type Case } from '../cases/case.js';
import type { ComposedResult, ComposedRow } from '../cases/composed/row.js';
import type { Seen } from './compare.js';
import type { Copy } from './copies.js';
import { buildInputs, see, type CaseOptions } from './run-case.js';

/** The tensors of a result: one, a list, or the fields of an object. */
export function tensorsOf(result: ComposedResult): readonly Tensor[] {
  if (Array.isArray(result)) return result as readonly Tensor[];
  return 'requiresGrad' in result ? [result as Tensor] : Object.values(result);
}

/** Runs `body` and releases the tensors that it made: garbage of one test must not be swept while another counts. */
export function released<T>({ lg }: Copy, body: () => T): T {
  const results: T[] = [];
  lg.tidy(() => {
    results.push(body());
  });
  return results[0]!;
}

export function runComposed(
  copy: Copy,
  name: string,
  row: ComposedRow,
  entry: Case,
  options: CaseOptions,
): Seen[] {
  return released(copy, () => {
    const { inputs } = buildInputs(copy.backend, name, entry, options);
    return tensorsOf(row.call(copy.lg, entry.attrs, ...inputs)).map((output) => see(copy.backend, output));
  });
}

/** The gradients for a fixed random cotangent of every output that has one; null where there is none. */
export function gradientsOfComposed(
  copy: Copy,
  name: string,
  row: ComposedRow,
  entry: Case,
  options: CaseOptions,
): (Seen | null)[] {
  const { backend } = copy;
  return released(copy, () => {
    const { inputs, movable } = buildInputs(backend, name, entry, options);
    for (const tensor of movable) backend.setRequiresGrad(tensor, true);
    const outputs = tensorsOf(row.call(copy.lg, entry.attrs, ...inputs)).filter((output) =>
      backend.requiresGrad(output),
    );
    if (outputs.length === 0) return movable.map(() => null);
    const cotangents = outputs.map((output, i) => {
      const { dtype, shape } = backend.info(output);
      const values = cotangentOf(product(shape), `${name} ${entry.name} cotangent ${i}`);
      return backend.create(dtype, shape, toTyped(dtype, values));
    });
    const grads = backend.grad(outputs, movable, cotangents, { retainGraph: false, createGraph: false });
    return grads.map((grad) => (grad === null ? null : see(backend, grad)));
  });
}

/** `inputs` with the tensors of `movable` replaced by `moved`. */
export function withMoved<T extends Handle>(
  inputs: readonly OpInput<T>[],
  movable: readonly T[],
  moved: readonly T[],
): OpInput<T>[] {
  const swap = (input: OpInput<T>): OpInput<T> => {
    if (Array.isArray(input)) return input.map((tensor: T) => swap(tensor) as T);
    const place = movable.indexOf(input as T);
    return place < 0 ? input : moved[place]!;
  };
  return inputs.map(swap);
}
